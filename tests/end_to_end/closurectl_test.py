# SPDX-License-Identifier: Apache-2.0
"""The program closurectl as people and scripts meet it, against a real server: the demo's story, formats and exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from closured_process import Closured  # noqa: E402

CLOSURECTL = os.environ["CLOSURECTL_BINARY"]
DEMO_CLOUD = os.path.join(SOURCE, "sandbox", "clouds", "demo.json")
OK, FAILED, USAGE, BLOCKED, DENIED, NOT_FOUND, TIMED_OUT, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 130
RUN_SECONDS = 60
NOBODY = "127.0.0.1:1"
# The demo's accounts: a bill, a balance and an instance; clean; clean, with a late bill.
ANN, BEN, CLEO = "1000000001", "1000000002", "1000000003"


def environment(server):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLOSURE_")}
    return dict(kept, CLOSURE_SERVER=server.address)


class OnServer(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        # The names of the commands whose answer or error was read as JSON.
        self.read = set()
        self.text(OK, "sandbox", "load", DEMO_CLOUD)

    def run_program(self, *arguments):
        """Runs closurectl without a terminal; answers exit code, data and messages."""
        done = subprocess.run([CLOSURECTL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS,
                              env=environment(self.server), check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def text(self, expected, *arguments):
        """What people read as data."""
        code, out, err = self.run_program(*arguments)
        self.assertEqual(code, expected, (arguments, out, err))
        return out

    def json(self, expected, *arguments):
        """The data as JSON; nothing else may be said."""
        code, out, err = self.run_program(*arguments, "-o", "json")
        self.assertEqual((code, err), (expected, ""), (arguments, out))
        self.remember(arguments)
        return json.loads(out)

    def error(self, expected, *arguments):
        """The error as JSON; there may be no data."""
        code, out, err = self.run_program(*arguments, "-o", "json")
        self.assertEqual((code, out), (expected, ""), (arguments, err))
        error = json.loads(err)["error"]
        self.assertEqual(error["exitCode"], expected)
        self.assertTrue(error["hint"], arguments)
        self.remember(arguments)
        return error

    def remember(self, arguments):
        in_group = arguments[0] in ("operator", "sandbox", "server")
        self.read.add(" ".join(arguments[:2 if in_group else 1]))

    def commands(self):
        """Every command that the program's help lists."""
        def listed(*group):
            lines = self.text(OK, *group, "--help").split("Subcommands:\n", 1)[1].split("\n\n", 1)[0]
            return re.findall(r"(?m)^  ([a-z][a-z-]*)", lines)
        groups = ("operator", "sandbox", "server")
        names = set(listed()) - set(groups)
        return names | {group + " " + name for group in groups for name in listed(group)}

    def wait(self, expected, account, *states):
        return self.json(expected, "wait", account, "--for", *states, "--timeout", "1m")["state"]


class Stories(OnServer):
    def test_a_blocked_account_is_cleared_and_closed(self):
        """[R18][R52][R65]"""
        plan = self.json(BLOCKED, "preview", ANN)
        self.assertFalse(plan["eligible"])
        self.assertIn("process: https://ecs.console.example.com/instances/i-shop-1", self.text(BLOCKED, "preview", ANN))
        self.assertEqual(self.json(OK, "start", ANN, "--via", "email")["state"], "IDENTITY_PENDING")
        self.assertEqual(self.json(OK, "verify", ANN, "--sandbox-code")["state"], "AGREEMENT_PENDING")
        version = self.json(OK, "agreement")["version"]
        self.assertEqual(self.json(OK, "agree", ANN, "--version", version)["state"], "CHECKING")
        self.assertEqual(self.wait(OK, ANN, "BLOCKED", "READY"), "BLOCKED")
        self.assertEqual(self.wait(BLOCKED, ANN, "READY"), "BLOCKED")
        kinds = sorted(item["disposition"] for item in self.json(OK, "items", ANN)["items"])
        self.assertEqual(kinds, ["MUST_HANDLE", "RENOUNCEABLE", "RENOUNCEABLE"])

        self.assertEqual(self.json(OK, "discard", ANN, "--all", "--acknowledge-risk")["state"], "DISCARDING")
        self.assertEqual(self.wait(OK, ANN, "BLOCKED", "READY"), "BLOCKED")
        # The instance is gone; the balance is renounced, and forfeited at the end.
        left = sorted((item["disposition"], item["resolution"]) for item in self.json(OK, "items", ANN)["items"])
        self.assertEqual(left, [("MUST_HANDLE", "OPEN"), ("RENOUNCEABLE", "RENOUNCED")])
        self.json(OK, "sandbox", "settle", ANN)
        self.assertEqual(self.json(OK, "recheck", ANN)["state"], "CHECKING")
        self.assertEqual(self.wait(OK, ANN, "BLOCKED", "READY"), "READY")

        self.json(OK, "confirm", ANN, "--reason", "NO_LONGER_NEEDED", "--consent-late-settlement", "--confirm", ANN)
        self.assertEqual(self.wait(OK, ANN, "SILENT_PERIOD"), "SILENT_PERIOD")
        self.assertRegex(self.text(OK, "status", ANN), r"REMAINING +[67]d")
        self.assertEqual(self.error(FAILED, "cancel", ANN)["reason"], "STATE_NOT_ALLOWED")
        self.assertFalse(self.json(OK, "gate", ANN)["allowed"])

        self.json(OK, "sandbox", "advance", "7d")
        self.assertEqual(self.wait(OK, ANN, "CLOSED"), "CLOSED")
        self.assertNotIn("REMAINING", self.text(OK, "status", ANN))
        self.assertEqual(self.json(OK, "history", ANN)["transitions"][-1]["toState"], "CLOSED")
        self.assertTrue(self.json(OK, "sandbox", "show", ANN)["deleted"])

    def test_a_late_bill_aborts_and_the_guided_flow_needs_no_question(self):
        """[R66][R67]"""
        closure = self.json(OK, "close", CLEO, "--via", "sms", "--sandbox-code", "--accept-agreement", "2026-01",
                            "--reason", "TOO_EXPENSIVE", "--confirm", CLEO)
        self.assertEqual(closure["state"], "SILENT_PERIOD")
        self.json(OK, "sandbox", "advance", "7d")
        self.assertEqual(self.wait(OK, CLEO, "ABORTED"), "ABORTED")
        self.assertEqual(self.wait(FAILED, CLEO, "CLOSED"), "ABORTED")
        items = self.json(OK, "items", CLEO)["items"]
        self.assertEqual([item["amount"]["units"] for item in items], ["250"])
        self.assertTrue(self.json(OK, "gate", CLEO)["allowed"])

    def test_the_guided_flow_waits_for_the_bill_and_goes_on_when_it_is_settled(self):
        script = ("close", ANN, "--via", "email", "--sandbox-code", "--accept-agreement", "2026-01", "--discard-all",
                  "--acknowledge-risk", "--reason", "OTHER", "--confirm", ANN)
        code, _, err = self.run_program(*script)
        self.assertEqual(code, BLOCKED)
        self.assertIn("closurectl sandbox settle " + ANN, err)
        self.text(OK, "sandbox", "settle", ANN)
        self.assertEqual(self.json(OK, *script)["state"], "SILENT_PERIOD")


class Refusals(OnServer):
    def test_what_is_typed_wrong_names_itself_and_never_aborts(self):
        self.assertIn('"Bad!"', self.error(USAGE, "status", "Bad!")["message"])
        self.assertIn('"é"', self.error(USAGE, "status", "é")["message"])
        self.assertIn("--as", self.error(USAGE, "status", ANN, "--as", "operator:a\nb")["message"])
        error = self.error(USAGE, "confirm", ANN, "--reason", "OTHER", "--reason-text", b"x\xff")
        self.assertIn("--reason-text", error["message"])
        self.assertEqual(self.error(USAGE, "stauts", ANN)["reason"], "USAGE")

    def test_each_kind_of_refusal_has_its_exit_code(self):
        self.assertEqual(self.error(DENIED, "list", BEN, "--as", "ram:bob@" + BEN)["code"], "PERMISSION_DENIED")
        self.assertEqual(self.error(NOT_FOUND, "status", BEN)["reason"], "NO_CLOSURE")
        self.text(OK, "start", BEN, "--via", "email")
        error = self.error(TIMED_OUT, "wait", BEN, "--for", "EXPIRED", "--timeout", "100ms")
        self.assertEqual(error["code"], "DEADLINE_EXCEEDED")
        self.assertEqual(self.error(FAILED, "recheck", BEN)["reason"], "STATE_NOT_ALLOWED")
        self.assertEqual(self.error(UNREACHABLE, "status", BEN, "--server", NOBODY)["code"], "UNAVAILABLE")

    def test_a_question_is_not_asked_without_a_terminal(self):
        error = self.error(USAGE, "close", BEN)
        self.assertIn("--via", error["metadata"]["flags"])
        self.assertEqual(self.error(NOT_FOUND, "status", BEN)["reason"], "NO_CLOSURE")
        self.text(OK, "start", BEN, "--via", "email")
        self.text(OK, "verify", BEN, "--sandbox-code")
        error = self.error(USAGE, "agree", BEN)
        self.assertEqual((error["reason"], error["metadata"]["command"]), ("INPUT_REQUIRED", "closurectl agree"))
        self.assertEqual(self.json(OK, "status", BEN)["state"], "AGREEMENT_PENDING")

    def test_an_interrupted_watch_is_exit_code_130(self):
        self.text(OK, "start", BEN, "--via", "email")
        with subprocess.Popen([CLOSURECTL, "watch", BEN], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              env=environment(self.server)) as watch:
            try:
                # Its first line says that it follows.
                self.assertIn(b"IDENTITY_PENDING", watch.stdout.readline())
                watch.send_signal(signal.SIGINT)
                self.assertEqual(watch.wait(timeout=RUN_SECONDS), INTERRUPTED)
            finally:
                watch.kill()
        self.assertEqual(self.json(OK, "status", BEN)["state"], "IDENTITY_PENDING")


class Formats(OnServer):
    def test_every_command_answers_json(self):
        self.of_an_owner()
        self.of_the_sandbox()
        self.of_operators()
        commands = self.commands()
        self.assertIn("operator breaker-release", commands)
        # These two speak to somebody's checker or participant, and tests/conformance reads their JSON.
        self.assertEqual(commands - self.read, {"checker", "participant"})

    def of_an_owner(self):
        self.assertTrue(self.json(OK, "preview", BEN)["eligible"])
        self.json(OK, "start", BEN, "--via", "email")
        self.assertIn("retryDelay", self.error(FAILED, "resend", BEN))
        self.json(OK, "verify", BEN, "--sandbox-code")
        self.json(OK, "agree", BEN, "--version", self.json(OK, "agreement", BEN)["version"])
        self.wait(OK, BEN, "READY")
        self.assertEqual(self.error(FAILED, "discard", BEN, "--all", "--acknowledge-risk")["reason"], "NOTHING_TO_DISCARD")
        self.json(OK, "recheck", BEN)
        self.wait(OK, BEN, "READY")
        self.assertEqual(self.error(USAGE, "confirm", BEN, "--reason", "OTHER", "--confirm", "other")["reason"], "USAGE")
        self.assertEqual(self.json(OK, "cancel", BEN)["state"], "CANCELLED")
        self.assertEqual(self.json(OK, "watch", BEN)["state"], "CANCELLED")
        self.json(BLOCKED, "close", ANN, "--dry-run")
        self.assertEqual(len(self.json(OK, "list", BEN)["closures"]), 1)
        self.assertTrue(self.json(OK, "record", BEN)["transitions"])
        for command in ("status", "items", "history", "gate"):
            self.json(OK, command, BEN)

    def of_the_sandbox(self):
        self.assertTrue(self.json(OK, "sandbox", "bill", BEN, "12.50", "USD")["billId"])
        self.assertTrue(self.json(OK, "sandbox", "inbox", BEN)["messages"])
        self.assertTrue(self.json(OK, "sandbox", "settle", BEN)["actions"])
        self.assertEqual(self.error(USAGE, "sandbox", "advance", "0s")["reason"], "USAGE")
        self.json(OK, "sandbox", "advance", "1h")
        self.json(OK, "sandbox", "show", BEN)
        self.json(OK, "sandbox", "fault", "BillingService/SealBilling", "HANG", "--account", BEN)
        self.json(OK, "sandbox", "fault", "BillingService/SealBilling", "none", "--account", BEN)
        self.error(USAGE, "sandbox", "load", "no-such-file.json")

    def of_operators(self):
        as_ann = ("--as", "operator:ann")
        reasoned = ("--reason", "a test") + as_ann
        self.assertEqual(self.json(OK, "server", "status")["status"], "SERVING")
        self.text(OK, "start", BEN, "--via", "email")
        self.assertIn("tasks", self.json(OK, "operator", "tasks", *as_ann))
        self.assertEqual(self.json(OK, "operator", "hold", BEN, *reasoned)["hold"]["reason"], "a test")
        self.assertNotIn("hold", self.json(OK, "operator", "release", BEN, *reasoned))
        self.assertEqual(self.json(OK, "operator", "pause", *reasoned)["pause"]["reason"], "a test")
        self.assertNotIn("pause", self.json(OK, "operator", "resume", *reasoned))
        self.json(OK, "operator", "status", *as_ann)
        self.assertEqual(self.error(NOT_FOUND, "operator", "retry", "999999", *reasoned)["reason"], "TASK_NOT_FOUND")
        for command in ("breaker-release", "ack-clock"):
            self.assertEqual(self.error(FAILED, "operator", command, *reasoned)["reason"], "NOTHING_TO_RELEASE")


class Demo(unittest.TestCase):
    def test_the_demo_runs_to_its_end(self):
        built = os.path.dirname(os.path.dirname(CLOSURECTL))
        done = subprocess.run([os.path.join(SOURCE, "tools", "demo")], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=RUN_SECONDS, env=dict(os.environ, CLOSURE_BUILD_DIR=built), check=False)
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        self.assertIn("CLOSED", done.stdout)
        self.assertIn("ABORTED", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)

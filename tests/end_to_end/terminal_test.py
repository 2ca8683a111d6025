# SPDX-License-Identifier: Apache-2.0
"""The program closurectl on a real terminal: its questions, colours, and the keys that leave it.

Skipped (exit 77) on a machine without pseudo terminals.
"""

import json
import os
import pty
import re
import subprocess
import sys
import time
import unittest

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from closured_process import Closured  # noqa: E402
from terminal import COLOR, CTRL_C, CTRL_D, SECONDS, Terminal  # noqa: E402

CLOSURECTL = os.environ["CLOSURECTL_BINARY"]
OK, USAGE, NOT_FOUND, INTERRUPTED = 0, 2, 5, 130
# The demo's accounts: a bill, a balance and an instance; and a clean one.
ANN, BEN = "1000000001", "1000000002"


class OnTerminal(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLOSURE_") and name != "NO_COLOR"}
        self.environment = dict(kept, CLOSURE_SERVER=self.server.address, TERM="xterm-256color")
        self.run_program("sandbox", "load", os.path.join(SOURCE, "sandbox", "clouds", "demo.json"))

    def terminal(self, *arguments, program=(CLOSURECTL,), **environment):
        terminal = Terminal(*program, *arguments, environment=dict(self.environment, **environment))
        self.addCleanup(terminal.close)
        return terminal

    def run_program(self, *arguments, code=OK):
        """Runs closurectl without a terminal; answers its data."""
        done = subprocess.run([CLOSURECTL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS, env=self.environment, check=False)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done.stdout

    def state(self, account):
        return json.loads(self.run_program("status", account, "-o", "json"))["state"]

    def code(self, account):
        """The identity code, as its owner reads it in another window."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = re.findall(r"identity code is (\d{6})", self.run_program("sandbox", "inbox", account, "-o", "json"))
            if found:
                return found[-1]
        raise AssertionError("no code arrived")


class Guided(OnTerminal):
    def test_a_person_closes_an_account_by_answering(self):
        """[R44][R45][R52][R53][R55]"""
        terminal = self.terminal("close", ANN)
        terminal.answer("email or sms? ", "email")
        terminal.wait_for('(or "resend"): ')
        terminal.press(self.code(ANN).encode() + b"\n")
        terminal.answer("Do you agree to this account cancellation agreement? [y/N] ", "y")
        terminal.answer("Discard the 2 renounceable item(s)? [y/N] ", "y")
        terminal.answer('Type "yes" to discard: ', "yes")
        terminal.wait_for("press Enter to scan again")
        self.run_program("sandbox", "settle", ANN)
        terminal.press(b"\n")
        terminal.answer("Why do you leave?", "too-expensive")
        terminal.answer("Otherwise it aborts the closure. [y/N] ", "n")
        terminal.answer("Type its id to confirm: ", ANN)
        self.assertEqual(terminal.exit_code(), OK, terminal.text())
        self.assertEqual(self.state(ANN), "SILENT_PERIOD")

    def test_an_answer_of_the_wrong_form_is_asked_for_again(self):
        terminal = self.terminal("close", BEN)
        terminal.answer("email or sms? ", "pigeon")
        terminal.answer("email or sms? ", "sms")
        terminal.wait_for('(or "resend"): ')
        self.assertEqual(self.state(BEN), "IDENTITY_PENDING")

    def test_another_id_than_the_account_s_confirms_nothing(self):
        """[R55]"""
        self.run_program("start", BEN, "--via", "email")
        self.run_program("verify", BEN, "--sandbox-code")
        self.run_program("agree", BEN, "--version", "2026-01")
        self.run_program("wait", BEN, "--for", "READY", "--timeout", "1m")
        terminal = self.terminal("confirm", BEN, "--reason", "OTHER")
        for _ in range(3):
            terminal.answer("Type its id to confirm: ", ANN)
        self.assertNotEqual(terminal.exit_code(), OK)
        self.assertIn("nothing was changed", terminal.text())
        self.assertEqual(self.state(BEN), "READY")


class Keys(OnTerminal):
    def test_ctrl_c_at_the_first_question_leaves_and_nothing_was_started(self):
        terminal = self.terminal("close", BEN)
        terminal.wait_for("email or sms? ")
        terminal.press(CTRL_C)
        self.assertEqual(terminal.exit_code(), INTERRUPTED)
        self.run_program("status", BEN, code=NOT_FOUND)

    def test_ctrl_c_at_a_later_question_leaves_and_the_same_command_goes_on(self):
        terminal = self.terminal("close", BEN)
        terminal.answer("email or sms? ", "email")
        terminal.wait_for('(or "resend"): ')
        terminal.press(CTRL_C)
        self.assertEqual(terminal.exit_code(), INTERRUPTED)
        self.assertIn("\nto go on where it stands: closurectl close %s\n" % BEN, terminal.text())
        self.assertEqual(self.state(BEN), "IDENTITY_PENDING")
        terminal = self.terminal("close", BEN)
        terminal.wait_for('(or "resend"): ')
        terminal.press(self.code(BEN).encode() + b"\n")
        terminal.wait_for("agreement? [y/N] ")
        self.assertEqual(self.state(BEN), "AGREEMENT_PENDING")

    def test_ctrl_c_that_the_caller_ignores_stays_ignored(self):
        terminal = self.terminal("close", BEN, program=("sh", "-c", 'trap "" INT; exec "$@"', "sh", CLOSURECTL))
        terminal.wait_for("email or sms? ")
        terminal.press(CTRL_C)
        terminal.press(b"email\n")
        terminal.wait_for('(or "resend"): ')
        self.assertEqual(self.state(BEN), "IDENTITY_PENDING")

    def test_ctrl_c_leaves_a_watch(self):
        self.run_program("start", BEN, "--via", "email")
        terminal = self.terminal("watch", BEN)
        terminal.wait_for("IDENTITY_PENDING")
        terminal.wait_for("Next: give the code that was sent:")
        terminal.press(CTRL_C)
        self.assertEqual(terminal.exit_code(), INTERRUPTED)
        self.assertNotIn("to go on", terminal.text())
        self.assertEqual(self.state(BEN), "IDENTITY_PENDING")

    def test_the_end_of_the_input_is_no_answer(self):
        terminal = self.terminal("close", BEN)
        terminal.wait_for("email or sms? ")
        terminal.press(CTRL_D)
        self.assertEqual(terminal.exit_code(), USAGE)
        self.assertIn("--via", terminal.text())
        self.run_program("status", BEN, code=NOT_FOUND)


class Colours(OnTerminal):
    def shown(self, *arguments, **environment):
        terminal = self.terminal(*arguments, **environment)
        terminal.exit_code()
        self.assertIn("MUST_HANDLE", terminal.text())
        return terminal.shown

    def test_a_terminal_has_them_and_whoever_wants_none_gets_none(self):
        self.assertRegex(self.shown("preview", ANN), COLOR)
        self.assertNotRegex(self.shown("preview", ANN, NO_COLOR="1"), COLOR)
        self.assertNotIn("\x1b", self.shown("preview", ANN, TERM="dumb"))
        self.assertNotRegex(self.shown("preview", ANN, "--color", "never"), COLOR)
        self.assertRegex(self.shown("preview", ANN, "--color", "always", NO_COLOR="1"), COLOR)


def has_terminals():
    try:
        for descriptor in pty.openpty():
            os.close(descriptor)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    if not has_terminals():
        print("skipped: end_to_end.terminal: there are no pseudo terminals here; is devpts mounted at /dev/pts?")
        sys.exit(77)
    unittest.main(verbosity=2)

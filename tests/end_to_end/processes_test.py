# SPDX-License-Identifier: Apache-2.0
"""The program closured as those meet it who start and stop it: signals, files, ports, configuration and exit codes."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closured_process import Closured, Owner, State  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
OK, USAGE, TEMPORARY, CONFIG = 0, 64, 75, 78
# The grace of a stop and a margin for a busy machine.
STOP_SECONDS = 8


def account(account_id):
    return {"accountId": account_id, "email": {"address": account_id + "@example.com"}}


def run(*arguments, **environment):
    """Runs closured until it ends by itself; answers exit code, standard output and standard error."""
    done = subprocess.run([os.environ["CLOSURED_BINARY"], *arguments], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, **environment), check=False)
    return done.returncode, done.stdout, done.stderr


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="closure-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(text)
        return path

    def production_config(self, extra="", database="closures.db"):
        key = self.write("secret.key", "k" * 32)
        systems = ("account", "billing", "resource", "domain", "resource_directory", "trusteeship", "partner", "messaging")
        upstreams = "".join('  %s: "127.0.0.1:1"\n' % system for system in systems)
        return self.write("closured.textproto", "".join((
            'listen_address: "unix:%s/closured.sock"\n' % self.folder,
            'database_path: "%s"\n' % os.path.join(self.folder, database),
            'secret_key_file: "%s"\n' % key,
            'agreements_path: "%s/agreements"\n' % SOURCE,
            "upstreams {\n%s}\n" % upstreams,
            extra)))


class Configuration(Files):
    def test_an_unknown_key_is_refused_with_its_place(self):
        path = self.production_config('policy {\n  silent_perod { seconds: 86400 }\n}\n')
        with open(path, encoding="utf-8") as file:
            line = 1 + [n for n, text in enumerate(file) if "silent_perod" in text][0]
        for extra in ([], ["--check-config"], ["--print-config"]):
            code, out, err = run("--config", path, *extra)
            self.assertEqual(code, CONFIG)
            self.assertEqual(out, "")
            self.assertRegex(err, re.escape("%s:%d:" % (path, line)) + r"\d+: .*silent_perod")

    def test_a_value_out_of_range_is_refused_with_its_path(self):
        path = self.production_config("policy { silent_period { seconds: 3600 } forfeit_limit_units: -1 }\n")
        code, _, err = run("--config", path, "--check-config")
        self.assertEqual(code, CONFIG)
        # Every fault is told, not the first one only.
        self.assertIn("policy.silent_period", err)
        self.assertIn("policy.forfeit_limit_units", err)

    def test_what_production_needs_is_asked_for(self):
        path = self.write("empty.textproto", "")
        code, _, err = run("--config", path)
        self.assertEqual(code, CONFIG)
        for key in ("database_path", "secret_key_file", "agreements_path", "upstreams.billing"):
            self.assertIn(key, err)

    def test_billing_cannot_be_disabled(self):
        path = self.production_config('checkers { name: "billing" disabled { by: "ann" why: "a test" } }\n')
        code, _, err = run("--config", path, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("billing", err)

    def test_check_config_says_that_it_is_right_and_starts_nothing(self):
        path = self.production_config()
        code, out, err = run("--config", path, "--check-config")
        self.assertEqual((code, err), (OK, ""))
        self.assertIn(path, out)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "closures.db")))
        # The environment names the file where no option does.
        self.assertEqual(run("--check-config", CLOSURE_CONFIG=path)[0], OK)

    def test_print_config_shows_values_and_what_is_a_default(self):
        path = self.production_config("policy { code_attempts: 3 }\n")
        code, out, _ = run("--config", path, "--print-config")
        self.assertEqual(code, OK)
        self.assertRegex(out, r"silent_period \{ seconds: 604800 ?\}.*# .*default")
        self.assertRegex(out, r"(?m)^ *code_attempts: 3$")
        # What it prints is a configuration.
        printed = self.write("printed.textproto", out)
        self.assertEqual(run("--config", printed, "--check-config")[0], OK)

    def test_a_command_line_that_is_not_understood_says_where_to_look(self):
        for arguments in ([], ["--confg", "x"], ["production"], ["--config"], ["--data-dir", "x"], ["--load", "x"]):
            code, _, err = run(*arguments)
            self.assertEqual(code, USAGE, arguments)
            self.assertIn("--help", err)
        self.assertEqual(run("--help")[0], OK)
        self.assertRegex(run("--version")[1], r"closured .*closure\.v1")

    def test_a_secret_that_others_can_read_is_refused(self):
        path = self.production_config()
        os.chmod(os.path.join(self.folder, "secret.key"), 0o644)
        code, _, err = run("--config", path)
        self.assertEqual(code, CONFIG)
        self.assertIn("secret.key", err)


class Databases(Files):
    def test_development_and_production_refuse_each_other_s_database(self):
        server = Closured()
        self.addCleanup(server.close)
        self.assertEqual(server.stop(), OK)
        path = self.production_config(database=os.path.join(server.directory, "data", "closures.db"))
        code, _, err = run("--config", path)
        self.assertEqual(code, CONFIG)
        self.assertIn("closured dev", err)
        # The other way round, with a database that production made.
        path = self.production_config()
        production = subprocess.Popen([os.environ["CLOSURED_BINARY"], "--config", path], stderr=subprocess.PIPE)
        self.addCleanup(production.stderr.close)
        while b"serving" not in production.stderr.readline():
            self.assertIsNone(production.poll())
        production.send_signal(signal.SIGINT)
        self.assertEqual(production.wait(timeout=30), OK)
        code, _, err = run("dev", "--data-dir", self.folder, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG)
        self.assertIn("closures.db", err)
        self.assertIn("production", err)

    def test_one_server_uses_a_data_directory_at_a_time(self):
        server = Closured()
        self.addCleanup(server.close)
        data = server.directory + "/data"
        code, _, err = run("dev", "--data-dir", data, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG)
        self.assertIn(str(server.process.pid), err)
        self.assertIn("closures.db", err)
        # The first one did not notice.
        server.load({"accounts": [account("first-1")]})

    def test_a_port_that_is_in_use_is_told(self):
        server = Closured()
        self.addCleanup(server.close)
        code, _, err = run("dev", "--data-dir", os.path.join(self.folder, "other"), "--listen", server.address)
        self.assertEqual(code, TEMPORARY)
        self.assertIn(server.address, err)
        self.assertIn("in use", err)

    def test_a_closed_account_stays_closed_when_the_closures_are_lost(self):
        """[R2][R4][D13]"""
        server = Closured()
        self.addCleanup(server.close)
        server.load({"accounts": [account("lost-1")]})
        owner = Owner(server, "lost-1")
        owner.create()
        owner.verify()
        owner.agree()
        owner.wait_for(State.Value("READY"))
        owner.confirm()
        owner.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                         and all(each.status == each.DONE for each in closure.participants))
        server.advance(168)
        owner.wait_until(lambda closure: closure.HasField("personal_data_erase_time"))
        self.assertEqual(server.stop(), OK)
        self.forget_all_but_tombstones(server.directory + "/data/closures.db")
        server.start()
        server.load({"accounts": [account("lost-1")]})
        with self.assertRaises(grpc.RpcError) as refused:
            owner.create()
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertIn("closed for good", refused.exception.details())

    @staticmethod
    def forget_all_but_tombstones(path):
        database = sqlite3.connect(path)
        database.execute("PRAGMA foreign_keys = OFF")
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in rows:
            database.execute("DROP TRIGGER " + name)
        kept = ("tombstones", "meta", "schema_migrations", "system")
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table not in kept:
                database.execute("DELETE FROM " + table)
        for _, sql in rows:
            database.execute(sql)
        database.commit()
        database.close()


class Stops(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        self.server.load({"accounts": [account("stop-1")]})
        self.owner = Owner(self.server, "stop-1")

    def watch(self):
        """Watches in a thread of its own; the status that the watch ended with is in the list once it is joined."""
        channel = grpc.insecure_channel(self.server.address)
        self.addCleanup(channel.close)
        stub = type(self.server.closures)(channel)
        stream = stub.WatchClosure(service.WatchClosureRequest(name=self.owner.name), metadata=self.owner.metadata, timeout=60)
        next(stream)
        ends = []

        def read():
            try:
                for _ in stream:
                    pass
            except grpc.RpcError as error:
                ends.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        return thread, ends

    def test_ends_in_order_with_a_watch_open_and_a_checker_stuck(self):
        self.owner.create()
        self.owner.verify()
        self.server.fault("ResourceService/ListResources", sandbox.SetFaultRequest.HANG)
        self.owner.agree()
        self.owner.wait_until(lambda closure: any(each.status == pb.CheckerResult.ANSWERED for each in closure.scan.checkers))
        thread, ends = self.watch()
        begun = time.monotonic()
        self.assertEqual(self.server.stop(), OK)
        self.assertLess(time.monotonic() - begun, STOP_SECONDS)
        thread.join(timeout=30)
        self.assertEqual([end.code() for end in ends], [grpc.StatusCode.UNAVAILABLE])
        self.assertIn("stopping", ends[0].details())
        # Nothing is lost: the next start takes the scan up again.
        self.server.start()
        self.owner.wait_for(State.Value("READY"))

    def test_ends_in_order_while_a_participant_hangs(self):
        self.owner.create()
        self.owner.verify()
        self.owner.agree()
        self.owner.wait_for(State.Value("READY"))
        self.server.fault("BillingService/FreezeBilling", sandbox.SetFaultRequest.HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("CONFIRMING"))
        begun = time.monotonic()
        self.assertEqual(self.server.stop(), OK)
        self.assertLess(time.monotonic() - begun, STOP_SECONDS)
        self.server.start()
        self.owner.wait_for(State.Value("SILENT_PERIOD"))


class Amounts(unittest.TestCase):
    """Amounts come in through the sandbox cloud only: bills, top-ups and cloud files."""

    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        self.server.load({"accounts": [account("money-1")]})

    def refused(self, method, request, reason, *said):
        before = self.server.show("money-1")
        with self.assertRaises(grpc.RpcError) as refusal:
            getattr(self.server.sandbox, method)(request, timeout=30)
        self.assertEqual(refusal.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        details = dict(refusal.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(reason.encode(), details)
        for part in said:
            self.assertIn(part, refusal.exception.details())
        self.assertEqual(self.server.show("money-1"), before)

    def test_malformed_amounts_are_refused(self):
        for amount in (money_pb2.Money(), money_pb2.Money(currency_code="USD"), money_pb2.Money(currency_code="usd", units=1),
                       money_pb2.Money(currency_code="US", units=1), money_pb2.Money(currency_code="USD", units=-1),
                       money_pb2.Money(currency_code="USD", units=1, nanos=-1),
                       money_pb2.Money(currency_code="USD", units=1, nanos=1000000000),
                       money_pb2.Money(currency_code="USD", units=2 ** 63 - 1)):
            self.refused("IssueBill", sandbox.IssueBillRequest(account_id="money-1", amount=amount), "FIELD_INVALID", "amount")
            self.refused("TopUpBalance", sandbox.TopUpBalanceRequest(account_id="money-1", amount=amount), "FIELD_INVALID", "amount")

    def test_malformed_amounts_in_a_cloud_file_are_refused_with_account_and_field(self):
        for amount in ("", "-1", "1,000.00", "1e3", "0x10", "1.0000000001", "1.", ".5", " 1", "1 ", "NaN", "٣"):
            request = sandbox.LoadCloudRequest()
            broken = request.cloud.accounts.add(account_id="money-1")
            broken.email.address = "owner@money-1.example"
            broken.bills.add(bill_id="b-1", amount=amount, currency_code="USD")
            self.refused("LoadCloud", request, "CLOUD_FILE_INVALID", "money-1", "bills")


if __name__ == "__main__":
    unittest.main(verbosity=2)

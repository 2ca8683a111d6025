# SPDX-License-Identifier: Apache-2.0
"""The program closured as those meet it who start and stop it: signals, databases, ports, logs, and the clock that is kept."""

import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import unittest
import uuid

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import pages  # noqa: E402
from closured_process import Closured, Owner, State  # noqa: E402
from production import CONFIG, OK, SECONDS, TEMPORARY, Files, run_closured  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402
from closure.v1 import operator_service_pb2 as operator  # noqa: E402

AS_ANN = (("closure-actor", "operator:ann"),)


def account(account_id):
    return {"accountId": account_id, "email": {"address": account_id + "@example.com"}}


def status(server):
    return server.operators.GetSystemStatus(operator.GetSystemStatusRequest(), metadata=AS_ANN, timeout=SECONDS)


class Databases(Files):
    def test_development_and_production_refuse_each_other_s_database(self):
        server = Closured()
        self.addCleanup(server.close)
        self.assertEqual(server.stop(), OK)
        development = os.path.join(server.directory, "data", "closures.db")
        # Where development left it, and carried to where production looks.
        self.assert_refused_in_production(development)
        shutil.move(development, self.path("carried.db"))
        self.assert_refused_in_production("carried.db")
        # The other way round, with a database that production made.
        production = self.serve(self.production_config())
        self.assertEqual(production.stop(signal.SIGINT), OK)
        code, _, err = run_closured("dev", "--data-dir", self.folder, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG)
        self.assertIn("closures.db", err)
        self.assertIn("production", err)

    def assert_refused_in_production(self, database):
        code, _, err = run_closured("--config", self.production_config(database=database))
        self.assertEqual(code, CONFIG, err)
        self.assertIn(os.path.basename(database), err)
        self.assertIn("closured dev", err)

    def test_one_server_uses_a_data_directory_at_a_time(self):
        server = Closured()
        self.addCleanup(server.close)
        data = server.directory + "/data"
        code, _, err = run_closured("dev", "--data-dir", data, "--listen", "127.0.0.1:0")
        # The first one may be ending, so a service manager should try again.
        self.assertEqual(code, TEMPORARY)
        self.assertIn(str(server.process.pid), err)
        self.assertIn("closures.db", err)
        # The first one did not notice.
        server.load({"accounts": [account("first-1")]})

    def test_a_unix_socket_that_another_server_listens_on_is_not_taken_from_it(self):
        first = self.serve(self.production_config())
        code, _, err = run_closured("--config", self.production_config(database="second.db"))
        self.assertEqual(code, TEMPORARY, err)
        self.assertIn("another server listens on this socket", err)
        # It is where it was; a socket that nobody listens on any more is no obstacle.
        self.assertTrue(os.path.exists(self.path("closured.sock")))
        self.assertEqual(first.stop(signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.serve(self.production_config()).stop(signal.SIGTERM), OK)

    def test_a_port_that_is_in_use_is_told_and_can_be_tried_again_later(self):
        server = Closured()
        self.addCleanup(server.close)
        code, out, err = run_closured("dev", "--data-dir", self.path("other"), "--listen", server.address)
        self.assertEqual((code, out), (TEMPORARY, ""), err)
        # One line says it, and gRPC nothing.
        line = json.loads(err)
        self.assertEqual(line["level"], "error")
        self.assertIn("listen_address %s: cannot be listened on: Address already in use; see " % server.address,
                      line["error"])

    def test_production_serves_on_a_unix_socket_of_its_own_user_and_stops_in_order(self):
        server = self.serve(self.production_config())
        self.assertEqual(os.stat(self.path("closured.sock")).st_mode & 0o077, 0)
        self.assertEqual(os.stat(self.path("closures.db")).st_mode & 0o077, 0)
        self.assertEqual(server.stop(), OK)
        self.assertIn(b'"msg":"stopped"', server.said)

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
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        pages.seal(path)


class Stops(unittest.TestCase):
    """Exit code 0 says that a stop kept within the grace and its margin: a longer one ends without order, with 75."""

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
        self.assertEqual(self.server.stop(), OK)
        thread.join(timeout=SECONDS)
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
        self.assertEqual(self.server.stop(), OK)
        self.server.start()
        self.owner.wait_for(State.Value("SILENT_PERIOD"))

    def test_a_call_that_hangs_holds_nothing_up(self):
        self.server.fault("AccountService/GetAccount", sandbox.SetFaultRequest.HANG)
        hanging = self.server.closures.CreateClosure.future(
            service.CreateClosureRequest(parent="accounts/stop-1", channel=pb.EMAIL, request_id=str(uuid.uuid4())),
            metadata=self.owner.metadata, timeout=SECONDS)
        # Answered on the same connection, so the call before it has arrived.
        status(self.server)
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.process.wait(timeout=SECONDS), OK)
        self.assertEqual(hanging.code(), grpc.StatusCode.UNAVAILABLE, hanging.details())


class Development(unittest.TestCase):
    def test_the_clock_goes_on_from_where_it_was_moved_to(self):
        server = Closured()
        self.addCleanup(server.close)
        before = status(server).server_time.seconds
        server.advance(1000)
        self.assertEqual(server.stop(), OK)
        server.start()
        self.assertGreaterEqual(status(server).server_time.seconds, before + 1000 * 3600)
        self.assertFalse(status(server).HasField("clock_jump"))

    def test_every_line_of_the_log_is_json_whatever_is_sent(self):
        server = Closured()
        self.addCleanup(server.close)
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as garbage:
            garbage.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)) * 40)
            while garbage.recv(4096):
                pass
        # Field 1, a text of one byte that is not UTF-8: protobuf says so in a line of its own.
        method = server.channel.unary_unary("/closure.v1.ClosureService/GetClosure")
        with self.assertRaises(grpc.RpcError):
            method(b"\x0a\x01\xff", metadata=AS_ANN, timeout=SECONDS)
        self.assertEqual(server.stop(), OK)
        lines = [json.loads(line) for line in server.read_log().splitlines()]
        for line in lines:
            self.assertEqual([key for key in ("time", "level", "msg") if key not in line], [])
        self.assertIn("protobuf", [line.get("library") for line in lines])

    def test_a_temporary_folder_is_removed(self):
        process = subprocess.Popen([os.environ["CLOSURED_BINARY"], "dev", "--listen", "127.0.0.1:0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        readable, _, _ = select.select([process.stdout], [], [], SECONDS)
        self.assertTrue(readable, "closured did not become ready")
        folder = process.stdout.readline().decode().split("data in ")[1].strip()
        self.assertEqual(os.stat(folder).st_mode & 0o077, 0)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=SECONDS), OK)
        self.assertFalse(os.path.exists(folder))


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

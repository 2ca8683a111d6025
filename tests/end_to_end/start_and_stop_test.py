# SPDX-License-Identifier: Apache-2.0
"""What closured is bound to from its first start on, and how many signals a stop takes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import grpc  # noqa: E402
from closure.v1 import account_gate_service_pb2 as gate  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import operator_service_pb2 as operator_service  # noqa: E402
from closured_process import Closured, Owner  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from production import CONFIG, OK, SECONDS, TEMPORARY, Files, Serving, run_closured  # noqa: E402

SHUTDOWN_GRACE_SECONDS = 5


class Keys(Files):
    def test_a_database_with_a_closure_is_not_opened_with_another_secret_key(self):
        server = Closured()
        self.addCleanup(server.close)
        server.load({"accounts": [{"accountId": "key-1", "email": {"address": "key-1@example.com"}}]})
        Owner(server, "key-1").create()
        self.assertEqual(server.stop(), OK)
        data = os.path.join(server.directory, "data")
        key = os.path.join(data, "secret.key")
        os.rename(key, key + ".kept")
        code, _, err = run_closured("dev", "--data-dir", data, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG, err)
        self.assertIn(data, err)
        self.assertIn("another secret key", err)
        os.replace(key + ".kept", key)
        server.start()
        self.assertEqual(server.stop(), OK, "the first key is back")

    def test_a_database_without_closures_takes_another_secret_key(self):
        config = self.production_config()
        self.assertEqual(self.serve(config).stop(), OK)
        self.write("secret.key", "another key, long enough to be one")
        self.assertEqual(self.serve(config).stop(), OK)


    def test_a_key_that_is_lost_is_not_made_anew_beside_a_database(self):
        config = self.production_config()
        self.assertEqual(self.serve(config).stop(), OK)
        os.remove(self.path("secret.key"))
        for command in (["--check-config"], []):
            code, _, err = run_closured("--config", config, *command)
            self.assertEqual(code, CONFIG, err)
            self.assertIn("secret_key_file: " + self.path("secret.key"), err)
            self.assertIn(self.path("closures.db"), err)
            self.assertIn("put the key that it was made with back", err)
            self.assertNotIn("urandom", err)


class Damage(Files):
    """Starting again does not mend it, so the exit code is one that no supervisor tries again."""

    def assert_refused(self, config, *command):
        code, _, err = run_closured("--config", config, *command)
        self.assertEqual(code, CONFIG, err)
        self.assertIn(self.path("closures.db") + ": data corruption", err)
        self.assertIn("put the last good backup in the place", " ".join(err.split()))
        self.assertIn("installation.md", err)

    def setUp(self):
        super().setUp()
        self.config = self.production_config()
        self.assertEqual(self.serve(self.config).stop(), OK)

    def test_a_database_that_another_program_rewrote(self):
        shell = sqlite3.connect(self.path("closures.db"))
        shell.execute("VACUUM")
        shell.close()
        self.assert_refused(self.config)

    def test_a_page_that_was_overwritten_and_that_a_start_does_not_read(self):
        with open(self.path("closures.db"), "r+b") as file:
            file.seek(3 * 4096)
            file.write(b"\xa5" * 4096)
        server = self.serve(self.config)
        server.wait_for(b"the store met damage")
        self.assertEqual(server.stop(), OK)
        self.assertEqual(server.said.count(b"the store met damage"), 1)
        self.assert_refused(self.config, "--backup", self.path("copy.db"))

    def test_a_file_that_is_no_database(self):
        with open(self.path("closures.db"), "r+b") as file:
            file.write(b"\xa5" * 64)
        self.assert_refused(self.config)


    def test_a_sandbox_that_is_damaged_is_told_how_to_be_made_anew(self):
        os.mkdir(self.path("dev"), 0o700)
        with open(os.path.join(self.path("dev"), "cloud.db"), "wb") as file:
            file.write(b"\xa5" * 8192)
        code, _, err = run_closured("dev", "--data-dir", self.path("dev"), "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG, err)
        self.assertIn("cloud.db\" is damaged", err)
        self.assertIn("remove it, and load the cloud files again", err)
        self.assertNotIn("PRAGMA", err)


class Folders(Files):
    def test_development_makes_nothing_beside_a_database_of_production(self):
        self.assertEqual(self.serve(self.production_config()).stop(), OK)
        os.remove(self.path("secret.key"))
        before = sorted(os.listdir(self.folder))
        code, _, err = run_closured("dev", "--data-dir", self.folder, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG, err)
        self.assertIn("production", err)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_development_makes_no_folder_for_a_configuration_that_is_refused(self):
        config = self.write("dev.textproto", 'database_path: "/x"\n')
        code, _, err = run_closured("dev", "--data-dir", self.path("data"), "--config", config)
        self.assertEqual(code, CONFIG, err)
        self.assertFalse(os.path.exists(self.path("data")))

    def test_development_on_a_busy_port_names_its_option(self):
        server = Closured()
        self.addCleanup(server.close)
        code, _, err = run_closured("dev", "--listen", server.address)
        self.assertEqual(code, TEMPORARY, err)
        self.assertIn("--listen 127.0.0.1:0", err)


class Failpoints(Files):
    def test_production_refuses_them(self):
        config = self.production_config()
        for name in ("CLOSURE_FAILPOINT", "CLOSURE_FAILPOINT_TRACE"):
            code, _, err = run_closured("--config", config, **{name: "commit.durable@1"})
            self.assertEqual(code, CONFIG, err)
            self.assertIn("CLOSURE_FAILPOINT", err)

    def test_development_refuses_what_is_no_place(self):
        for place in ("commit.durable", "@1", "commit.durable@0", "commit.durable@x"):
            code, _, err = run_closured("dev", CLOSURE_FAILPOINT=place)
            self.assertEqual(code, CONFIG, err)
            self.assertIn("NAME@COUNT", err)
        for place in ("commit.durabel@3", "commit.durable@3@4", "upstream.asked:billing@1"):
            code, _, err = run_closured("dev", CLOSURE_FAILPOINT=place)
            self.assertEqual(code, CONFIG, err)
            self.assertIn("there is no place", err)


def reason_of(error):
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return ""


class Drain(Files):
    def test_a_new_call_during_a_stop_is_told_that_the_server_stops(self):
        server = Closured()
        self.addCleanup(server.close)
        owner = (("closure-actor", "root:1"),)
        operator = (("closure-actor", "operator:ann"),)
        server.closures.GetAgreement(service.GetAgreementRequest(), metadata=owner, timeout=SECONDS)
        # A watch that nobody ends keeps the stop waiting for the grace; it also says when the stop has begun.
        watch = server.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=SECONDS)
        self.assertEqual(next(watch), b"\x08\x01")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(next(watch), b"\x08\x02", "NOT_SERVING")
        calls = (
            (server.closures.GetAgreement, service.GetAgreementRequest(), owner),
            (server.closures.ListClosures, service.ListClosuresRequest(parent="accounts/1"), owner),
            (server.closures.Recheck, service.RecheckRequest(name="accounts/1/closures/" + "0" * 32), owner),
            (server.gates.CheckAccess, gate.CheckAccessRequest(account="accounts/1", action=1), ()),
            (server.operators.GetSystemStatus, operator_service.GetSystemStatusRequest(), operator),
        )
        for call, request, metadata in calls:
            with self.assertRaises(grpc.RpcError) as refused:
                call(request, metadata=metadata, timeout=SECONDS)
            self.assertEqual((refused.exception.code(), reason_of(refused.exception)),
                             (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"), request)
        streams = (
            (server.closures.WatchClosure, service.WatchClosureRequest(name="accounts/1/closures/" + "0" * 32), owner),
            (server.closures.PreviewClosure, service.PreviewClosureRequest(account="accounts/1"), owner),
            (server.gates.WatchGates, gate.WatchGatesRequest(), ()),
        )
        for call, request, metadata in streams:
            with self.assertRaises(grpc.RpcError) as refused:
                list(call(request, metadata=metadata, timeout=SECONDS))
            self.assertEqual(reason_of(refused.exception), "SHUTTING_DOWN", request)
        # With the last call the stop is over, although this connection is still open.
        begin = time.monotonic()
        watch.cancel()
        self.assertEqual(server.process.wait(timeout=SECONDS), OK)
        self.assertLess(time.monotonic() - begin, SHUTDOWN_GRACE_SECONDS - 1)

    def test_a_client_that_is_connected_and_calls_nothing_does_not_hold_up_a_stop(self):
        server = Closured()
        self.addCleanup(server.close)
        server.closures.GetAgreement(service.GetAgreementRequest(), metadata=(("closure-actor", "root:1"),), timeout=SECONDS)
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(timeout=SECONDS), OK)
        self.assertLess(time.monotonic() - begin, SHUTDOWN_GRACE_SECONDS - 1)


class Signals(Files):
    def test_a_stop_that_is_told_twice_at_once_is_in_order(self):
        server = self.serve(self.production_config())
        # Two numbers, because one of them twice may come as one.
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.stop(signal.SIGINT), OK)
        self.assertIn(b'"msg":"stopped"', server.said)

    def test_a_second_signal_after_a_moment_ends_at_once(self):
        server = Closured()
        self.addCleanup(server.close)
        # A watch that nobody ends keeps an orderly stop waiting for the whole grace.
        watch = server.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=SECONDS)
        next(watch)
        begin = time.monotonic()
        self.assertEqual(self.end_by_signals(server.process), TEMPORARY)
        self.assertLess(time.monotonic() - begin, SHUTDOWN_GRACE_SECONDS)

    @unittest.skipUnless("STUCK_DISK_LIBRARY" in os.environ, "a sanitizer's runtime has to be loaded first")
    def test_a_second_signal_ends_one_that_a_disk_keeps_from_closing_its_database(self):
        stuck = self.path("stuck")
        server = Serving("LD_PRELOAD=" + os.environ["STUCK_DISK_LIBRARY"], "CLOSURE_STUCK_DISK=" + stuck,
                         os.environ["CLOSURED_BINARY"], "--config", self.production_config(), program="/usr/bin/env")
        self.addCleanup(server.close)
        # The last thing that an orderly stop does is to remove the database's log.
        self.write("stuck", "")
        server.process.send_signal(signal.SIGTERM)
        server.wait_for(b'"msg":"stopped"')
        self.assertEqual(self.end_by_signals(server.process), TEMPORARY)

    @staticmethod
    def end_by_signals(process):
        """Signals until it ends; answers the exit code."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            process.send_signal(signal.SIGTERM)
            try:
                return process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                pass
        return None


if __name__ == "__main__":
    unittest.main()

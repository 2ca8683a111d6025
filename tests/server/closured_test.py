# SPDX-License-Identifier: Apache-2.0
"""The program closured: command line, configuration, exit codes, the clock that is kept, and how it stops."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closured_process import Closured, Owner  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import operator_service_pb2 as operator  # noqa: E402

BINARY = os.environ["CLOSURED_BINARY"]
SECONDS = 30
UPSTREAMS = "upstreams { " + " ".join(
    '%s: "127.0.0.1:9"' % name for name in (
        "account", "billing", "resource", "domain", "resource_directory", "trusteeship", "partner", "messaging")) + " }"


def run(*arguments, **environment):
    """(exit code, standard output, standard error) of one run that ends by itself."""
    variables = {key: value for key, value in os.environ.items() if key != "CLOSURE_CONFIG"}
    variables.update(environment)
    done = subprocess.run([BINARY, *arguments], env=variables, capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="closure-test-")
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def production(self, listen="127.0.0.1:0"):
        """A whole production configuration."""
        with open(os.open(self.path("secret.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as key:
            key.write(os.urandom(32))
        return self.write("closured.textproto", "\n".join([
            'listen_address: "%s"' % listen, 'database_path: "%s"' % self.path("closures.db"),
            'secret_key_file: "%s"' % self.path("secret.key"),
            'agreements_path: "%s/agreements"' % os.environ["CLOSURE_SOURCE_DIR"], UPSTREAMS]))

    def test_help_and_version_end_well(self):
        self.assertEqual(run("--help")[0], 0)
        self.assertRegex(run("--version")[1], r"^closured \d+\.\d+\.\d+")

    def test_a_wrong_command_line_is_usage(self):
        for arguments in ([], ["--confg"], ["serve"], ["dev", "--load"]):
            code, out, err = run(*arguments)
            self.assertEqual((code, out), (64, ""), err)
            self.assertIn("--help", err)

    def test_check_config_tells_line_and_column(self):
        wrong = self.write("wrong.textproto", "\npolcy {}\n")
        code, _, err = run("--config", wrong, "--check-config")
        self.assertEqual(code, 78)
        self.assertIn("wrong.textproto:2:7: ", err)
        self.assertEqual(run("--config", self.path("absent"), "--check-config")[0], 78)
        self.assertEqual(run("--check-config", CLOSURE_CONFIG=self.production())[0], 0)

    def test_check_config_tells_every_fault_of_values_and_files_on_a_line_of_its_own(self):
        config = self.production()
        os.chmod(self.path("secret.key"), 0o644)
        with open(config, encoding="utf-8") as file:
            text = file.read()
        wrong = self.write("wrong.textproto", text.replace('account: "127.0.0.1:9"', 'account: "a internal"').replace(
            '/agreements"', '/no-agreements"').replace("closures.db", "absent/closures.db"))
        for command in (["--check-config"], []):
            code, _, err = run("--config", wrong, *command)
            self.assertEqual(code, 78, err)
            lines = err.splitlines()
            self.assertIn("is refused:", lines[0])
            self.assertEqual([line.split(":")[0] for line in lines[1:]],
                             ["upstreams.account", "database_path", "secret_key_file", "agreements_path"])
        self.assertEqual(run("--config", self.production(), "--check-config")[0], 78, "the mode is still 0644")
        os.chmod(self.path("secret.key"), 0o600)
        code, out, _ = run("--config", config, "--check-config")
        self.assertEqual((code, os.path.exists(self.path("closures.db"))), (0, False), out)

    def test_the_example_configuration_is_refused_where_its_files_are_not(self):
        if os.path.exists("/etc/closured"):
            self.skipTest("this machine has a closured")
        example = os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "deploy", "closured.textproto")
        code, out, err = run("--config", example, "--check-config")
        self.assertEqual((code, out), (78, ""))
        self.assertIn("\nsecret_key_file: /etc/closured/secret.key: not there; ", err)

    def test_the_printed_configuration_is_one(self):
        code, out, _ = run("--config", self.production(), "--print-config")
        self.assertEqual(code, 0)
        printed = self.write("printed.textproto", out)
        self.assertEqual(run("--config", printed, "--print-config")[0], 0)

    def test_an_address_that_others_can_reach_is_refused(self):
        code, _, err = run("--config", self.production(listen="0.0.0.0:7443"))
        self.assertEqual(code, 78)
        self.assertIn("listen_address", err)

    def test_a_secret_that_others_can_read_is_refused(self):
        config = self.production()
        os.chmod(self.path("secret.key"), 0o644)
        code, _, err = run("--config", config)
        self.assertEqual(code, 78)
        self.assertIn("chmod 600", err)

    def test_databases_of_dev_and_of_production_are_not_mixed(self):
        server = Closured()
        self.addCleanup(server.close)
        self.assertEqual(server.stop(), 0)
        config = self.production()
        shutil.move(os.path.join(server.directory, "data", "closures.db"), self.path("closures.db"))
        code, _, err = run("--config", config)
        self.assertEqual(code, 78, err)
        self.assertIn("closures.db", err)

    def test_production_serves_on_a_unix_socket_of_its_own_user_and_stops_in_order(self):
        path = self.path("closured.sock")
        process = subprocess.Popen(
            [BINARY, "--config", self.production("unix:" + path)], stderr=subprocess.PIPE)
        self.assertIn(b'"msg":"serving"', process.stderr.readline())
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        self.assertEqual(os.stat(self.path("closures.db")).st_mode & 0o077, 0)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=SECONDS), 0)
        self.assertIn(b'"msg":"stopped"', process.stderr.read())
        process.stderr.close()


class Dev(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)

    def status(self):
        return self.server.operators.GetSystemStatus(
            operator.GetSystemStatusRequest(), metadata=(("closure-actor", "operator:ann"),), timeout=SECONDS)

    def test_the_clock_goes_on_from_where_it_was_moved_to(self):
        before = self.status().server_time.seconds
        self.server.advance(1000)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertGreaterEqual(self.status().server_time.seconds, before + 1000 * 3600)
        self.assertFalse(self.status().HasField("clock_jump"))

    def test_a_second_server_on_the_same_data_is_refused(self):
        code, _, err = run("dev", "--data-dir", self.server.directory + "/data", "--listen", "127.0.0.1:0")
        self.assertIn(code, (75, 78), err)

    def test_an_address_in_use_can_be_tried_again_later(self):
        code, out, err = run("dev", "--listen", self.server.address)
        self.assertEqual((code, out), (75, ""), err)
        lines = [json.loads(line) for line in err.splitlines()]
        self.assertEqual(lines[-1]["level"], "error")
        self.assertRegex(lines[-1]["error"], r"^listen_address 127.*: cannot be listened on: Address already in use; see ")
        self.assertIn("grpc", [line.get("library") for line in lines])

    def test_every_line_of_the_log_is_json_whatever_is_sent(self):
        host, port = self.server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as garbage:
            garbage.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)) * 40)
            while garbage.recv(4096):
                pass
        # Field 1, a text of one byte that is not UTF-8: protobuf says so in a line of its own.
        method = self.server.channel.unary_unary("/closure.v1.ClosureService/GetClosure")
        with self.assertRaises(grpc.RpcError):
            method(b"\x0a\x01\xff", metadata=(("closure-actor", "operator:ann"),), timeout=SECONDS)
        self.assertEqual(self.server.stop(), 0)
        lines = [json.loads(line) for line in self.server.read_log().splitlines()]
        for line in lines:
            self.assertEqual([key for key in ("time", "level", "msg") if key not in line], [])
        self.assertIn("protobuf", [line.get("library") for line in lines])

    def test_a_stop_waits_for_nobody(self):
        self.server.load({"accounts": [{
            "accountId": "stop-1", "email": {"address": "a@example.com"}, "phone": {"address": "+8613890000021"}}]})
        self.server.fault("AccountService/GetAccount", sandbox.SetFaultRequest.HANG)
        owner = Owner(self.server, "stop-1")
        call = self.server.closures.CreateClosure.future
        from closure.v1 import closure_pb2 as pb
        from closure.v1 import closure_service_pb2 as service
        hanging = call(service.CreateClosureRequest(
            parent="accounts/stop-1", channel=pb.EMAIL, request_id="2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11"),
            metadata=owner.metadata, timeout=60)
        self.status()
        self.server.process.send_signal(signal.SIGTERM)
        # The grace, and then without order.
        self.assertIn(self.server.process.wait(timeout=20), (0, 75))
        self.assertFalse(hanging.code() is None)

    def test_a_temporary_folder_is_removed(self):
        process = subprocess.Popen([BINARY, "dev", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        line = process.stdout.readline().decode()
        folder = line.split("data in ")[1].strip()
        self.assertEqual(os.stat(folder).st_mode & 0o077, 0)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=SECONDS), 0)
        process.stdout.close()
        self.assertFalse(os.path.exists(folder))

    def test_a_bad_cloud_file_is_told_with_its_name(self):
        code, _, err = run("dev", "--listen", "127.0.0.1:0", "--load", os.devnull)
        self.assertEqual(code, 78, err)
        self.assertIn("--load " + os.devnull, err)


if __name__ == "__main__":
    unittest.main()

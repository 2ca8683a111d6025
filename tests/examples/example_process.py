# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of examples/ as processes of their own, on data and journals of the test."""

import filecmp
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
# Where ./dev test has npm install what examples/node/package.json names.
NODE_FOLDER = os.path.join(SOURCE, "build", "examples_node")
SKIPPED = 77
# Far above what anything takes; only a fault lasts so long.
SECONDS = 60


def why_no_node():
    """What the examples for Node need and is not there; empty where all is."""
    if not shutil.which("node"):
        return "there is no node (./dev setup installs it)"
    wanted = os.path.join(SOURCE, "examples", "node", "package.json")
    installed = os.path.join(NODE_FOLDER, "installed.json")
    if os.path.exists(installed) and filecmp.cmp(wanted, installed, shallow=False):
        return ""
    return "there is no @grpc/grpc-js in build/examples_node, where ./dev test has npm install it"


def demand_node(test):
    """Ends the test as skipped where it cannot run the examples for Node."""
    lacking = why_no_node()
    if lacking:
        print("skipped: %s: %s" % (test, lacking))
        sys.exit(SKIPPED)


class Example:
    """One program and its files in a folder; it can be killed and started again on the same files."""

    def __init__(self, folder, command):
        self.data = os.path.join(folder, "data.json")
        self.journal = os.path.join(folder, "journal")
        self.command = [*command, "--data", self.data, "--journal", self.journal, "--listen", "127.0.0.1:0"]
        self.process = None
        self.channel = None
        self.write({})

    @classmethod
    def of_python(cls, folder):
        return cls(folder, [sys.executable, os.path.join(SOURCE, "examples", "python", "certificates_checker.py")])

    @classmethod
    def of_node(cls, folder, program):
        """Node looks for modules beside the program that needs them, so both are brought together in the folder."""
        for name in ("common.mjs", program):
            shutil.copy(os.path.join(SOURCE, "examples", "node", name), folder)
        os.symlink(os.path.join(NODE_FOLDER, "node_modules"), os.path.join(folder, "node_modules"))
        return cls(folder, ["node", os.path.join(folder, program), "--protos", os.path.join(SOURCE, "protos")])

    def write(self, accounts):
        """Replaces the data, at once as an editor does."""
        with open(self.data + ".new", "w", encoding="utf-8") as file:
            json.dump({"accounts": accounts}, file)
        os.rename(self.data + ".new", self.data)

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        line = self._read_until(self.process.stdout, b"\n")
        assert line.startswith(b"ready on 127.0.0.1:"), line + self.process.stderr.read()
        self.address = line.split()[-1].decode()
        self.channel = grpc.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])

    @staticmethod
    def _read_until(stream, words, text=b""):
        deadline = time.monotonic() + SECONDS
        while words not in text:
            readable, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(stream.fileno(), 4096) if readable else b""
            if not chunk:
                break
            text += chunk
        return text

    def wait_until_said(self, words, times):
        """Waits until it has said the words so often on standard error."""
        deadline = time.monotonic() + SECONDS
        while self.said.count(words) < times:
            readable, _, _ = select.select([self.process.stderr], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stderr.fileno(), 4096) if readable else b""
            if not chunk:
                raise AssertionError("it did not say %r %d times but %r" % (words, times, self.said))
            self.said += chunk

    def kill(self):
        """SIGKILL: nothing is stopped in order."""
        self.channel.close()
        self.process.kill()
        self.process.communicate()

    def stop(self, number=signal.SIGTERM):
        """Asks it to end; answers the exit code and what else it printed."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, printed

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.channel:
            self.channel.close()

    def run(self, *arguments):
        """Runs it with these arguments instead until it ends; answers exit code and standard error."""
        command = self.command[:self.command.index("--data")]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
        return done.returncode, done.stderr

    def entries(self):
        """The lines of the journal."""
        with open(self.journal, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def acts(self, account):
        """What was done to an account, in order."""
        return [entry["done"] for entry in self.entries() if entry["account_id"] == account and "key" in entry]


class ExampleTest(unittest.TestCase):
    """A test with a folder in which an example runs; a derived class makes it."""

    def make_example(self, folder):
        raise NotImplementedError

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="closure-example-")
        self.addCleanup(folder.cleanup)
        self.example = self.make_example(folder.name)
        self.addCleanup(self.example.close)
        self.start()

    def start(self):
        self.example.start()

    def refused(self, code, call, request, timeout=SECONDS):
        """Makes a call that ends with an error of this code; answers its text."""
        with self.assertRaises(grpc.RpcError) as error:
            response = call(request, timeout=timeout)
            list(response if hasattr(response, "__iter__") else [])
        self.assertEqual(error.exception.code(), code)
        return error.exception.details()

    def check_lacking_fields(self, call, whole, names):
        """Each required field in turn is left out of a whole request."""
        for name in names:
            with self.subTest(name):
                lacking = type(whole)()
                lacking.CopyFrom(whole)
                lacking.ClearField(name)
                self.assertIn(name, self.refused(grpc.StatusCode.INVALID_ARGUMENT, call, lacking))


class ProcessRules:
    """What every example keeps to as a process."""

    def test_prints_one_line_and_ends_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            # An idle client here looks at its connection again with its next call, and would be waited for.
            self.example.channel.close()
            self.assertEqual(self.example.stop(number), (0, b""))
            self.start()

    def test_tells_faulty_arguments(self):
        good = ("--data", self.example.data, "--journal", self.example.journal)
        damaged = self.example.journal + ".damaged"
        with open(damaged, "w", encoding="utf-8") as file:
            file.write('{"account_id": "a", "fence": "1"}\nnothing\n{"account_id": "a", "fence": "2"}\n')
        for words, arguments in (
                ("--data", good[2:]), ("--journal", good[:2]), ("--listen", (*good, "--listen", "nowhere")),
                ("--listen", (*good, "--listen", "127.0.0.1:99999")), ("--unheard-of", (*good, "--unheard-of")),
                ("/no/data", (*good, "--data", "/no/data")), ("/no/journal", (*good, "--journal", "/no/journal")),
                ("accounts", (*good, "--data", os.path.join(SOURCE, "tools", "package.json"))),
                ("line 2", (*good, "--journal", damaged))):
            with self.subTest(words):
                code, said = self.example.run(*arguments)
                self.assertEqual(code, 2)
                self.assertIn(words, said)
                self.assertNotIn("Traceback", said)

    def test_says_that_an_address_is_taken(self):
        code, said = self.example.run("--data", self.example.data, "--journal", self.example.journal + ".other",
                                      "--listen", self.example.address)
        self.assertEqual(code, 1)
        self.assertIn(self.example.address, said)

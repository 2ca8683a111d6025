# SPDX-License-Identifier: Apache-2.0
"""docs/write-a-checker.md runs as it stands: its files are written and its commands typed, over what an installation has."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
SECONDS = 60
ADDRESSES = ("127.0.0.1:7500", "127.0.0.1:7443")


def free_addresses():
    """As many as the page has, which may be taken on the machine of a test."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in ADDRESSES]
    found = ["127.0.0.1:%d" % each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


class Guide(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(SOURCE, "docs", "write-a-checker.md"), encoding="utf-8") as file:
            page = file.read().split("## What else a checker does")[0]
        self.own = free_addresses()
        for theirs, ours in zip(ADDRESSES, self.own):
            page = page.replace(theirs, ours)
        self.page = page.replace("/usr/local/share/closure/protos", os.path.join(SOURCE, "protos"))
        folder = tempfile.TemporaryDirectory(prefix="closure-guide-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.processes = []
        self.addCleanup(self.end_all)
        programs = os.path.join(self.folder, "bin")
        os.mkdir(programs)
        for name in ("closured", "closurectl"):
            os.symlink(os.environ[name.upper() + "_BINARY"], os.path.join(programs, name))
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CLOSURE"))}
        self.environment.update(PATH=programs + ":" + os.environ["PATH"], CLOSURE_SERVER=self.own[1])

    def end_all(self):
        for process in self.processes:
            self.end(process)
            process.stdout.close()

    @staticmethod
    def end(process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def block(self, language, words):
        """The only block of the page in a language that has these words."""
        found = [each for each in re.findall(r"(?ms)^```%s\n(.*?)^```" % language, self.page) if words in each]
        self.assertEqual(len(found), 1, words)
        return found[0]

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def type(self, command, code=0):
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def leave_running(self, command):
        """Types what ends with an ampersand."""
        process = subprocess.Popen(["bash", "-c", "exec " + command.rstrip().rstrip("&")], cwd=self.folder, env=self.environment,
                                   stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.processes.append(process)
        return process

    def verify(self, code=0):
        """Asks until somebody answers at the address."""
        command = self.block("sh", "checker verify")
        for _ in range(200):
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                                  timeout=SECONDS, check=False)
            if done.returncode != 7:
                break
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_from_nothing_to_a_verified_checker_that_is_asked(self):
        self.type(self.block("sh", "protoc -I"))
        self.write("lists_checker.py", self.block("python", "class Lists"))
        checker = self.leave_running(self.block("sh", "lists_checker.py"))
        table = self.verify()
        self.assertNotIn("BROKEN", table)
        self.assertIn("check-every-phase", table)

        self.write("closured.textproto", self.block("textproto", 'name: "lists"'))
        self.write("cloud.json", self.block("json", "accountId"))
        start, ask = self.block("sh", "closured dev").strip().split("\n")
        server = self.leave_running(start.replace(" &", " --listen " + self.own[1]))
        self.assertIn("ready on", server.stdout.readline())
        # Something stands in the way.
        preview = self.type(ask, code=3)
        self.assertRegex(preview, r"staff|news")
        self.end(checker)
        self.assertIn("UNANSWERED", self.type(ask + " -o jsonl", code=3))

    def test_the_case_that_the_page_has_broken_is_found(self):
        self.type(self.block("sh", "protoc -I"))
        text = self.block("python", "class Lists")
        without = re.sub(r"(?s)        yield checker\.CheckResponse\(summary=.*?\n\n\n", "\n\n", text)
        self.assertNotEqual(without, text)
        self.write("lists_checker.py", without)
        self.leave_running(self.block("sh", "lists_checker.py"))
        self.assertRegex(self.verify(code=1), r"check-every-phase +BROKEN +.*without a summary")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))

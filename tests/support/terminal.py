# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own, as a person has it: a real pty, whose Ctrl-C reaches what runs on it."""

import os
import pty
import re
import select
import subprocess
import termios
import time

# Far above what anything takes; only a fault lasts so long.
SECONDS = 60
CTRL_C = b"\x03"
CTRL_D = b"\x04"
COLOR = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    def __init__(self, *command, environment):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (50, 120))
        # setsid makes the pty the program's controlling terminal, without which no key is a signal.
        self.process = subprocess.Popen(["setsid", "--ctty", *command], stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.bytes = b""
        self.position = 0

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    @property
    def shown(self):
        """All that was shown so far."""
        return self.bytes.decode(errors="replace")

    def text(self):
        """The same without colours and movements."""
        return CONTROL.sub("", self.shown)

    def read(self, deadline):
        """Takes what is shown next; answers whether there was anything before the program ended."""
        readable, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not readable:
            raise AssertionError("nothing more is shown after:\n" + self.text())
        try:
            chunk = os.read(self.master, 65536)
        except OSError:  # how Linux tells that nobody has the other side open
            chunk = b""
        self.bytes += chunk
        return bool(chunk)

    def wait_for(self, words):
        """Waits until words are shown after all that was waited for before; answers what was shown up to them."""
        deadline = time.monotonic() + SECONDS
        begin = self.position
        while words not in self.text()[begin:]:
            if not self.read(deadline):
                raise AssertionError("it ended without showing %r:\n%s" % (words, self.text()))
        self.position = self.text().index(words, begin) + len(words)
        return self.text()[begin:self.position]

    def press(self, key):
        os.write(self.master, key)

    def answer(self, question, line):
        self.wait_for(question)
        self.press(line.encode() + b"\n")

    def exit_code(self):
        """Reads to the end, and answers the exit code."""
        deadline = time.monotonic() + SECONDS
        while self.read(deadline):
            pass
        return self.process.wait(timeout=SECONDS)

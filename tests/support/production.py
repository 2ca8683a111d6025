# SPDX-License-Identifier: Apache-2.0
"""The program closured with files of its own: runs that end by themselves, and a production server."""

import os
import select
import signal
import subprocess
import tempfile
import time
import unittest

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
OK, USAGE, TEMPORARY, CONFIG = 0, 64, 75, 78
# Far above what anything takes; only a fault lasts so long.
SECONDS = 60
SYSTEMS = ("account", "billing", "resource", "domain", "resource_directory", "trusteeship", "partner", "messaging")


def run_closured(*arguments, **environment):
    """Runs closured until it ends by itself; answers exit code, standard output and standard error."""
    kept = {name: value for name, value in os.environ.items() if name != "CLOSURE_CONFIG"}
    done = subprocess.run([os.environ["CLOSURED_BINARY"], *arguments], capture_output=True, text=True, timeout=SECONDS,
                          env=dict(kept, **environment), check=False)
    return done.returncode, done.stdout, done.stderr


class Serving:
    """closured as a process that serves; what it says on standard error is kept in `said`."""

    def __init__(self, *arguments, program=None, preexec_fn=None, **environment):
        self.process = subprocess.Popen([program or os.environ["CLOSURED_BINARY"], *arguments], stderr=subprocess.PIPE,
                                        env=dict(os.environ, **environment), preexec_fn=preexec_fn)
        self.said = b""
        try:
            self.wait_for(b'"msg":"serving"')
        except AssertionError:
            self.close()
            raise

    def wait_for(self, words):
        deadline = time.monotonic() + SECONDS
        while words not in self.said:
            readable, _, _ = select.select([self.process.stderr], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stderr.fileno(), 4096) if readable else b""
            if not chunk:
                raise AssertionError("closured did not say %r but %r" % (words, self.said))
            self.said += chunk

    def stop(self, number=signal.SIGTERM):
        """Asks it to stop; answers the exit code."""
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=SECONDS)
        self.said += rest
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()


class Files(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="closure-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """Writes a file that only its owner can read, and answers its path."""
        with open(self.path(name), "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(text)
        return self.path(name)

    def production_config(self, extra="", database="closures.db", listen=None):
        """A whole production configuration; nobody answers where its upstreams are."""
        return self.write("closured.textproto", "".join((
            'listen_address: "%s"\n' % (listen or "unix:" + self.path("closured.sock")),
            'database_path: "%s"\n' % self.path(database),
            'secret_key_file: "%s"\n' % self.write("secret.key", "k" * 32),
            'agreements_path: "%s/agreements"\n' % SOURCE,
            "upstreams {\n%s}\n" % "".join('  %s: "127.0.0.1:1"\n' % system for system in SYSTEMS),
            extra)))

    def serve(self, config):
        server = Serving("--config", config)
        self.addCleanup(server.close)
        return server

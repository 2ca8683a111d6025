# SPDX-License-Identifier: Apache-2.0
"""SIGHUP has a production server take the checkers and participants of its configuration, if the whole of it is right."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from production import OK, Files, Serving  # noqa: E402

VAULT = 'checkers { name: "vault" remote { target: "127.0.0.1:1" } }\n'
TAKEN = b"the checkers and participants of the configuration are taken"
REFUSED = b"the configuration is refused; the server goes on with the one that it has"


class DevReload(Files):
    def dev(self, *arguments):
        server = Serving("dev", "--listen", "127.0.0.1:0", *arguments)
        self.addCleanup(server.close)
        return server

    def test_takes_the_checkers_of_the_file_and_refuses_a_fault(self):
        server = self.dev("--data-dir", self.path("data"), "--config", self.write("dev.textproto", ""))
        for text, words in ((VAULT, TAKEN), ("policy { code_attempts: -1 }\n", REFUSED), ("no such key", REFUSED)):
            self.write("dev.textproto", text)
            server.said = b""
            server.process.send_signal(signal.SIGHUP)
            server.wait_for(words)
            self.assertNotIn(b"counts from the next start", server.said)
        self.assertEqual(server.stop(), OK)

    def test_it_outlives_a_terminal_where_that_was_wished(self):
        server = Serving("dev", "--listen", "127.0.0.1:0", TMPDIR=self.folder,
                         preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.addCleanup(server.close)
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
        self.assertEqual(server.stop(signal.SIGTERM), OK)
        self.assertEqual(server.said.count(b'"msg":"stopped"'), 1)

    def test_without_a_file_it_ends_and_leaves_nothing_behind(self):
        server = Serving("dev", "--listen", "127.0.0.1:0", TMPDIR=self.folder)
        self.addCleanup(server.close)
        self.assertEqual(len(os.listdir(self.folder)), 1)
        self.assertEqual(server.stop(signal.SIGHUP), OK)
        self.assertEqual(os.listdir(self.folder), [])


class Reload(Files):
    def reload(self, server, extra, words):
        """Writes another configuration, and waits for what the log says of it; answers that line."""
        self.production_config(extra)
        server.said = b""
        server.process.send_signal(signal.SIGHUP)
        server.wait_for(words)
        server.wait_for(b"\n")
        return server.said.decode()

    def test_takes_checkers_and_tells_which(self):
        server = self.serve(self.production_config())
        self.assertRegex(self.reload(server, VAULT, TAKEN), r'"checkers":"(\w+, )*vault(, \w+)*"')
        disabled = VAULT.replace("remote {", 'disabled { by: "ann" why: "it moves" } remote {')
        self.assertIn("vault (disabled by ann: it moves)", self.reload(server, disabled, TAKEN))
        self.assertEqual(server.stop(), OK)

    def test_a_participant_that_is_not_there_is_told_before_a_closure_waits_for_it(self):
        server = self.serve(self.production_config('participants { name: "mail" target: "127.0.0.1:1" '
                                                   'stages { phase: DELETE stage: 2 } }\n'))
        server.wait_for(b"a participant does not answer; closures wait for it where it takes part")
        self.assertEqual(server.stop(), OK)

    def test_refuses_a_fault_whole_and_goes_on(self):
        server = self.serve(self.production_config())
        line = self.reload(server, 'checkers { name: "vault" remote { } }\n', REFUSED)
        self.assertIn("checkers[0].remote.target: is required", line)
        self.assertIn('"level":"error"', line)
        self.reload(server, VAULT, TAKEN)
        self.assertEqual(server.stop(), OK)

    def test_tells_what_waits_for_the_next_start(self):
        server = self.serve(self.production_config())
        self.reload(server, VAULT + "policy { silent_period { seconds: 86400 } }\n", b"counts from the next start")
        self.assertIn(b'"keys":"policy"', server.said)
        self.assertEqual(server.stop(), OK)

    def test_the_server_stops_as_ever_afterwards(self):
        server = self.serve(self.production_config())
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
        server.wait_for(TAKEN)
        self.assertEqual(server.stop(), OK)


if __name__ == "__main__":
    unittest.main()

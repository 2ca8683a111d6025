# SPDX-License-Identifier: Apache-2.0
"""SIGHUP has a production server take the checkers and participants of its configuration, if the whole of it is right."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from production import OK, Files  # noqa: E402

VAULT = 'checkers { name: "vault" remote { target: "127.0.0.1:1" } }\n'
TAKEN = b"the checkers and participants of the configuration are taken"
REFUSED = b"the configuration is refused; the server goes on with the one that it has"


class Reload(Files):
    def reload(self, server, extra, words):
        """Writes another configuration, and waits for what the log says of it; answers that line."""
        self.production_config(extra)
        before = len(server.said)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for(words)
        server.wait_for(b"\n")
        return server.said[before:].decode()

    def test_takes_checkers_and_tells_how_many(self):
        server = self.serve(self.production_config())
        self.assertIn('"checkers":"7"', self.reload(server, VAULT, TAKEN))
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

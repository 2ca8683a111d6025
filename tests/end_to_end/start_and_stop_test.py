# SPDX-License-Identifier: Apache-2.0
"""What closured is bound to from its first start on, and how many signals a stop takes."""

import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closured_process import Closured  # noqa: E402
from production import CONFIG, OK, SECONDS, TEMPORARY, Files, run_closured  # noqa: E402

SHUTDOWN_GRACE_SECONDS = 5


class Keys(Files):
    def test_a_database_is_not_opened_with_another_secret_key(self):
        config = self.production_config()
        self.assertEqual(self.serve(config).stop(), OK)
        key = self.write("secret.key", "another key, long enough to be one")
        code, _, err = run_closured("--config", config)
        self.assertEqual(code, CONFIG, err)
        self.assertIn(self.path("closures.db"), err)
        self.assertIn("another secret key", err)
        os.remove(key)
        self.assertEqual(self.serve(self.production_config()).stop(), OK, "the first key is back")

    def test_development_keeps_its_key_too(self):
        server = Closured()
        self.addCleanup(server.close)
        self.assertEqual(server.stop(), OK)
        data = os.path.join(server.directory, "data")
        os.remove(os.path.join(data, "secret.key"))
        code, _, err = run_closured("dev", "--data-dir", data, "--listen", "127.0.0.1:0")
        self.assertEqual(code, CONFIG, err)
        self.assertIn("another secret key", err)


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
        code = None
        while code is None:
            server.process.send_signal(signal.SIGTERM)
            try:
                code = server.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                pass
        self.assertEqual(code, TEMPORARY)
        self.assertLess(time.monotonic() - begin, SHUTDOWN_GRACE_SECONDS)


if __name__ == "__main__":
    unittest.main()

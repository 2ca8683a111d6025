# SPDX-License-Identifier: Apache-2.0
"""A server that is killed while it stops is started again, and judged again; one that fails to stop is noticed."""

import signal
import unittest

from way import Broken, MortalServer
from ways import ToCancelled

NEVER = "commit.durable@1000000"


class DyingServer(MortalServer):
    """Killed by this test at its first stop, as by a failpoint in a commit that falls there."""

    def stop(self):
        if not self.deaths:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        return super().stop()


class Dying(ToCancelled):
    judged = 0

    def new_server(self, orders):
        return DyingServer(orders, self.config)

    def judge_owners(self):
        super().judge_owners()
        self.judged += 1


class Stops(unittest.TestCase):
    def test_after_a_death_in_a_stop_the_next_life_is_judged_too(self):
        way = Dying([NEVER])
        self.assertEqual((way.server.deaths, way.judged), (1, 2))

    def test_a_death_in_a_stop_that_no_failpoint_explains_is_noticed(self):
        with self.assertRaisesRegex(Broken, "the process was killed, and by no failpoint"):
            Dying([])


if __name__ == "__main__":
    unittest.main()

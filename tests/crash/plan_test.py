# SPDX-License-Identifier: Apache-2.0
"""No place is left out: none that a seed draws from, and of second deaths neither those of the first ones nor those of
the lives after them."""

import collections
import unittest

from plan import COMMITS_OF_RECOVERY, drawn, failpoints, recovery, struck_again, thinned

FIRSTS = [("commit.told", 1), ("commit.told", 2), ("upstream.asking:billing", 1)]
START = [("commit.durable", 1), ("commit.durable", 2)]
RECOVERIES = {
    FIRSTS[0]: START,
    FIRSTS[1]: START + [("sandbox.act.written:SealBilling", 1)],
    FIRSTS[2]: START,
}
SEEDS = range(1, 20)


class SecondDeaths(unittest.TestCase):
    def test_a_life_recovers_until_its_first_commits_are_durable(self):
        passed = ["commit.written", "commit.durable"] * (COMMITS_OF_RECOVERY + 1)
        self.assertEqual(list(recovery(passed))[-2:], [
            ("commit.written", COMMITS_OF_RECOVERY), ("commit.durable", COMMITS_OF_RECOVERY)])
        self.assertEqual(list(recovery(["a", "b", "a"])), [("a", 1), ("b", 1), ("a", 2)])

    def test_they_follow_each_place_and_strike_wherever_a_life_recovers(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                pairs = list(struck_again(RECOVERIES, seed))
                self.assertEqual({place for (place, _), _ in pairs}, {place for place, _ in FIRSTS})
                self.assertEqual({second for _, second in pairs}, set(RECOVERIES[FIRSTS[1]]))
                self.assertEqual([pair for pair in pairs if pair[1] not in RECOVERIES[pair[0]]], [])

    def test_the_seed_draws_which_go_together(self):
        self.assertEqual(list(struck_again(RECOVERIES, 1)), list(struck_again(RECOVERIES, 1)))
        self.assertGreater(len({tuple(struck_again(RECOVERIES, seed)) for seed in SEEDS}), 1)

    def test_a_share_keeps_each_place_that_is_new(self):
        pairs = [(FIRSTS[0], START[0]), (FIRSTS[2], START[0]), (FIRSTS[0], ("upstream.asking:billing", 1))]
        known = {(0, "commit.told"), (1, "commit.durable")}
        self.assertEqual(list(thinned(pairs, 4, known)), pairs[1:])
        self.assertEqual(list(thinned(pairs, 1, known)), pairs)


class DrawnDeaths(unittest.TestCase):
    def test_each_place_is_drawn_as_often_as_it_lacks_from_all_that_end_there(self):
        candidates = [("closed", (first,)) for first in FIRSTS] + [("gone", (FIRSTS[0],))]
        lacks = {"commit.told": 40, "upstream.asking:billing": 2}
        deaths = list(drawn(candidates, 1, lacks.get))
        self.assertEqual(set(deaths), set(candidates))
        self.assertEqual(collections.Counter(each[1][-1][0] for each in deaths), lacks)
        self.assertEqual(deaths, list(drawn(candidates, 1, lacks.get)))

    def test_the_failpoints_are_those_of_the_program(self):
        self.assertIn("commit.durable", failpoints())
        self.assertEqual(len(failpoints()), len(set(failpoints())))


if __name__ == "__main__":
    unittest.main()

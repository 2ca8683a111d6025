# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench makes of its measurements: pairs in turn, medians of their ratios, and no verdict where others worked."""

import json
import os
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "bench", "runner"))

import machine  # noqa: E402
import pairs  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402

FAST = pairs.Goal("per_second", at_least=0.9)


def measurements(values):
    """A design that answers one figure after the other."""
    left = list(values)
    return lambda: {"per_second": left.pop(0)}


def outcome(ours, yardstick, goal=FAST, foreign_share=0.0):
    comparison = pairs.Comparison("1", "a call", {"ours": None, "yardstick": None}, (goal,))
    measured = {"ours": [{"per_second": value} for value in ours],
                "yardstick": [{"per_second": value} for value in yardstick]}
    return pairs.Outcome(comparison, measured, foreign_share)


class RunnerTest(unittest.TestCase):
    def test_designs_take_turns(self):
        turns = []
        designs = {name: (lambda name=name: turns.append(name) or {"per_second": 1}) for name in ("ours", "yardstick")}
        pairs.run(pairs.Comparison("1", "a call", designs, (FAST,)), 3)
        self.assertEqual(turns, ["ours", "yardstick"] * 3)

    def test_the_median_of_the_ratios_of_pairs_is_compared_and_not_the_ratio_of_medians(self):
        run = outcome(ours=[10, 90, 20], yardstick=[10, 100, 100])
        self.assertEqual(run.compared(FAST), [1.0, 0.9, 0.2])
        self.assertEqual(run.median_compared(FAST), 0.9)
        self.assertEqual(report.verdict(run, FAST), "holds")

    def test_a_goal_that_is_missed_is_told(self):
        self.assertEqual(report.verdict(outcome([89], [100]), FAST), "missed")
        slow = pairs.Goal("per_second", at_most=1.3)
        self.assertEqual(report.verdict(outcome([130], [100], slow), slow), "holds")
        self.assertEqual(report.verdict(outcome([131], [100], slow), slow), "missed")

    def test_an_excess_is_a_difference(self):
        excess = pairs.Excess("per_second", at_most=20)
        self.assertEqual(report.verdict(outcome([120], [100], excess), excess), "holds")
        self.assertEqual(report.verdict(outcome([121], [100], excess), excess), "missed")

    def test_a_run_that_others_disturbed_judges_nothing(self):
        disturbed = outcome([10], [100], foreign_share=0.06)
        self.assertIn("something else used 6% of the machine", report.verdict(disturbed, FAST))
        self.assertIsNone(json.loads(report.as_json([disturbed], 1, True))["comparisons"][0]["goals"][0]["holds"])
        self.assertEqual(report.verdict(outcome([10], [100], foreign_share=0.04), FAST), "missed")

    def test_a_quick_run_judges_nothing(self):
        text = report.table([outcome([10], [100])], judged=False)
        self.assertNotIn("missed", text)
        self.assertIn("0.10", text)

    def test_what_other_processes_used_is_foreign_and_what_ours_and_the_kernels_did_is_not(self):
        before, after = object.__new__(machine.Snapshot), object.__new__(machine.Snapshot)
        before.used, before.stolen = {10: 1.0, 11: 5.0, 12: 0.0}, 0.0
        after.used, after.stolen = {10: 2.0, 11: 9.0, 12: 3.0, 13: 0.5}, 0.25
        after.ours, after.kernel = {11}, {12}
        # Process 10 used a second, the new one half of one, and a quarter was stolen.
        self.assertAlmostEqual(machine.foreign_share(before, after, 1.0) * os.cpu_count(), 1.75)

    def test_this_process_and_its_children_are_ours(self):
        snapshot = machine.Snapshot()
        self.assertIn(os.getpid(), snapshot.ours)
        self.assertNotIn(os.getppid(), snapshot.ours)

    def test_the_drawing_has_a_bar_for_each_ratio_and_none_for_a_difference(self):
        excess = pairs.Excess("per_second", at_most=20)
        drawing = xml.etree.ElementTree.fromstring(plot.svg([outcome([50], [100]), outcome([1], [1], excess)]))
        bars = [rect for rect in drawing.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "12"]
        self.assertEqual([float(bar.get("width")) for bar in bars], [0.5 * plot.UNIT])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench makes of its measurements: pairs in turn, medians of their ratios, and no verdict where others worked."""

import json
import os
import subprocess
import sys
import unittest
import unittest.mock
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


def snapshot(used, ours=(), kernel=(), stolen=0.0):
    made = object.__new__(machine.Snapshot)
    made.used, made.ours, made.kernel, made.stolen = used, set(ours), set(kernel), stolen
    return made


def foreign_seconds(before, after):
    """Of processor time, with the tick that says nothing."""
    return machine.foreign_share(before, after, 1.0) * os.cpu_count() + 1 / machine.TICKS


def bars(outcomes, judged):
    drawing = xml.etree.ElementTree.fromstring(plot.svg(outcomes, judged))
    return [rect for rect in drawing.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "12"]


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
        self.assertEqual(report.verdict(run, FAST, judged=True), "holds")

    def test_a_goal_that_is_missed_is_told(self):
        self.assertEqual(report.verdict(outcome([89], [100]), FAST, judged=True), "missed")
        slow = pairs.Goal("per_second", at_most=1.3)
        self.assertEqual(report.verdict(outcome([130], [100], slow), slow, judged=True), "holds")
        self.assertEqual(report.verdict(outcome([131], [100], slow), slow, judged=True), "missed")

    def test_an_excess_is_a_difference(self):
        excess = pairs.Excess("per_second", at_most=20)
        self.assertEqual(report.verdict(outcome([120], [100], excess), excess, judged=True), "holds")
        self.assertEqual(report.verdict(outcome([121], [100], excess), excess, judged=True), "missed")

    def test_a_run_that_others_disturbed_judges_nothing(self):
        disturbed = outcome([10], [100], foreign_share=0.06)
        self.assertIn("something else used 6% of the machine", report.verdict(disturbed, FAST, judged=True))
        self.assertIsNone(json.loads(report.as_json([disturbed], quick=False, judged=True))["comparisons"][0]["goals"][0]["holds"])
        self.assertEqual(report.verdict(outcome([10], [100], foreign_share=0.04), FAST, judged=True), "missed")

    def test_a_quick_run_judges_nothing(self):
        text = report.table([outcome([10], [100])], judged=False)
        self.assertNotIn("missed", text)
        self.assertIn("0.10", text)

    def test_few_pairs_judge_nothing(self):
        self.assertFalse(pairs.are_judged(4, quick=False))
        self.assertTrue(pairs.are_judged(5, quick=False))
        self.assertFalse(pairs.are_judged(5, quick=True))

    def test_the_worst_moment_of_one_design_counts(self):
        shares = iter([0.01, 0.07, 0.02, 0.03])
        designs = {name: lambda: {"per_second": 1} for name in ("ours", "yardstick")}
        with unittest.mock.patch.object(pairs, "foreign_share", lambda *_: next(shares)):
            run = pairs.run(pairs.Comparison("1", "a call", designs, (FAST,)), 2)
        self.assertEqual(run.foreign_share, 0.07)

    def test_what_other_processes_used_is_foreign_and_what_ours_and_the_kernels_did_is_not(self):
        before = snapshot({10: 1.0, 11: 5.0, 12: 0.0}, ours={11}, kernel={12})
        after = snapshot({10: 2.0, 11: 9.0, 12: 3.0, 13: 0.5}, ours={11}, kernel={12}, stolen=0.25)
        # Process 10 used a second, the new one half of one, and a quarter was stolen.
        self.assertAlmostEqual(foreign_seconds(before, after), 1.75)

    def test_a_process_that_came_and_went_is_in_the_figure_of_its_parent(self):
        before = snapshot({10: 1.0, 11: 5.0}, ours={11})
        # A child of 10 used three quarters of a second and was waited for; one of ours did the same.
        after = snapshot({10: 1.75, 11: 5.75}, ours={11})
        self.assertAlmostEqual(foreign_seconds(before, after), 0.75)

    def test_a_process_that_ends_counts_once(self):
        before = snapshot({10: 1.0, 14: 3.0})
        # Process 14 used half a second more, and 10 waited for it.
        after = snapshot({10: 4.5})
        self.assertAlmostEqual(foreign_seconds(before, after), 0.5)

    def test_one_tick_of_time_says_nothing(self):
        tick = 1 / machine.TICKS
        self.assertAlmostEqual(machine.foreign_share(snapshot({10: 1.0}), snapshot({10: 1.0 + tick}), 0.001), 0.0)

    def test_a_child_that_was_waited_for_is_in_the_figure_of_this_process(self):
        before = machine.Snapshot()
        spin = f"import time\nwhile time.process_time() < {5 / machine.TICKS}: pass"
        subprocess.run([sys.executable, "-c", spin], check=True)
        after = machine.Snapshot()
        self.assertGreater(after.used[os.getpid()] - before.used[os.getpid()], 3 / machine.TICKS)

    def test_this_process_and_its_children_are_ours(self):
        snapshot = machine.Snapshot()
        self.assertIn(os.getpid(), snapshot.ours)
        self.assertNotIn(os.getppid(), snapshot.ours)

    def test_the_drawing_has_a_bar_for_each_ratio_and_none_for_a_difference(self):
        excess = pairs.Excess("per_second", at_most=20)
        drawn = bars([outcome([50], [100]), outcome([1], [1], excess)], judged=True)
        self.assertEqual([float(bar.get("width")) for bar in drawn], [0.5 * plot.UNIT])

    def test_a_bar_tells_of_a_missed_goal_where_it_is_judged(self):
        missed, holds, disturbed = outcome([50], [100]), outcome([95], [100]), outcome([50], [100], foreign_share=0.06)
        of_a_run = [bar.get("fill") for bar in bars([missed, holds, disturbed], judged=True)]
        self.assertEqual(of_a_run, [plot.MISSED, plot.OURS, plot.OURS])
        self.assertEqual(bars([missed], judged=False)[0].get("fill"), plot.OURS)


if __name__ == "__main__":
    unittest.main()

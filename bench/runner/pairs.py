# SPDX-License-Identifier: Apache-2.0
"""Two or more designs in turn, A B A B, and what one is as a share of the other."""

import dataclasses
import statistics
import time

from machine import Snapshot, foreign_share

FOREIGN_SHARE_MAX = 0.05  # above this a run judges nothing
PAIRS_JUDGED_MIN = 5  # the median of fewer says too little


@dataclasses.dataclass(frozen=True)
class Goal:
    """What the ratio ours / yardstick of one figure is to be; without a bound it is only shown."""

    figure: str  # a key of what a measurement answers, such as "per_second"
    at_least: float = None
    at_most: float = None

    def compare(self, mine, other):
        return mine[self.figure] / other[self.figure]

    @property
    def bound(self):
        return self.at_most if self.at_least is None else self.at_least

    def holds(self, compared):
        if self.bound is None:
            return None
        return compared >= self.at_least if self.at_least is not None else compared <= self.at_most

    def __str__(self):
        if self.bound is None:
            return "–"
        return f"{'≤' if self.at_least is None else '≥'} {self.bound:.2f}"


@dataclasses.dataclass(frozen=True)
class Excess(Goal):
    """What ours - yardstick of one figure is to be, in the figure's own unit."""

    def compare(self, mine, other):
        return mine[self.figure] - other[self.figure]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One line of the table. Each design is a function that measures once and answers its figures by name."""

    line: str  # its number in docs/performance.md
    what: str
    designs: dict  # "ours", "yardstick", and "plain" where there is one
    goals: tuple


@dataclasses.dataclass
class Outcome:
    """What the pairs of one comparison gave."""

    comparison: Comparison
    measured: dict  # of each design, its measurements in the order of the pairs
    foreign_share: float  # the most that something else used of the machine while one design was measured once

    @property
    def is_quiet(self):
        return self.foreign_share <= FOREIGN_SHARE_MAX

    def compared(self, goal, design="ours"):
        """What each pair gave."""
        return [goal.compare(*pair) for pair in zip(self.measured[design], self.measured["yardstick"])]

    def median_compared(self, goal, design="ours"):
        return statistics.median(self.compared(goal, design))

    def median(self, figure, design):
        return statistics.median(measurement[figure] for measurement in self.measured[design])

    def holds(self, goal, judged):
        """Whether a goal is met; None where that is not judged, or there is no bound."""
        return goal.holds(self.median_compared(goal)) if judged and self.is_quiet else None


def are_judged(pairs, quick):
    """Whether a run of so many pairs tells if goals are met."""
    return not quick and pairs >= PAIRS_JUDGED_MIN


def run(comparison, pairs):
    measured = {name: [] for name in comparison.designs}
    worst = 0.0
    for _ in range(pairs):
        for name, measure in comparison.designs.items():
            before, began = Snapshot(), time.monotonic()
            measured[name].append(measure())
            worst = max(worst, foreign_share(before, Snapshot(), time.monotonic() - began))
    return Outcome(comparison, measured, worst)

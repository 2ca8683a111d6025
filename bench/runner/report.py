# SPDX-License-Identifier: Apache-2.0
"""What a run found: a table for people, JSON for programs."""

import json
import os
import platform
import time

from pairs import Goal

UNITS = {"per_second": "/s", "p50_us": "µs p50", "p99_us": "µs p99", "over_p99_us": "µs p99 over",
         "eleven_p99_us": "µs p99 of eleven", "cpu_us_each": "µs of processor each", "threads": "threads",
         "threads_before": "threads before", "ms": "ms", "bytes_each": "B", "resident_bytes": "B", "disk_bytes": "B"}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def verdict(outcome, goal, judged):
    if not outcome.is_quiet:
        return f"not judged: something else used {outcome.foreign_share:.0%} of the machine"
    if not judged:
        pairs = len(outcome.measured["ours"])
        return f"not judged: {pairs} pair{'' if pairs == 1 else 's'}"
    return {True: "holds", False: "missed", None: ""}[outcome.holds(goal, judged)]


def rows(outcome, judged):
    """The lines of the table for one comparison: one for each figure that has a goal."""
    plain = "plain" in outcome.comparison.designs
    for goal in outcome.comparison.goals:
        compared = outcome.compared(goal)
        yield (outcome.comparison.line, outcome.comparison.what, UNITS[goal.figure],
               number(outcome.median(goal.figure, "ours")), number(outcome.median(goal.figure, "yardstick")),
               f"{outcome.median_compared(goal):.2f}", f"{min(compared):.2f}–{max(compared):.2f}",
               f"{outcome.median_compared(goal, 'plain'):.2f}" if plain else "–",
               str(goal), verdict(outcome, goal, judged))


HEADINGS = ("#", "what", "figure", "ours", "yardstick", "compared", "from–to", "plain", "goal", "")
TO_THE_RIGHT = {3, 4, 5, 7}


def table(outcomes, judged):
    lines = [HEADINGS] + [row for outcome in outcomes for row in rows(outcome, judged)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.rjust(width) if column in TO_THE_RIGHT else cell.ljust(width)
                  for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def as_json(outcomes, quick, judged):
    """docs/performance.md says what each member is."""
    return json.dumps({
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "judged": judged,
        "comparisons": [{
            "line": outcome.comparison.line,
            "what": outcome.comparison.what,
            "foreign_share": round(outcome.foreign_share, 4),
            "goals": [{
                "figure": goal.figure,
                "goal": str(goal),
                "compared": "ratio" if type(goal) is Goal else "difference",
                "median": outcome.median_compared(goal),
                "pairs": outcome.compared(goal),
                "plain": outcome.median_compared(goal, "plain") if "plain" in outcome.measured else None,
                "holds": outcome.holds(goal, judged),
            } for goal in outcome.comparison.goals],
            "measured": outcome.measured,
        } for outcome in outcomes],
    }, indent=1, ensure_ascii=False)

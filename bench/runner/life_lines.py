# SPDX-License-Identifier: Apache-2.0
"""Line 11: whole closures beside their durable commits through SQLite alone, and through the plain design.

What a closure commits is counted: transitions, and commits that leave its history as it is. SQLite alone makes commits
of the one kind in one run and of the other kind in another, so what is compared with is a sum and not a run. Each other
commit is taken for the smallest there is, the progress of one checker."""

import contextlib
import itertools
import json

from pairs import Comparison, Goal
from rpc_lines import count

OWNERS = (1, 64)


def commits_of_a_closure(programs):
    """How many transitions, and how many other durable commits, one closure makes from Create to CLOSED."""
    told = json.loads(programs.run("lives", "--database", programs.path("counted.db"),
                                   environment={"CLOSURE_FAILPOINT_TRACE": programs.path("trace")}))
    return told["transitions"], told["commits"] - told["transitions"]


@contextlib.contextmanager
def lives(programs):
    closures = count(programs, 10_000, 1_000)
    databases = {design: programs.fill(f"lives_{design}", closures, "blocked", 20) for design in ("raw", "plain")}
    transitions, others = commits_of_a_closure(programs)
    numbers = itertools.count()

    def ours(owners):
        return lambda: programs.loop("lives", "--database", programs.path(f"lives-{next(numbers)}.db"), streams=owners)

    def commits_of(design, owners):
        def rate(commit):
            return programs.loop("store", "--design", design, "--commit", commit, "--database", databases[design],
                                 "--closures", closures, streams=owners)["per_second"]
        return lambda: {"per_second": 1 / (transitions / rate("move") + others / rate("progress"))}

    yield [Comparison("11", f"whole closures of {transitions} transitions and {others} other commits, {owners} "
                      f"{'owner' if owners == 1 else 'owners'}",
                      {"ours": ours(owners), "yardstick": commits_of("raw", owners),
                       "plain": commits_of("plain", owners)}, (Goal("per_second", at_least=0.5),))
           for owners in (OWNERS if not programs.quick else (1, 8))]

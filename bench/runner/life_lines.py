# SPDX-License-Identifier: Apache-2.0
"""Line 11: whole closures beside their durable commits through SQLite alone."""

import contextlib
import itertools
import json

from pairs import Comparison, Goal
from rpc_lines import count

OWNERS = (1, 64)


def commits_of_a_closure(programs):
    """How many durable commits one closure makes from Create to CLOSED."""
    told = programs.run("lives", "--database", programs.path("counted.db"),
                        environment={"CLOSURE_FAILPOINT_TRACE": programs.path("trace")})
    return json.loads(told)["commits"]


@contextlib.contextmanager
def lives(programs):
    closures = count(programs, 10_000, 1_000)
    raw = programs.fill("lives_raw", closures, "blocked", 20)
    commits = commits_of_a_closure(programs)
    numbers = itertools.count()

    def ours(owners):
        return lambda: programs.loop("lives", "--database", programs.path(f"lives-{next(numbers)}.db"), streams=owners)

    def raw_commits(owners):
        def measure():
            figures = programs.loop("store", "--design", "raw", "--database", raw, "--closures", closures,
                                    streams=owners)
            return {"per_second": figures["per_second"] / commits}
        return measure

    yield [Comparison("11", f"whole closures of {commits} commits, {owners} {'owner' if owners == 1 else 'owners'}",
                      {"ours": ours(owners), "yardstick": raw_commits(owners)}, (Goal("per_second", at_least=0.5),))
           for owners in (OWNERS if not programs.quick else (1, 8))]

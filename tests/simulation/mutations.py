#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the service on purpose, one rule at a time, and demands that the simulation's judge notices each.

    mutations.py --build DIRECTORY [--list] [NAME ...]

How, see broken_rules.py. Here are the rules of what lies around the machine, whose own are those of the exploration.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import broken_rules  # noqa: E402
from mutation_list import MUTATIONS  # noqa: E402

SEEDS = 400
LIFE = ["--days", 6, "--accounts", 2]
# So many lines of a trace lead to what is broken, as a rule.
TOLD = 40


def end_of_life(program, seed):
    """What happened last in the life of a seed."""
    command = [str(part) for part in (program, "--seed", seed, *LIFE, "--trace")]
    trace = subprocess.run(command, capture_output=True, text=True, timeout=broken_rules.RUN_SECONDS, check=False)
    return [line for line in trace.stdout.splitlines() if line[:1].isdigit()][-TOLD:]


def judge(program, mutation):
    def finding(told):
        broken = re.search(r"^BROKEN with seed (\d+): (.*)$", told, re.MULTILINE)
        if not broken:
            return None
        seed, what = broken.groups()
        return broken_rules.Noticed(f"{what} (seed {seed})", lambda: end_of_life(program, seed))

    return broken_rules.run_judge(mutation.name, [program, "--seed", 1, "--seeds", SEEDS, *LIFE], (0,), finding)


if __name__ == "__main__":
    sys.exit(broken_rules.main(__doc__, "./dev sim --mutations", MUTATIONS, "closure_simulate", judge))

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


def finding(told):
    broken = re.search(r"^BROKEN with seed (\d+): (.*)$", told, re.MULTILINE)
    return broken and broken_rules.Noticed(f"{broken.group(2)} (seed {broken.group(1)})", (broken.group(1),))


def judge(program, mutation):
    by = broken_rules.run_judge(mutation.name, [program, "--seed", 1, "--seeds", SEEDS, *LIFE], (0,), finding)
    if not by or not by.how:
        return by
    # What happened last in the life of that seed.
    command = [str(part) for part in (program, "--seed", by.how[0], *LIFE, "--trace")]
    trace = subprocess.run(command, capture_output=True, text=True, timeout=broken_rules.RUN_SECONDS, check=False)
    lines = [line for line in trace.stdout.splitlines() if line[:1].isdigit()]
    return by._replace(how=lines[-TOLD:])


if __name__ == "__main__":
    sys.exit(broken_rules.main(__doc__, "./dev sim --mutations", MUTATIONS, "closure_simulate", judge))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the service on purpose, one rule at a time, and demands that the simulation's judge notices each.

    mutations.py --build DIRECTORY [--list] [NAME ...]

How, see broken_rules.py. Here are the rules of what lies around the machine, whose own are those of the exploration.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import broken_rules  # noqa: E402
from mutation_list import MUTATIONS  # noqa: E402

SEEDS = 400


def finding(told):
    broken = re.search(r"^BROKEN with (seed \d+): (.*)$", told, re.MULTILINE)
    return f"{broken.group(2)[:110]} ({broken.group(1)})" if broken else None


def judge(program, mutation):
    command = [program, "--seed", 1, "--seeds", SEEDS, "--days", 6, "--accounts", 2]
    return broken_rules.run_judge(mutation.name, command, (0,), finding)


if __name__ == "__main__":
    sys.exit(broken_rules.main(__doc__, "./dev sim --mutations", MUTATIONS, "closure_simulate", judge))

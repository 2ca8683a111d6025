#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the machine on purpose, one rule at a time, and demands that the exploration notices each.

    mutations.py --build DIRECTORY [--list] [NAME ...]

How, see broken_rules.py. A mutation is caught by a static assertion of machine.h, or when the exploration finds a
broken promise or comes to what the code calls impossible; another error of the program ends the run.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import broken_rules  # noqa: E402
from mutation_list import MUTATIONS  # noqa: E402

STATES_MAX = 400000
# The exit code of an exploration that came to its limit first.
INCOMPLETE = 3


def finding(told):
    lines = [line.strip() for line in told.splitlines()]
    if len(lines) < 3:
        return None
    moves = lines[2:-1]
    return broken_rules.Noticed(f"{lines[1]} ({len(moves)} moves)", lambda: moves)


def judge(program, mutation):
    command = [program, "--states-max", STATES_MAX, mutation.scenario]
    return broken_rules.run_judge(mutation.name, command, (0, INCOMPLETE), finding)


if __name__ == "__main__":
    sys.exit(broken_rules.main(__doc__, "./dev explore --mutations", MUTATIONS, "closure_explore", judge))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the service beside what bounds it, in the same run on the same machine (docs/performance.md)."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner"))

import client_lines  # noqa: E402
import engine_lines  # noqa: E402
import life_lines  # noqa: E402
import pairs as in_pairs  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import rpc_lines  # noqa: E402
import size_lines  # noqa: E402
import start_lines  # noqa: E402
import store_lines  # noqa: E402
from programs import Failed, Programs  # noqa: E402

# In the order of docs/performance.md. Each gives the comparisons of one line while its servers run.
LINES = {
    "check-access": rpc_lines.check_access,
    "get-closure": rpc_lines.get_closure_hot,
    "get-closure-cold": rpc_lines.get_closure_cold,
    "store": store_lines.transition_store,
    "transition": rpc_lines.transition_rpc,
    "fan-out": engine_lines.fan_out,
    "remote": engine_lines.remote,
    "lease": engine_lines.lease,
    "start": start_lines.starts,
    "watchers": size_lines.watchers,
    "sizes": size_lines.sizes,
    "lives": life_lines.lives,
    "scan": engine_lines.scan,
    "closurectl": client_lines.cold_start,
}


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="see that everything runs, and judge nothing")
    parser.add_argument("--pairs", type=int, default=5,
                        help="how often each design takes its turn; default %(default)s; fewer than "
                        f"{in_pairs.PAIRS_JUDGED_MIN} judge nothing")
    parser.add_argument("--json", help="where to write all that was measured; default BUILD/bench/figures.json")
    parser.add_argument("--svg", help="where to draw it; default BUILD/bench/figures.svg")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(LINES)}")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in LINES:
            parser.error(f"there is no line {name}; there are {', '.join(LINES)}")
    if arguments.pairs < 1:
        parser.error("--pairs is at least 1")
    return arguments


def measure(arguments):
    with Programs(arguments.build, arguments.quick) as programs:
        for name in arguments.names or LINES:
            with programs.line(), LINES[name](programs) as comparisons:
                for comparison in comparisons:
                    print(f"bench: {comparison.what}", file=sys.stderr)
                    yield in_pairs.run(comparison, 1 if arguments.quick else arguments.pairs)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tell(arguments, outcomes):
    judged = in_pairs.are_judged(arguments.pairs, arguments.quick)
    print(report.table(outcomes, judged))
    write(arguments.json or f"{arguments.build}/bench/figures.json", report.as_json(outcomes, arguments.pairs, judged))
    write(arguments.svg or f"{arguments.build}/bench/figures.svg", plot.svg(outcomes, judged))


def main():
    arguments = read_arguments()
    outcomes = []
    try:
        for outcome in measure(arguments):
            outcomes.append(outcome)
    except Failed as failed:
        sys.exit(f"bench: {failed}")
    finally:
        # What took hours is told whatever ends the run.
        tell(arguments, outcomes)


if __name__ == "__main__":
    main()

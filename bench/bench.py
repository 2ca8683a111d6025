#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the service beside what bounds it, in the same run on the same machine (docs/performance.md)."""

import argparse
import importlib
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner"))

import pairs as in_pairs  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
from failed import Failed  # noqa: E402

# In the order of docs/performance.md: the function that gives the comparisons of one line while its servers run. Their
# modules need what is built, so they are imported once there is something to measure.
LINES = {
    "check-access": "rpc_lines.check_access",
    "get-closure": "rpc_lines.get_closure_hot",
    "get-closure-cold": "rpc_lines.get_closure_cold",
    "store": "store_lines.transition_store",
    "transition": "rpc_lines.transition_rpc",
    "fan-out": "engine_lines.fan_out",
    "remote": "remote_lines.remote",
    "lease": "engine_lines.lease",
    "start": "start_lines.starts",
    "watchers": "size_lines.watchers",
    "sizes": "size_lines.sizes",
    "lives": "life_lines.lives",
    "scan": "engine_lines.scan",
    "closurectl": "client_lines.cold_start",
}
INTERRUPTED = 130
TERMINATED = 143


def file_to_write(text):
    folder = os.path.dirname(text) or "."
    if os.path.isdir(text) or not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"{text} is a folder" if os.path.isdir(text) else f"there is no folder {folder}")
    return text


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)  # the arguments, before a build
    parser.add_argument("--quick", action="store_true", help="see that everything runs, once, and judge nothing")
    parser.add_argument("--pairs", type=int, default=in_pairs.PAIRS_JUDGED_MIN,
                        help="how often each design takes its turn; default %(default)s; fewer judge nothing")
    parser.add_argument("--json", type=file_to_write,
                        help="where to write all that was measured; default BUILD/bench/figures.json, of a quick run or"
                        " one of some lines figures-quick.json or figures-part.json")
    parser.add_argument("--svg", type=file_to_write, help="where to draw it; default beside the JSON's, as .svg")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(LINES)}")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in LINES:
            parser.error(f"there is no line {name}; there are {', '.join(LINES)}")
    if arguments.pairs < 1:
        parser.error("--pairs is at least 1")
    if arguments.quick:
        arguments.pairs = 1
    return arguments


def comparisons_of(name, programs):
    module, _, function = LINES[name].partition(".")
    return getattr(importlib.import_module(module), function)(programs)


def measure(arguments):
    with importlib.import_module("programs").Programs(arguments.build, arguments.quick) as programs:
        for name in arguments.names or LINES:
            with programs.line(), comparisons_of(name, programs) as comparisons:
                for comparison in comparisons:
                    print(f"bench: {comparison.what}", file=sys.stderr)
                    yield in_pairs.run(comparison, arguments.pairs)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tell(arguments, outcomes):
    if not outcomes:
        return
    judged = in_pairs.are_judged(arguments.pairs, arguments.quick)
    which = "-quick" if arguments.quick else "-part" if arguments.names else ""
    default = f"{arguments.build}/bench/figures{which}"
    print(report.table(outcomes, judged))
    write(arguments.json or f"{default}.json", report.as_json(outcomes, arguments.quick, judged))
    write(arguments.svg or f"{default}.svg", plot.svg(outcomes, judged))


def end_terminated(*_):
    """As an interrupt ends it: servers are stopped and what they wrote is removed."""
    sys.exit(TERMINATED)


def main():
    arguments = read_arguments()
    if arguments.check:
        return
    signal.signal(signal.SIGTERM, end_terminated)
    outcomes = []
    try:
        for outcome in measure(arguments):
            outcomes.append(outcome)
    except Failed as failed:
        sys.exit(f"bench: {failed}")
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        # What took hours is told whatever ends the run.
        tell(arguments, outcomes)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes inputs of all kinds with libFuzzer, two targets at a time, and tells how many were tried.

    fuzz.py --build DIRECTORY [--seconds N | --runs N] [--seed N] [--keep] [NAME ...]

The build is one of the preset asan. Inputs that reach something new are kept in DIRECTORY/fuzz/NAME and are where the
next run goes on; --keep adds those that the repository's corpus needs to it. A finding ends the run with the input and
how to try it again.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NAMES = sorted(path.name.removesuffix("_fuzzer.cc") for path in HERE.glob("*_fuzzer.cc"))
INPUT_BYTES_MAX = 16384
INPUT_SECONDS_MAX = 60
MEMORY_MEGABYTES_MAX = 4096


class Fuzzer:
    def __init__(self, build, name):
        self.name = name
        self.program = build / "tests" / "fuzz" / f"closure_fuzz_{name}"
        self.corpus = HERE / "corpus" / name
        self.found = build / "fuzz" / name
        self.log = build / "fuzz" / f"{name}.log"
        self.found.mkdir(parents=True, exist_ok=True)

    def run(self, limits):
        command = [str(self.program), str(self.found), str(self.corpus), *limits, f"-max_len={INPUT_BYTES_MAX}",
                   f"-timeout={INPUT_SECONDS_MAX}", f"-rss_limit_mb={MEMORY_MEGABYTES_MAX}", "-print_final_stats=1",
                   f"-artifact_prefix={self.found.parent}/{self.name}-"]
        with open(self.log, "w", encoding="utf-8", errors="replace") as log:
            return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode == 0

    def keep(self):
        # The fewest that reach every place; how often one does each is told by a run, and not kept.
        subprocess.run([str(self.program), "-set_cover_merge=1", "-use_counters=0", f"-max_len={INPUT_BYTES_MAX}",
                        str(self.corpus), str(self.found)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def figures(self):
        text = self.log.read_text(encoding="utf-8", errors="replace")
        tried = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
        coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", text)
        points, features, inputs = coverage[-1] if coverage else ("0", "0", "0")
        return int(tried.group(1)) if tried else 0, points, features, inputs

    def finding(self):
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = "\n".join(lines[-60:])
        return f"{told}\nthe whole of it: {self.log}\ntry it again: {self.program} INPUT, the file it was written to"


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help="how long each target is fed; default 60")
    parser.add_argument("--runs", type=int, help="how many inputs each target gets, whatever the time")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; 0, the default, for another each time")
    parser.add_argument("--keep", action="store_true", help="add what is new to the corpora of the repository")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(NAMES)}")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in NAMES:
            parser.error(f"there is no target {name}; there are {', '.join(NAMES)}")
    return arguments


def main():
    arguments = read_arguments()
    limits = [f"-seed={arguments.seed}"]
    limits.append(f"-runs={arguments.runs}" if arguments.runs else f"-max_total_time={arguments.seconds}")
    fuzzers = [Fuzzer(arguments.build.resolve(), name) for name in arguments.names or NAMES]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        passed = list(pool.map(lambda fuzzer: fuzzer.run(limits), fuzzers))
    print(f"{'target':14} {'inputs tried':>12} {'places':>7} {'features':>8} {'kept':>5}")
    total = 0
    all_fed = True
    for fuzzer, good in zip(fuzzers, passed):
        tried, points, features, inputs = fuzzer.figures()
        total += tried
        all_fed = all_fed and tried > 0
        print(f"{fuzzer.name:14} {tried:12,} {points:>7} {features:>8} {inputs:>5}"
              f"{'' if good else '  FOUND SOMETHING'}{'' if tried else '  TRIED NOTHING'}")
        if good and arguments.keep:
            fuzzer.keep()
    print(f"{total:,} inputs tried")
    for fuzzer, good in zip(fuzzers, passed):
        if not good:
            print(f"\n{fuzzer.name}:\n{fuzzer.finding()}", file=sys.stderr)
    return 0 if all(passed) and all_fed else 1


if __name__ == "__main__":
    sys.exit(main())

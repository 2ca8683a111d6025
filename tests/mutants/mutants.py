#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes one jump of the compiled code at a time, and demands that a test notices.

    mutants.py --build DIRECTORY [--share N] [--list] [SOURCE ...]

Each conditional jump that comes from a line of the source itself, and of no header except machine.h, makes two mutants:
one never jumps, one always does. The changed assembly is linked with LeakSanitizer and the test programs that prove the
source; a mutant is killed when one of them fails, crashes, leaks or takes far longer than without a change. What survives is listed
with its line and must be known to survivors.py, with the reason why it changes nothing that anybody can see; of two that
look alike there both have to be known.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from build_commands import ROOT, compile_command, link_command, with_objects_first, with_output  # noqa: E402
from survivors import SURVIVORS  # noqa: E402

# What can happen in every order to one closure, the quick scenario first.
EXPLORED = [("exploration_tests", ["without misfortune*"]), ("exploration_tests", ["~without misfortune*"])]

# Which tests prove which source, the quickest and sharpest first: a target, and arguments that choose its test cases.
PROOFS = {
    "protos/money.cc": [("money_tests", [])],
    "checkers/billing/fund_limits.cc": [("checkers_tests", [])],
    "checkers/billing/billing_items.cc": [("checkers_tests", [])],
    "storage/history_chain.cc": [("storage_tests", ["[history_chain]"])],
    "server/actor.cc": [("server_shell_tests", ["[actor]"])],
    "server/business_calendar.cc": [("server_parts_tests", ["-#", "[#business_calendar_test]"])],
    "server/time_witness.cc": [("server_decisions_tests", [])],
    "checkers/answer_validation.cc": [("checkers_tests", ["-#", "[#answer_validation_test]"]),
                                      ("checkers_tests", [])],
    "server/config_rules.cc": [("server_shell_tests", ["-#", "[#config_rules_test],[#config_test]"])],
    "storage/sqlite/checkpoint_guard.cc": [("storage_tests", ["-#", "[#checkpoint_guard_test]"])],
    "storage/sqlite/log_end.cc": [("storage_tests", ["-#", "[#judge_log_end_test]"]), ("storage_tests", ["[sqlite]"])],
    "storage/sqlite/page_checksum.cc": [("storage_tests", ["-#", "[#judge_log_end_test],[#page_checksum_test]"]),
                                        ("storage_tests", ["[sqlite]"])],
    **{f"server/{source}.cc": [("server_decisions_tests", []), *EXPLORED]
       for source in ("renounced_money", "scan_merge", "decision_builder", "decide", "decide_confirm",
                      "decide_ends", "decide_items", "decide_notices", "decide_owner", "decide_participants", "decide_scan",
                      "decide_silent_period", "decide_system", "decide_tasks")},
}
# Headers whose code is judged with the source that has it compiled in.
HEADERS = {"server/decision_builder.cc": ["server/machine.h"]}
# How long a program may take with a mutant: this, and so many times what it takes without one.
SECONDS_MAX = 60
TIMES_MAX = 8
NEVER, ALWAYS = "never jumps", "always jumps"


@dataclasses.dataclass(frozen=True)
class Mutant:
    source: str
    at: int        # the line of the assembly
    line: int      # the line of the source
    change: str
    text: str      # what stands in that line of the source

    def __str__(self):
        return f"{self.source}:{self.line}: {self.change}: {self.text}"


def assemble_source(build, source, scratch):
    """The assembly of a source, with lines of the source in it; without what the compiler adds that no test can see."""
    command, directory = compile_command(build, source)
    assembly = scratch / (source.replace("/", "_") + ".s")
    command = [part for part in command if part != "-c"]
    command = with_output(command, assembly) + ["-S", "-g1", "-w", "-fno-exceptions", "-fno-stack-protector",
                                               "-U_GLIBCXX_ASSERTIONS"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return assembly.read_text().splitlines()


def own_files(source):
    return [source, *HEADERS.get(source, [])]


def own_file_numbers(assembly, source):
    """Which of the files that the assembly counts are our own, by their numbers."""
    return {number: own for line in assembly
            for number, names in re.findall(r'^\s*\.file (\d+) (.*)$', line) for own in own_files(source)
            if "/".join(re.findall(r'"([^"]*)"', names)).endswith(own)}


def mutants_of(source, assembly):
    own = own_file_numbers(assembly, source)
    texts = {name: (ROOT / name).read_text().splitlines() for name in own_files(source)}
    found, here = [], None
    for at, line in enumerate(assembly):
        place = re.match(r"^\s*\.loc (\d+) (\d+)", line)
        if place:
            here = (own[place.group(1)], int(place.group(2))) if place.group(1) in own else None
        elif here and re.match(r"^\s*j(?!mp)[a-z]+\s+\.L", line):
            file, number = here
            text = texts[file][number - 1].strip()
            found += [Mutant(file, at, number, change, text) for change in (NEVER, ALWAYS)]
    return found


def changed(assembly, mutant):
    lines = list(assembly)
    target = lines[mutant.at].split()[-1]
    lines[mutant.at] = "\tnop" if mutant.change == NEVER else f"\tjmp {target}"
    return "\n".join(lines) + "\n"


def links(build, source):
    return [(target, link_command(build, target) + ["-fsanitize=leak"], arguments) for target, arguments in PROOFS[source]]


def fails(build, assembly, link_commands, seconds=None):
    """Whether a test fails with this assembly in the place of its source; each within its `seconds`, where there are any."""
    with tempfile.TemporaryDirectory(prefix="closure-mutant-") as directory:
        scratch = pathlib.Path(directory)
        (scratch / "mutant.s").write_text(assembly)
        subprocess.run(["as", "-o", scratch / "mutant.o", scratch / "mutant.s"], check=True)
        for number, (target, command, arguments) in enumerate(link_commands):
            program = scratch / target
            if not program.exists():
                subprocess.run(with_objects_first(with_output(command, program), [scratch / "mutant.o"]), cwd=build,
                               check=True, capture_output=True)
            # One that never ends is ended even when this program is not there any more.
            limit = ["timeout", "--signal=KILL", str(seconds[number])] if seconds else []
            run = subprocess.run([*limit, str(program), "--abort", *arguments], cwd=scratch, capture_output=True,
                                 check=False)
            if run.returncode != 0:
                return True
    return False


def seconds_allowed(build, source, assembly, link_commands):
    """For each of the programs, measured without a change, which they have to stand."""
    allowed = []
    for command in link_commands:
        begin = time.monotonic()
        if fails(build, "\n".join(assembly) + "\n", [command]):
            sys.exit(f"the tests of {source} fail without any change, so they would kill whatever they are given")
        allowed.append(SECONDS_MAX + TIMES_MAX * int(time.monotonic() - begin))
    return allowed


def key_of(mutant):
    return mutant.source, mutant.text, mutant.change


def survivors_of(build, source, share, pool):
    assembly, mutants = assembly_and_mutants(build, source, share)
    first, *others = links(build, source)

    def survive(these, commands):
        if not these or not commands:
            return these
        seconds = seconds_allowed(build, source, assembly, commands)
        judged = pool.map(lambda mutant: fails(build, changed(assembly, mutant), commands, seconds), these)
        return [mutant for mutant, dead in zip(these, judged) if not dead]

    # What no test can kill is not given the tests that take long, unless more survive than are known.
    left = survive(mutants, [first])
    counts = collections.Counter(map(key_of, left))
    expected = [mutant for mutant in left if counts[key_of(mutant)] <= SURVIVORS.get(key_of(mutant), (0, 0))[1]]
    rest = [mutant for mutant in left if mutant not in expected]
    return mutants, expected + survive(rest, others)


def assembly_and_mutants(build, source, share):
    with tempfile.TemporaryDirectory(prefix="closure-mutants-") as directory:
        assembly = assemble_source(build, source, pathlib.Path(directory))
    return assembly, mutants_of(source, assembly)[::share]


def list_mutants(build, sources, share):
    for source in sources:
        for mutant in assembly_and_mutants(build, source, share)[1]:
            print(mutant)


def judge(build, source, share, pool):
    mutants, survived = survivors_of(build, source, share, pool)
    print(f"{source:36} {len(mutants):6} {len(mutants) - len(survived):6}", flush=True)
    counts = collections.Counter(map(key_of, survived))
    for key, (_, known) in SURVIVORS.items():
        if share == 1 and key[0] in own_files(source) and counts[key] < known:
            print(f"  survivors.py knows {known} where {counts[key]} survived: {key[2]}: {key[1]}", flush=True)
    unknown = [mutant for mutant in survived if counts[key_of(mutant)] > SURVIVORS.get(key_of(mutant), (0, 0))[1]]
    for mutant in survived:
        why = "nobody knows why" if mutant in unknown else SURVIVORS[key_of(mutant)][0]
        print(f"  survived: {mutant}\n    {why}", flush=True)
    return len(mutants), len(survived), len(unknown)


def full_name(source):
    """Of a source that is named by its last part alone, as in decide_scan."""
    named = [full for full in PROOFS if pathlib.Path(full).stem == source]
    return named[0] if named else source


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--share", type=int, default=1, help="only every Nth mutant")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=f"only these: {', '.join(PROOFS)}")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    sources = [full_name(source) for source in arguments.sources] or list(PROOFS)
    for source in sources:
        if source not in PROOFS:
            parser.error(f"{source} is none of {', '.join(PROOFS)}")
    if arguments.share < 1:
        parser.error("--share is a number from 1 on")
    if arguments.list:
        list_mutants(build, sources, arguments.share)
        return 0
    total = survived = unknown = 0
    print(f"{'source':36} {'mutants':>6} {'killed':>6}")
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for source in sources:
            counts = judge(build, source, arguments.share, pool)
            total, survived, unknown = (sum(pair) for pair in zip((total, survived, unknown), counts))
    rate = 100 * (total - survived) / total if total else 100
    print(f"{total} mutants, {total - survived} killed, {rate:.1f} %; of the others {unknown} are not known to change nothing")
    # One source by itself may have more that change nothing.
    return 0 if unknown == 0 and (rate >= 95 or arguments.sources or arguments.share > 1) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the machine on purpose, one rule at a time, and demands that the exploration notices each.

    mutations.py --build DIRECTORY [--list] [NAME ...]

A mutation replaces one passage of one source file; a passage that is not there exactly once is an error, so that the
list follows the code. The file is compiled by itself with the command of the build, in a scratch directory, and linked
before the library that has the real one; nothing of the repository or the build is changed. A mutation is caught by
a static assertion of machine.h, or when the exploration finds a broken promise or comes to what the code calls
impossible; another error of the compiler or the program ends the run.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from build_commands import ROOT, compile_command, link_command, with_objects_first, with_output  # noqa: E402
from mutation_list import MUTATIONS  # noqa: E402

STATES_MAX = "400000"
RUN_SECONDS = 600
# The exit code of an exploration that came to its limit first.
INCOMPLETE = 3


def affected_sources(build, file):
    """The file itself, or for machine.h every source of the server that reads its table."""
    if not file.endswith(".h"):
        return [file]
    deps = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], check=True, capture_output=True, text=True).stdout
    sources = []
    for block in deps.split("\n\n"):
        lines = [line.strip() for line in block.splitlines()]
        if len(lines) < 2 or str(ROOT / file) not in lines[1:] or "/closure_server.dir/" not in lines[0]:
            continue
        if re.search(r"NextState|kTransitions", pathlib.Path(lines[1]).read_text()):
            sources.append(os.path.relpath(lines[1], ROOT))
    return sources


def mutate(mutation, scratch):
    text = (ROOT / mutation.file).read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.name}: its passage is {text.count(mutation.old)} times in {mutation.file}")
    target = scratch / "overlay" / mutation.file
    target.parent.mkdir(parents=True)
    target.write_text(text.replace(mutation.old, mutation.new))
    return target


def build_mutant(build, mutation, scratch):
    """The path of the mutated exploration; nothing when the compiler refuses it."""
    target = mutate(mutation, scratch)
    objects = []
    for source in affected_sources(build, mutation.file):
        command, directory = compile_command(build, source)
        objects.append(str(scratch / (source.replace("/", "_") + ".o")))
        command = with_output(command, objects[-1])
        if source == mutation.file:
            command[command.index("-c") + 1] = str(target)
        # The overlay is looked into before the repository.
        at = next(i for i, part in enumerate(command) if part.startswith("-I"))
        command[at:at] = ["-w", f"-I{scratch / 'overlay'}"]
        compiled = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        if compiled.returncode != 0 and "static assertion failed" in compiled.stderr:
            return None
        if compiled.returncode != 0:
            raise SystemExit(f"{mutation.name} does not compile:\n{compiled.stderr}")
    program = scratch / "explore"
    command = with_objects_first(with_output(link_command(build, "closure_explore"), program), objects)
    subprocess.run(command, cwd=build, check=True, capture_output=True)
    return program


def is_caught(build, mutation):
    with tempfile.TemporaryDirectory(prefix="closure-mutation-") as directory:
        program = build_mutant(build, mutation, pathlib.Path(directory))
        if program is None:
            return "a static assertion"
        run = subprocess.run([str(program), "--states-max", STATES_MAX, mutation.scenario],
                             capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        if run.returncode in (0, INCOMPLETE):
            return None
        if "impossible:" in run.stderr:
            return run.stderr.strip().splitlines()[-1]
        lines = run.stdout.splitlines()
        if run.returncode != 1 or not lines:
            raise SystemExit(f"{mutation.name}: the exploration ended with {run.returncode}:\n{run.stdout}{run.stderr}")
        return f"{lines[1].strip()} ({len(lines) - 2} moves)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build directory")
    parser.add_argument("--list", action="store_true", help="only check that each passage is there")
    parser.add_argument("names", nargs="*", help="only these mutations")
    arguments = parser.parse_args()
    wanted = [m for m in MUTATIONS if not arguments.names or m.name in arguments.names]
    if arguments.list:
        for mutation in wanted:
            with tempfile.TemporaryDirectory() as directory:
                mutate(mutation, pathlib.Path(directory))
        print(f"{len(wanted)} mutations apply")
        return 0
    missed = 0
    for mutation in wanted:
        by = is_caught(arguments.build.resolve(), mutation)
        missed += by is None
        print(f"{'caught' if by else 'MISSED':7} {mutation.name:38} {by or ''}", flush=True)
    print(f"{len(wanted) - missed} of {len(wanted)} mutations caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

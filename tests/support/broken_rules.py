# SPDX-License-Identifier: Apache-2.0
"""Breaks one rule of the code at a time, and demands that a judge notices each.

A mutation replaces one passage of one source file; a passage that is not there exactly once is an error, so that the
list follows the code. The file is compiled by itself with the command of the build, in a scratch directory, and linked
before the library that has the real one; nothing of the repository or the build is changed. An error of the compiler
ends the run, unless it is a static assertion: that has noticed it.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import tempfile

from build_commands import ROOT, compile_command, link_command, with_objects_first, with_output

RUN_SECONDS = 1800

# One passage of a file, what stands there instead, and under which conditions the judge looks at it, if it has any.
Mutation = collections.namedtuple("Mutation", "name file old new scenario", defaults=("",))
# What was broken, in one line; and what answers the lines that tell how it came about, as long as the broken program is
# there.
Noticed = collections.namedtuple("Noticed", "what how", defaults=(tuple,))


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


def build_broken(build, mutation, program, scratch):
    """The path of the program with the mutation; nothing when the compiler refuses it."""
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
    broken = scratch / program
    command = with_objects_first(with_output(link_command(build, program), broken), objects)
    subprocess.run(command, cwd=build, check=True, capture_output=True)
    return broken


def noticed_by(build, mutation, program, judge, tell):
    """What noticed it, in one line, and the lines that tell how it came about, where somebody wants them; or nothing."""
    with tempfile.TemporaryDirectory(prefix="closure-mutation-") as directory:
        broken = build_broken(build, mutation, program, pathlib.Path(directory))
        by = judge(broken, mutation) if broken else Noticed("a static assertion")
        return (by.what, by.how() if tell else ()) if by else None


def run_judge(name, command, passes, finding):
    """What Noticed the mutation of this name, or nothing. `passes` are the exit codes of a run that found nothing;
    `finding` makes one of what is printed where something was found, or nothing."""
    try:
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=RUN_SECONDS,
                             check=False)
    except subprocess.TimeoutExpired as late:
        raise SystemExit(f"{name}: the judge did not end in {RUN_SECONDS} s") from late
    if run.returncode in passes:
        return None
    if "impossible:" in run.stderr:
        return Noticed(run.stderr.strip().splitlines()[-1])
    by = finding(run.stdout) if run.returncode == 1 else None
    if not by:
        raise SystemExit(f"{name}: the judge ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return by


def stand_without_change(build, mutations, program, judge):
    """What the judge finds without any mutation it would find with each."""
    command = link_command(build, program)
    unbroken = build / command[command.index("-o") + 1]
    for scenario in sorted({mutation.scenario for mutation in mutations}):
        by = judge(unbroken, Mutation("no mutation", "", "", "", scenario))
        if by:
            raise SystemExit(f"without any mutation{' in ' + scenario if scenario else ''}: {by.what}")


def main(description, command, mutations, program, judge):
    """`command` is what runs this; `judge` takes the path of the broken program and a mutation, and answers what Noticed
    it, or nothing."""
    parser = argparse.ArgumentParser(prog=command, description=description.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help="only name them, and check that each passage is there")
    parser.add_argument("names", nargs="*", help="only these mutations")
    arguments = parser.parse_args()
    wanted = [m for m in mutations if not arguments.names or m.name in arguments.names]
    unknown = set(arguments.names) - {mutation.name for mutation in wanted}
    if unknown:
        parser.error(f"there is no mutation {min(unknown)!r}; --list tells their names")
    if arguments.list:
        for mutation in wanted:
            with tempfile.TemporaryDirectory() as directory:
                mutate(mutation, pathlib.Path(directory))
            print(f"{mutation.name}: {mutation.file}")
        print(f"{len(wanted)} mutations apply")
        return 0
    print("without any mutation, which the judge has to let pass", flush=True)
    stand_without_change(arguments.build.resolve(), wanted, program, judge)
    missed = 0
    for mutation in wanted:
        # Before it is judged, for that takes minutes where it is missed.
        print(f"{mutation.name:46} ", end="", flush=True)
        # Of one that was asked for people want to see how it came about.
        by = noticed_by(arguments.build.resolve(), mutation, program, judge, tell=bool(arguments.names))
        missed += by is None
        what, how = by or ("", ())
        print(f"{'caught' if by else 'MISSED':7} {what}", *(f"    {line}" for line in how), sep="\n", flush=True)
    print(f"{len(wanted) - missed} of {len(wanted)} mutations caught")
    return 1 if missed else 0

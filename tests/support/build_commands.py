# SPDX-License-Identifier: Apache-2.0
"""The commands with which a build compiles and links, to be run again with a change."""
import json
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def compile_command(build, source):
    """The command that compiles a source of the repository, without ccache, and the directory that it is run in."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"] == str(ROOT / source):
            command = shlex.split(entry["command"])
            start = next(i for i, part in enumerate(command) if part.endswith("++"))
            return command[start:], entry["directory"]
    raise SystemExit(f"{source} is not compiled in {build}")


def link_command(build, target):
    commands = subprocess.run(["ninja", "-C", str(build), "-t", "commands", target],
                              check=True, capture_output=True, text=True).stdout.splitlines()
    command = next(part for part in commands[-1].split(" && ") if " -o " in part)
    return shlex.split(command)


def with_output(command, output):
    command = list(command)
    command[command.index("-o") + 1] = str(output)
    return command


def with_objects_first(command, objects):
    """The link with these objects before the first library, so that they stand for what the library has."""
    command = list(command)
    first_library = next(i for i, part in enumerate(command) if part.endswith(".a"))
    command[first_library:first_library] = [str(each) for each in objects]
    return command

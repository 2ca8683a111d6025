#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tells which lines and branches of the rooms the tests ran, from the profiles that an instrumented run left.

    coverage.py --build DIRECTORY [--files] [--uncovered FILE]

DIRECTORY is a build of the preset coverage whose programs wrote DIRECTORY/profiles/*.profraw.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ("server", "checkers", "storage")
LLVM = pathlib.Path("/usr/lib/llvm-14/bin")


def tool(name):
    return str(LLVM / name if (LLVM / name).exists() else name)


def programs(build):
    """Every program of the build, for the code that is in it."""
    found = []
    for path in sorted(build.rglob("*")):
        if path.is_file() and path.stat().st_mode & 0o100 and "CMakeFiles" not in path.parts:
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


def objects(build):
    first, *others = programs(build)
    return [str(first), *(part for other in others for part in ("-object", str(other)))]


def merge(build):
    raw = sorted(build.glob("profiles/*.profraw"))
    if not raw:
        raise SystemExit(f"coverage: there are no profiles in {build}/profiles: ./dev coverage runs the tests first")
    merged = build / "merged.profdata"
    listing = build / "profiles.txt"
    listing.write_text("".join(f"{path}\n" for path in raw))
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", f"-input-files={listing}", "-o", str(merged)], check=True)
    return merged


def summaries(build, merged):
    export = subprocess.run([tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={merged}", *objects(build)],
                            check=True, capture_output=True)
    for entry in json.loads(export.stdout)["data"][0]["files"]:
        path = pathlib.Path(entry["filename"])
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS:
            yield path.relative_to(ROOT), entry["summary"]


def row(name, sums):
    parts = []
    for what in ("lines", "branches"):
        count, covered = (sum(each[what][key] for each in sums) for key in ("count", "covered"))
        parts.append(f"{covered:6}/{count:<6} {100 * covered / count if count else 100:6.1f} %")
    return f"{name:44} {parts[0]}  {parts[1]}"


def main():
    parser = argparse.ArgumentParser(prog="./dev coverage", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--files", action="store_true", help="also each file, the least covered first")
    parser.add_argument("--uncovered", metavar="FILE", help="show this file with what was never run")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    merged = merge(build)
    if arguments.uncovered:
        subprocess.run([tool("llvm-cov"), "show", f"-instr-profile={merged}", "-show-branches=count", *objects(build),
                        str(ROOT / arguments.uncovered)], check=True)
        return 0
    files = dict(summaries(build, merged))
    print(f"{'':44} {'lines':>22}  {'branches':>22}")
    if arguments.files:
        for path, summary in sorted(files.items(), key=lambda item: item[1]["branches"]["percent"]):
            print(row(str(path), [summary]))
    for room in ROOMS:
        print(row(f"{room}/", [summary for path, summary in files.items() if path.parts[0] == room]))
    print(row("together", list(files.values())))
    return 0


if __name__ == "__main__":
    sys.exit(main())

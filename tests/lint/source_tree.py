# SPDX-License-Identifier: Apache-2.0
"""What the lints share: the files of the repository, how a finding is printed, how a lint tests itself."""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("protos", "checkers", "storage", "sandbox", "server", "client")


def files():
    """Paths, relative to the root and sorted, of the files git knows or would add; without git, of all but build/."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    return sorted(name for name in set(names) if name and (ROOT / name).is_file())


def read(name):
    """The text of a file; bytes that are not UTF-8 are replaced."""
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def run(description, check_tree, self_test):
    """Runs check_tree() or, with --self-test, self_test(). check_tree returns findings, self_test a list of complaints."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--self-test", action="store_true", help="prove on built-in bad snippets that the lint can fail")
    arguments = parser.parse_args()
    found = self_test() if arguments.self_test else check_tree()
    for line in found:
        print(line)
    print(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
    sys.exit(1 if found else 0)


def expect_findings(check, bad, good):
    """Complaints where check(name, text) finds nothing in a bad (name, text) or something in a good one."""
    complaints = [f"self-test: nothing was found in {name}: {text!r}" for name, text in bad if not check(name, text)]
    complaints += [f"self-test: wrongly found {check(name, text)}" for name, text in good if check(name, text)]
    return complaints

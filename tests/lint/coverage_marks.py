# SPDX-License-Identifier: Apache-2.0
"""Every mark of protos/coverage_mark.h stands on a path of the code, and a test watches it and asks whether it was
reached."""

import re

import source_tree

LIST = "protos/coverage_mark.h"
WATCH = r"\bMarkWatch (\w+)\([^;]*\bMark::MARK\b"


def is_asked(tests, watch):
    """Whether the test case of a watch demands something of it."""
    rest = tests[watch.end():].split("\n}\n", 1)[0]
    return re.search(rf"(?:CHECK|REQUIRE|while)\b.*\b{watch.group(1)}\.(?:reached|times)\(\)", rest)


def marks(text):
    body = re.search(r"enum class Mark \{(.*?)\};", text, re.S).group(1)
    return [name for name in re.findall(r"^\s*(k\w+),", body, re.M) if name != "kCount"]


def check(listing, code, tests):
    """Findings, for the list of marks, the text of all code and the text of all tests."""
    found = []
    for mark in marks(listing):
        if not re.search(rf"Mark::{mark}\b", code):
            found.append(f"{LIST}: nothing reaches {mark}: put Reach(Mark::{mark}) on its path, or take it out")
        if not any(is_asked(tests, watch) for watch in re.finditer(WATCH.replace("MARK", mark), tests)):
            found.append(f"{LIST}: no test asserts {mark}: in the test of that path, MarkWatch watch(Mark::{mark}), then "
                         "CHECK(watch.reached())")
    return found


def texts(wanted):
    return "\n".join(source_tree.read(name) for name in source_tree.files() if name.endswith((".cc", ".h")) and wanted(name))


def check_tree():
    code = texts(lambda name: name.split("/")[0] in source_tree.ROOMS and not name.startswith("protos/coverage_mark"))
    return check(source_tree.read(LIST), code, texts(lambda name: name.startswith("tests/")))


def self_test():
    listing = "enum class Mark {\n  // One.\n  kOne,\n  kTwo,\n  kCount,\n};"
    both = "Mark::kOne Mark::kTwo"
    watched = "const MarkWatch mark(Mark::kOne);\nCHECK(mark.reached());\n}\n" * 2
    watched = watched.replace("kOne", "kTwo", 1)
    complaints = []
    if len(check(listing, "Mark::kOne", watched)) != 1:
        complaints.append("self-test: a mark that nothing reaches was not found")
    for lacking in ("const MarkWatch mark(Mark::kTwo);", "CHECK(mark.reached());"):
        if len(check(listing, both, watched.replace(lacking, "", 1))) != 1:
            complaints.append("self-test: a mark that no test asserts was not found")
    if check(listing, both, watched):
        complaints.append("self-test: wrongly found something")
    return complaints


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

# SPDX-License-Identifier: Apache-2.0
"""No file names a directory of one developer's machine."""

import re

import source_tree

# A path that begins with one of these; "src/work/x" is a relative one and no finding.
PATTERN = re.compile(r"(?<![\w.\-*}])/(?:work|root|farm)/")


def check(name, text):
    return [
        f"{name}:{number}: a path of one machine; say it relative to the repository, or take it from the build"
        for number, line in enumerate(text.splitlines(), 1)
        if PATTERN.search(line)
    ]


def check_tree():
    return [finding for name in source_tree.files() for finding in check(name, source_tree.read(name))]


def self_test():
    bad = [("a.cc", f'Open("/{folder}/main/x");') for folder in ("work", "root", "farm")]
    good = [("a.md", "src/work/BasicWork.h"), ("a.md", "https://example.com/work/"), ("a.cc", '"/var/lib/closured/"')]
    return source_tree.expect_findings(check, bad, good)


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

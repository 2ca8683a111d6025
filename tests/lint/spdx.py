# SPDX-License-Identifier: Apache-2.0
"""Every source file starts with its licence line (after the shebang, where there is one)."""

import source_tree

LINE = "SPDX-License-Identifier: Apache-2.0"
SUFFIXES = (".h", ".cc", ".proto", ".sql", ".py", ".cmake", ".sh")


def is_source(name, text):
    if name.endswith(SUFFIXES) or name.split("/")[-1] == "CMakeLists.txt":
        return True
    return text.startswith("#!")


def check(name, text):
    if not is_source(name, text):
        return []
    lines = text.splitlines()
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) > first and LINE in lines[first]:
        return []
    return [f"{name}:{first + 1}: make this line a comment with \"{LINE}\""]


def check_tree():
    return [finding for name in source_tree.files() for finding in check(name, source_tree.read(name))]


def self_test():
    bad = [
        ("a.cc", "#include <string>\n"),
        ("a.proto", ""),
        ("CMakeLists.txt", "project(x)\n# " + LINE + "\n"),
        ("tools/demo", "#!/usr/bin/env bash\nset -e\n"),
    ]
    good = [
        ("a.cc", f"// {LINE}\n"),
        ("a.sql", f"-- {LINE}\n"),
        ("tools/demo", f"#!/usr/bin/env bash\n# {LINE}\n"),
        ("README.md", "# closured\n"),
    ]
    return source_tree.expect_findings(check, bad, good)


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

# SPDX-License-Identifier: Apache-2.0
"""The public protos compile for C++ and Python with plain protoc and nothing else on its path."""

import pathlib
import re
import subprocess
import tempfile

import source_tree

FOLDER = "protos/"
PUBLIC = "closure/v1/"
# protoc's own "file:line:column: message".
MESSAGE = re.compile(r"^[^:\s]+\.proto:")


def compile_protos(root, names):
    """What protoc says against the files; nothing when it makes C++ and Python of them."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            ["protoc", f"-I{root}", f"--cpp_out={out}", f"--python_out={out}", *names],
            capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    lines = [line for line in done.stderr.splitlines() if "warning" not in line]
    return [(FOLDER if MESSAGE.match(line) else "") + line for line in lines] or ["protoc failed and said nothing"]


def check_tree():
    names = [name[len(FOLDER):] for name in source_tree.files() if name.startswith(FOLDER + PUBLIC)]
    names = [name for name in names if name.endswith(".proto")]
    if not names:
        return [f"{FOLDER}{PUBLIC}:1: there is no public proto to compile"]
    return compile_protos(source_tree.ROOT / FOLDER, names)


def self_test():
    def check(name, text):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
            return compile_protos(folder, [name])
    header = 'syntax = "proto3";\npackage a;\n'
    bad = [("a.proto", header + 'import "google/rpc/status.proto";\n'), ("a.proto", header + "message M { Missing x = 1; }\n")]
    good = [("a.proto", header + 'import "google/protobuf/empty.proto";\nmessage M { google.protobuf.Empty x = 1; }\n')]
    return source_tree.expect_findings(check, bad, good)


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

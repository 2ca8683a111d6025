# SPDX-License-Identifier: Apache-2.0
"""buf lint finds nothing in the protos, with the three exceptions of buf.yaml. Skipped (exit 77) without buf.

./dev lint and ./dev test install buf into build/tools through npm; Debian has no package of it. lint.proto_conventions looks at
the most important of its rules without it.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import source_tree

SKIPPED = 77


def buf():
    local = source_tree.ROOT / "build/tools/node_modules/.bin/buf"
    return str(local) if local.exists() and shutil.which("node") else shutil.which("buf")


def why_skipped():
    npm = "npm could not install it" if shutil.which("npm") else "npm, which installs it, is not there either (apt-get install npm)"
    return f"skipped: lint.buf_lint: there is no buf, and {npm}; lint.proto_conventions checks its main rules without it"


def lint(folder):
    done = subprocess.run([buf(), "lint"], cwd=folder, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines or ["buf lint failed and said nothing"] if done.returncode else []


def check_tree():
    return lint(source_tree.ROOT)


def self_test():
    def check(_, text):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(source_tree.ROOT / "buf.yaml", folder)
            proto = pathlib.Path(folder) / "protos/closure/v1/a.proto"
            proto.parent.mkdir(parents=True)
            proto.write_text(text, encoding="utf-8")
            return lint(folder)
    header = 'syntax = "proto3";\npackage closure.v1;\n'
    bad = [("a.proto", header + "message bad_name {}\n"), ("a.proto", header + "enum E { FIRST = 0; }\n"),
           ("a.proto", 'syntax = "proto3";\npackage other.v1;\n')]
    good = [("a.proto", header + "message M {\n  enum State {\n    STATE_UNSPECIFIED = 0;\n    READY = 1;\n  }\n}\n")]
    return source_tree.expect_findings(check, bad, good)


if __name__ == "__main__":
    if buf() is None:
        print(why_skipped())
        sys.exit(SKIPPED)
    source_tree.run(__doc__, check_tree, self_test)

# SPDX-License-Identifier: Apache-2.0
"""buf lint finds nothing in the protos, with the three exceptions of buf.yaml and no other. Skipped (exit 77) without buf.

./dev lint and ./dev test install buf into build/tools through npm; Debian has no package of it. lint.proto_conventions looks at
the most important of its rules without it.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import source_tree

SKIPPED = 77
# Why each is one stands in buf.yaml; there are no others.
EXCEPTIONS = ("RPC_REQUEST_RESPONSE_UNIQUE", "RPC_RESPONSE_STANDARD_NAME", "ENUM_VALUE_PREFIX")


def buf():
    local = source_tree.ROOT / "build/tools/node_modules/.bin/buf"
    return str(local) if local.exists() and shutil.which("node") else shutil.which("buf")


def why_skipped():
    npm = "npm could not install it" if shutil.which("npm") else "npm, which installs it, is not there either (./dev setup installs it)"
    return f"skipped: lint.buf_lint: there is no buf, and {npm}; lint.proto_conventions checks its main rules without it"


def lint(folder):
    done = subprocess.run([buf(), "lint"], cwd=folder, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines or ["buf lint failed and said nothing"] if done.returncode else []


def exceptions(text):
    """The rules that a buf.yaml leaves out, and how many files or places it ignores besides."""
    listed = re.search(r"(?m)^  except:\n((?:    .*\n)*)", text)
    rules = re.findall(r"(?m)^    - (\S+)", listed.group(1)) if listed else []
    return rules + re.findall(r"(?m)^ *(ignore\w*|allow\w*|disallow\w*):", text)


def check_exceptions(text):
    found = exceptions(text)
    wrong = [each for each in found if each not in EXCEPTIONS] + [each for each in EXCEPTIONS if found.count(each) != 1]
    return [f"buf.yaml: exceptions from the rules are {', '.join(EXCEPTIONS)}, each once; look at {each}" for each in wrong]


def check_comments(name, text):
    return [f"{name}:{number}: a comment that switches a rule of buf off; keep the rule"
            for number, line in enumerate(text.splitlines(), 1) if "buf:lint:ignore" in line]


def check_tree():
    protos = [name for name in source_tree.files() if name.endswith(".proto")]
    found = check_exceptions(source_tree.read("buf.yaml"))
    found += [finding for name in protos for finding in check_comments(name, source_tree.read(name))]
    return found + (lint(source_tree.ROOT) if buf() else [])


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
    complaints = source_tree.expect_findings(check, bad, good) if buf() else []
    own = source_tree.read("buf.yaml")
    more = own.replace("  except:\n", "  except:\n    - COMMENTS\n")
    ignoring = own.replace("breaking:\n", "  ignore:\n    - protos/closure/v1\nbreaking:\n")
    fewer = own.replace("    - ENUM_VALUE_PREFIX\n", "")
    complaints += source_tree.expect_findings(
        lambda _, text: check_exceptions(text), [("buf.yaml", text) for text in (more, ignoring, fewer)], [("buf.yaml", own)])
    ignored = header + "// buf:lint:ignore MESSAGE_PASCAL_CASE\nmessage bad_name {}\n"
    return complaints + source_tree.expect_findings(check_comments, [("a.proto", ignored)], [("a.proto", header)])


if __name__ == "__main__":
    try:
        source_tree.run(__doc__, check_tree, self_test)
    except SystemExit as done:
        # What needs no buf was looked at all the same.
        if done.code or buf():
            raise
        print(why_skipped())
        sys.exit(SKIPPED)

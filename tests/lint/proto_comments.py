# SPDX-License-Identifier: Apache-2.0
"""Every proto element has a leading comment that is a sentence; every RPC names its errors and its repetition.

Imports are google/protobuf/* and closure/* only. Needs protoc and python3-protobuf.
"""

import pathlib
import re
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

import source_tree

# The numbers of fields in descriptor.proto, by which a source location names an element.
FILE_MESSAGES, FILE_ENUMS, FILE_SERVICES = 4, 5, 6
MESSAGE_FIELDS, MESSAGE_NESTED, MESSAGE_ENUMS = 2, 3, 4
ENUM_VALUES, SERVICE_METHODS = 2, 2

SENTENCE = re.compile(r"^[A-Z0-9`\"'(].*[.!?:)`]$", re.DOTALL)
IMPORTS = ("google/protobuf/", "closure/")


def elements(file):
    """(kind, name, path of its location) of everything in a file that needs a comment."""
    for i, message in enumerate(file.message_type):
        yield from message_elements(message, (FILE_MESSAGES, i), message.name)
    for i, enum in enumerate(file.enum_type):
        yield from enum_elements(enum, (FILE_ENUMS, i), enum.name)
    for i, service in enumerate(file.service):
        path = (FILE_SERVICES, i)
        yield "service", service.name, path
        for j, method in enumerate(service.method):
            yield "RPC", f"{service.name}.{method.name}", path + (SERVICE_METHODS, j)


def message_elements(message, path, name):
    yield "message", name, path
    for i, field in enumerate(message.field):
        yield "field", f"{name}.{field.name}", path + (MESSAGE_FIELDS, i)
    for i, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from message_elements(nested, path + (MESSAGE_NESTED, i), f"{name}.{nested.name}")
    for i, enum in enumerate(message.enum_type):
        yield from enum_elements(enum, path + (MESSAGE_ENUMS, i), f"{name}.{enum.name}")


def enum_elements(enum, path, name):
    yield "enum", name, path
    for i, value in enumerate(enum.value):
        yield "enum value", f"{name}.{value.name}", path + (ENUM_VALUES, i)


def comment_complaints(kind, comment):
    if not comment:
        yield "has no comment: put a sentence above it"
        return
    if not SENTENCE.match(comment):
        yield "has a comment that is not a sentence: begin it with a capital, end it with a full stop"
    if kind == "RPC" and "Errors:" not in comment:
        yield "does not name its error codes: add a line \"Errors: ...\""
    if kind == "RPC" and "Repeated" not in comment:
        yield "does not say what an identical second call does: add a line \"Repeated: ...\""


def check_file(file, folder):
    name = f"{folder}{file.name}"
    findings = [f"{name}:1: imports {imported}; a public proto imports {' and '.join(IMPORTS)} only"
                for imported in file.dependency if not imported.startswith(IMPORTS)]
    locations = {tuple(location.path): location for location in file.source_code_info.location}
    for kind, element, path in elements(file):
        location = locations[path]
        for complaint in comment_complaints(kind, location.leading_comments.strip()):
            findings.append(f"{name}:{location.span[0] + 1}: {kind} {element} {complaint}")
    return findings


def parse(root, names):
    """The file descriptors, with comments, of the protos below root; raises when protoc refuses them."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as out:
        subprocess.run(
            ["protoc", f"-I{root}", "--include_source_info", f"--descriptor_set_out={out.name}", *names], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes()).file


def check_tree():
    folder = "protos/"
    names = [name[len(folder):] for name in source_tree.files() if name.startswith(folder) and name.endswith(".proto")]
    if not names:
        return ["protos/:1: there is no proto to check"]
    return [finding for file in parse(source_tree.ROOT / folder, names) for finding in check_file(file, folder)]


HEADER = 'syntax = "proto3";\npackage a;\n'
GOOD = HEADER + """
// A request.
message Request {
  // The name.
  string name = 1;
  // How it is.
  enum State {
    // Not set.
    STATE_UNSPECIFIED = 0;
  }
}
// A service.
service Store {
  // Stores.
  //
  // Errors: NOT_FOUND when it is absent.
  // Repeated: answers the same.
  rpc Put(Request) returns (Request);
}
"""
BAD = [
    GOOD.replace(line + "\n", "", 1) for line in (
        "// A request.", "  // The name.", "  // How it is.", "    // Not set.", "// A service.",
        "  // Errors: NOT_FOUND when it is absent.", "  // Repeated: answers the same.")
] + [GOOD.replace("The name.", "the name"), GOOD.replace(HEADER, HEADER + 'import "other.proto";\n')]


def self_test():
    def check(_, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "other.proto").write_text('syntax = "proto3";\npackage b;\n', encoding="utf-8")
            (root / "a.proto").write_text(text, encoding="utf-8")
            return check_file(parse(root, ["a.proto"])[0], "")
    return source_tree.expect_findings(check, [("a.proto", text) for text in BAD], [("a.proto", GOOD)])


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

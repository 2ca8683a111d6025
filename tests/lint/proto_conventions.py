# SPDX-License-Identifier: Apache-2.0
"""The public API keeps the conventions that its users know from Google's API improvement proposals (AIP), by descriptors.

Everywhere, which includes most of what buf lint looks at, so that it is looked at where there is no buf either: the package is
the folder and has a version; names have their case; an enum's first value is its UNSPECIFIED; a request is named after its RPC;
Get, List and Create have their standard shape, lists their pages; times are called _time and nothing else is.

In closure.v1 besides: RPCs are named without prepositions; names of resources are field 1 and of the documented form; a page says
what its sizes mean; whatever changes something has a request_id and, about a closure, an etag, and what only reads has none; and
each field says what may be done with it: "Required.", "Output only." and so on, or its message says it for all its fields.
Needs protoc and python3-protobuf.
"""

import pathlib
import re
import tempfile

import proto_comments
import source_tree

FOLDER = "protos/"
API = "closure.v1"
# What is stored and never sent.
INTERNAL = "closure.internal."
# Whose answers the server reads, so that what they answer is input.
ANSWERED_BY_OTHERS = ("CheckerService", "ParticipantService")
# Values, which mean the same in a request and in an answer.
VALUES = ("closure.v1.Money",)
# The only record of its kind, or one that is asked for by something else than a name.
GET_WITHOUT_NAME = {"GetAgreement": "by version and language", "GetSystemStatus": "there is one system"}
# A hold must not fail because the closure moved meanwhile.
WITHOUT_ETAG = ("HoldClosure", "ReleaseHold")
PREPOSITIONS = {"About", "After", "Against", "Async", "At", "Before", "By", "During", "For", "From", "In", "Into", "Of", "On", "To",
                "Until", "With", "Without"}

STRING, INT32, MESSAGE, ENUM = 9, 5, 11, 14
REPEATED = 3
CAMEL = re.compile(r"(?:[A-Z][a-z0-9]*)+")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
LOUD = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
RESOURCE = re.compile(r"(?:[a-z][a-zA-Z]*s/\{[a-z]+\})(?:/[a-z][a-zA-Z]*s/\{[a-z]+\})*")
BEHAVIOUR = re.compile(r"(Required|Output only|Identifier|Immutable|Input only)\. ")
LOOSE_BEHAVIOUR = re.compile(r"(?i)(required|output only|identifier|immutable|input only|optional)\b(?!, all fields)")
ALL_OUTPUT = "Output only, all fields."


def snake(camel):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", camel).lower()


class Api:
    """All messages of all files by full name, their comments, and the findings about them."""

    def __init__(self, files, folder):
        self.folder = folder
        self.found = []
        self.files = files
        self.messages = {}
        self.comments = {}
        self.places = {}
        for file in files:
            locations = {tuple(location.path): location for location in file.source_code_info.location}
            for kind, name, path in proto_comments.elements(file):
                key = (kind, f"{file.package}.{name}")
                self.comments[key] = " ".join(locations[path].leading_comments.split())
                self.places[key] = f"{folder}{file.name}:{locations[path].span[0] + 1}"
            for message in file.message_type:
                self.add_message(f"{file.package}.{message.name}", message)

    def add_message(self, name, message):
        self.messages[name] = message
        for nested in message.nested_type:
            if not nested.options.map_entry:
                self.add_message(f"{name}.{nested.name}", nested)

    def check(self, holds, kind, name, complaint):
        if not holds:
            self.found.append(f"{self.places[(kind, name)]}: {kind} {name} {complaint}")

    def comment(self, kind, name):
        return self.comments.get((kind, name), "")

    def message(self, type_name):
        return self.messages.get(type_name.lstrip("."))

    def reachable(self, type_names):
        """These messages and all that are in them."""
        seen, waiting = set(), [name.lstrip(".") for name in type_names]
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.messages:
                continue
            seen.add(name)
            waiting += [field.type_name.lstrip(".") for field in self.messages[name].field if field.type == MESSAGE]
        return seen


def field_of(message, name):
    return next((field for field in message.field if field.name == name), None)


def has(message, name, kind, repeated=False):
    field = field_of(message, name)
    return field is not None and field.type == kind and (field.label == REPEATED) == repeated


# ---- everywhere ----

def check_file(api, file):
    if not SNAKE.fullmatch(pathlib.PurePath(file.name).stem):
        api.found.append(f"{api.folder}{file.name}:1: the file's name is not in lower_snake_case")
    if str(pathlib.PurePath(file.name).parent).replace("/", ".") != file.package:
        api.found.append(f"{api.folder}{file.name}:1: package {file.package} is not the folder it is in")
    if not re.search(r"\.v[1-9][0-9]*$", file.package):
        api.found.append(f"{api.folder}{file.name}:1: package {file.package} does not end in a version, for example .v1")
    for kind, name, _ in proto_comments.elements(file):
        full, last = f"{file.package}.{name}", name.rsplit(".", 1)[-1]
        rule = {"field": SNAKE, "enum value": LOUD}.get(kind, CAMEL)
        api.check(rule.fullmatch(last), kind, full, "is not in the case of its kind: CamelCase, lower_snake_case or UPPER_SNAKE_CASE")
    for service in file.service:
        api.check(service.name.endswith("Service"), "service", f"{file.package}.{service.name}", "does not end in Service")


def check_enums(api, prefix, enums):
    for enum in enums:
        expected = snake(enum.name).upper() + "_UNSPECIFIED"
        first = enum.value[0]
        api.check(first.number == 0 and first.name == expected, "enum", f"{prefix}.{enum.name}", f"does not begin with {expected} = 0")


def check_times(api, name, message):
    for field in message.field:
        # What a clock shows is simply its time.
        called_time = field.name == "time" or field.name.endswith("_time")
        api.check(called_time == (field.type_name == ".google.protobuf.Timestamp"), "field", f"{name}.{field.name}",
                  "is a Timestamp that is not called _time, or is called _time and is none (AIP-142)")


def check_standard_method(api, name, method):
    """Get, List and Create by AIP-131, 132 and 133; the request of every other one by AIP-136."""
    request, response = api.message(method.input_type), api.message(method.output_type)
    api.check(request is not None and request.name == method.name + "Request", "RPC", name, f"does not take {method.name}Request")
    if request is None or response is None:
        return
    if method.name.startswith("List"):
        pages = has(request, "page_size", INT32) and has(request, "page_token", STRING) and has(response, "next_page_token", STRING)
        api.check(pages, "RPC", name, "has no pages: page_size, page_token and next_page_token (AIP-158)")
        listed = bool(response.field) and response.field[0].label == REPEATED and response.field[0].number == 1
        api.check(listed and response.name == method.name + "Response", "RPC", name, "does not answer its entries in field 1 of its own response")


# ---- closure.v1 ----

def check_api_method(api, service, name, method):
    request = api.message(method.input_type)
    words = re.findall(r"[A-Z][a-z0-9]*", method.name)
    api.check(not PREPOSITIONS & set(words[1:]), "RPC", name, "has a preposition in its name (AIP-136)")
    if method.name.startswith("Get"):
        api.check(method.output_type.endswith("." + method.name[3:]), "RPC", name, "does not answer what it gets (AIP-131)")
        api.check(has(request, "name", STRING) or method.name in GET_WITHOUT_NAME, "RPC", name, "is not asked by name (AIP-131)")
    if method.name.startswith("Create"):
        api.check(method.output_type.endswith("." + method.name[6:]), "RPC", name, "does not answer what it creates (AIP-133)")
        api.check(has(request, "parent", STRING), "RPC", name, "does not name the parent (AIP-133)")
    if service.name in ANSWERED_BY_OTHERS:
        return
    reads = "Repeated: a read;" in api.comment("RPC", name)
    api.check(has(request, "request_id", STRING) != reads, "RPC", name,
              "changes something without a request_id, or has one and says that it is a read (AIP-155)")
    about_closure = has(request, "name", STRING) and "/closures/{closure}" in api.comment("field", f"{API}.{request.name}.name")
    if not reads and about_closure and method.name not in WITHOUT_ETAG:
        api.check(has(request, "etag", STRING), "RPC", name, "changes a closure without an etag (AIP-154)")


def check_name_fields(api, name, message):
    """The names of resources: field 1, a string, and of the form that its comment quotes (AIP-122)."""
    for field in message.field:
        full = f"{name}.{field.name}"
        comment = api.comment("field", full)
        names_resource = comment.startswith("Identifier.") or (message.name.endswith("Request") and field.name in ("name", "parent"))
        if not names_resource:
            continue
        quoted = re.findall(r'"([^"]*/[^"]*)"', comment)
        api.check(field.number == 1 and field.type == STRING, "field", full, "names a resource and is not the string in field 1")
        api.check(field.name in ("name", "parent"), "field", full, 'names a resource and is not called "name" or "parent"')
        api.check(bool(quoted) and RESOURCE.fullmatch(quoted[0].replace("{n}", "{number}")), "field", full,
                  "does not quote the form of the name: plural camelCase collections and {ids}")
        if message.name.endswith("Request"):
            api.check(comment.startswith("Required. "), "field", full, "names what the request is about and is not Required.")


def check_standard_fields(api, name, message):
    kinds = {"etag": STRING, "request_id": STRING, "page_size": INT32, "page_token": STRING, "next_page_token": STRING,
             "language_code": STRING, "region_code": STRING, "currency_code": STRING, "state": ENUM}
    for field in message.field:
        full = f"{name}.{field.name}"
        comment = api.comment("field", full)
        api.check(kinds.get(field.name, field.type) == field.type, "field", full, "has not the type of this standard field")
        if field.name == "request_id":
            api.check(comment.startswith("Required. A UUID"), "field", full, 'does not say "Required. A UUID" (AIP-155)')
        if field.name == "page_size":
            said = re.search(r"0 means (\d+), above (\d+) means \2, below 0 is refused", comment)
            api.check(said, "field", full, 'does not say "0 means N, above M means M, below 0 is refused" (AIP-158)')


def check_behaviour(api, name, message, inputs, outputs):
    whole = ALL_OUTPUT in api.comment("message", name) or any(
        ALL_OUTPUT in api.comment("message", name.rsplit(".", up)[0]) for up in range(1, name.count(".") - 1))
    for field in message.field:
        full = f"{name}.{field.name}"
        comment = api.comment("field", full)
        told = BEHAVIOUR.match(comment)
        api.check(told or not LOOSE_BEHAVIOUR.match(comment), "field", full, 'says its behaviour in other words than "Required." or "Output only."')
        if name in VALUES:
            continue
        if name in outputs and name not in inputs:
            api.check(told or whole, "field", full, f'does not say "Output only.", nor its message "{ALL_OUTPUT}" (AIP-203)')
            api.check(not told or told.group(1) != "Required", "field", full, "is Required. in an answer")
        if message.name.endswith("Request"):
            api.check(not told or told.group(1) != "Output only", "field", full, "is Output only. in a request")


def check_api(api, services):
    asked = [method.input_type for _, method in services]
    asked += [method.output_type for service, method in services if service.name in ANSWERED_BY_OTHERS]
    answered = [method.output_type for service, method in services if service.name not in ANSWERED_BY_OTHERS]
    inputs, outputs = api.reachable(asked), api.reachable(answered)
    for name, message in api.messages.items():
        if name.startswith(API + "."):
            check_name_fields(api, name, message)
            check_standard_fields(api, name, message)
            check_behaviour(api, name, message, inputs, outputs)


def check(files, folder=FOLDER):
    api = Api(files, folder)
    api_services = []
    for file in files:
        check_file(api, file)
        check_enums(api, file.package, file.enum_type)
        for service in file.service:
            for method in service.method:
                name = f"{file.package}.{service.name}.{method.name}"
                check_standard_method(api, name, method)
                if file.package == API:
                    api_services.append((service, method))
                    check_api_method(api, service, name, method)
    for name, message in api.messages.items():
        if not name.startswith(INTERNAL):
            check_times(api, name, message)
        check_enums(api, name, message.enum_type)
    check_api(api, api_services)
    return api.found


def check_tree():
    names = [name[len(FOLDER):] for name in source_tree.files() if name.startswith(FOLDER) and name.endswith(".proto")]
    return check(proto_comments.parse(source_tree.ROOT / FOLDER, names))


GOOD = """syntax = "proto3";
package closure.v1;
import "google/protobuf/timestamp.proto";
// A service.
service ShelfService {
  // Reads. Repeated: a read; again.
  rpc GetShelf(GetShelfRequest) returns (Shelf);
  // Lists. Repeated: a read; again.
  rpc ListShelves(ListShelvesRequest) returns (ListShelvesResponse);
  // Makes. Repeated: once.
  rpc CreateShelf(CreateShelfRequest) returns (Shelf);
  // Sorts. Repeated: once.
  rpc SortShelf(SortShelfRequest) returns (Shelf);
}
// A shelf.
message Shelf {
  // How it stands.
  enum State {
    // None.
    STATE_UNSPECIFIED = 0;
  }
  // Identifier. "rooms/{room}/closures/{closure}".
  string name = 1;
  // Output only. How it stands.
  State state = 2;
  // Output only. When it was made.
  google.protobuf.Timestamp create_time = 3;
}
// A request.
message GetShelfRequest {
  // Required. "rooms/{room}/closures/{closure}".
  string name = 1;
}
// A request.
message ListShelvesRequest {
  // Required. "rooms/{room}".
  string parent = 1;
  // The most; 0 means 50, above 200 means 200, below 0 is refused.
  int32 page_size = 2;
  // The next_page_token of the page before.
  string page_token = 3;
}
// A page. Output only, all fields.
message ListShelvesResponse {
  // The shelves.
  repeated Shelf shelves = 1;
  // The token.
  string next_page_token = 2;
}
// A request.
message CreateShelfRequest {
  // Required. "rooms/{room}".
  string parent = 1;
  // Required. A UUID (AIP-155).
  string request_id = 2;
}
// A request.
message SortShelfRequest {
  // Required. "rooms/{room}/closures/{closure}".
  string name = 1;
  // Required. A UUID (AIP-155).
  string request_id = 2;
  // The etag; a stale one is refused.
  string etag = 3;
}
"""
# Each breaks one rule of GOOD.
CHANGES = (
    ("package closure.v1;", "package closure;"),
    ("ShelfService {", "Shelves {"),
    ("SortShelf(SortShelfRequest", "SortShelf(GetShelfRequest"),
    ("rpc SortShelf", "rpc Sort_shelf"),
    ("SortShelf", "SortShelfByRow"),
    ("GetShelf(GetShelfRequest) returns (Shelf)", "GetShelf(GetShelfRequest) returns (ListShelvesResponse)"),
    ("STATE_UNSPECIFIED", "UNKNOWN"),
    ("STATE_UNSPECIFIED", "State_unspecified"),
    ("State state = 2", "State stateNow = 2"),
    ("create_time", "created_at"),
    ("google.protobuf.Timestamp create_time", "string create_time"),
    ('Identifier. "rooms/', 'Identifier. "Room/'),
    ("string name = 1;\n  // Output", "string name = 4;\n  // Output"),
    ("string name = 1;\n  // Output", "string shelf = 1;\n  // Output"),
    ("Output only. How", "How"),
    ("Output only. How", "output only. How"),
    ("Output only. How", "Required. How"),
    ("Output only, all fields.", "All of it."),
    ('Required. "rooms/{room}/closures', 'The name, "rooms/{room}/closures'),
    ("string parent = 1;\n  // The most", "string parent = 4;\n  // The most"),
    ("int32 page_size = 2", "int64 page_size = 2"),
    ("0 means 50, ", ""),
    ("above 200 means 200", "above 200 means 100"),
    (", below 0 is refused", ""),
    ("string page_token = 3", "string token = 3"),
    ("string next_page_token", "string next"),
    ("repeated Shelf shelves = 1", "repeated Shelf shelves = 5"),
    ("CreateShelf(CreateShelfRequest) returns (Shelf)", "CreateShelf(CreateShelfRequest) returns (ListShelvesResponse)"),
    ("string parent = 1;\n  // Required. A UUID", "string room = 1;\n  // Required. A UUID"),
    ("Required. A UUID", "A UUID"),
    ("string request_id = 2;\n}", "string id = 2;\n}"),
    ("string request_id = 2;\n  // The etag", "bytes request_id = 2;\n  // The etag"),
    ("string etag = 3", "string tag = 3"),
    ("Sorts. Repeated: once.", "Sorts. Repeated: a read; again."),
    ("The etag;", "Output only. The etag;"),
)


def self_test():
    def check_text(_, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "closure/v1/shelf.proto"
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            return check(proto_comments.parse(pathlib.Path(folder), ["closure/v1/shelf.proto"]), "")
    bad = []
    for old, new in CHANGES:
        if old not in GOOD:
            return [f"self-test: there is no {old!r} to change"]
        bad.append((f"{old!r} as {new!r}", GOOD.replace(old, new, 1 if old != "SortShelf" else -1)))
    return source_tree.expect_findings(check_text, bad, [("shelf.proto", GOOD)])


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

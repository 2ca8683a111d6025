# SPDX-License-Identifier: Apache-2.0
"""Includes run one way between the rooms, and the clock, SQLite, libpq and google/rpc each have their place."""

import re

import source_tree

# What a room may include besides itself, protos/ and the generated protos ("closure/...").
ALLOWED = {
    "protos": set(),
    "checkers": set(),
    "storage": set(),
    "sandbox": set(),
    "client": {"checkers"},
    "server": {"checkers", "storage"},
}
# The files of server/ that start the embedded cloud.
SANDBOX_ENTRY = re.compile(r"^server/(main|dev_cloud)\.(h|cc)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
# Header prefix, the places that may include it, and what the others do instead.
HEADER_PLACES = (
    ("sqlite3.h", ("storage/sqlite/", "sandbox/"), "use ClosureStore: SQLite stays in storage/sqlite and sandbox"),
    ("libpq", ("storage/postgres/",), "use ClosureStore: libpq stays in storage/postgres"),
    ("google/rpc/", ("server/", "client/"), "return absl::Status: google.rpc is known to server and client only"),
)
WALL_CLOCK = re.compile(
    r"\babsl::Now\(|\bsystem_clock::now\(|(?<![\w.>:])(?:std::|::)?time\((?:nullptr|NULL|0|&\w+)\)"
    r"|\bgettimeofday\(|\bclock_gettime\(|\bgpr_now\(GPR_CLOCK_REALTIME|\bGetCurrentTime\(")
CLOCK_FILES = ("server/clock.cc", "client/closurectl/main.cc")
# Spelt in two parts, so that a search for sleeping tests does not find this line.
SLEEP = re.compile(r"\bsleep" r"_for\(|\bsleep" r"_until\(|\bSleep" r"For\(|\busleep" r"\(|\btime\.sleep" r"\(")
# Abseil's go by the wall clock (ADR 13).
TIMED_WAIT = re.compile(r"\b(?:AwaitWith|LockWhenWith|ReaderLockWhenWith|WaitForNotificationWith|WaitWith)"
                        r"(?:Timeout|Deadline)\(")
COMMENT = re.compile(r"//.*$")


def room_of(name):
    first = name.split("/")[0]
    return first if first in ALLOWED else None


def check_include(name, header):
    """A sentence against including header in the file name, or None."""
    for prefix, places, instead in HEADER_PLACES:
        if header.startswith(prefix) and not name.startswith(places + ("tests/", "bench/")):
            return instead
    room, other = room_of(name), header.split("/")[0]
    if header.startswith(("tests/", "bench/")) and room:
        return f"{room} must not depend on {other}: move what is shared into {room}"
    if room is None or other not in ALLOWED or other in ("protos", room) or other in ALLOWED[room]:
        return None
    if other == "sandbox" and SANDBOX_ENTRY.match(name):
        return None
    allowed = ", ".join(sorted(ALLOWED[room] | {"protos"}))
    return f"{room} may include {allowed} and itself, not {other}: pass what it needs as an argument or an interface"


def check_cxx(name, text):
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        complaint = check_include(name, include.group(1)) if include else None
        if complaint:
            findings.append(f"{name}:{number}: {complaint}")
        code = COMMENT.sub("", line)
        if room_of(name) and name not in CLOCK_FILES and WALL_CLOCK.search(code):
            findings.append(f"{name}:{number}: take the time as an argument; only {' and '.join(CLOCK_FILES)} read the wall clock"
                            " (for an RPC deadline: set_deadline(gpr_time_from_millis(n, GPR_TIMESPAN)))")
        if room_of(name) and TIMED_WAIT.search(code):
            findings.append(f"{name}:{number}: wait with protos/steady_wait.h; Abseil's waits last longer when the wall"
                            " clock is set back")
        if name.startswith("tests/") and SLEEP.search(code):
            findings.append(f"{name}:{number}: do not sleep; move the test's clock, or wait for the event itself")
    return findings


def check(name, text):
    if name.endswith((".h", ".cc")):
        return check_cxx(name, text)
    if name.startswith("tests/") and name.endswith(".py"):
        return [f"{name}:{number}: do not sleep; wait for the event itself"
                for number, line in enumerate(text.splitlines(), 1) if SLEEP.search(line)]
    return []


def check_tree():
    return [finding for name in source_tree.files() for finding in check(name, source_tree.read(name))]


def self_test():
    bad = [
        ("checkers/a.cc", '#include "storage/closure_store.h"'),
        ("storage/a.cc", '#include "checkers/checker.h"'),
        ("checkers/a.h", '#include "server/engine.h"'),
        ("protos/money.cc", '#include "checkers/checker.h"'),
        ("client/a.cc", '#include "server/engine.h"'),
        ("sandbox/a.cc", '#include "checkers/checker.h"'),
        ("server/engine.cc", '#include "sandbox/cloud.h"'),
        ("server/engine.cc", '#include "client/closure_client.h"'),
        ("server/engine.cc", '#include "tests/support/fake_clock.h"'),
        ("server/engine.cc", "#include <sqlite3.h>"),
        ("storage/sqlite/a.cc", "#include <libpq-fe.h>"),
        ("checkers/a.cc", '#include "google/rpc/status.pb.h"'),
        ("server/engine.cc", "absl::Time now = absl::Now();"),
        ("storage/a.cc", "auto t = std::time(nullptr);"),
        ("client/a.cc", "auto t = std::chrono::system_clock::now();"),
        ("server/a.cc", "mutex_.AwaitWithTimeout(condition, limit);"),
        ("tests/server/a.cc", "std::this_thread::sleep" "_for(1s);"),
        ("tests/server/a.py", "    time.sleep" "(1)"),
    ]
    good = [
        ("server/main.cc", '#include "sandbox/cloud.h"'),
        ("sandbox/a.cc", '#include "protos/money.h"\n#include "sandbox/cloud.h"'),
        ("server/dev_cloud.h", '#include "sandbox/cloud.h"'),
        ("server/engine.cc", '#include "storage/closure_store.h"\n#include "checkers/checker.h"'),
        ("storage/sqlite/a.cc", '#include <sqlite3.h>\n#include "closure/v1/closure.pb.h"'),
        ("server/clock.cc", "return absl::Now();"),
        ("tests/server/a.cc", "done.WaitForNotificationWithTimeout(limit);"),
        ("storage/a.cc", "row.time(0); // never absl::Now()"),
        ("tests/server/a.cc", '#include "server/engine.h"\n#include "sandbox/cloud.h"'),
    ]
    return source_tree.expect_findings(check, bad, good)


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

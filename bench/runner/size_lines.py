# SPDX-License-Identifier: Apache-2.0
"""Lines 9 and 10: what watchers cost, and what closures cost in memory and on the disk."""

import contextlib
import json
import os
import sqlite3
import subprocess

from failed import Failed
from pairs import Comparison, Goal
from programs import end_input
from rpc_lines import count, keep_answer

WATCHERS = 10_000
REACHED = 1_000
ROUNDS = 20
INTEGER_WIDTHS = (1, 2, 3, 4, 6)  # bytes that SQLite gives to an integer that needs no more; others have 8


@contextlib.contextmanager
def idle_watchers(programs, address, watchers):
    command = [programs.bench("watch"), "--target", address, "--idle", "--watchers", str(watchers)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if process.stdout.readline() != b"ready\n":
            raise Failed(f"{' '.join(command)}: the watchers do not all watch")
        yield
    finally:
        end_input(process)
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit {process.returncode}")


def memory_of_watchers(programs, serving, watchers):
    """Of a server of its own, because memory that was used once is not given back."""
    with serving() as address:
        before = address.resident_bytes()
        with idle_watchers(programs, address, watchers):
            return {"bytes_each": (address.resident_bytes() - before) / watchers}


def reach(programs, address):
    rounds = 3 if programs.quick else ROUNDS
    return json.loads(programs.run("watch", "--target", address, "--watchers", count(programs, REACHED, 50), "--rounds",
                                   rounds))


@contextlib.contextmanager
def watchers(programs):
    many = count(programs, WATCHERS, 100)
    database = programs.fill("watched", many, "blocked", 0)
    with programs.closured(database) as address:
        canned = keep_answer(programs, address, "get-closure")

    def on_its_own():  # a database has one server
        return programs.closured(programs.fill("watched_idle", many, "blocked", 0))

    def bare():
        return programs.server("bare", "--canned", canned)

    def plain(name="watched_plain"):
        return programs.server("plain", "--database", programs.fill(name, many, "blocked", 0))

    def plain_on_its_own():
        return plain("watched_plain_idle")

    with programs.closured(database) as served, bare() as yardstick, plain() as plainly:
        yield [
            Comparison("9", f"memory of each of {many:,} idle watchers",
                       {"ours": lambda: memory_of_watchers(programs, on_its_own, many),
                        "yardstick": lambda: memory_of_watchers(programs, bare, many),
                        "plain": lambda: memory_of_watchers(programs, plain_on_its_own, many)},
                       (Goal("bytes_each", at_most=1.2),)),
            Comparison("9", f"a change reaches the last of {count(programs, REACHED, 50):,} watchers",
                       {"ours": lambda: reach(programs, served), "yardstick": lambda: reach(programs, yardstick),
                        "plain": lambda: reach(programs, plainly)},
                       (Goal("p50_us", at_most=2.0),))]


def bytes_of_value(column):
    """In SQL, how long a column's value is by itself."""
    widths = " ".join(f"WHEN {column} BETWEEN {-(1 << 8 * width - 1)} AND {(1 << 8 * width - 1) - 1} THEN {width}"
                      for width in INTEGER_WIDTHS)
    return (f"CASE TYPEOF({column}) WHEN 'integer' THEN CASE {widths} ELSE 8 END "
            f"ELSE COALESCE(LENGTH(CAST({column} AS BLOB)), 0) END")


def bytes_of_rows(path):
    """The sum of all values of all tables: what would be there without pages, indexes and headers of rows."""
    total = 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            lengths = " + ".join(map(bytes_of_value, columns))
            total += database.execute(f"SELECT COALESCE(SUM({lengths}), 0) FROM {table}").fetchone()[0]
    return total


@contextlib.contextmanager
def sizes(programs):
    few, many = count(programs, 1_000, 100), count(programs, 1_000_000, 2_000)
    databases = {closures: programs.fill(f"sized_{closures}", closures, "blocked", 0) for closures in (few, many)}

    def memory(closures, serving):
        def measure():
            with serving() as address:
                programs.loop("load", "--target", address, "--call", "get-closure", "--closures", closures, streams=64)
                return {"resident_bytes": address.resident_bytes()}
        return measure

    def ours(closures):
        return lambda: programs.closured(databases[closures])

    plain_database = programs.fill("sized_plain", many, "blocked", 0)

    def plain():
        return programs.server("plain", "--database", plain_database)

    def disk():
        return {"disk_bytes": os.path.getsize(databases[many])}

    def rows():
        return {"disk_bytes": bytes_of_rows(databases[many])}

    yield [Comparison("10", f"memory after two seconds of GetClosure, {many:,} closures beside {few:,}",
                      {"ours": memory(many, ours(many)), "yardstick": memory(few, ours(few)),
                       "plain": memory(many, plain)}, (Goal("resident_bytes", at_most=1.1),)),
           Comparison("10", f"disk of {many:,} closures beside the bytes of their rows",
                      {"ours": disk, "yardstick": rows}, (Goal("disk_bytes", at_most=2.0),))]

# SPDX-License-Identifier: Apache-2.0
"""Line 8: from the start of the server to its first answer, beside opening the same file with SQLite alone."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import time

from failed import Failed
from pairs import Comparison, Excess
from programs import POLL_SECONDS
from rpc_lines import count

LOG_BYTES = 64 << 20
LOG_SECONDS = 60


def start_of_server(programs, database):
    with programs.closured(database) as served:
        return served.start_seconds


def start_of_plain(programs, database):
    with programs.server("plain", "--database", database) as served:
        return served.start_seconds


def opening(programs, database):
    began = time.monotonic()
    done = subprocess.run([programs.bench("open"), database], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"closure_bench_open {database}: {done.stderr}")
    return time.monotonic() - began


def in_place(programs, database, measure):
    """Without a log, a start leaves the database as it was, the plain design's too: it writes with its first call."""
    return lambda: {"ms": 1000 * measure(programs, database)}


def on_copy(programs, database, measure):
    """On a copy of the database and of the log that a killed process left: a start changes both."""
    def once():
        copy = f"{database}.started"
        for part in ("", "-wal"):
            if os.path.exists(database + part):
                shutil.copy(database + part, copy + part)
        try:
            return {"ms": 1000 * measure(programs, copy)}
        finally:
            for part in ("", "-wal", "-shm", ".lock", ".log"):
                if os.path.exists(copy + part):
                    os.remove(copy + part)
    return once


def leave_log(programs, database, closures, log_bytes):
    """Kills a writer whose log has grown to a size, which a reader that stays keeps from being moved."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as reader:
        command = [programs.bench("store"), "--design", "store", "--database", database, "--key", programs.key,
                   "--closures", str(closures), "--streams", "64", "--seconds", str(LOG_SECONDS)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + LOG_SECONDS
            while not os.path.exists(f"{database}-wal") and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM meta").fetchone()
            while os.path.getsize(f"{database}-wal") < log_bytes:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Failed(f"{' '.join(command)}: the log does not grow to {log_bytes} bytes")
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def starts(programs):
    comparisons = []
    for closures in (count(programs, 10_000, 500), count(programs, 10_000_000, 2_000)):
        database = programs.fill(f"start_{closures}", closures, "small")
        comparisons.append(compare(programs, f"start to SERVING, {closures:,} closures", database, in_place))
    closures = count(programs, 10_000, 500)
    killed = programs.fill("start_killed", closures, "blocked", 20)
    log_bytes = count(programs, LOG_BYTES, 4 << 20)
    leave_log(programs, killed, closures, log_bytes)
    comparisons.append(compare(programs, f"start to SERVING after SIGKILL, a log of {log_bytes >> 20} MB", killed,
                               on_copy))
    yield comparisons


def compare(programs, what, database, where):
    return Comparison("8", what, {"ours": where(programs, database, start_of_server),
                                  "yardstick": where(programs, database, opening),
                                  "plain": where(programs, database, start_of_plain)}, (Excess("ms", at_most=20),))

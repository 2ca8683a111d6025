# SPDX-License-Identifier: Apache-2.0
"""Line 13: how long closurectl takes for a question, beside a program that makes the one call and nothing else, and a
script that does."""

import contextlib
import statistics
import subprocess
import sys
import time

from failed import Failed
from pairs import Comparison, Goal
from programs import SOURCE
from rpc_lines import ACCOUNT, closure_name

STARTS = 20


@contextlib.contextmanager
def cold_start(programs):
    database = programs.fill("status", 10, "blocked", 20)
    starts = 1 if programs.quick else STARTS

    def time_of(*command):
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        if done.returncode != 0 or "BLOCKED" not in done.stdout:
            raise Failed(f"{' '.join(command)}: exit {done.returncode}: {done.stdout} {done.stderr}")
        return took

    def starting(*command):
        return lambda: {"p50_us": 1e6 * statistics.median(time_of(*command) for _ in range(starts))}

    with programs.closured(database) as address:
        actor, name = f"root:{ACCOUNT}", closure_name(0)
        yield [Comparison("13", "closurectl status from its start",
                          {"ours": starting(f"{programs.build}/client/closurectl", "--server", address, "--as", actor,
                                            "status", name),
                           "yardstick": starting(programs.bench("call"), address, actor, name),
                           "plain": starting(sys.executable, f"{SOURCE}/bench/plain/status.py", address, actor, name)},
                          (Goal("p50_us", at_most=1.3),))]

# SPDX-License-Identifier: Apache-2.0
"""Line 3: transitions through the store beside SQLite alone."""

import contextlib
import shutil

from pairs import Comparison, Goal

WRITERS = (1, 8, 64, 256)


@contextlib.contextmanager
def transition_store(programs):
    closures = 1_000 if programs.quick else 10_000
    ours = programs.fill("store", closures, "blocked", 20)
    raw, plain = (shutil.copy(ours, f"{ours}.{design}") for design in ("raw", "plain"))

    def loop(design, database, writers):
        return lambda: programs.loop("store", "--design", design, "--database", database, "--key", programs.key,
                                     "--closures", closures, streams=writers)

    yield [Comparison("3", f"transition through the store, {writers} writers",
                      {"ours": loop("store", ours, writers), "yardstick": loop("raw", raw, writers),
                       "plain": loop("plain", plain, writers)},
                      (Goal("per_second", at_least=0.85), Goal("p99_us", at_most=1.5))) for writers in WRITERS]

# SPDX-License-Identifier: Apache-2.0
"""Lines 5, 7 and 12: the fan-out beside the same checkers alone, the task runner's work however much is stored, and
scans that find much."""

import contextlib
import shutil

from pairs import Comparison, Excess, Goal

SCANS = (1, 64, 500)
TASKS_FEW = 10_000
TASKS_MANY = (1_000_000, 10_000_000)


@contextlib.contextmanager
def fan_out(programs):
    def scans(design, streams):
        return lambda: programs.loop("fan_out", "--design", design, streams=streams)

    # The whole time has no bound. It shows work of a scan that makes the answers of others late.
    yield [Comparison("5", f"six checkers of 10 ms, {streams} scans at once",
                      {"ours": scans("scan", streams), "yardstick": scans("bare", streams),
                       "plain": scans("plain", streams)},
                      (Excess("over_p99_us", at_most=500), Goal("p99_us"), Excess("threads", at_most=8)))
           for streams in SCANS]


@contextlib.contextmanager
def lease(programs):
    few = 1_000 if programs.quick else TASKS_FEW

    def rounds(design, database, closures):
        return lambda: programs.loop("lease", "--design", design, "--database", database, "--key", programs.key,
                                     "--closures", closures, streams=1)

    ours_few = programs.fill("few", few, "small")
    comparisons = []
    for many in (2_000,) if programs.quick else TASKS_MANY:
        ours = programs.fill(f"many_{many}", many, "small")
        raw, plain = (shutil.copy(ours, f"{ours}.{design}") for design in ("raw", "plain"))
        comparisons += [
            Comparison("7", f"lease and commit 100, {many:,} stored beside {few:,}",
                       {"ours": rounds("store", ours, many), "yardstick": rounds("store", ours_few, few)},
                       (Goal("p50_us", at_most=1.2),)),
            Comparison("7", f"lease and commit 100, {many:,} stored beside SQLite alone",
                       {"ours": rounds("store", ours, many), "yardstick": rounds("raw", raw, many),
                        "plain": rounds("plain", plain, many)},
                       (Goal("p50_us", at_most=1.3),))]
    yield comparisons


@contextlib.contextmanager
def scan(programs):
    resources = 1_000 if programs.quick else 10_000

    def scans(design, seconds=2):
        return lambda: programs.loop("scan", "--design", design, "--resources", resources, streams=1, seconds=seconds)

    yield [Comparison("12", f"scan of {resources:,} resources in pages, beside asking and parsing alone",
                      {"ours": scans("scan"), "yardstick": scans("pages")}, (Goal("p50_us", at_most=1.5),)),
           Comparison("12", f"memory after two seconds of scans of {resources:,} resources, beside a quarter of one",
                      {"ours": scans("scan"), "yardstick": scans("scan", seconds=0.25)},
                      (Goal("resident_bytes", at_most=1.1),))]

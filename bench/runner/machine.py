# SPDX-License-Identifier: Apache-2.0
"""Who used the processors: this run's own processes, or something else."""

import os

TICKS = os.sysconf("SC_CLK_TCK")
KERNEL_THREADS = 2  # the process id of kthreadd


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # the process has ended


def _processes():
    """(pid, parent, seconds of processor time) of every process."""
    for name in os.listdir("/proc"):
        stat = _read(f"/proc/{name}/stat") if name.isdigit() else ""
        if stat:
            fields = stat.rpartition(")")[2].split()
            yield int(name), int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS


class Snapshot:
    """What each process had used at one moment."""

    def __init__(self):
        processes = list(_processes())
        parents = {pid: parent for pid, parent, _ in processes}
        self.used = {pid: seconds for pid, _, seconds in processes}
        self.ours = {pid for pid in parents if self._descends_from(pid, os.getpid(), parents)}
        # The kernel's own threads write to the disk and carry loopback traffic on behalf of what is measured.
        self.kernel = {pid for pid in parents if self._descends_from(pid, KERNEL_THREADS, parents)}
        self.stolen = int(_read("/proc/stat").splitlines()[0].split()[8]) / TICKS

    @staticmethod
    def _descends_from(pid, ancestor, parents):
        while pid not in (0, 1, ancestor):
            pid = parents.get(pid, 0)
        return pid == ancestor


def foreign_share(before, after, seconds):
    """The share of the whole machine, from 0 to 1, that processes outside of this run used between two snapshots, and
    that the machine below took away."""
    foreign = after.stolen - before.stolen
    for pid, used in after.used.items():
        if pid not in after.ours and pid not in after.kernel:
            foreign += used - before.used.get(pid, 0)
    return max(0.0, foreign) / (seconds * os.cpu_count())

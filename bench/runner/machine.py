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
    """(pid, parent, seconds of processor time) of every process; the time with that of the children that ended and
    were waited for, and of theirs."""
    for name in os.listdir("/proc"):
        stat = _read(f"/proc/{name}/stat") if name.isdigit() else ""
        if stat:
            fields = stat.rpartition(")")[2].split()
            yield int(name), int(fields[1]), sum(int(ticks) for ticks in fields[11:15]) / TICKS


class Snapshot:
    """What each process and its children that ended had used at one moment."""

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

    @property
    def foreign(self):
        """What all others had used together, and what the machine below took away. Who ends is from then on in the
        figure of the one who waited for it, so the sum grows by what was used, and by nothing else."""
        return self.stolen + sum(
            seconds for pid, seconds in self.used.items() if pid not in self.ours and pid not in self.kernel)


def foreign_share(before, after, seconds):
    """The share of the whole machine, from 0 to 1, that processes outside of this run used between two snapshots, and
    that the machine below took away."""
    # Time is told in whole ticks. The first that appears may be of before, and what is measured may be shorter.
    return max(0.0, after.foreign - before.foreign - 1 / TICKS) / (seconds * os.cpu_count())

# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured: servers that run for a while, and loads that print what they measured."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

import grpc

from failed import Failed
from grpc_health import is_serving

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_SECONDS = 600  # the log of a killed process may be long, and the disk slow
POLL_SECONDS = 0.001  # between two looks at what a process has written
STOP_SECONDS = 60
QUICK_TRIES = 10  # on a machine that does much else, nothing may end in so short a time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_address(process, log_path):
    """Waits until a server tells in its log that it serves; at which address."""
    deadline = time.monotonic() + START_SECONDS
    with open(log_path, encoding="utf-8", errors="replace") as log:
        told = ""
        while time.monotonic() < deadline and process.poll() is None:
            told += log.read()
            for line in told.splitlines(keepends=True):
                if line.endswith("\n") and json.loads(line)["msg"] == "serving":
                    return json.loads(line)["address"]
            time.sleep(POLL_SECONDS)
    raise Failed(f"{process.args[0]} does not serve: {told}")


def check_serves(address):
    with grpc.insecure_channel(address) as channel:
        if not is_serving(channel, seconds=START_SECONDS):
            raise Failed(f"{address} says that it serves, and does not")


class Served(str):
    """The address of a running server, with its process and how long it took to say that it serves."""

    def __new__(cls, address, process, start_seconds):
        served = super().__new__(cls, address)
        served.process = process
        served.start_seconds = start_seconds
        return served

    def resident_bytes(self):
        """How much memory it has in use."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))


def remove_left_over(runs):
    """What runs left that were killed: each folder begins with the process that it is of."""
    for name in os.listdir(runs):
        if not os.path.exists(f"/proc/{name.partition('-')[0]}"):
            shutil.rmtree(f"{runs}/{name}")


class Programs:
    """Where the built programs are, and a folder on a real disk for what they write."""

    def __init__(self, build, quick):
        self.build = os.path.abspath(build)
        self.quick = quick
        runs = f"{self.build}/bench/runs"
        os.makedirs(runs, exist_ok=True)
        remove_left_over(runs)
        self.folder = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=runs)
        self.key = f"{self.folder}/key"
        self.line_folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    @contextlib.contextmanager
    def line(self):
        """What is written meanwhile is removed at the end, but for the databases that others are copied from."""
        self.line_folder = tempfile.mkdtemp(dir=self.folder)
        try:
            yield
        finally:
            shutil.rmtree(self.line_folder)

    def path(self, name):
        return f"{self.line_folder}/{name}"

    def bench(self, name):
        return f"{self.build}/bench/closure_bench_{name}"

    def run(self, name, *arguments, environment=None):
        """Runs a program of bench/ to its end; its standard output."""
        command = [self.bench(name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**os.environ, **(environment or {})})
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: exit {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}")
        return done.stdout

    def loop(self, name, *arguments, streams, seconds=2):
        """Runs one that measures a closed loop for so long, or briefly where nothing is judged; its figures."""
        timing = ["--seconds", 0.2, "--warm-up", 0.05] if self.quick else ["--seconds", seconds]
        for _ in range(QUICK_TRIES if self.quick else 1):
            figures = json.loads(self.run(name, *arguments, "--streams", streams, *timing))
            if figures["operations"] > 0:
                return figures
        raise Failed(f"closure_bench_{name} {' '.join(map(str, arguments))}: nothing ended in the time measured")

    def fill(self, name, closures, kind="blocked", items=0):
        """A new database of sample closures, bound to the key of this run; its path. One of each kind is made, and
        copied."""
        made = f"{self.folder}/{kind}-{closures}-{items}.db"
        if not os.path.exists(made):
            self.run("fill", "--database", made, "--key", self.key, "--closures", closures, "--kind", kind, "--items",
                     items)
        return shutil.copy(made, self.path(f"{name}.db"))

    @contextlib.contextmanager
    def closured(self, database):
        """The server itself as it runs in production, on a database of the fixture's; its address."""
        nowhere = f"127.0.0.1:{free_port()}"  # no line asks an upstream
        upstreams = ("account", "billing", "resource", "domain", "resource_directory", "trusteeship", "partner",
                     "messaging")
        config = self.path(f"{os.path.basename(database)}.textproto")
        with open(config, "w", encoding="utf-8") as file:
            file.write('listen_address: "127.0.0.1:0"\n'
                       f'database_path: "{database}"\n'
                       f'secret_key_file: "{self.key}"\n'
                       f'agreements_path: "{SOURCE}/agreements"\n'
                       "upstreams {\n" + "".join(f'  {name}: "{nowhere}"\n' for name in upstreams) + "}\n")
        with open(f"{database}.log", "wb") as log:
            began = time.monotonic()
            process = subprocess.Popen([f"{self.build}/server/closured", "--config", config], stderr=log)
        try:
            address = read_address(process, log.name)
            start_seconds = time.monotonic() - began
            check_serves(address)
            yield Served(address, process, start_seconds)
        finally:
            stop(process)

    @contextlib.contextmanager
    def server(self, name, *arguments):
        """A server of bench/, which ends with its standard input; its address."""
        address = f"127.0.0.1:{free_port()}"
        began = time.monotonic()
        process = subprocess.Popen([self.bench(name), "--listen", address, *map(str, arguments)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if process.stdout.readline() != b"ready\n":
                raise Failed(f"closure_bench_{name} does not serve")
            yield Served(address, process, time.monotonic() - began)
        finally:
            end_input(process)


def stop(process):
    process.terminate()
    await_end(process)


def end_input(process):
    """Ends one that ends with its standard input, and whose output is read."""
    process.stdin.close()
    await_end(process)
    process.stdout.close()


def await_end(process):
    """Waits for a process that was told to end, and kills it where it does not."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

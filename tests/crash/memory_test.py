# SPDX-License-Identifier: Apache-2.0
"""A process that gets no more memory ends; it does not go on with half of something, and the next start goes on."""

import contextlib
import os
import resource
import signal
import sqlite3
import sys
import unittest

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import history  # noqa: E402
from closured_process import CALL_SECONDS, Closured, Owner, State  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402

OUT_OF_MEMORY = 71
# Beyond what the server has. The last is less than a thread needs that the libraries make when they are busy, and
# often enough for the rest.
ROOM_MEGABYTES = (0, 2, 7)
# What one scan keeps as long as one of its checkers is silent is a few megabytes, so all of them are too much.
RESOURCES = 3000
ACCOUNTS = 20


def crowded(account):
    return {
        "accountId": account, "email": {"address": account + "@example.com"},
        "resources": [{
            "resourceId": "i-%d" % number, "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
            "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": False,
            "consoleUri": "https://ecs.console.example.com/%d" % number} for number in range(RESOURCES)]}


def data_bytes(process):
    with open("/proc/%d/status" % process.pid) as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def limit(process, room_megabytes):
    most = data_bytes(process) + (room_megabytes << 20)
    resource.prlimit(process.pid, resource.RLIMIT_DATA, (most, most))


class MemoryRunsOut(unittest.TestCase):
    def start(self):
        server = Closured()
        self.addCleanup(server.close)
        owners = [Owner(server, "crowded-%d" % number) for number in range(ACCOUNTS)]
        for owner in owners:
            server.load({"accounts": [crowded(owner.account)]})
            owner.create()
            owner.verify()
        server.fault("DomainService/ListDomains", sandbox.SetFaultRequest.HANG)
        return server, owners

    @staticmethod
    def begin_scans(owners):
        """Those whose agreement was answered."""
        answered = []
        for owner in owners:
            try:
                owner.agree()
                answered.append(owner)
            except grpc.RpcError:
                return answered
        return answered

    def test_it_is_an_exit_and_nothing_is_lost(self):
        for room in ROOM_MEGABYTES:
            with self.subTest(room_megabytes=room):
                server, owners = self.start()
                limit(server.process, room)
                answered = self.begin_scans(owners)
                if room == ROOM_MEGABYTES[-1] and len(answered) == ACCOUNTS:
                    # What was left was enough: it goes on answering, until it is killed.
                    self.assertEqual(owners[-1].get().name, owners[-1].name)
                    server.process.kill()
                    server.process.wait(timeout=CALL_SECONDS)
                else:
                    # Our own code ends with 71; a library that gets no memory aborts.
                    self.assertIn(server.process.wait(timeout=CALL_SECONDS), (OUT_OF_MEMORY, -signal.SIGABRT),
                                  server.read_log()[-2000:])
                self.go_on(server, owners, answered)
                server.close()

    def go_on(self, server, owners, answered):
        server.channel.close()
        server.process.stdout.close()
        server.log.close()
        # First of all who opens the log that the dead process left.
        server.start()
        database = os.path.join(server.directory, "data", "closures.db")
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % database, uri=True)) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        for owner in owners:
            if owner not in answered and owner.get().state == State.Value("AGREEMENT_PENDING"):
                continue
            owner.wait_for(State.Value("BLOCKED"))
            self.assertEqual(owner.get().item_counts.must_handle, RESOURCES)
            record = owner.call("GetClosureRecord", service.GetClosureRecordRequest(name=owner.name))
            self.assertEqual(history.faults(record), [])


if __name__ == "__main__":
    unittest.main()

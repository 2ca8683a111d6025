# SPDX-License-Identifier: Apache-2.0
"""A process that gets no more memory ends; it does not go on with half of something, and the next start goes on."""

import os
import resource
import signal
import sqlite3
import sys
import threading
import unittest
import uuid

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import history  # noqa: E402
from closured_process import CALL_SECONDS, Closured, Owner, State  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402

OUT_OF_MEMORY = 71
# Beyond what the server has: from nearly nothing, so that it ends at another place each time.
ROOM_MEGABYTES = (0, 1, 2, 4, 8, 16)
RESOURCES = 3000
CALLERS = 4
CALLS_MAX = 2000


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
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)

    def go_to_blocked(self, account):
        self.server.load({"accounts": [crowded(account)]})
        owner = Owner(self.server, account)
        owner.create()
        owner.verify()
        owner.agree()
        owner.wait_for(State.BLOCKED)
        return owner

    def use_memory(self, owner):
        """Scans and reads at once, until the server is gone."""
        def ask():
            for _ in range(CALLS_MAX):
                try:
                    owner.call("GetClosureRecord", service.GetClosureRecordRequest(name=owner.name))
                    owner.call("Recheck", service.RecheckRequest(name=owner.name, request_id=str(uuid.uuid4())))
                except grpc.RpcError:
                    pass
                if self.server.process.poll() is not None:
                    return
        callers = [threading.Thread(target=ask) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    def test_it_is_an_exit_and_nothing_is_lost(self):
        for room in ROOM_MEGABYTES:
            with self.subTest(room_megabytes=room):
                owner = self.go_to_blocked("crowded-%d" % room)
                limit(self.server.process, room)
                self.use_memory(owner)
                # Our own code ends with 71; a library that gets no memory aborts.
                self.assertIn(self.server.process.wait(timeout=CALL_SECONDS), (OUT_OF_MEMORY, -signal.SIGABRT),
                              self.server.read_log()[-2000:])
                self.go_on(owner)

    def go_on(self, owner):
        self.server.channel.close()
        self.server.process.stdout.close()
        self.server.log.close()
        database = os.path.join(self.server.directory, "data", "closures.db")
        with sqlite3.connect(database) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.server.start()
        owner.wait_for(State.BLOCKED)
        self.assertEqual(owner.get().item_counts.must_handle, RESOURCES)
        record = owner.call("GetClosureRecord", service.GetClosureRecordRequest(name=owner.name))
        self.assertEqual(history.faults(record), [])
        owner.call("CancelClosure", service.CancelClosureRequest(name=owner.name, request_id=str(uuid.uuid4())))
        owner.wait_for(State.CANCELLED)


if __name__ == "__main__":
    unittest.main()

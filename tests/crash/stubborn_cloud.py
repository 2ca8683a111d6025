# SPDX-License-Identifier: Apache-2.0
"""A way over a pretended cloud that refuses acts or loses an account, whenever the server is killed and started again.

The sandbox's own faults end with its process. These are in the cloud's database, and the clock is moved as far as is
told and no further, so that every crash meets the same world.
"""

import contextlib
import math
import os
import sqlite3
import time
import uuid

from closured_process import CALL_SECONDS
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox
from closure.v1 import closure_pb2 as pb
from closure.v1 import operator_service_pb2 as operator
from way import Way, demand

BUSY_SECONDS = 30
HOUR = 3600
# What the cloud can be made to answer with INTERNAL, by the row that it would have to write.
REFUSALS = {
    "FreezeBilling": "UPDATE OF billing_freeze_time_us ON accounts WHEN NEW.billing_freeze_time_us IS NOT NULL",
    "ReleaseResource": "DELETE ON resources",
    "SendMail": "INSERT ON inbox WHEN NEW.channel = 'email'",
}


class StubbornCloud(Way):
    def change_cloud(self, *statements):
        path = os.path.join(self.server.directory, "data", "cloud.db")
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            for statement in ("PRAGMA foreign_keys = ON", "BEGIN IMMEDIATE", *statements, "COMMIT"):
                database.execute(statement)

    def refuse(self, method):
        """The cloud fails at each call of a method, and does nothing."""
        self.change_cloud("CREATE TRIGGER refused_%s BEFORE %s BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
                          % (method, REFUSALS[method]))

    def allow(self, method):
        self.change_cloud("DROP TRIGGER refused_%s" % method)

    def delete_elsewhere(self):
        """The account is deleted by another path than this closure."""
        account = self.owner.account
        self.change_cloud("DELETE FROM accounts WHERE account_id = '%s'" % account,
                          "INSERT INTO deleted_accounts (account_id, delete_time_us) VALUES ('%s', 1)" % account)

    def operate(self, method, request, actor="operator:ann"):
        """What an operator's call answers; whoever makes it repeats it with the same request id when the server is
        gone."""
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            request.reason = "a test"
            request.request_id = str(uuid.uuid4())
        answer = self.server.outlive(lambda: getattr(self.server.operators, method)(
            request, metadata=(("closure-actor", actor),), timeout=CALL_SECONDS))
        if isinstance(answer, pb.Closure):
            self.owner.told.append(answer.state)
        return answer

    def pass_time(self, hours):
        """Moves the clock by so much and no more: who does not hear the answer looks whether it was moved."""
        def now_us():
            status = self.server.operators.GetSystemStatus(
                operator.GetSystemStatusRequest(), metadata=(("closure-actor", "operator:ann"),), timeout=CALL_SECONDS)
            return status.server_time.ToMicroseconds()

        end = self.server.outlive(now_us) + math.ceil(hours * HOUR * 1e6)

        def move():
            left = end - now_us()
            if left > 0:
                request = sandbox.AdvanceClockRequest()
                request.duration.FromMicroseconds(left)
                self.server.sandbox.AdvanceClock(request, timeout=CALL_SECONDS)

        self.server.outlive(move)

    # ---- tasks ----

    def tasks(self):
        return self.operate("ListTasks", operator.ListTasksRequest(closure=self.owner.name)).tasks

    def wait_for_tasks(self, condition):
        """The closure's tasks once they are as asked for."""
        deadline = time.monotonic() + CALL_SECONDS
        while time.monotonic() < deadline:
            tasks = self.tasks()
            if condition(tasks):
                return tasks
        demand(False, "the tasks did not come to what was waited for; last:\n%s\n%s" % (tasks, self.server.read_log()))

    def wait_for_failure(self, kind):
        self.wait_for_tasks(lambda tasks: any(task.kind == kind and task.attempts for task in tasks))

    def wait_for_wait(self, kind):
        """Until a halt of one kind, and no other, keeps the closure waiting."""
        self.owner.wait_until(lambda closure: [wait.kind for wait in closure.waits] == [kind])

    # ---- what operators do ----

    def hold(self):
        self.operate("HoldClosure", operator.HoldClosureRequest(name=self.owner.name))

    def release_hold(self):
        self.operate("ReleaseHold", operator.ReleaseHoldRequest(name=self.owner.name))

    def pause(self):
        self.operate("PauseIrreversible", operator.PauseIrreversibleRequest())

    def resume(self):
        self.operate("ResumeIrreversible", operator.ResumeIrreversibleRequest())

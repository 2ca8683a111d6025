# SPDX-License-Identifier: Apache-2.0
"""Ways from the start of a closure to an end, over a server that may be killed anywhere on them."""

import os
import signal
import sqlite3
import subprocess
import sys
import uuid

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from books import BOOKS, RESULT_NOTICES, THAWS, account, acts_done, result_notices  # noqa: E402
from closured_process import CALL_SECONDS, Closured, Owner, State  # noqa: E402
from history import faults  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402

ACCOUNT = "crash-1"
DEATH_SECONDS = 10
# What a call to a process that is being killed ends with.
BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN)


class Broken(Exception):
    """A promise that was not kept; says which."""


def demand(condition, what):
    if not condition:
        raise Broken(what)


class MortalServer(Closured):
    """A server that a failpoint kills; whoever notices starts it again, once, without the failpoint."""

    lose_log = False  # plants what a disk does that reports syncs it did not do

    def __init__(self, environment):
        self.killed = False
        self.environment = environment
        super().__init__()

    def start(self):
        try:
            super().start()
        except AssertionError:
            if not self.has_died():
                raise
            super().start()

    def has_died(self):
        """Whether the process was killed; from then on it is started without a failpoint."""
        try:
            code = self.process.wait(timeout=DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        demand(code == -signal.SIGKILL, "the process ended by itself with %d:\n%s" % (code, self.read_log()))
        demand(not self.killed, "the process was killed twice")
        self.killed = True
        self.environment = {}
        if self.lose_log:
            os.remove(os.path.join(self.directory, "data", "closures.db-wal"))
        return True

    def outlive(self, act):
        """What act answers, done again by a new process if the old one died under it."""
        while True:
            try:
                return act()
            except grpc.RpcError as error:
                if error.code() not in BROKEN or not self.has_died():
                    raise
                self.channel.close()
                self.process.stdout.close()
                self.log.close()
                self.start()


class PatientOwner(Owner):
    """An owner whose client repeats a call with the same request id when the server is gone, as every client should."""

    def __init__(self, server, account_id):
        super().__init__(server, account_id)
        self.told = []  # the states that answers told, in order

    def call(self, method, request):
        answer = self.server.outlive(lambda: super(PatientOwner, self).call(method, request))
        if isinstance(answer, pb.Closure):
            self.told.append(answer.state)
        return answer

    def code(self):
        return self.server.outlive(super().code)

    def wait_until(self, condition):
        closure = self.server.outlive(lambda: super(PatientOwner, self).wait_until(condition))
        self.told.append(closure.state)
        return closure


class Way:
    """From nothing to one end."""

    end = None
    more_acts = {}

    def __init__(self, environment):
        self.server = MortalServer(environment)
        try:
            self.server.outlive(lambda: self.server.load({"accounts": [account(ACCOUNT)]}))
            self.owner = PatientOwner(self.server, ACCOUNT)
            self.go()
            self.owner.wait_for(State.Value(self.end))
            self.owner.wait_until(lambda closure: closure.HasField("personal_data_erase_time"))
            self.judge()
        finally:
            self.server.close()

    def to_ready(self):
        self.owner.create()
        self.owner.verify()
        self.owner.agree()
        self.owner.wait_for(State.Value("BLOCKED"))
        self.owner.discard_all()
        self.owner.wait_for(State.Value("READY"))

    def to_silent_period(self):
        self.to_ready()
        self.owner.confirm()
        self.owner.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                              and all(each.status == each.DONE for each in closure.participants))

    def advance(self):
        self.server.outlive(lambda: self.server.advance(168))

    def bill(self):
        request = sandbox.IssueBillRequest(account_id=ACCOUNT, amount=money_pb2.Money(currency_code="USD", units=250))
        self.server.outlive(lambda: self.server.sandbox.IssueBill(request, timeout=CALL_SECONDS))

    def cancel(self):
        self.owner.call("CancelClosure", service.CancelClosureRequest(name=self.owner.name, request_id=str(uuid.uuid4())))

    # ---- what has to be true at the end ----

    def judge(self):
        record = self.owner.call("GetClosureRecord", service.GetClosureRecordRequest(name=self.owner.name))
        demand(not faults(record), "the history: %s" % "; ".join(faults(record)))
        self.judge_told(record)
        self.judge_books()
        demand(self.server.stop() == 0, "the server did not stop in order:\n%s" % self.server.read_log())
        self.judge_files()

    def judge_told(self, record):
        """Every state that an answer told stands in the history, in that order: nothing acknowledged was lost."""
        states = iter([entry.to_state for entry in record.transitions])
        last = None
        for told in self.owner.told:
            if told != last:
                demand(told in states, "%s was told and is not in the history" % State.Name(told))
            last = told

    def judge_books(self):
        shown = self.server.outlive(lambda: self.server.show(ACCOUNT))
        demand(shown.deleted == (self.end == "CLOSED"), "the account is deleted: %s" % shown.deleted)
        expected, done = dict(BOOKS[self.end], **self.more_acts), acts_done(shown)
        demand(done == expected, "acts and their keys: %s, expected %s" % (done, expected))
        notices = len(result_notices(self.server.outlive(lambda: self.server.inbox(ACCOUNT))))
        demand(notices == RESULT_NOTICES, "%d notices of the result, expected %d" % (notices, RESULT_NOTICES))

    def judge_files(self):
        data = os.path.join(self.server.directory, "data")
        for name in ("closures.db", "cloud.db"):
            with sqlite3.connect("file:%s?mode=ro" % os.path.join(data, name), uri=True) as database:
                for pragma in ("integrity_check", "foreign_key_check"):
                    rows = database.execute("PRAGMA " + pragma).fetchall()
                    demand(rows in ([], [("ok",)]), "%s of %s: %s" % (pragma, name, rows[:3]))


class ToClosed(Way):
    end = "CLOSED"

    def go(self):
        self.to_silent_period()
        self.advance()


class ToAborted(Way):
    end = "ABORTED"

    def go(self):
        self.to_silent_period()
        self.bill()
        self.advance()


class ToCancelled(Way):
    """Something new is found after the freezing, which is taken back; then the owner gives up."""

    end = "CANCELLED"
    more_acts = dict(dict.fromkeys(THAWS + ("FreezeAccount", "FreezeBilling", "FreezeResources"), 1), Perform=2)

    def go(self):
        self.to_ready()
        self.bill()
        self.owner.confirm()
        self.owner.wait_until(lambda closure: closure.state == State.Value("BLOCKED"))
        self.cancel()


WAYS = {"closed": ToClosed, "aborted": ToAborted, "cancelled": ToCancelled}

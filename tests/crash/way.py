# SPDX-License-Identifier: Apache-2.0
"""What every way from the start of a closure to an end is made of: a server that may be killed anywhere on it, an
owner, and what has to be true at the end."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import uuid

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from books import (  # noqa: E402
    BOOKS, RESULT_NOTICES, account, acts_done, money_faults, result_notices, telling_faults)
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
# What a closure does to an account, by the fields of ShowAccount; an end that leaves the account leaves nothing of it.
RESTRAINTS = ("account_frozen", "billing_frozen", "billing_sealed", "resources_frozen", "archive_frozen",
              "service_linked_roles")


class Broken(Exception):
    """A promise that was not kept; says which."""


def demand(condition, what):
    if not condition:
        raise Broken(what)


class MortalServer(Closured):
    """A server whose first lives are each killed by a failpoint; whoever notices starts it again. The life after them
    writes down which places it passes."""

    lose_log = False  # plants, at the last death, what a disk does that reports syncs it did not do

    def __init__(self, orders, config):
        self.orders = orders  # the failpoint of each life that ends by one
        self.deaths = 0
        self.passed = []  # by the life after the last death, once it is over
        self.config = config
        super().__init__()

    @property
    def trace(self):
        return os.path.join(self.directory, "trace")

    @property
    def environment(self):
        if self.deaths < len(self.orders):
            return {"CLOSURE_FAILPOINT": self.orders[self.deaths]}
        return {"CLOSURE_FAILPOINT_TRACE": self.trace}

    @property
    def arguments(self):
        return ("--config", os.path.join(self.directory, "config"))

    def start(self):
        with open(os.path.join(self.directory, "config"), "w") as file:
            file.write(self.config)
        while True:
            try:
                return super().start()
            except AssertionError:
                if not self.has_died():
                    raise
                self.let_go()

    def let_go(self):
        """Closes what belonged to a dead process."""
        self.process.stdout.close()
        self.log.close()

    def close(self):
        if os.path.exists(self.trace):
            with open(self.trace) as lines:
                self.passed = lines.read().splitlines()
        super().close()

    def has_died(self):
        """Whether the process was killed; then the next life begins."""
        try:
            code = self.process.wait(timeout=DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        demand(code == -signal.SIGKILL, "the process ended by itself with %d:\n%s" % (code, self.read_log()))
        demand(self.deaths < len(self.orders), "the process was killed, and by no failpoint")
        self.deaths += 1
        if self.lose_log and self.deaths == len(self.orders):
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
                self.let_go()
                self.start()

    def stops_in_order(self):
        """Whether it was asked to stop and did; where it was killed before it had, the next life has begun."""
        if self.stop() == 0:
            return True
        self.has_died()
        self.start()
        return False


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
        try:
            closure = self.server.outlive(lambda: super(PatientOwner, self).wait_until(condition))
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                self.explain_vain_wait()
            raise
        self.told.append(closure.state)
        return closure

    def record(self):
        return self.call("GetClosureRecord", service.GetClosureRecordRequest(name=self.name))

    def explain_vain_wait(self):
        """What was waited for may have been forgotten, and not be late."""
        record = self.record()
        self.judge_told(record)
        raise Broken("it was waited for in vain; it is in %s" % State.Name(record.closure.state))

    def judge_told(self, record):
        """Every state that an answer told stands in the history, in that order: nothing acknowledged was lost."""
        states = iter([entry.to_state for entry in record.transitions])
        last = None
        for told in self.told:
            if told != last:
                demand(told in states, "%s was told and is not in the history" % State.Name(told))
            last = told

    def go_to_blocked(self):
        self.create()
        self.verify()
        self.agree()
        self.wait_for(State.Value("BLOCKED"))

    def go_to_ready(self):
        self.go_to_blocked()
        self.discard_all()
        self.wait_for(State.Value("READY"))

    def go_to_silent_period(self):
        self.go_to_ready()
        self.confirm()
        self.wait_for_silent_period()

    def wait_for_silent_period(self):
        """Until all that is done on entering it is done."""
        self.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                        and all(each.status == each.DONE for each in closure.participants))

    def recheck(self):
        return self.call("Recheck", service.RecheckRequest(name=self.name, request_id=str(uuid.uuid4())))

    def cancel(self):
        return self.call("CancelClosure", service.CancelClosureRequest(name=self.name, request_id=str(uuid.uuid4())))


class Way:
    """From nothing to one end."""

    end = None
    cause = None
    gone = False  # whether the account was deleted by another path
    events = ()  # what stands in the history besides, in this order: patterns of an event and its detail
    other_acts = {}  # how often acts are done where that is not what BOOKS says of the end
    notices = RESULT_NOTICES
    config = ""

    def __init__(self, orders):
        self.server = self.new_server(orders)
        try:
            self.owners = []
            self.owner = self.new_owner(ACCOUNT)
            self.go()
            self.owner.wait_for(State.Value(self.end))
            self.owner.wait_until(lambda closure: closure.HasField("personal_data_erase_time"))
            self.judge()
        finally:
            self.server.close()

    def new_server(self, orders):
        return MortalServer(orders, self.config)

    def new_owner(self, account_id):
        """One whose closure has to come to the end of this way, too."""
        self.server.outlive(lambda: self.server.load({"accounts": [account(account_id)]}))
        self.owners.append(PatientOwner(self.server, account_id))
        return self.owners[-1]

    def advance(self):
        self.server.outlive(lambda: self.server.advance(168))

    def bill(self):
        request = sandbox.IssueBillRequest(account_id=ACCOUNT, amount=money_pb2.Money(currency_code="USD", units=250))
        self.server.outlive(lambda: self.server.sandbox.IssueBill(request, timeout=CALL_SECONDS))

    # ---- what has to be true at the end ----

    def judge(self):
        self.judge_owners()
        while not self.server.stops_in_order():
            self.judge_owners()
        self.judge_files()

    def judge_owners(self):
        for owner in self.owners:
            record = owner.record()
            demand(not faults(record), "the history: %s" % "; ".join(faults(record)))
            owner.judge_told(record)
            self.judge_closure(record.closure)
            self.judge_books(owner, record.closure)
            if owner is self.owner:
                self.judge_events(record)

    def judge_closure(self, closure):
        demand(State.Name(closure.state) == self.end, "it ended as %s" % State.Name(closure.state))
        cause = pb.Closure.Cause.Name(closure.cause)
        demand(cause == self.cause, "the cause is %s, expected %s" % (cause, self.cause))

    def judge_events(self, record):
        """What this way is gone for did happen."""
        events = ["%s %s" % (entry.event, entry.detail) for entry in record.transitions]
        left = iter(events)
        for expected in self.events:
            demand(any(re.match(expected, event) for event in left),
                   "there is no %s where it should be in:\n%s" % (expected, "\n".join(events)))

    def judge_books(self, owner, closure):
        shown = self.server.outlive(lambda: self.server.show(owner.account))
        demand(shown.deleted == (self.gone or self.end == "CLOSED"), "the account is deleted: %s" % shown.deleted)
        kept = [field.name for field, value in shown.ListFields() if field.name in RESTRAINTS]
        demand(not kept, "the account is not given back as it was: %s" % ", ".join(kept))
        expected, done = self.books(), acts_done(shown)
        demand(done == expected, "acts and their keys: %s, expected %s" % (done, expected))
        notices = result_notices(self.server.outlive(lambda: self.server.inbox(owner.account)))
        demand(len(notices) == self.notices, "%d notices of the result, expected %d" % (len(notices), self.notices))
        money = money_faults(closure, shown, expected) + telling_faults(closure, notices)
        demand(not money, "the money: %s" % "; ".join(money))

    def books(self):
        return dict(BOOKS[self.end], **self.other_acts)

    def judge_files(self):
        data = os.path.join(self.server.directory, "data")
        for name in ("closures.db", "cloud.db"):
            with sqlite3.connect("file:%s?mode=ro" % os.path.join(data, name), uri=True) as database:
                for pragma in ("integrity_check", "foreign_key_check"):
                    rows = database.execute("PRAGMA " + pragma).fetchall()
                    demand(rows in ([], [("ok",)]), "%s of %s: %s" % (pragma, name, rows[:3]))

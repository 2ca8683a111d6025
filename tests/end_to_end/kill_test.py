# SPDX-License-Identifier: Apache-2.0
"""SIGKILL in each state: the next start goes on, or nothing moves any more, and every outside act is done once under one key."""

import os
import sys
import time
import unittest
import uuid

import grpc

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from books import (BOOKS, RESULT_NOTICES, THAWS, account, acts_done, money_faults,  # noqa: E402
                   result_notices, telling_faults)
from closured_process import Closured, Owner, State  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402
from closure.v1 import operator_service_pb2 as operator  # noqa: E402

HANG = sandbox.SetFaultRequest.HANG
SECONDS = 60


class KillInEachState(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        self.server.load({"accounts": [account("kill-1")]})
        self.owner = Owner(self.server, "kill-1")

    # ---- the way, step by step; each takes up where the one before ended ----

    def to_identity_pending(self):
        self.owner.create()

    def to_agreement_pending(self):
        self.to_identity_pending()
        self.owner.verify()

    def to_blocked(self):
        self.to_agreement_pending()
        self.owner.agree()
        self.owner.wait_for(State.Value("BLOCKED"))

    def to_ready(self):
        self.to_blocked()
        self.owner.discard_all()
        self.owner.wait_for(State.Value("READY"))

    def to_silent_period(self):
        self.to_ready()
        self.owner.confirm()
        self.owner.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                              and all(each.status == each.DONE for each in closure.participants))

    def to_end(self, expected="CLOSED", **more):
        """From wherever the closure stands to its end."""
        steps = {
            "IDENTITY_PENDING": self.owner.verify,
            "AGREEMENT_PENDING": self.owner.agree,
            "BLOCKED": self.clear,
            "READY": self.owner.confirm,
            "SILENT_PERIOD": lambda: self.server.advance(168),
        }
        while True:
            closure = self.owner.wait_until(
                lambda each: State.Name(each.state) in list(steps) + ["CLOSED", "ABORTED"] and self.settled(each))
            state = State.Name(closure.state)
            if state in ("CLOSED", "ABORTED"):
                self.assertEqual(state, expected)
                break
            steps[state]()
            self.owner.wait_until(lambda each: each.revision > closure.revision)
        self.owner.wait_until(lambda each: each.HasField("personal_data_erase_time"))
        self.assert_books(expected, **more)

    def clear(self):
        if any(item.disposition == 2 and item.resolution == 1 for item in self.owner.items()):
            self.owner.discard_all()
        else:
            self.owner.call("Recheck", service.RecheckRequest(name=self.owner.name, request_id=str(uuid.uuid4())))

    @staticmethod
    def settled(closure):
        return State.Name(closure.state) != "SILENT_PERIOD" or all(each.status == each.DONE for each in closure.participants)

    def kill_in(self, state):
        """SIGKILL while the closure is in this state, and a new start; every state of the API has a test that does it."""
        self.assertEqual(State.Name(self.owner.get().state), state)
        self.server.restart()

    # ---- the books at the end ----

    def done(self, only=None):
        return acts_done(self.server.show("kill-1"), only)

    def assert_books(self, expected, **more):
        """Every act that was done, by method, and under how many keys, its money and what is told of it; `more` are those
        that the way to here adds."""
        shown, books = self.server.show("kill-1"), dict(BOOKS[expected], **more)
        self.assertEqual(shown.deleted, expected == "CLOSED")
        self.assertEqual(acts_done(shown), books)
        notices, closure = result_notices(self.server.inbox("kill-1")), self.owner.get()
        self.assertEqual(len(notices), RESULT_NOTICES)
        self.assertEqual(money_faults(closure, shown, books) + telling_faults(closure, notices), [])

    # ---- one test for each state ----

    def test_no_state_is_left_out(self):
        """[R11]"""
        tests = {name for name in dir(self) if name.startswith("test_")}
        states = set(State.keys()) - {"STATE_UNSPECIFIED"}
        self.assertEqual({state for state in states if "test_" + state.lower() not in tests}, set())

    def test_identity_pending(self):
        """[R11]"""
        self.to_identity_pending()
        self.kill_in("IDENTITY_PENDING")
        self.to_end()

    def test_agreement_pending(self):
        """[R11]"""
        self.to_agreement_pending()
        self.kill_in("AGREEMENT_PENDING")
        self.to_end()

    def test_checking(self):
        """[R11]"""
        self.to_agreement_pending()
        self.server.fault("ResourceService/ListResources", HANG)
        self.owner.agree()
        self.owner.wait_for(State.Value("CHECKING"))
        self.kill_in("CHECKING")
        self.to_end()

    def test_blocked(self):
        """[R11]"""
        self.to_blocked()
        self.kill_in("BLOCKED")
        self.to_end()

    def test_discarding(self):
        """[R11]"""
        self.to_blocked()
        self.server.fault("ResourceService/ReleaseResource", HANG)
        self.owner.discard_all()
        self.owner.wait_for(State.Value("DISCARDING"))
        self.kill_in("DISCARDING")
        self.to_end()

    def test_discarding_with_a_lost_reply(self):
        """[R11]"""
        self.to_blocked()
        self.server.fault("ResourceService/ReleaseResource", sandbox.SetFaultRequest.UNAVAILABLE_AFTER)
        self.owner.discard_all()
        self.owner.wait_for(State.Value("DISCARDING"))
        deadline = time.monotonic() + SECONDS
        while not self.done("ReleaseResource"):
            self.assertLess(time.monotonic(), deadline, "nothing was released")
        self.kill_in("DISCARDING")
        self.to_end()

    def test_ready(self):
        """[R11]"""
        self.to_ready()
        self.kill_in("READY")
        self.to_end()

    def test_confirming(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("BillingService/FreezeBilling", HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("CONFIRMING"))
        self.kill_in("CONFIRMING")
        self.to_end()

    def test_thawing(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("BillingService/FreezeBilling", HANG)
        self.server.fault("BillingService/ThawBilling", HANG)
        self.owner.confirm()
        # Billing alone is not frozen.
        self.owner.wait_until(lambda closure: closure.state == State.Value("CONFIRMING")
                              and [each.participant for each in closure.participants if each.status != each.DONE] == ["billing"])
        metadata = (("closure-actor", "operator:ann"),)
        hold = operator.HoldClosureRequest(name=self.owner.name, reason="a test", request_id=str(uuid.uuid4()))
        self.server.operators.HoldClosure(hold, metadata=metadata, timeout=30)
        self.owner.wait_for(State.Value("THAWING"))
        self.kill_in("THAWING")
        release = operator.ReleaseHoldRequest(name=self.owner.name, reason="a test", request_id=str(uuid.uuid4()))
        self.server.operators.ReleaseHold(release, metadata=metadata, timeout=30)
        self.owner.wait_for(State.Value("BLOCKED"))
        # What was frozen is thawed, and frozen once more.
        self.to_end(**dict.fromkeys(THAWS, 1), FreezeAccount=2, FreezeResources=2, Perform=4)

    def test_silent_period(self):
        """[R11]"""
        self.to_silent_period()
        self.kill_in("SILENT_PERIOD")
        self.to_end()

    def test_entering_the_silent_period(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("AccountService/TerminateSessions", HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("SILENT_PERIOD"))
        self.kill_in("SILENT_PERIOD")
        self.to_end()

    def test_final_check(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("BillingService/SealBilling", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("FINAL_CHECK"))
        self.kill_in("FINAL_CHECK")
        self.to_end()

    def test_deleting(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("ResourceService/PurgeData", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("DELETING"))
        self.kill_in("DELETING")
        self.to_end()

    def test_deleting_when_the_reply_to_the_last_act_is_lost(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("AccountService/DeleteAccount", sandbox.SetFaultRequest.UNAVAILABLE_AFTER)
        self.server.advance(168)
        self.owner.wait_until(lambda closure: closure.state == State.Value("DELETING") and any(
            each.participant == "account" and each.last_error for each in closure.participants))
        self.assertTrue(self.done("DeleteAccount"))
        self.kill_in("DELETING")
        self.to_end()

    def test_restoring(self):
        """[R11][R67]"""
        self.to_silent_period()
        bill = sandbox.IssueBillRequest(account_id="kill-1", amount=money_pb2.Money(currency_code="USD", units=250))
        self.server.sandbox.IssueBill(bill, timeout=30)
        self.server.fault("BillingService/UnsealBilling", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("RESTORING"))
        self.kill_in("RESTORING")
        self.to_end("ABORTED")

    def test_closed(self):
        """[R11]"""
        self.to_silent_period()
        self.to_end()
        self.assert_over("CLOSED")

    def test_aborted(self):
        """[R11][R68]"""
        self.to_silent_period()
        bill = sandbox.IssueBillRequest(account_id="kill-1", amount=money_pb2.Money(currency_code="USD", units=250))
        self.server.sandbox.IssueBill(bill, timeout=30)
        self.to_end("ABORTED")
        self.assert_over("ABORTED")

    def test_cancelled(self):
        """[R11]"""
        self.to_agreement_pending()
        self.owner.call("CancelClosure", service.CancelClosureRequest(name=self.owner.name, request_id=str(uuid.uuid4())))
        self.assert_over("CANCELLED")

    def test_expired(self):
        """[R11]"""
        self.to_agreement_pending()
        self.server.advance(24)
        self.owner.wait_for(State.Value("EXPIRED"))
        self.assert_over("EXPIRED")

    def assert_over(self, state):
        """Killed in an end, a closure stays at it, nothing is done twice, and its account can be closed again unless it is gone."""
        before = self.owner.get()
        self.kill_in(state)
        after = self.owner.get()
        self.assertEqual((after.state, after.end_time), (before.state, before.end_time))
        if state in ("CLOSED", "ABORTED"):
            self.assert_books(state)
        if state == "CLOSED":
            with self.assertRaises(grpc.RpcError) as refused:
                Owner(self.server, "kill-1").create()
            self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        else:
            self.assertEqual(Owner(self.server, "kill-1").create().state, State.Value("IDENTITY_PENDING"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

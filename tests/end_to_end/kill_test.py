# SPDX-License-Identifier: Apache-2.0
"""SIGKILL in each state that does not end by itself: the next start goes on, and every outside act is done once under one key."""

import collections
import os
import sys
import unittest
import uuid

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closured_process import Closured, Owner, State  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402
from closure.v1 import operator_service_pb2 as operator  # noqa: E402

HANG = sandbox.SetFaultRequest.HANG
RESULT_NOTICES = 2


def account(account_id):
    return {
        "accountId": account_id,
        "email": {"address": account_id + "@example.com"},
        "phone": {"address": "+8613890000021"},
        "sessions": [{"sessionId": "s1", "identity": "root"}],
        "funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}],
        "resources": [{
            "resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
            "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": True,
            "consoleUri": "https://ecs.console.example.com/i-1"}],
    }


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

    def to_end(self, expected="CLOSED"):
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
        self.assert_books(expected)

    def clear(self):
        if any(item.disposition == 2 and item.resolution == 1 for item in self.owner.items()):
            self.owner.discard_all()
        else:
            from closure.v1 import closure_service_pb2 as service
            self.owner.call("Recheck", service.RecheckRequest(name=self.owner.name, request_id=str(uuid.uuid4())))

    @staticmethod
    def settled(closure):
        return State.Name(closure.state) != "SILENT_PERIOD" or all(each.status == each.DONE for each in closure.participants)

    # ---- the books at the end ----

    def assert_books(self, expected):
        shown = self.server.show("kill-1")
        self.assertEqual(shown.deleted, expected == "CLOSED")
        keys = collections.defaultdict(set)
        for act in shown.acts:
            if act.outcome == "DONE":
                keys[act.method.rsplit("/", 1)[1]].add(act.idempotency_key)
        once = ["ForfeitBalance", "TerminateSessions", "CreateServiceLinkedRole", "DeleteServiceLinkedRole", "ReleaseResource", "SealBilling"]
        once += ["VoidDebt", "PurgeData", "UnbindThirdParties", "DeleteAccount"] if expected == "CLOSED" else ["UnsealBilling"]
        for method in once:
            self.assertEqual(len(keys[method]), 1, "%s was done under %s" % (method, keys[method]))
        if expected == "ABORTED":
            for method in ("VoidDebt", "PurgeData", "DeleteAccount"):
                self.assertFalse(keys[method])
        notices = [message for message in self.server.inbox("kill-1") if "/notice/" in message.idempotency_key]
        self.assertEqual(len(notices), RESULT_NOTICES)

    # ---- one test for each state ----

    def test_identity_pending(self):
        """[R11]"""
        self.to_identity_pending()
        self.server.restart()
        self.to_end()

    def test_agreement_pending(self):
        """[R11]"""
        self.to_agreement_pending()
        self.server.restart()
        self.to_end()

    def test_checking(self):
        """[R11]"""
        self.to_agreement_pending()
        self.server.fault("ResourceService/ListResources", HANG)
        self.owner.agree()
        self.owner.wait_for(State.Value("CHECKING"))
        self.server.restart()
        self.to_end()

    def test_blocked(self):
        """[R11]"""
        self.to_blocked()
        self.server.restart()
        self.to_end()

    def test_discarding(self):
        """[R11]"""
        self.to_blocked()
        self.server.fault("ResourceService/ReleaseResource", HANG)
        self.owner.discard_all()
        self.owner.wait_for(State.Value("DISCARDING"))
        self.server.restart()
        self.to_end()

    def test_discarding_with_a_lost_reply(self):
        """[R11]"""
        self.to_blocked()
        self.server.fault("ResourceService/ReleaseResource", sandbox.SetFaultRequest.UNAVAILABLE_AFTER)
        self.owner.discard_all()
        self.owner.wait_for(State.Value("DISCARDING"))
        self.server.restart()
        self.to_end()

    def test_ready(self):
        """[R11]"""
        self.to_ready()
        self.server.restart()
        self.to_end()

    def test_confirming(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("BillingService/FreezeBilling", HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("CONFIRMING"))
        self.server.restart()
        self.to_end()

    def test_thawing(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("BillingService/FreezeBilling", HANG)
        self.server.fault("BillingService/ThawBilling", HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("CONFIRMING"))
        metadata = (("closure-actor", "operator:ann"),)
        hold = operator.HoldClosureRequest(name=self.owner.name, reason="a test", request_id=str(uuid.uuid4()))
        self.server.operators.HoldClosure(hold, metadata=metadata, timeout=30)
        self.owner.wait_for(State.Value("THAWING"))
        self.server.restart()
        release = operator.ReleaseHoldRequest(name=self.owner.name, reason="a test", request_id=str(uuid.uuid4()))
        self.server.operators.ReleaseHold(release, metadata=metadata, timeout=30)
        self.owner.wait_for(State.Value("BLOCKED"))
        self.to_end()

    def test_silent_period(self):
        """[R11]"""
        self.to_silent_period()
        self.server.restart()
        self.to_end()

    def test_entering_the_silent_period(self):
        """[R11]"""
        self.to_ready()
        self.server.fault("AccountService/TerminateSessions", HANG)
        self.owner.confirm()
        self.owner.wait_for(State.Value("SILENT_PERIOD"))
        self.server.restart()
        self.to_end()

    def test_final_check(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("BillingService/SealBilling", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("FINAL_CHECK"))
        self.server.restart()
        self.to_end()

    def test_deleting(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("ResourceService/PurgeData", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("DELETING"))
        self.server.restart()
        self.to_end()

    def test_deleting_when_the_reply_to_the_last_act_is_lost(self):
        """[R11]"""
        self.to_silent_period()
        self.server.fault("AccountService/DeleteAccount", sandbox.SetFaultRequest.UNAVAILABLE_AFTER)
        self.server.advance(168)
        self.owner.wait_until(lambda closure: any(each.participant == "account" and each.attempts > 0 for each in closure.participants))
        self.server.restart()
        self.to_end()

    def test_restoring(self):
        """[R11][R67]"""
        self.to_silent_period()
        bill = sandbox.IssueBillRequest(account_id="kill-1", amount=money_pb2.Money(currency_code="USD", units=250))
        self.server.sandbox.IssueBill(bill, timeout=30)
        self.server.fault("BillingService/UnsealBilling", HANG)
        self.server.advance(168)
        self.owner.wait_for(State.Value("RESTORING"))
        self.server.restart()
        self.to_end("ABORTED")


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""Money that is not what was renounced, and a notice that does not tell what is lost, are noticed."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from books import BOOKS, money_faults, telling_faults  # noqa: E402
from closure.sandbox.v1 import sandbox_service_pb2 as sandbox  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import money_pb2  # noqa: E402

EXECUTED, DROPPED = pb.Renunciation.EXECUTED, pb.Renunciation.DROPPED
LOST = "What was released or forfeited does not come back."


def usd(units, nanos=0):
    return money_pb2.Money(currency_code="USD", units=units, nanos=nanos)


def ended(state, balance, debt, **more):
    """A closure by what became of the two renunciations."""
    closure = pb.Closure(state=pb.Closure.State.Value(state), **more)
    closure.renunciations.add(kind=pb.BALANCE, amount=usd(20), status=balance)
    closure.renunciations.add(kind=pb.DEBT, amount=usd(5), status=debt)
    return closure


def shown(**amounts):
    """What the cloud shows after these acts."""
    answer = sandbox.ShowAccountResponse()
    for method, amount in amounts.items():
        answer.acts.add(method="closure.upstream.v1.BillingService/" + method, outcome="DONE", amount=amount)
    return answer


class Money(unittest.TestCase):
    def setUp(self):
        self.closure = ended("CLOSED", EXECUTED, EXECUTED)
        self.shown = shown(ForfeitBalance=usd(20), VoidDebt=usd(5))

    def faults(self, end="CLOSED"):
        return money_faults(self.closure, self.shown, BOOKS[end])

    def test_what_was_renounced_and_due_was_taken(self):
        self.assertEqual(self.faults(), [])
        self.closure = ended("ABORTED", EXECUTED, DROPPED)
        self.shown = shown(ForfeitBalance=usd(20))
        self.assertEqual(self.faults("ABORTED"), [])
        self.closure = ended("CANCELLED", DROPPED, DROPPED)
        self.shown = shown()
        self.assertEqual(self.faults("CANCELLED"), [])

    def test_another_amount_is_noticed(self):
        self.shown.acts[0].amount.nanos = 10000000
        self.assertEqual(self.faults(), [
            "BALANCE 20.01 USD, DEBT 5 USD was taken, due was BALANCE 20 USD, DEBT 5 USD",
            "BALANCE 20.01 USD, DEBT 5 USD was taken, the record says BALANCE 20 USD, DEBT 5 USD"])

    def test_another_currency_is_noticed(self):
        self.shown.acts[1].amount.currency_code = "EUR"
        self.assertEqual(len(self.faults()), 2)

    def test_the_same_wrong_amount_in_books_and_record_is_noticed(self):
        self.shown.acts[0].amount.units = self.closure.renunciations[0].amount.units = 21
        self.assertEqual(self.faults(), [
            "BALANCE 21 USD, DEBT 5 USD was taken, due was BALANCE 20 USD, DEBT 5 USD"])

    def test_money_that_is_taken_twice_or_not_at_all_is_noticed(self):
        self.shown.acts.add().CopyFrom(self.shown.acts[0])
        self.assertEqual(len(self.faults()), 2)
        self.shown.acts[0].outcome = self.shown.acts[2].outcome = "FACTS_MOVED"
        self.assertEqual(len(self.faults()), 2)

    def test_a_record_of_another_amount_or_status_is_noticed(self):
        self.closure.renunciations[0].amount.units = 19
        self.assertEqual(len(self.faults()), 1)
        self.closure = ended("CLOSED", EXECUTED, pb.Renunciation.RECORDED)
        self.assertEqual(len(self.faults()), 1)

    def test_a_voided_debt_of_an_account_that_stays_is_noticed(self):
        self.assertEqual(self.faults("ABORTED"), [
            "BALANCE 20 USD, DEBT 5 USD was taken, due was BALANCE 20 USD",
            "DEBT 5 USD was kept, the record says nothing"])

    def test_a_renunciation_that_was_not_made_or_is_left_open_is_noticed(self):
        self.closure, self.shown = ended("CANCELLED", DROPPED, pb.Renunciation.RECORDED), shown()
        self.assertEqual(len(self.faults("CANCELLED")), 1)
        self.closure = ended("CANCELLED", DROPPED, DROPPED)
        self.closure.renunciations.add(kind=pb.DEBT, amount=usd(1), status=pb.Renunciation.RECORDED)
        self.assertEqual(len(self.faults("CANCELLED")), 1)


class Telling(unittest.TestCase):
    @staticmethod
    def faults(closure, *bodies):
        return telling_faults(closure, [sandbox.InboxMessage(body=body) for body in bodies])

    def test_each_notice_tells_of_a_balance_that_is_lost(self):
        aborted = ended("ABORTED", EXECUTED, DROPPED)
        self.assertEqual(self.faults(aborted, LOST, LOST), [])
        self.assertEqual(self.faults(aborted, LOST, "It is restored."), [
            "a balance was forfeited, and the notice reads: It is restored."])

    def test_no_notice_tells_of_one_that_is_kept(self):
        cancelled = ended("CANCELLED", DROPPED, DROPPED)
        self.assertEqual(self.faults(cancelled, "It is cancelled."), [])
        self.assertEqual(self.faults(cancelled, LOST), ["a balance was kept, and the notice reads: " + LOST])

    def test_nobody_is_owed_it_whose_account_is_gone(self):
        self.assertEqual(self.faults(ended("CLOSED", EXECUTED, EXECUTED), "It is closed."), [])
        gone = ended("ABORTED", EXECUTED, DROPPED, cause=pb.Closure.ACCOUNT_GONE)
        self.assertEqual(self.faults(gone, "It has ended."), [])


if __name__ == "__main__":
    unittest.main()

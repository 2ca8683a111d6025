# SPDX-License-Identifier: Apache-2.0
"""What every checker of examples/ keeps to, whatever it is written in."""

import os
import shutil
import time

import grpc
from closure.v1 import checker_service_pb2 as checker
from closure.v1 import checker_service_pb2_grpc as checker_grpc
from closure.v1 import closure_pb2 as pb
from example_process import SECONDS, SOURCE, ProcessRules

ACCOUNT = "1000000001"
MANY = 5000
RELEASED = checker.DiscardResponse.RELEASED
FACTS_MOVED = checker.DiscardResponse.FACTS_MOVED
FENCED = checker.DiscardResponse.FENCED
REFUSED = checker.DiscardResponse.REFUSED


class CheckerRules(ProcessRules):
    """A derived class says `name`, the program's `sample`, what a `thing()` is in the data, and its native id."""

    def start(self):
        super().start()
        self.stub = checker_grpc.CheckerServiceStub(self.example.channel)

    def load(self, things, **others):
        self.example.write({ACCOUNT: {self.name: things}, **others})

    def load_two(self):
        """One that can be released and one that cannot."""
        self.load([self.thing("a"), self.thing("b", releasable=False)])

    def request(self, account=ACCOUNT, seconds=None, **fields):
        request = checker.CheckRequest(**{"account_id": account, "phase": pb.SCAN, "language_code": "en", **fields})
        request.check_time.FromSeconds(int(time.time()) if seconds is None else seconds)
        return request

    def check(self, **fields):
        """The items and the summary of a whole answer."""
        *items, last = self.stub.Check(self.request(**fields), timeout=SECONDS)
        self.assertTrue(all(each.HasField("item") and each.ByteSize() < 64 << 10 for each in items))
        self.assertTrue(last.HasField("summary"))
        self.assertEqual(last.summary.item_count, len(items))
        return [each.item for each in items], last.summary

    def discard_request(self, name="a", key="key-1", fence=7, expected=None, account=ACCOUNT):
        native_id = self.native_id(name)
        found = [each for each in self.check()[0] if each.native_id == native_id]
        return checker.DiscardRequest(
            account_id=account, closure="accounts/%s/closures/c" % account, native_id=native_id, idempotency_key=key,
            fence=fence, expected=expected or (found or self.shown)[0])

    def discard(self, *arguments, **fields):
        return self.stub.Discard(self.discard_request(*arguments, **fields), timeout=SECONDS).outcome

    def names(self):
        return [each.native_id for each in self.check()[0]]

    # Describe and Check.

    def test_says_what_it_is(self):
        described = self.stub.Describe(checker.DescribeRequest(), timeout=SECONDS)
        self.assertEqual(described.name, self.name)
        self.assertEqual(list(described.phases), [pb.PREVIEW, pb.SCAN, pb.CONFIRM, pb.FINAL])
        self.assertEqual(list(described.kinds), [pb.OTHER_ITEM])
        self.assertTrue(described.version)

    def test_reports_every_item_and_then_the_summary(self):
        self.load_two()
        (first, second), summary = self.check()
        self.assertEqual((first.native_id, second.native_id), (self.native_id("a"), self.native_id("b")))
        self.assertEqual((first.disposition, second.disposition), (pb.RENOUNCEABLE, pb.MUST_HANDLE))
        self.assertEqual(summary.account_id, ACCOUNT)
        for item in (first, second):
            self.assertEqual((item.kind, item.resolver, item.account_id), (pb.OTHER_ITEM, pb.OWNER, ACCOUNT))
            self.assertTrue(item.process_uri.startswith("https://console.example.com/"))
            for text, most in ((item.type, 100), (item.display_name, 255), (item.why, 500), (item.instructions, 1000)):
                self.assertTrue(0 < len(text) <= most)
        self.assertEqual(self.check()[0], [first, second])

    def test_an_unknown_account_has_nothing(self):
        items, summary = self.check(account="unknown")
        self.assertEqual((items, summary.account_id), ([], "unknown"))

    def test_facts_are_as_of_the_question_or_later(self):
        now = time.time()
        for seconds in (0, int(now), int(now) + 168 * 3600):
            as_of = self.check(seconds=seconds)[1].as_of_time
            self.assertGreaterEqual(as_of.seconds, max(seconds, int(now)))

    def test_speaks_the_language_it_is_asked_in_or_english(self):
        self.load_two()
        english, chinese = self.check()[0], self.check(language_code="zh-Hans-CN")[0]
        self.assertNotEqual(english[0].why, chinese[0].why)
        self.assertEqual(self.check(language_code="tlh")[0], english)
        self.assertEqual(self.check(language_code="")[0], english)

    def test_reads_its_system_for_every_question(self):
        self.load_two()
        self.assertEqual(len(self.names()), 2)
        self.load([self.thing("a")])
        self.assertEqual(self.names(), [self.native_id("a")])

    def test_the_sample_has_some_of_everything(self):
        shutil.copy(os.path.join(SOURCE, "examples", self.sample), self.example.data)
        items, _ = self.check(account="1000000002")
        self.assertEqual([each.disposition for each in items], [pb.RENOUNCEABLE, pb.MUST_HANDLE])
        self.assertEqual(len(self.check(account="2000000003")[0]), MANY)
        self.refused(grpc.StatusCode.UNAVAILABLE, self.stub.Check, self.request("2000000002"))
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.stub.Check, self.request("2000000001"), timeout=0.2)

    def test_refuses_a_check_without_what_is_required(self):
        self.check_lacking_fields(self.stub.Check, self.request(), ("account_id", "phase", "check_time"))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Check, self.request(phase=99))

    def test_is_unavailable_where_its_system_fails(self):
        self.load([], bad={"failing": True})
        self.refused(grpc.StatusCode.UNAVAILABLE, self.stub.Check, self.request("bad"))
        with open(self.example.data, "w", encoding="utf-8") as file:
            file.write("{")
        self.refused(grpc.StatusCode.UNAVAILABLE, self.stub.Check, self.request())

    def test_gives_up_what_nobody_waits_for(self):
        self.load([self.thing("a")], slow={"slow": True})
        calls = [self.stub.Check(self.request("slow"), timeout=SECONDS) for _ in range(100)]
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.stub.Check, self.request("slow"), timeout=0.2)
        self.example.wait_until_said(b"the call for slow was given up", 1)
        self.assertEqual(len(self.names()), 1)
        for call in calls:
            call.cancel()
        self.example.wait_until_said(b"the call for slow was given up", 101)

    def test_ends_in_order_while_a_call_hangs(self):
        self.load([], slow={"slow": True})
        call = self.stub.Check(self.request("slow"), timeout=SECONDS)
        self.check()
        self.assertEqual(self.example.stop(), (0, b""))
        with self.assertRaises(grpc.RpcError):
            next(call)

    def test_a_reader_who_stops_reading_holds_up_nobody(self):
        self.load([self.thing("a", repeat=MANY)])
        stalled = [self.stub.Check(self.request(), timeout=SECONDS) for _ in range(3)]
        first = [next(each).item.native_id for each in stalled]
        names = self.names()
        self.assertEqual((len(names), len(set(names))), (MANY, MANY))
        self.assertEqual(first, names[:1] * 3)
        *rest, last = stalled[0]
        self.assertEqual((len(rest), last.summary.item_count), (MANY - 1, MANY))

    # Discard.

    def setUp(self):
        super().setUp()
        self.load_two()
        self.shown = self.check()[0]

    def test_releases_once(self):
        for _ in range(3):
            self.assertEqual(self.discard(), RELEASED)
            self.assertEqual(self.names(), [self.native_id("b")])
        self.assertEqual(self.example.acts(ACCOUNT), [self.native_id("a")])

    def test_refuses_a_discard_without_what_is_required(self):
        whole = self.discard_request()
        self.check_lacking_fields(self.stub.Discard, whole, (
            "account_id", "closure", "native_id", "expected", "idempotency_key", "fence"))
        whole.fence = -1
        self.assertIn("fence", self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Discard, whole))
        self.assertEqual(self.example.entries(), [])

    def test_a_key_is_for_one_item_of_one_account(self):
        self.assertEqual(self.discard(), RELEASED)
        for other in (self.discard_request("b"), self.discard_request(account="other")):
            self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Discard, other)

    def test_the_highest_fence_counts(self):
        self.assertEqual(self.discard("b", fence=2 ** 62 + 1), REFUSED)
        self.assertEqual(self.discard(fence=2 ** 62), FENCED)
        self.assertEqual(self.discard(fence=2 ** 62 + 1), RELEASED)
        self.assertEqual(self.discard(fence=1), RELEASED)
        self.assertEqual(self.discard("c", key="key-2", fence=1), FENCED)
        self.assertEqual(self.discard(key="key-3", fence=1, account="other"), FACTS_MOVED)

    def test_a_repetition_raises_the_fence_too(self):
        self.assertEqual(self.discard(fence=7), RELEASED)
        self.assertEqual(self.discard(fence=9), RELEASED)
        self.assertEqual(self.discard("b", key="key-2", fence=8), FENCED)

    def test_releases_nothing_of_which_other_facts_were_shown(self):
        for field, value in (("kind", pb.DOMAIN_NAME), ("disposition", pb.MUST_HANDLE), ("native_state", "other")):
            with self.subTest(field):
                expected = self.discard_request().expected
                setattr(expected, field, value)
                self.assertEqual(self.discard(expected=expected), FACTS_MOVED)
        expected = self.discard_request().expected
        expected.amount.currency_code = "USD"
        self.assertEqual(self.discard(expected=expected), FACTS_MOVED)
        self.assertEqual(self.discard("unknown"), FACTS_MOVED)
        # Texts are no facts.
        expected.ClearField("amount")
        expected.why = expected.display_name = ""
        self.assertEqual(self.discard(expected=expected), RELEASED)

    def test_a_refusal_keeps_no_key(self):
        self.assertEqual(self.discard("b"), REFUSED)
        self.load([self.thing("b")])
        self.assertEqual(self.discard("b"), RELEASED)

    def test_of_many_calls_at_once_one_releases(self):
        same = [self.stub.Discard.future(self.discard_request(), timeout=SECONDS) for _ in range(50)]
        self.assertEqual({each.result().outcome for each in same}, {RELEASED})
        self.load([self.thing("c")])
        others = [self.discard_request("c", key="other-%d" % number) for number in range(50)]
        calls = [self.stub.Discard.future(each, timeout=SECONDS) for each in others]
        outcomes = [each.result().outcome for each in calls]
        self.assertEqual((outcomes.count(RELEASED), outcomes.count(FACTS_MOVED)), (1, 49))
        self.assertEqual(self.example.acts(ACCOUNT), [self.native_id("a"), self.native_id("c")])

    def test_keeps_over_a_kill_what_it_answered(self):
        self.assertEqual(self.discard(fence=7), RELEASED)
        self.assertEqual(self.discard("b", key="key-2", fence=9), REFUSED)
        self.example.kill()
        self.start()
        self.assertEqual(self.names(), [self.native_id("b")])
        self.assertEqual(self.discard(fence=7), RELEASED)
        self.assertEqual(self.discard("b", key="key-2", fence=8), FENCED)
        self.assertEqual(self.example.acts(ACCOUNT), [self.native_id("a")])

    def test_a_torn_last_line_counts_for_nothing(self):
        self.load([self.thing("a"), self.thing("c")])
        self.assertEqual(self.discard(), RELEASED)
        self.example.kill()
        with open(self.example.journal, "ab") as file:
            file.write(b'{"account_id": "%s", "fence": "99", "key": "key-2", "done": "' % ACCOUNT.encode())
        self.start()
        self.assertEqual(self.discard("c", key="key-2", fence=8), RELEASED)
        self.example.kill()
        self.start()
        self.assertEqual(self.names(), [])
        self.assertEqual(self.example.acts(ACCOUNT), [self.native_id("a"), self.native_id("c")])

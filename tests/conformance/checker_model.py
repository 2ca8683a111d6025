# SPDX-License-Identifier: Apache-2.0
"""A checker that keeps its contract, and one for each way to break it."""

import threading

import grpc
from closure.v1 import checker_service_pb2 as checker
from closure.v1 import closure_pb2 as pb
from google.protobuf import timestamp_pb2
from plugin_server import Served

ACCOUNT, MANY, SLOW, FAILING = "1000000001", "1000000003", "1000000004", "1000000005"
RELEASABLE = "disk/2"
MANY_ITEMS = 3000
METHODS = (("Describe", checker.DescribeRequest, False), ("Check", checker.CheckRequest, True),
           ("Discard", checker.DiscardRequest, False))
Response = checker.DiscardResponse


def item(native_id, disposition=pb.MUST_HANDLE, **more):
    fields = {"native_id": native_id, "kind": pb.SUBSCRIPTION_RESOURCE, "disposition": disposition, "type": "disks/disk",
              "display_name": native_id, "why": "It is there.", "resolver": pb.OWNER, "instructions": "Delete it.",
              "process_uri": "https://console.example.com/disks", "native_state": "attached"}
    fields.update(more)
    return checker.ReportedItem(**fields)


def piece(reported):
    return checker.CheckResponse(item=reported)


class Model:
    """Keeps every promise. What a broken one does otherwise, it overrides."""

    workers = 80
    name, version = "disks", "1.0"
    phases = (pb.PREVIEW, pb.SCAN, pb.CONFIRM, pb.FINAL)

    def __init__(self):
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.keys = {}
        self.fences = {}
        self.released = set()

    def close(self):
        self.closing.set()

    # ---- Describe ----

    def Describe(self, request, context):
        return checker.CheckerDescription(name=self.name, version=self.version, phases=self.phases,
                                          kinds=[pb.SUBSCRIPTION_RESOURCE])

    # ---- Check ----

    def items(self, account):
        if account == MANY:
            return [item("disk/%d" % number, instructions="Delete it. " * 90) for number in range(MANY_ITEMS)]
        if account != ACCOUNT:
            return []
        both = [item("disk/1"), item(RELEASABLE, pb.RENOUNCEABLE)]
        return [each for each in both if each.native_id not in self.released]

    def summary(self, request, count):
        return checker.CheckSummary(item_count=count, as_of_time=request.check_time, account_id=request.account_id)

    def takes_part(self, phase):
        return phase in (self.phases or range(1, 5))

    def judge(self, request, context):
        for field, missing in (("account_id", not request.account_id), ("phase", not self.takes_part(request.phase)),
                               ("check_time", not request.HasField("check_time"))):
            if missing:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, field + " is required")

    def source_fails(self, context):
        context.abort(grpc.StatusCode.UNAVAILABLE, "the disks are down")

    def source_hangs(self, context):
        """Returns when nobody waits any more."""
        left = threading.Event()
        if context.add_callback(left.set):
            left.wait(60)
        context.abort(grpc.StatusCode.CANCELLED, "nobody waits")

    def pieces(self, request):
        found = self.items(request.account_id)
        yield from (piece(each) for each in found)
        yield checker.CheckResponse(summary=self.summary(request, len(found)))

    def Check(self, request, context):
        self.judge(request, context)
        if request.account_id == FAILING:
            self.source_fails(context)
        if request.account_id == SLOW:
            self.source_hangs(context)
        yield from self.pieces(request)

    # ---- Discard ----

    def judge_discard(self, request, context):
        for field in ("account_id", "closure", "native_id", "idempotency_key"):
            if not getattr(request, field):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, field + " is required")
        if request.fence <= 0 or not request.HasField("expected"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "fence and expected are required")

    def key_of(self, request):
        return (request.account_id, request.native_id)

    def is_fenced(self, request):
        highest = self.fences.get(request.account_id, 0)
        self.fences[request.account_id] = max(highest, request.fence)
        return request.fence < highest

    def current(self, request):
        return {each.native_id: each for each in self.items(request.account_id)}.get(request.native_id)

    def moved(self, request):
        current = self.current(request)
        facts = ("kind", "disposition", "amount", "native_state")
        return current is None or any(getattr(current, fact) != getattr(request.expected, fact) for fact in facts)

    def refused(self, request):
        current = self.current(request)
        return current is not None and current.disposition != pb.RENOUNCEABLE

    def release(self, request):
        self.released.add(request.native_id)

    def discard(self, request, context):
        known = self.keys.get(request.idempotency_key)
        if known is not None and known != self.key_of(request):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "idempotency_key was used for another item")
        if known is not None:
            return Response(outcome=Response.RELEASED)
        if self.is_fenced(request):
            return Response(outcome=Response.FENCED)
        if self.moved(request):
            return Response(outcome=Response.FACTS_MOVED)
        if self.refused(request):
            return Response(outcome=Response.REFUSED)
        self.release(request)
        self.keys[request.idempotency_key] = self.key_of(request)
        return Response(outcome=Response.RELEASED)

    def Discard(self, request, context):
        self.judge_discard(request, context)
        with self.lock:
            return self.discard(request, context)


def serve(model):
    return Served("closure.v1.CheckerService", model, METHODS, model.workers)


# ---- what it says of itself ----


class NamedBadly(Model):
    name = "Disks of ours"


class WithoutVersion(Model):
    version = ""


class WithoutPhases(Model):
    phases = ()


class OtherEachTime(Model):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def Describe(self, request, context):
        said = super().Describe(request, context)
        self.calls += 1
        said.version = "1.%d" % self.calls
        return said


# ---- what it answers ----


class NotInEveryPhase(Model):
    def pieces(self, request):
        if request.phase == pb.FINAL:
            raise RuntimeError("not thought of")
        return super().pieces(request)


class Sending(Model):
    """Sends other pieces about the ordinary account."""

    def sent(self, request):
        raise NotImplementedError

    def pieces(self, request):
        if request.account_id != ACCOUNT:
            return super().pieces(request)
        return self.sent(request)


class WithItem(Sending):
    """Sends one item, which is wrong."""

    wrong = {}

    def sent(self, request):
        yield piece(item("disk/1", **self.wrong))
        yield checker.CheckResponse(summary=self.summary(request, 1))


class NegativeMoney(WithItem):
    wrong = {"amount": {"currency_code": "USD", "units": -5}}


class OverflowingMoney(WithItem):
    wrong = {"amount": {"currency_code": "USD", "units": 1, "nanos": 2_000_000_000}}


class RenouncingTooMuch(WithItem):
    name = "billing"
    wrong = {"kind": pb.DEBT, "disposition": pb.RENOUNCEABLE, "amount": {"currency_code": "USD", "units": 11}}

    def Describe(self, request, context):
        return checker.CheckerDescription(name=self.name, version=self.version, phases=self.phases, kinds=[pb.DEBT])


class OfAnotherAccount(WithItem):
    wrong = {"account_id": "1000000002"}


class WithControlCharacters(WithItem):
    wrong = {"display_name": "disk\x1b[2J"}


class WithAPlainLink(WithItem):
    wrong = {"process_uri": "http://console.example.com"}


class OfAKindNotNamed(WithItem):
    wrong = {"kind": pb.DOMAIN_NAME}


class WithoutInstructions(WithItem):
    wrong = {"instructions": ""}


class TooLarge(WithItem):
    wrong = {"why": "x" * 70000}


class TwiceTheSame(Sending):
    def sent(self, request):
        yield piece(item("disk/1"))
        yield piece(item("disk/1"))
        yield checker.CheckResponse(summary=self.summary(request, 2))


class WithoutSummary(Sending):
    def sent(self, request):
        yield piece(item("disk/1"))


class CountingBadly(Sending):
    def sent(self, request):
        yield piece(item("disk/1"))
        yield checker.CheckResponse(summary=self.summary(request, 2))


class AboutAnotherAccount(Sending):
    def sent(self, request):
        summary = self.summary(request, 0)
        summary.account_id = "1000000002"
        yield checker.CheckResponse(summary=summary)


class GoingOnBehindTheSummary(Sending):
    def sent(self, request):
        yield checker.CheckResponse(summary=self.summary(request, 0))
        yield piece(item("disk/1"))


class OldFacts(Sending):
    def sent(self, request):
        summary = self.summary(request, 0)
        summary.as_of_time.seconds -= 3600
        yield checker.CheckResponse(summary=summary)


class FactsOfTomorrow(Sending):
    def sent(self, request):
        summary = self.summary(request, 0)
        summary.as_of_time.seconds += 86400
        yield checker.CheckResponse(summary=summary)


class NotUtf8(Sending):
    def sent(self, request):
        # Field 1, which has field 1, the native id, of one byte that begins no character.
        yield b"\x0a\x03\x0a\x01\xff"
        yield checker.CheckResponse(summary=self.summary(request, 1))


class Endless(Sending):
    def sent(self, request):
        number = 0
        while not self.closing.is_set():
            number += 1
            yield piece(item("disk/%d" % number))


class NeverEnding(Sending):
    def sent(self, request):
        yield piece(item("disk/1"))
        self.closing.wait(60)


class Unsteady(Model):
    def __init__(self):
        super().__init__()
        self.checks = 0

    def pieces(self, request):
        self.checks += 1
        yield piece(item("disk/%d" % self.checks))
        yield checker.CheckResponse(summary=self.summary(request, 1))


class InEveryPhase(Model):
    """Answers also where it says that it takes no part."""

    phases = (pb.PREVIEW, pb.SCAN)

    def takes_part(self, phase):
        return phase in range(1, 5)


class TakingAnything(Model):
    def judge(self, request, context):
        pass


class OfOneLanguage(Model):
    def Check(self, request, context):
        if request.language_code != "en":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "language_code")
        yield from super().Check(request, context)


class ByItsOwnClock(Model):
    def summary(self, request, count):
        summary = super().summary(request, count)
        now = timestamp_pb2.Timestamp()
        now.GetCurrentTime()
        summary.as_of_time.CopyFrom(now)
        return summary


class EmptyWhenItFails(Model):
    def source_fails(self, context):
        pass


class InternalWhenItFails(Model):
    def source_fails(self, context):
        raise RuntimeError("the disks are down")

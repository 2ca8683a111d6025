# SPDX-License-Identifier: Apache-2.0
"""A participant that keeps its contract, and one for each way to break it."""

import threading

import grpc
from closure.v1 import closure_pb2 as pb
from closure.v1 import participant_service_pb2 as participant
from plugin_server import Served

ACCOUNT = "1000000009"
METHODS = (("DescribeParticipant", participant.DescribeParticipantRequest, False),
           ("Perform", participant.PerformRequest, False))
Response = participant.PerformResponse
REQUIRED = ("phase", "stage", "account_id", "closure", "idempotency_key", "fence")


class Model:
    """Keeps every promise. What a broken one does otherwise, it overrides."""

    workers = 16
    name, version = "disks", "1.0"
    stages = ((pb.FREEZE, 1), (pb.THAW, 1), (pb.DELETE, 1), (pb.DELETE, 2), (pb.RESTORE, 1))

    def __init__(self):
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.keys = {}
        self.fences = {}
        self.acts = []

    def close(self):
        self.closing.set()

    def DescribeParticipant(self, request, context):
        stages = [participant.ParticipantDescription.PhaseStage(phase=phase, stage=stage) for phase, stage in self.stages]
        return participant.ParticipantDescription(name=self.name, version=self.version, stages=stages)

    def judge(self, request, context):
        for field in REQUIRED:
            if not getattr(request, field):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, field + " is required")

    def judge_stage(self, request, context):
        if (request.phase, request.stage) not in self.stages:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "it takes no part in this stage")

    def act_of(self, request):
        return (request.phase, request.stage, request.account_id)

    def is_fenced(self, request):
        highest = self.fences.get(request.account_id, 0)
        self.fences[request.account_id] = max(highest, request.fence)
        return request.fence < highest

    def repeated(self, request):
        """The answer to a key that is done; None where it is not."""
        return Response(outcome=Response.DONE) if request.idempotency_key in self.keys else None

    def act(self, request, context):
        self.acts.append(self.act_of(request))
        self.keys[request.idempotency_key] = self.act_of(request)
        return Response(outcome=Response.DONE)

    def perform(self, request, context):
        known = self.keys.get(request.idempotency_key)
        if known is not None and known != self.act_of(request):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "idempotency_key was used for another act")
        again = self.repeated(request)
        if again is not None:
            return again
        if self.is_fenced(request):
            return Response(outcome=Response.FENCED)
        return self.act(request, context)

    def Perform(self, request, context):
        self.judge(request, context)
        self.judge_stage(request, context)
        with self.lock:
            return self.perform(request, context)


def serve(model):
    return Served("closure.v1.ParticipantService", model, METHODS, model.workers)


class NamedBadly(Model):
    name = "Disks"


class InTooLateAStage(Model):
    stages = (*Model.stages, (pb.SEAL, 10))


class TwiceInAStage(Model):
    stages = (*Model.stages, (pb.FREEZE, 1))


class OtherEachTime(Model):
    def DescribeParticipant(self, request, context):
        self.stages = self.stages[1:] + self.stages[:1]
        return super().DescribeParticipant(request, context)


class TakingAnything(Model):
    def judge(self, request, context):
        pass

    def judge_stage(self, request, context):
        if request.phase and request.stage:
            super().judge_stage(request, context)


class DoneEverywhere(Model):
    def judge_stage(self, request, context):
        pass


class LookingAtTheStageAlone(Model):
    def judge_stage(self, request, context):
        if request.stage not in (stage for _, stage in self.stages):
            super().judge_stage(request, context)


class RememberingRefusals(Model):
    def perform(self, request, context):
        self.refusals = getattr(self, "refusals", {})
        if request.idempotency_key not in self.refusals:
            answer = super().perform(request, context)
            if answer.outcome == Response.DONE:
                return answer
            self.refusals[request.idempotency_key] = answer
        return self.refusals[request.idempotency_key]


class LookingAtAccountsAlone(Model):
    def act_of(self, request):
        return request.account_id


class NeverDone(Model):
    def act(self, request, context):
        return Response(outcome=Response.IN_PROGRESS)


class SayingNothing(Model):
    def act(self, request, context):
        return Response()


class TakingEachForDeleted(Model):
    def act(self, request, context):
        return Response(outcome=Response.ACCOUNT_DELETED)


class WithoutThaw(Model):
    stages = ((pb.FREEZE, 1), (pb.RESTORE, 1))


class ExecutingMoney(Model):
    def act(self, request, context):
        response = super().act(request, context)
        response.executed_fingerprints.append("00" * 32)
        return response


class RefusingWhatIsDone(Model):
    def repeated(self, request):
        return Response(outcome=Response.FACTS_MOVED) if request.idempotency_key in self.keys else None


class FencingWhatIsDone(Model):
    """Judges a key by the fence that it was first asked with."""

    def repeated(self, request):
        if request.idempotency_key not in self.keys:
            return None
        late = request.fence != self.first[request.idempotency_key]
        return Response(outcome=Response.FENCED if late else Response.DONE)

    def perform(self, request, context):
        self.first = getattr(self, "first", {})
        self.first.setdefault(request.idempotency_key, request.fence)
        return super().perform(request, context)


class FencingBeforeKeys(Model):
    def perform(self, request, context):
        if self.is_fenced(request):
            return Response(outcome=Response.FENCED)
        return super().perform(request, context)


class FailingAtOnce(Model):
    """Takes a key that is being worked on for a mistake."""

    def __init__(self):
        super().__init__()
        self.busy = set()

    def Perform(self, request, context):
        with self.lock:
            if request.idempotency_key in self.busy:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, "this key is being worked on")
            self.busy.add(request.idempotency_key)
        try:
            self.closing.wait(0.1)
            return super().Perform(request, context)
        finally:
            self.busy.discard(request.idempotency_key)


class StuckWhenLeft(Model):
    """Never goes on with an act whose caller left."""

    def __init__(self):
        super().__init__()
        self.begun = set()

    def act(self, request, context):
        if request.idempotency_key in self.begun:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "this act was begun before")
        self.begun.add(request.idempotency_key)
        left = threading.Event()
        # Works for half a second, unless its caller leaves.
        if not context.add_callback(left.set) or left.wait(0.5):
            context.abort(grpc.StatusCode.CANCELLED, "nobody waits")
        return super().act(request, context)


class WithoutFences(Model):
    def is_fenced(self, request):
        return False


class LookingAtKeysAlone(Model):
    def act_of(self, request):
        return "any"

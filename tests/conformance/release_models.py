# SPDX-License-Identifier: Apache-2.0
"""Checkers of which each breaks one promise about releases."""

import grpc
from checker_model import RELEASABLE, Model, Response


class ReleasingWhatIsNotThere(Model):
    def moved(self, request):
        return super().moved(request) and request.native_id in (RELEASABLE, "disk/1")


class TakingAnyRelease(Model):
    def judge_discard(self, request, context):
        pass


class NotLookingAtFacts(Model):
    def moved(self, request):
        return request.native_id not in (each.native_id for each in self.items(request.account_id))


class ComparingTheStateAlone(Model):
    def moved(self, request):
        current = self.current(request)
        return current is None or current.native_state != request.expected.native_state


class RememberingRefusals(Model):
    def discard(self, request, context):
        self.refusals = getattr(self, "refusals", {})
        if request.idempotency_key not in self.refusals:
            answer = super().discard(request, context)
            if answer.outcome == Response.RELEASED:
                return answer
            self.refusals[request.idempotency_key] = answer
        return self.refusals[request.idempotency_key]


class SayingThatItReleased(Model):
    def release(self, request):
        pass


class ForgettingKeys(Model):
    def Discard(self, request, context):
        self.keys.clear()
        return super().Discard(request, context)


class LookingAtKeysAlone(Model):
    def key_of(self, request):
        return "any"


class NotFoundWhereThereIsNothing(Model):
    def discard(self, request, context):
        if self.current(request) is None and request.idempotency_key not in self.keys:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such item")
        return super().discard(request, context)


class FencingBeforeKeys(Model):
    def discard(self, request, context):
        if self.is_fenced(request):
            return Response(outcome=Response.FENCED)
        return super().discard(request, context)


class SeeingFencesOfReleasesAlone(Model):
    def is_fenced(self, request):
        return request.fence < self.fences.get(request.account_id, 0)

    def release(self, request):
        super().release(request)
        self.fences[request.account_id] = request.fence


class ReleasingWhateverIsAskedFor(Model):
    def refused(self, request):
        return False


class WithoutFences(Model):
    def is_fenced(self, request):
        return False


class WithoutDiscard(Model):
    def Discard(self, request, context):
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "it releases nothing")

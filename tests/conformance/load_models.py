# SPDX-License-Identifier: Apache-2.0
"""Checkers of which each bears one kind of load badly."""

import threading

import grpc
from checker_model import Model, checker, piece


class BusyAtOnce(Model):
    """Takes eight at a time, and refuses the others."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def pieces(self, request):
        with self.lock:
            if self.asked >= 8:
                raise RuntimeError("too many")
            self.asked += 1
        self.closing.wait(0.02)
        with self.lock:
            self.asked -= 1
        return super().pieces(request)


class BusyForEverybodyAtOnce(Model):
    """Answers nobody as long as there is somebody else."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def Check(self, request, context):
        with self.lock:
            self.asked += 1
            crowd = self.asked
        try:
            self.closing.wait(0.05)
            if crowd > 1 or self.asked > 1:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "there is somebody else")
            yield from super().Check(request, context)
        finally:
            with self.lock:
                self.asked -= 1


class MixingUpAccounts(Model):
    """Answers about the account that it was asked about last."""

    def pieces(self, request):
        self.last = request.account_id
        self.closing.wait(0.05)
        found = self.items(self.last)
        for each in found:
            yield piece(each)
        yield checker.CheckResponse(summary=self.summary(request, len(found)))


class LosingItsPlaces(Model):
    """Has as many places as ask at once, and does not get back the place of a call that was left."""

    def __init__(self):
        super().__init__()
        self.places = 64

    def Check(self, request, context):
        with self.lock:
            if self.places == 0:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no place")
            self.places -= 1
        left = threading.Event()
        if not context.add_callback(left.set) or left.wait(0.3):
            return
        with self.lock:
            self.places += 1
        yield from super().Check(request, context)


class OfOnePage(Model):
    def items(self, account):
        return super().items(account)[:100]


class OfOneWorker(Model):
    workers = 1


class GoingOnWhenLeft(Model):
    workers = 8

    def source_hangs(self, context):
        self.closing.wait(60)
        context.abort(grpc.StatusCode.CANCELLED, "nobody waits")

# SPDX-License-Identifier: Apache-2.0
"""Lines 1, 2 and 4: calls to the server beside the same calls to a server that answers canned bytes."""

import contextlib
import shutil
import uuid

import grpc

from closure.v1 import account_gate_service_pb2 as gate
from closure.v1 import closure_service_pb2 as service
from closure.v1 import operator_service_pb2 as operator
from pairs import Comparison, Goal

ANSWER_SECONDS = 30
ACCOUNT = 1_000_000_000
STREAMS = (1, 64, 256)


def closure_name(number):
    return f"accounts/{ACCOUNT + number}/closures/{number:032x}"


# The method and the request of one call of each kind, whose answer the yardstick repeats.
SAMPLES = {
    "check-access": ("AccountGateService/CheckAccess",
                     gate.CheckAccessRequest(account=f"accounts/{ACCOUNT}", action="SIGN_IN"), None),
    "get-closure": ("ClosureService/GetClosure", service.GetClosureRequest(name=closure_name(0)), f"root:{ACCOUNT}"),
    "list-items": ("ClosureService/ListBlockingItems",
                   service.ListBlockingItemsRequest(parent=closure_name(0)), f"root:{ACCOUNT}"),
    "hold": ("OperatorService/HoldClosure",
             operator.HoldClosureRequest(name=closure_name(0), reason="a sample", request_id=str(uuid.uuid4())),
             "operator:bench"),
}


def keep_answer(programs, address, call):
    """The bytes that the server answers to one call of a kind, in a file; its path."""
    method, request, actor = SAMPLES[call]
    with grpc.insecure_channel(address) as channel:
        ask = channel.unary_unary(f"/closure.v1.{method}", request_serializer=type(request).SerializeToString)
        answer = ask(request, timeout=ANSWER_SECONDS, metadata=[("closure-actor", actor)] if actor else None)
    path = programs.path(f"{call}.answer")
    with open(path, "wb") as file:
        file.write(answer)
    return path


class Rig:
    """One database with closured on it and the plain design on a copy, and the bare server with one answer of theirs."""

    def __init__(self, programs, stack, name, call, closures, kind, items=0):
        self.programs, self.call, self.closures, self.items = programs, call, closures, items
        database = programs.fill(name, closures, kind, items)
        copy = shutil.copy(database, f"{database}.plain")
        self.ours = stack.enter_context(programs.closured(database))
        self.plain = stack.enter_context(programs.server("plain", "--database", copy))
        self.canned = keep_answer(programs, self.ours, call)
        self.bare = stack.enter_context(programs.server("bare", "--canned", self.canned))

    def load(self, target, streams, *arguments):
        return lambda: self.programs.loop("load", "--target", target, "--call", self.call, "--closures", self.closures,
                                          "--items", self.items, *arguments, streams=streams)

    def designs(self, streams):
        return {"ours": self.load(self.ours, streams),
                "yardstick": self.load(self.bare, streams, "--canned", self.canned),
                "plain": self.load(self.plain, streams)}


def count(programs, full, quick):
    return quick if programs.quick else full


@contextlib.contextmanager
def check_access(programs):
    with contextlib.ExitStack() as stack:
        rig = Rig(programs, stack, "gates", "check-access", count(programs, 10_000, 1_000), "silent")
        yield [Comparison("1", f"CheckAccess, {streams} streams", rig.designs(streams),
                          (Goal("per_second", at_least=0.90), Goal("p99_us", at_most=1.3))) for streams in STREAMS]


@contextlib.contextmanager
def get_closure_hot(programs):
    with contextlib.ExitStack() as stack:
        rig = Rig(programs, stack, "hot", "get-closure", 1_000, "blocked", items=20)
        items = Rig(programs, stack, "items", "list-items", 1_000, "blocked", items=20)
        yield [Comparison("2", f"{what}, hot, 64 streams", each.designs(64), (Goal("per_second", at_least=0.85),))
               for what, each in (("GetClosure", rig), ("ListBlockingItems of 20", items))]


@contextlib.contextmanager
def get_closure_cold(programs):
    with contextlib.ExitStack() as stack:
        closures = count(programs, 1_000_000, 2_000)
        rig = Rig(programs, stack, "cold", "get-closure", closures, "blocked")
        yield [Comparison("2", f"GetClosure, cold over {closures:,}, 64 streams", rig.designs(64),
                          (Goal("per_second", at_least=0.60),))]


def slower(*measures):
    """The figures of the slowest of several yardsticks."""
    return lambda: min((measure() for measure in measures), key=lambda figures: figures["per_second"])


@contextlib.contextmanager
def transition_rpc(programs):
    with contextlib.ExitStack() as stack:
        closures = count(programs, 10_000, 1_000)
        rig = Rig(programs, stack, "transitions", "hold", closures, "blocked", items=20)
        raw = programs.fill("transitions_raw", closures, "blocked", 20)

        def raw_commits(streams):
            return lambda: programs.loop("store", "--design", "raw", "--commit", "hold", "--database", raw,
                                         "--closures", closures, streams=streams)

        comparisons = []
        for streams, goal in ((1, None), (8, None), (64, 0.60), (256, 0.85)):
            designs = rig.designs(streams)
            designs["yardstick"] = slower(designs["yardstick"], raw_commits(streams))
            comparisons.append(Comparison("4", f"transition through gRPC, {streams} streams", designs,
                                          (Goal("per_second", at_least=goal),)))
        yield comparisons

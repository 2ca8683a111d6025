# SPDX-License-Identifier: Apache-2.0
"""Verifies the history of a closure as docs/record.md tells it, from that page alone."""

import hashlib

from closure.v1 import closure_pb2 as pb

State = pb.Closure.State


def state_name(state):
    return State.Name(state)


def entry_hash(closure, number, previous, entry):
    time = "%d.%09d" % (entry.create_time.seconds, entry.create_time.nanos)
    fields = ["closure.history.v1", closure, str(number), previous, state_name(entry.from_state), entry.event,
              state_name(entry.to_state), time, entry.actor, entry.detail]
    data = b"".join(len(field.encode()).to_bytes(8, "big") + field.encode() for field in fields)
    return hashlib.sha256(data).hexdigest()


def faults(record):
    """Every sentence against the history of a ClosureRecord; none when it is sound."""
    found = []
    previous, state = "0" * 64, State.Value("STATE_UNSPECIFIED")
    for number, entry in enumerate(record.transitions, 1):
        if entry.name != "%s/transitions/%d" % (record.closure.name, number):
            found.append("entry %d is named %s" % (number, entry.name))
        if entry.previous_hash != previous:
            found.append("entry %d does not follow the one before" % number)
        if entry.from_state != state:
            found.append("entry %d leaves %s, the one before led to %s" % (
                number, state_name(entry.from_state), state_name(state)))
        if entry.hash != entry_hash(record.closure.name, number, previous, entry):
            found.append("entry %d does not have its hash" % number)
        previous, state = entry.hash, entry.to_state
    if state != record.closure.state:
        found.append("the history ends in %s, the closure is %s" % (state_name(state), state_name(record.closure.state)))
    return found

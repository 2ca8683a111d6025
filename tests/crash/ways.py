# SPDX-License-Identifier: Apache-2.0
"""The ways that a closure goes when nobody but its owner and its bills decide, and the list of all ways."""

from books import THAWS
from closured_process import State
from halted_ways import HaltedAtConfirm, Halts
from other_ways import DiscardFails, GoneAtConfirm, GoneBeforeConfirm, GoneInSilentPeriod, NoticeGivenUp, ToExpired
from way import Way


class ToClosed(Way):
    """What may be renounced is; the silent period passes and the account is deleted."""

    end = "CLOSED"
    cause = "COMPLETED"

    def go(self):
        self.owner.go_to_silent_period()
        self.advance()


class ToAborted(Way):
    """A bill that comes late stops the deletion, and the account is given back."""

    end = "ABORTED"
    cause = "FINAL_CHECK_PROBLEM"

    def go(self):
        self.owner.go_to_silent_period()
        self.bill()
        self.advance()


class ToCancelled(Way):
    """Something new is found after the freezing, which is taken back; then the owner gives up."""

    end = "CANCELLED"
    cause = "OWNER_CANCELLED"
    events = ("confirm_failed", "thawed")
    other_acts = dict(dict.fromkeys(THAWS + ("FreezeAccount", "FreezeBilling", "FreezeResources"), 1), Perform=2)

    def go(self):
        self.owner.go_to_ready()
        self.bill()
        self.owner.confirm()
        self.owner.wait_until(lambda closure: closure.state == State.Value("BLOCKED"))
        self.owner.cancel()


WAYS = {
    "closed": ToClosed,
    "aborted": ToAborted,
    "cancelled": ToCancelled,
    "expired": ToExpired,
    "gone": GoneBeforeConfirm,
    "gone_at_confirm": GoneAtConfirm,
    "gone_in_silent_period": GoneInSilentPeriod,
    "late_confirm": HaltedAtConfirm,
    "halts": Halts,
    "notice": NoticeGivenUp,
    "discard": DiscardFails,
}

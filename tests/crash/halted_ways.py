# SPDX-License-Identifier: Apache-2.0
"""Ways on which somebody or something halts a closure that is closed in the end."""

from books import THAWS
from closured_process import State
from closure.v1 import closure_pb2 as pb
from closure.v1 import operator_service_pb2 as operator
from stubborn_cloud import StubbornCloud

MINUTE = 1 / 60  # of an hour
WEEK = 168


class HaltedAtConfirm(StubbornCloud):
    """A first Confirm times out, a second one is stopped by a hold, and the third goes on to the end."""

    end = "CLOSED"
    cause = "COMPLETED"
    events = ("confirm_failed", "thawed", "recheck", "confirm_failed", "thawed", "hold_released", "recheck", "deleted")
    # The archive's act is called Perform whatever it does: three times it freezes, twice it thaws, once it deletes.
    other_acts = dict(dict.fromkeys(THAWS, 2), FreezeAccount=3, FreezeResources=3, Perform=6)

    def go(self):
        self.owner.go_to_ready()
        self.refuse("FreezeBilling")
        self.confirm_in_vain()
        self.pass_time(1)
        self.back_to_ready("CONFIRM_TIMED_OUT")
        self.confirm_in_vain()
        self.hold()
        self.owner.wait_for(State.Value("BLOCKED"))
        self.release_hold()
        self.allow("FreezeBilling")
        self.back_to_ready("HALTED")
        self.owner.confirm()
        self.owner.wait_for_silent_period()
        self.pass_time(WEEK)

    def confirm_in_vain(self):
        """Until everybody but billing froze the account."""
        self.owner.confirm()
        self.owner.wait_until(
            lambda closure: closure.state == State.Value("CONFIRMING")
            and [each.participant for each in closure.participants if each.status != each.DONE] == ["billing"])

    def back_to_ready(self, cause):
        self.owner.wait_until(lambda closure: closure.state == State.Value("BLOCKED")
                              and closure.cause == pb.Closure.Cause.Value(cause))
        self.owner.recheck()
        self.owner.wait_for(State.Value("READY"))


class Halts(StubbornCloud):
    """A pause stops a release; hold, pause and breaker stop the end of a silent period, one after the other."""

    end = "CLOSED"
    cause = "COMPLETED"
    events = ("discard", "discard_settled", "hold_placed", "hold_released", "silent_period_elapsed", "deleted")
    # One silent period may end within an hour.
    config = "breaker { deletions_per_hour_min: 1 deletions_per_hour_permille: 1 }\n"

    def go(self):
        other = self.new_owner("crash-2")
        self.pause_at_discard()
        self.owner.confirm()
        self.owner.wait_for_silent_period()
        other.go_to_silent_period()
        self.hold()
        self.pause()
        self.pass_time(WEEK)
        other.wait_until(lambda closure: [wait.kind for wait in closure.waits] == [pb.Wait.PAUSE])
        self.resume()
        other.wait_for(State.Value("CLOSED"))
        self.wait_for_wait(pb.Wait.HOLD)
        self.release_hold()
        self.wait_for_wait(pb.Wait.BREAKER)
        self.operate("ReleaseBreaker", operator.ReleaseBreakerRequest(), "operator:ann")
        self.operate("ReleaseBreaker", operator.ReleaseBreakerRequest(), "operator:bob")

    def pause_at_discard(self):
        self.owner.go_to_blocked()
        self.refuse("ReleaseResource")
        self.owner.discard_all()
        self.wait_for_failure(operator.Task.DISCARD)
        self.pause()
        # Longer than a task that failed waits at most, and shorter than a discard may take.
        self.pass_time(6 * MINUTE)
        self.wait_for_wait(pb.Wait.PAUSE)
        self.allow("ReleaseResource")
        self.resume()
        self.owner.wait_for(State.Value("READY"))

# SPDX-License-Identifier: Apache-2.0
"""Ways on which an account goes elsewhere, nobody comes back, or a system does not do what it is asked for."""

from books import IN_BOTH
from closured_process import State
from closure.v1 import closure_pb2 as pb
from closure.v1 import operator_service_pb2 as operator
from stubborn_cloud import StubbornCloud
from way import demand

DAY = 24  # hours
# Of a closure that froze nothing.
BEFORE_FREEZING = {"SendMail": 2, "SendText": 1, "ReleaseResource": 1}


class ToExpired(StubbornCloud):
    """The owner does not come back; a month after the end the request ids are forgotten."""

    end = "EXPIRED"
    cause = "IDLE"
    events = ("idle", "notice_settled", "personal_data_erased")

    def go(self):
        self.owner.go_to_ready()
        self.pass_time(30 * DAY)
        self.owner.wait_until(lambda closure: closure.HasField("personal_data_erase_time"))
        self.pass_time(30 * DAY)
        self.wait_for_tasks(lambda tasks: not tasks)

    def books(self):
        return BEFORE_FREEZING


class Gone(StubbornCloud):
    cause = "ACCOUNT_GONE"
    gone = True
    events = ("account_gone",)


class GoneBeforeConfirm(Gone):
    """The account is deleted elsewhere; a scan finds it."""

    end = "CANCELLED"

    def go(self):
        self.owner.go_to_ready()
        self.delete_elsewhere()
        self.owner.recheck()


class GoneAtConfirm(Gone):
    """The account is deleted elsewhere; a freeze finds it, and what was frozen is restored."""

    end = "ABORTED"
    events = ("confirm", "account_gone", "restored")

    def go(self):
        self.owner.go_to_ready()
        self.delete_elsewhere()
        self.owner.confirm()

    def books(self):
        return BEFORE_FREEZING


class GoneInSilentPeriod(Gone):
    """The account is deleted elsewhere; the seal finds it."""

    end = "ABORTED"
    events = ("silent_period_elapsed", "account_gone", "restored")

    def go(self):
        self.owner.go_to_silent_period()
        self.delete_elsewhere()
        self.advance()

    def books(self):
        done = dict(IN_BOTH, Perform=1)
        del done["SealBilling"]
        return done


class DiscardFails(StubbornCloud):
    """A release is not answered until its deadline; then its facts have moved; the third time it is done."""

    end = "CANCELLED"
    cause = "OWNER_CANCELLED"
    events = ("discard ", "discard_settled .* not answered in time", "discard ", "discard_settled .* RELEASE_FAILED",
              "discard ", "discard_settled .* RELEASED", "scan_clean")
    # The release that found other facts is an act of its own, under a key of its own.
    other_acts = {"ReleaseResource": 2}

    def go(self):
        self.owner.go_to_blocked()
        self.refuse("ReleaseResource")
        self.owner.discard_all()
        self.wait_for_failure(operator.Task.DISCARD)
        self.pass_time(1)
        self.owner.wait_for(State.Value("BLOCKED"))
        self.allow("ReleaseResource")
        self.change_cloud("UPDATE resources SET state = 'Stopped'")
        self.owner.discard_all()
        self.owner.wait_for(State.Value("BLOCKED"))
        self.owner.discard_all()
        self.owner.wait_for(State.Value("READY"))
        self.owner.cancel()


class NoticeGivenUp(StubbornCloud):
    """Mails are refused for longer than they are tried; an operator tries once more, when the address is erased."""

    end = "CANCELLED"
    cause = "OWNER_CANCELLED"
    # Where the text stands among them hangs on the deaths; that it was delivered judge_closure says.
    events = ("cancel", "notice_settled EMAIL DEAD_LETTERED", "personal_data_erased", "task_retried NOTICE")
    notices = 1
    other_acts = {"SendMail": 1}

    def go(self):
        self.owner.go_to_ready()
        self.refuse("SendMail")
        self.owner.cancel()
        self.wait_for_failure(operator.Task.NOTICE)
        self.pass_time(4 * DAY)
        self.owner.wait_until(lambda closure: closure.HasField("personal_data_erase_time"))
        given_up = [task for task in self.tasks() if task.parked == operator.Task.DEAD_LETTER]
        demand(len(given_up) == 1, "%d tasks were given up" % len(given_up))
        self.allow("SendMail")
        self.operate("RetryTask", operator.RetryTaskRequest(name=given_up[0].name))
        self.wait_for_tasks(lambda tasks: all(task.kind != operator.Task.NOTICE for task in tasks))

    def judge_closure(self, closure):
        super().judge_closure(closure)
        statuses = {notice.channel: notice.status for notice in closure.notices}
        expected = {pb.EMAIL: pb.Notice.DEAD_LETTERED, pb.SMS: pb.Notice.DELIVERED}
        demand(statuses == expected, "the notices stand at %s, expected %s" % (statuses, expected))

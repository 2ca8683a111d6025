# SPDX-License-Identifier: Apache-2.0
"""The participant "mailboxes", an example in Node, as a process."""

import unittest

import grpc
from closure.v1 import closure_pb2 as pb
from closure.v1 import participant_service_pb2 as participant
from closure.v1 import participant_service_pb2_grpc as participant_grpc
from example_process import SECONDS, Example, ExampleTest, ProcessRules, demand_node

ACCOUNT = "1000000001"
DONE, FENCED = participant.PerformResponse.DONE, participant.PerformResponse.FENCED
STAGES = {pb.FREEZE: 1, pb.THAW: 1, pb.DELETE: 2, pb.RESTORE: 1}


class Mailboxes(ProcessRules, ExampleTest):
    def make_example(self, folder):
        return Example.of_node(folder, "mailboxes_participant.mjs")

    def start(self):
        super().start()
        self.stub = participant_grpc.ParticipantServiceStub(self.example.channel)
        self.example.write({ACCOUNT: {"mailboxes": ["mb-1", "mb-2"]}, "bad": {"failing": True}, "slow": {"slow": True}})

    def request(self, phase=pb.FREEZE, key="key-1", fence=7, account=ACCOUNT, stage=None):
        return participant.PerformRequest(
            phase=phase, stage=stage or STAGES.get(phase, 1), account_id=account,
            closure="accounts/%s/closures/c" % account, idempotency_key=key, fence=fence)

    def perform(self, *arguments, **fields):
        response = self.stub.Perform(self.request(*arguments, **fields), timeout=SECONDS)
        self.assertEqual(list(response.executed_fingerprints), [])
        return response

    def outcome(self, *arguments, **fields):
        return self.perform(*arguments, **fields).outcome

    def test_says_where_it_takes_part(self):
        described = self.stub.DescribeParticipant(participant.DescribeParticipantRequest(), timeout=SECONDS)
        self.assertEqual(described.name, "mailboxes")
        self.assertTrue(described.version)
        self.assertEqual({each.phase: each.stage for each in described.stages}, STAGES)

    def test_does_each_phase_once_per_key(self):
        said = [self.perform(phase, key=str(phase)).detail for phase in (pb.FREEZE, pb.THAW, pb.DELETE)]
        self.assertEqual(said, ["froze 2 mailboxes", "thawed 2 mailboxes", "deleted 2 mailboxes"])
        for phase in (pb.FREEZE, pb.THAW, pb.DELETE):
            self.assertEqual(self.outcome(phase, key=str(phase)), DONE)
        self.assertEqual(self.outcome(pb.RESTORE, key="other", account="unknown"), DONE)
        self.assertEqual(self.example.acts(ACCOUNT), ["FREEZE", "THAW", "DELETE"])

    def test_after_the_end_nothing_is_left_to_do(self):
        for phase, key in ((pb.DELETE, "key-1"), (pb.DELETE, "key-2"), (pb.RESTORE, "key-3")):
            said = self.perform(phase, key=key)
            self.assertEqual(said.outcome, DONE)
        self.assertEqual(said.detail, "the mailboxes were deleted before")

    def test_refuses_what_lacks_a_field_or_is_none_of_its_stages(self):
        self.check_lacking_fields(self.stub.Perform, self.request(), (
            "phase", "stage", "account_id", "closure", "idempotency_key", "fence"))
        for phase, stage in ((pb.FREEZE, 2), (pb.DELETE, 1), (pb.SEAL, 1), (pb.ENTER_SILENT_PERIOD, 1), (99, 1)):
            self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Perform, self.request(phase, stage=stage))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Perform, self.request(fence=-1))
        self.assertEqual(self.example.entries(), [])

    def test_a_key_is_for_one_phase_of_one_account(self):
        self.assertEqual(self.outcome(), DONE)
        for other in (self.request(pb.THAW), self.request(account="other")):
            self.refused(grpc.StatusCode.INVALID_ARGUMENT, self.stub.Perform, other)

    def test_the_highest_fence_counts(self):
        self.assertEqual(self.outcome(fence=2 ** 62 + 1), DONE)
        self.assertEqual(self.outcome(pb.THAW, key="key-2", fence=2 ** 62), FENCED)
        self.assertEqual(self.outcome(fence=1), DONE)
        self.assertEqual(self.outcome(fence=2 ** 62 + 3), DONE)
        self.assertEqual(self.outcome(pb.THAW, key="key-2", fence=2 ** 62 + 2), FENCED)
        self.assertEqual(self.outcome(pb.THAW, key="key-2", fence=2 ** 62 + 3), DONE)
        self.assertEqual(self.outcome(key="key-3", fence=1, account="other"), DONE)

    def test_of_many_calls_at_once_one_acts(self):
        calls = [self.stub.Perform.future(self.request(), timeout=SECONDS) for _ in range(50)]
        self.assertEqual({each.result().outcome for each in calls}, {DONE})
        self.assertEqual(self.example.acts(ACCOUNT), ["FREEZE"])

    def test_asks_to_come_again_where_its_system_fails(self):
        self.refused(grpc.StatusCode.UNAVAILABLE, self.stub.Perform, self.request(account="bad"))

    def test_gives_up_what_nobody_waits_for(self):
        calls = [self.stub.Perform.future(self.request(account="slow"), timeout=SECONDS) for _ in range(100)]
        self.refused(grpc.StatusCode.DEADLINE_EXCEEDED, self.stub.Perform, self.request(account="slow"), timeout=0.2)
        self.assertEqual(self.outcome(), DONE)
        for call in calls:
            call.cancel()
        self.example.wait_until_said(b"the call for slow was given up", 101)
        self.assertEqual(self.example.acts("slow"), [])

    def test_keeps_over_a_kill_what_it_answered(self):
        self.assertEqual(self.outcome(fence=7), DONE)
        self.example.kill()
        with open(self.example.journal, "ab") as file:
            file.write(b'{"account_id": "%s", "fence": "99", "key": "key-2", "do' % ACCOUNT.encode())
        self.start()
        self.assertEqual(self.perform(fence=7).detail, "done by an earlier call")
        self.assertEqual(self.outcome(pb.THAW, key="key-2", fence=6), FENCED)
        self.assertEqual(self.outcome(pb.THAW, key="key-2", fence=8), DONE)
        self.assertEqual(self.example.acts(ACCOUNT), ["FREEZE", "THAW"])


if __name__ == "__main__":
    demand_node("examples.mailboxes")
    unittest.main()

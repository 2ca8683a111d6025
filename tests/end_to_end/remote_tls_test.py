# SPDX-License-Identifier: Apache-2.0
"""Checker and participant in Python that closured reaches over TLS: both ends know each other, or nothing is believed."""

import concurrent.futures
import os
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import grpc  # noqa: E402
from certificates import Certificates  # noqa: E402
from closured_process import CALL_SECONDS, Closured, Owner, State  # noqa: E402
from closure.v1 import checker_service_pb2 as checker  # noqa: E402
from closure.v1 import checker_service_pb2_grpc as checker_grpc  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closure.v1 import participant_service_pb2 as participant  # noqa: E402
from closure.v1 import participant_service_pb2_grpc as participant_grpc  # noqa: E402

NAME = "vault.internal"
ANSWERED, UNANSWERED = pb.CheckerResult.ANSWERED, pb.CheckerResult.UNANSWERED


class Vault(checker_grpc.CheckerServiceServicer):
    """Finds nothing."""

    def Describe(self, request, context):
        return checker.CheckerDescription(name="vault", version="1.0", phases=[pb.PREVIEW, pb.SCAN, pb.CONFIRM, pb.FINAL])

    def Check(self, request, context):
        yield checker.CheckResponse(summary=checker.CheckSummary(
            item_count=0, as_of_time=request.check_time, account_id=request.account_id))


class Mail(participant_grpc.ParticipantServiceServicer):
    """Does at once what it is asked for, and keeps for what."""

    phases = ("FREEZE", "THAW", "RESTORE")

    def __init__(self):
        self.asked = []

    def DescribeParticipant(self, request, context):
        description = participant.ParticipantDescription(name="mail", version="1.0")
        for phase in self.phases:
            description.stages.add(phase=phase, stage=1)
        return description

    def Perform(self, request, context):
        self.asked.append(request.phase)
        return participant.PerformResponse(outcome=participant.PerformResponse.DONE)


class RemoteTls(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="closure-tls-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.ours = Certificates(self.directory, "ours.pem")
        self.ours.sign("vault.pem", "DNS:" + NAME)
        self.ours.sign("closured.pem", "DNS:" + NAME)
        self.others = Certificates(self.directory, "others.pem")

    def serve(self, with_client_certificates):
        """Serves the checker and the participant; answers the port."""
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4))
        self.mail = Mail()
        checker_grpc.add_CheckerServiceServicer_to_server(Vault(), server)
        participant_grpc.add_ParticipantServiceServicer_to_server(self.mail, server)
        credentials = grpc.ssl_server_credentials(
            [(self.ours.read("vault.pem.key"), self.ours.read("vault.pem"))],
            self.ours.read("ours.pem") if with_client_certificates else None, with_client_certificates)
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        self.addCleanup(server.stop, None)
        return port

    def start(self, port, tls):
        """Starts a closured that asks the checker with these keys of `tls`."""
        self.start_with('checkers { name: "vault" deadline { seconds: 10 } remote { target: "127.0.0.1:%d"'
                        ' tries_max: 1 breaker_failures: 1000 tls { %s } } }\n' % (port, tls))

    def confirm(self, port, tls):
        """Starts a closured that asks the participant with these keys of `tls`, and confirms a closure there."""
        stages = " ".join("stages { phase: %s stage: 1 }" % phase for phase in Mail.phases)
        self.start_with('participants { name: "mail" target: "127.0.0.1:%d" %s tls { %s } }\n' % (port, stages, tls))
        owner = Owner(self.server, "tls-1")
        owner.create()
        owner.verify()
        owner.agree()
        owner.wait_for(State.READY)
        owner.confirm()
        return owner

    def start_with(self, text):
        config = os.path.join(self.directory, "closured.textproto")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)

        class WithConfig(Closured):
            arguments = ("--config", config)

        self.server = WithConfig()
        self.addCleanup(self.server.close)
        self.server.load({"accounts": [{"accountId": "tls-1", "email": {"address": "tls@example.com"}}]})

    def result(self):
        """How the checker fared in a preview."""
        last = None
        request = service.PreviewClosureRequest(account="accounts/tls-1")
        for update in self.server.closures.PreviewClosure(request, metadata=(("closure-actor", "root:tls-1"),),
                                                          timeout=CALL_SECONDS):
            if update.HasField("progress") and update.progress.checker == "vault":
                last = update.progress
        return last

    def tls(self, root="ours.pem", certificate=None, name=NAME):
        keys = 'root_certificates_file: "%s" server_name: "%s"' % (self.ours.path(root), name)
        if certificate:
            keys += ' certificate_file: "%s" key_file: "%s"' % (self.ours.path(certificate),
                                                                self.ours.path(certificate + ".key"))
        return keys

    def test_is_believed_with_a_certificate_of_the_configured_authority_and_name(self):
        self.start(self.serve(False), self.tls())
        self.assertEqual(self.result().status, ANSWERED)
        self.assertEqual(self.result().version, "1.0")

    def test_is_not_believed_with_one_of_another_authority_or_name(self):
        port = self.serve(False)
        for tls in (self.tls(root="others.pem"), self.tls(name="bank.internal")):
            with self.subTest(tls):
                self.start(port, tls)
                self.assertEqual(self.result().status, UNANSWERED)

    def test_a_renewed_authority_is_read_without_a_new_start(self):
        shutil.copy(self.ours.path("others.pem"), self.ours.path("current.pem"))
        self.start(self.serve(False), self.tls(root="current.pem"))
        self.assertEqual(self.result().status, UNANSWERED)
        shutil.copy(self.ours.path("ours.pem"), self.ours.path("next.pem"))
        os.rename(self.ours.path("next.pem"), self.ours.path("current.pem"))
        deadline = time.monotonic() + CALL_SECONDS
        while self.result().status != ANSWERED:
            self.assertLess(time.monotonic(), deadline)

    def test_shows_its_own_certificate_to_a_checker_that_wants_one(self):
        port = self.serve(True)
        self.start(port, self.tls(certificate="closured.pem"))
        self.assertEqual(self.result().status, ANSWERED)
        self.start(port, self.tls())
        self.assertEqual(self.result().status, UNANSWERED)

    def test_a_participant_that_wants_a_certificate_is_reached_with_one(self):
        self.confirm(self.serve(True), self.tls(certificate="closured.pem")).wait_for(State.SILENT_PERIOD)
        self.assertEqual(self.mail.asked, [pb.FREEZE])

    def test_a_participant_is_not_asked_where_one_end_does_not_believe_the_other(self):
        port = self.serve(True)
        for tls in (self.tls(), self.tls(certificate="closured.pem", root="others.pem"),
                    self.tls(certificate="closured.pem", name="bank.internal")):
            with self.subTest(tls):
                closure = self.confirm(port, tls).wait_until(
                    lambda closure: any(each.participant == "mail" and each.last_error for each in closure.participants))
                self.assertEqual(closure.state, State.CONFIRMING)
                self.assertEqual(self.mail.asked, [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Runs `closured dev` as a real process for tests, and reaches it with stubs that are generated straight from the protos."""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid

import grpc

from closure.sandbox.v1 import sandbox_service_pb2 as sandbox
from closure.sandbox.v1 import sandbox_service_pb2_grpc as sandbox_grpc
from closure.v1 import account_gate_service_pb2_grpc as gate_grpc
from closure.v1 import closure_pb2 as pb
from closure.v1 import closure_service_pb2 as service
from closure.v1 import closure_service_pb2_grpc as service_grpc
from closure.v1 import operator_service_pb2_grpc as operator_grpc
from google.protobuf import json_format

State = pb.Closure.State
CALL_SECONDS = 30
START_SECONDS = 30


def scratch_parent():
    """In memory where there is room, so that a disk that others keep busy delays nothing; no test outlives the machine."""
    room = 512 << 20
    memory = "/dev/shm"
    usable = os.path.isdir(memory) and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= room
    return memory if usable else None


class Closured:
    """One server and its data directory; it can be killed and started again on the same files."""

    _starting = threading.Lock()
    _open = set()  # those that are not closed
    _abandoned = False

    def __init__(self):
        self.process = None
        self.channel = None
        with Closured._starting:
            self._demand_not_abandoned()
            self.directory = tempfile.mkdtemp(prefix="closure-test-", dir=scratch_parent())
            Closured._open.add(self)
        self.start()

    @staticmethod
    def _demand_not_abandoned():
        if Closured._abandoned:
            raise AssertionError("the servers were abandoned")

    @staticmethod
    def abandon_all():
        """Kills what runs and removes its files, whatever other threads do with it; none is started any more."""
        with Closured._starting:
            Closured._abandoned = True
            for server in Closured._open:
                if server.process:
                    server.process.kill()
            while Closured._open:
                server = Closured._open.pop()
                if server.process:
                    server.process.wait()
                shutil.rmtree(server.directory, ignore_errors=True)

    environment = {}  # what the process gets besides this one's
    arguments = ()  # what its command line has besides

    def start(self):
        binary = os.environ["CLOSURED_BINARY"]
        command = [binary, "dev", "--data-dir", self.directory + "/data", "--listen", "127.0.0.1:0", *self.arguments]
        with Closured._starting:
            self._demand_not_abandoned()
            self.log = open(self.directory + "/log", "ab")
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log,
                                            env=dict(os.environ, **self.environment))
        address = self._ready_address()
        self.channel = grpc.insecure_channel(address)
        self.address = address
        self.closures = service_grpc.ClosureServiceStub(self.channel)
        self.gates = gate_grpc.AccountGateServiceStub(self.channel)
        self.operators = operator_grpc.OperatorServiceStub(self.channel)
        self.sandbox = sandbox_grpc.SandboxServiceStub(self.channel)

    def _ready_address(self):
        deadline = time.monotonic() + START_SECONDS
        text = b""
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            if not readable:
                break
            chunk = os.read(self.process.stdout.fileno(), 4096)
            if not chunk:
                break
            text += chunk
            ready = re.search(rb"ready on ([0-9.]+:[0-9]+)", text)
            if ready:
                return ready.group(1).decode()
        raise AssertionError("closured did not become ready: %r\n%s" % (text, self.read_log()))

    def read_log(self):
        with open(self.directory + "/log", "rb") as log:
            return log.read().decode(errors="replace")

    def kill(self):
        """SIGKILL: nothing is stopped in order."""
        self.channel.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def restart(self):
        self.kill()
        self.start()

    def stop(self):
        """SIGTERM; answers the exit code."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=CALL_SECONDS)
        self.process.stdout.close()
        self.log.close()
        return code

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.channel.close()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        with Closured._starting:
            Closured._open.discard(self)

    def load(self, cloud):
        request = sandbox.LoadCloudRequest()
        json_format.ParseDict(cloud, request.cloud)
        self.sandbox.LoadCloud(request, timeout=CALL_SECONDS)

    def show(self, account):
        return self.sandbox.ShowAccount(sandbox.ShowAccountRequest(account_id=account), timeout=CALL_SECONDS)

    def inbox(self, account):
        request = sandbox.ListInboxRequest(account_id=account, page_size=1000)
        return self.sandbox.ListInbox(request, timeout=CALL_SECONDS).messages

    def fault(self, method, fault, calls=0):
        request = sandbox.SetFaultRequest(method="closure.upstream.v1." + method, fault=fault, calls=calls)
        self.sandbox.SetFault(request, timeout=CALL_SECONDS)

    def advance(self, hours):
        request = sandbox.AdvanceClockRequest()
        request.duration.FromSeconds(hours * 3600)
        self.sandbox.AdvanceClock(request, timeout=CALL_SECONDS)


class Owner:
    """The owner of an account who closes it step by step."""

    def __init__(self, server, account):
        self.server = server
        self.account = account
        self.metadata = (("closure-actor", "root:" + account),)
        self.name = None

    def call(self, method, request):
        stub = getattr(self.server.closures, method)
        return stub(request, metadata=self.metadata, timeout=CALL_SECONDS)

    def create(self):
        closure = self.call("CreateClosure", service.CreateClosureRequest(
            parent="accounts/" + self.account, channel=pb.EMAIL, request_id=str(uuid.uuid4())))
        self.name = closure.name
        return closure

    def code(self):
        deadline = time.monotonic() + CALL_SECONDS
        while time.monotonic() < deadline:
            for message in reversed(self.server.inbox(self.account)):
                found = re.search(r"\b\d{6}\b", message.body)
                if message.idempotency_key.startswith(self.name + "/code/") and found:
                    return found.group(0)
        raise AssertionError("no code arrived")

    def verify(self):
        request = service.VerifyIdentityRequest(name=self.name, request_id=str(uuid.uuid4()))
        request.codes.add(code=self.code())
        return self.call("VerifyIdentity", request)

    def agree(self):
        agreement = self.call("GetAgreement", service.GetAgreementRequest())
        return self.call("AcceptAgreement", service.AcceptAgreementRequest(
            name=self.name, version=agreement.version, request_id=str(uuid.uuid4())))

    def get(self):
        return self.call("GetClosure", service.GetClosureRequest(name=self.name))

    def items(self):
        return self.call("ListBlockingItems", service.ListBlockingItemsRequest(parent=self.name, page_size=1000)).items

    def discard_all(self):
        request = service.DiscardItemsRequest(
            name=self.name, risk_digest=self.get().risk_prompt.digest, request_id=str(uuid.uuid4()))
        for item in self.items():
            if item.disposition == pb.RENOUNCEABLE and item.resolution != pb.BlockingItem.RENOUNCED:
                request.selections.add(item=item.name, fingerprint=item.fingerprint)
        return self.call("DiscardItems", request)

    def confirm(self):
        closure = self.get()
        return self.call("ConfirmClosure", service.ConfirmClosureRequest(
            name=self.name, reason=pb.Closure.NO_LONGER_NEEDED, risk_digest=closure.risk_prompt.digest,
            etag=closure.etag, request_id=str(uuid.uuid4())))

    def wait_until(self, condition):
        """Watches until the closure fulfils a condition; it goes on over a server that was restarted."""
        stream = self.server.closures.WatchClosure(
            service.WatchClosureRequest(name=self.name), metadata=self.metadata, timeout=CALL_SECONDS)
        last = None
        try:
            for response in stream:
                last = response.closure
                if condition(last):
                    return last
        finally:
            stream.cancel()
        raise AssertionError("not reached; last:\n%s\n%s" % (last, self.server.read_log()))

    def wait_for(self, *states):
        return self.wait_until(lambda closure: closure.state in states)

# SPDX-License-Identifier: Apache-2.0
"""The checker "certificates": TLS certificates that an account bought and that are still valid.

A checker outside of closured's process, to begin your own from: replace Certificate, Source and the texts. What it
keeps to is written in protos/closure/v1/checker_service.proto, how it is run and configured in examples/README.md.

Everything runs on one thread with asyncio: a call that waits holds no thread, so a slow account keeps nobody else
waiting, and what stands between two awaits is never done by two calls at once.
"""

import argparse
import asyncio
import calendar
import dataclasses
import json
import os
import re
import signal
import sys
import time

import grpc
from closure.v1 import checker_service_pb2 as checker
from closure.v1 import checker_service_pb2_grpc as checker_grpc
from closure.v1 import closure_pb2 as pb
from google.protobuf import timestamp_pb2

NAME, VERSION = "certificates", "1.0.0"
PHASES = (pb.PREVIEW, pb.SCAN, pb.CONFIRM, pb.FINAL)
CONSOLE = "https://console.example.com/certificates/"
STOP_SECONDS = 5  # how long calls under way may take to end
MESSAGE_BYTES_MAX = 64 << 10

TEXTS = {
    "en": {
        "why": "The certificate of {domain} is paid for and valid until {expire_time}.",
        "revocable": "Revoke it, or discard it here.",
        "kept": "A system of its own uses it. Remove it there, then revoke it.",
    },
    "zh": {
        "why": "{domain} 的证书已付费，有效期至 {expire_time}。",
        "revocable": "请吊销该证书，或在此放弃。",
        "kept": "该证书正被其他系统使用。请先在该系统中移除，再吊销证书。",
    },
}


def texts_in(language_code):
    """The texts of a BCP-47 language, by its first part; English where it is not known."""
    return TEXTS.get(re.split("[-_]", language_code)[0].lower(), TEXTS["en"])


@dataclasses.dataclass(frozen=True)
class Certificate:
    serial: str
    domain: str
    status: str
    expire_time: str  # RFC 3339 in UTC, to the second
    revocable: bool
    repeat: int = 1  # so many of them, for trying what many items are like

    @property
    def native_id(self):
        return "certificate/" + self.serial

    def __post_init__(self):
        self.is_valid_at(0)  # a time that cannot be read is found here

    def is_valid_at(self, seconds):
        return calendar.timegm(time.strptime(self.expire_time, "%Y-%m-%dT%H:%M:%SZ")) > seconds

    def each(self):
        if self.repeat == 1:
            return [self]
        return (dataclasses.replace(self, serial="%s-%d" % (self.serial, number), repeat=1)
                for number in range(1, self.repeat + 1))

    def item(self, account_id, language_code=""):
        texts = texts_in(language_code)
        return checker.ReportedItem(
            native_id=self.native_id,
            kind=pb.OTHER_ITEM,
            disposition=pb.RENOUNCEABLE if self.revocable else pb.MUST_HANDLE,
            type="certificates/tls",
            display_name=self.domain,
            why=texts["why"].format(domain=self.domain, expire_time=self.expire_time),
            resolver=pb.OWNER,
            instructions=texts["revocable" if self.revocable else "kept"],
            process_uri=CONSOLE + self.serial,
            native_state=self.status,
            account_id=account_id,
        )


def facts(item):
    """What closured's fingerprint covers: an owner who saw other facts has not agreed to the loss of this item."""
    return item.kind, item.disposition, item.amount.SerializeToString(deterministic=True), item.native_state


class Source:
    """The system that knows the certificates: here a JSON file, where yours is called over the network.

    It is read for every question, because as_of_time promises facts that are no older than it.
    """

    def __init__(self, path):
        self.path = path

    def load(self):
        """Every account's entry and certificates. Errors: OSError; ValueError for a file that is not so."""
        try:
            with open(self.path, encoding="utf-8") as file:
                accounts = json.load(file)["accounts"]
            return {name: (entry, [Certificate(**each) for each in entry.get("certificates", [])])
                    for name, entry in accounts.items()}
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("it is not accounts with certificates: %s" % error) from error

    async def certificates(self, account_id):
        """Those of an account, none where it is not known. Errors: OSError, ValueError."""
        entry, certificates = self.load().get(account_id, ({}, []))
        if entry.get("failing"):
            raise OSError("the certificate system is down")
        if entry.get("slow"):
            await self._hang(account_id)
        return (one for each in certificates for one in each.each())

    async def _hang(self, account_id):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # The caller went away or its deadline passed: what was begun for it ends here, and nothing is left behind.
            print("the call for %s was given up" % account_id, file=sys.stderr, flush=True)
            raise


class Journal:
    """What was seen and done, one JSON object a line, on the disk before anybody is told of it. One process writes it.

    A line without a key is a fence that was seen, one with a key a certificate that was released. The line is the
    release: a checker whose system releases by itself passes the idempotency key on to it, writes the line when it is
    done, and answers then.
    """

    def __init__(self, path):
        self.done = {}  # idempotency key -> (account, native id)
        self.released = set()  # the same pairs
        self.fences = {}  # account -> the highest that was seen
        is_new = not os.path.exists(path)
        self.file = open(path, "a+b")  # pylint: disable=consider-using-with
        self._read()
        # Lines that a killed process left behind may be in memory only; from here on they are believed.
        self._sync()
        if is_new:
            sync_folder(os.path.dirname(os.path.abspath(path)))

    def _read(self):
        self.file.seek(0)
        text = self.file.read()
        whole = text.rfind(b"\n") + 1
        for number, line in enumerate(text[:whole].splitlines(), 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError("line %d of the journal is damaged: %s" % (number, error)) from error
        # A last line without an end was never answered for: the process ended while it wrote.
        self.file.truncate(whole)

    def _take(self, entry):
        account = entry["account_id"]
        self.fences[account] = max(int(entry["fence"]), self.fences.get(account, 0))
        if "key" in entry:
            self.done[entry["key"]] = (account, entry["done"])
            self.released.add((account, entry["done"]))

    def _sync(self):
        self.file.flush()
        os.fsync(self.file.fileno())

    def _append(self, entry):
        try:
            self.file.write(json.dumps(entry).encode() + b"\n")
            self._sync()
        except OSError as error:
            # What is on the disk is not known now, and only reading it again can tell: end, and be started again.
            print("the journal cannot be written: %s" % error, file=sys.stderr, flush=True)
            os._exit(1)
        self._take(entry)

    def see(self, account_id, fence):
        if fence > self.fences.get(account_id, 0):
            self._append({"account_id": account_id, "fence": str(fence)})

    def release(self, request):
        self._append({"account_id": request.account_id, "fence": str(request.fence), "key": request.idempotency_key,
                      "done": request.native_id})


def sync_folder(path):
    """A new file's name is kept by its folder."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def require(context, **fields):
    """Ends the call unless every field has something in it."""
    for name, value in fields.items():
        if not value:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "%s is missing or not valid" % name)


def facts_time(check_time):
    """As of when facts are that are read now: by this clock, and not before the question, whose clock may be ahead."""
    now = timestamp_pb2.Timestamp()
    now.GetCurrentTime()
    return max(now, check_time, key=lambda each: (each.seconds, each.nanos))


class CertificatesChecker(checker_grpc.CheckerServiceServicer):
    def __init__(self, source, journal):
        self.source = source
        self.journal = journal

    async def Describe(self, request, context):
        return checker.CheckerDescription(name=NAME, version=VERSION, phases=PHASES, kinds=[pb.OTHER_ITEM])

    async def Check(self, request, context):
        await require(context, account_id=request.account_id, phase=request.phase in PHASES,
                      check_time=request.HasField("check_time"))
        as_of_time = facts_time(request.check_time)
        count = 0
        for each in await self._present(context, request.account_id, request.check_time.seconds):
            # Goes on when there is room for it: a reader who stops reading holds up this call and no other.
            yield checker.CheckResponse(item=each.item(request.account_id, request.language_code))
            count += 1
        yield checker.CheckResponse(summary=checker.CheckSummary(
            item_count=count, as_of_time=as_of_time, account_id=request.account_id))

    async def Discard(self, request, context):
        await require(context, account_id=request.account_id, closure=request.closure, native_id=request.native_id,
                      expected=request.HasField("expected"), idempotency_key=request.idempotency_key,
                      fence=request.fence > 0)
        present = await self._present(context, request.account_id, time.time())
        found = next((each.item(request.account_id) for each in present if each.native_id == request.native_id), None)
        asked = (request.account_id, request.native_id)
        if self.journal.done.get(request.idempotency_key, asked) != asked:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT,
                                "idempotency_key was used for another account or item")
        return self._judge(request, found)

    async def _present(self, context, account_id, seconds):
        """The certificates that are valid at this time and not released."""
        try:
            certificates = await self.source.certificates(account_id)
        except (OSError, ValueError) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        released = self.journal.released
        return (each for each in certificates
                if each.is_valid_at(seconds) and (account_id, each.native_id) not in released)

    def _judge(self, request, found):
        """Nothing is awaited here, so of two calls with the same key the second finds what the first one did."""
        fence_seen = self.journal.fences.get(request.account_id, 0)
        answer = checker.DiscardResponse
        if request.idempotency_key in self.journal.done:
            response = answer(outcome=answer.RELEASED, detail="released by an earlier call")
        elif request.fence < fence_seen:
            response = answer(outcome=answer.FENCED, detail="the fence %d was seen" % fence_seen)
        elif found is None or facts(found) != facts(request.expected):
            response = answer(outcome=answer.FACTS_MOVED, detail="it is not there, or not as it was shown")
        elif found.disposition != pb.RENOUNCEABLE:
            response = answer(outcome=answer.REFUSED, detail=found.instructions)
        else:
            self.journal.release(request)
            return answer(outcome=answer.RELEASED)
        self.journal.see(request.account_id, request.fence)
        return response


def address(text):
    """HOST:PORT as gRPC takes it."""
    match = re.fullmatch(r"(.+):(\d{1,5})", text)
    if not match or int(match.group(2)) > 65535:
        raise argparse.ArgumentTypeError("%r is not HOST:PORT" % text)
    return text


def arguments():
    parser = argparse.ArgumentParser(description='The checker "certificates", for closured.')
    parser.add_argument("--listen", metavar="HOST:PORT", type=address, default="127.0.0.1:7501",
                        help="where it serves, in plain text; port 0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", metavar="FILE", required=True, help="the certificates of every account, as JSON")
    parser.add_argument("--journal", metavar="FILE", required=True, help="what was done; made when it is not there")
    parsed = parser.parse_args()
    try:
        parsed.source = Source(parsed.data)
        parsed.source.load()
    except (OSError, ValueError) as error:
        parser.error("--data %s: %s" % (parsed.data, error))
    try:
        parsed.open_journal = Journal(parsed.journal)
    except (OSError, ValueError) as error:
        parser.error("--journal %s: %s" % (parsed.journal, error))
    return parsed


async def serve(options):
    server = grpc.aio.server(options=[
        ("grpc.so_reuseport", 0),  # a second process must not share the address, and the journal
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ])
    checker_grpc.add_CheckerServiceServicer_to_server(CertificatesChecker(options.source, options.open_journal), server)
    try:
        port = server.add_insecure_port(options.listen)
    except RuntimeError as error:
        print(error, file=sys.stderr, flush=True)
        # An orderly end hangs now and then where such a server was made and never started (gRPC 1.51).
        os._exit(1)
    await server.start()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print("ready on %s:%d" % (options.listen.rpartition(":")[0], port), flush=True)
    await stopped.wait()
    await server.stop(STOP_SECONDS)


if __name__ == "__main__":
    asyncio.run(serve(arguments()))

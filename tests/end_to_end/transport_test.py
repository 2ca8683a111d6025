# SPDX-License-Identifier: Apache-2.0
"""How callers reach a production server: over TLS with certificates of both ends, in numbers that are bounded, whatever a flood does."""

import os
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from certificates import Certificates  # noqa: E402
from production import CONFIG, OK, SECONDS, Files, run_closured  # noqa: E402

NAME = "closured.internal"
UNREACHABLE = 7
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
SETTINGS = 4  # the type of the first frame of every HTTP/2 connection


def limits(**numbers):
    return "limits { %s }\n" % " ".join("%s: %s" % pair for pair in numbers.items())


def connect(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS, source_address=(source, 0))


def is_closed(connection):
    """Waits until the other end closes; whether it does without having sent anything."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def is_served(connection):
    """Whether it speaks HTTP/2: its first frame is its settings."""
    try:
        connection.sendall(PREFACE)
        head = connection.recv(9)
    except (ConnectionError, ssl.SSLError):
        return False
    return len(head) == 9 and head[3] == SETTINGS


def answers(connection):
    """Whether one that is served answers a ping."""
    data = b"12345678"
    connection.sendall(b"\0\0\x08\6\0\0\0\0\0" + data)
    seen = b""
    while data not in seen:
        more = connection.recv(4096)
        if not more:
            return False
        seen += more
    return True


class Transport(Files):
    def start(self, extra=""):
        """A production server on a free port of loopback."""
        self.server = self.serve(self.production_config(extra, listen="127.0.0.1:0"))
        line = next(line for line in self.server.said.splitlines() if b'"msg":"serving"' in line)
        self.port = int(line.split(b'"address":"127.0.0.1:')[1].split(b'"')[0])

    def closurectl(self, *flags):
        command = [os.environ["CLOSURECTL_BINARY"], "--server", "127.0.0.1:%d" % self.port, "--timeout", "10s", *flags,
                   "server", "status"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return done.returncode

    def wait_until(self, condition):
        deadline = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline)


class Tls(Transport):
    def setUp(self):
        super().setUp()
        self.ours = Certificates(self.folder, "ours.pem")
        self.ours.sign("server.pem", "DNS:" + NAME)
        self.ours.sign("ann.pem", "URI:spiffe://example.com/ann")
        self.others = Certificates(self.folder, "others.pem")
        self.others.sign("eve.pem", "URI:spiffe://example.com/ann")

    def tls(self, *more, key="server.pem.key"):
        return 'listener_tls { certificate_file: "%s" key_file: "%s" %s }\n' % (
            self.path("server.pem"), self.path(key), " ".join(more))

    def mutual(self, *more):
        return self.tls('client_ca_file: "%s"' % self.path("ours.pem"), *more)

    def flags(self, root="ours.pem", certificate=None, name=NAME):
        flags = ["--cacert", self.path(root), "--servername", name]
        if certificate:
            flags += ["--cert", self.path(certificate), "--key", self.path(certificate + ".key")]
        return flags

    def raw(self, certificate=None, version=None):
        """A TLS connection that asks for HTTP/2, with or without a certificate of its own."""
        context = ssl.create_default_context(cafile=self.path("ours.pem"))
        context.set_alpn_protocols(["h2"])
        if version:
            context.minimum_version = context.maximum_version = version
        if certificate:
            context.load_cert_chain(self.path(certificate), self.path(certificate + ".key"))
        return context.wrap_socket(connect(self.port), server_hostname=NAME)

    def serial(self):
        """The number of the certificate that a new connection is shown."""
        with self.raw() as connection:
            return connection.getpeercert()["serialNumber"]

    def test_a_caller_knows_the_server_by_its_authority_and_name(self):
        self.start(self.tls())
        self.assertEqual(self.closurectl(*self.flags()), OK)
        for flags in (self.flags(root="others.pem"), self.flags(name="bank.internal"), ()):
            self.assertEqual(self.closurectl(*flags), UNREACHABLE, flags)
        self.assertEqual(self.server.stop(), OK)

    def test_a_caller_without_a_certificate_of_the_authority_never_gets_to_http2(self):
        self.start(self.mutual())
        self.assertEqual(self.closurectl(*self.flags(certificate="ann.pem")), OK)
        for flags in (self.flags(), self.flags(certificate="eve.pem")):
            self.assertEqual(self.closurectl(*flags), UNREACHABLE)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.raw("ann.pem", version) as known:
                self.assertTrue(is_served(known))
            try:
                with self.raw(None, version) as unknown:
                    self.assertFalse(is_served(unknown))
            except ssl.SSLError:
                pass  # turned away in the handshake already

    def test_versions_that_are_too_old_are_refused(self):
        self.start(self.tls())
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.raw(version=ssl.TLSVersion.TLSv1_1)

    def test_a_renewed_certificate_counts_without_a_new_start_and_open_connections_stay(self):
        self.start(self.tls())
        with self.raw() as before:
            self.assertTrue(is_served(before))
            first = before.getpeercert()["serialNumber"]
            self.ours.sign("next.pem", "DNS:" + NAME)
            self.ours.replace("server.pem", "next.pem")

            self.wait_until(lambda: self.serial() != first)
            self.assertTrue(answers(before))

    def test_a_pair_that_does_not_fit_leaves_the_one_before(self):
        self.start(self.tls())
        first = self.serial()
        self.ours.sign("next.pem", "DNS:" + NAME)
        os.rename(self.path("next.pem.key"), self.path("server.pem.key"))
        for _ in range(5):
            self.assertEqual(self.closurectl(*self.flags()), OK)
        self.assertEqual(self.serial(), first)
        os.rename(self.path("next.pem"), self.path("server.pem"))
        self.wait_until(lambda: self.serial() != first)

    def test_a_revoked_certificate_is_turned_away(self):
        self.ours.sign("bob.pem", "URI:spiffe://example.com/bob")
        folder = self.path("crl")
        os.mkdir(folder)
        self.ours.revoke("bob.pem", folder)
        self.start(self.mutual('crl_directory: "%s"' % folder))
        self.assertEqual(self.closurectl(*self.flags(certificate="ann.pem")), OK)
        self.assertEqual(self.closurectl(*self.flags(certificate="bob.pem")), UNREACHABLE)

    def test_files_that_tls_cannot_be_made_with_are_refused_at_the_start(self):
        self.ours.sign("other.pem", "DNS:" + NAME)
        self.write("garbled.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        self.write("nothing.pem", "nothing\n")
        certificate = 'listener_tls { certificate_file: "%s" key_file: "%s" }\n'
        key = self.path("server.pem.key")
        for extra, words in (
                (self.tls(key="other.pem.key"), "is not the key of the first certificate in"),
                (self.tls(key="server.pem"), "holds no key in PEM"),
                (certificate % (self.path("garbled.pem"), key), "certificate 1 in it is damaged"),
                (certificate % (self.path("nothing.pem"), key), "holds no certificate in PEM"),
                (certificate % (self.path("absent.pem"), key), "No such file or directory"),
                (self.mutual('crl_directory: "/none"'), "is no folder"),
                (self.tls('crl_directory: "%s"' % self.folder), "without client_ca_file none is asked")):
            code, _, err = run_closured("--config", self.production_config(extra, listen="127.0.0.1:0"), "--check-config")
            self.assertEqual(code, CONFIG, err)
            self.assertIn(words, err)
        os.chmod(key, 0o640)
        code, _, err = run_closured("--config", self.production_config(self.tls(), listen="127.0.0.1:0"), "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("mode 0640 lets group or others at it", err)

    def test_who_says_nothing_in_a_handshake_is_left(self):
        self.start(self.tls() + limits(handshake_timeout="{ seconds: 1 }", connections_per_peer_max=1000))
        silent = [connect(self.port) for _ in range(200)]
        self.assertEqual(self.closurectl(*self.flags()), OK)
        for connection in silent:
            self.assertTrue(is_closed(connection))
            connection.close()


class Floods(Transport):
    def test_a_peer_that_floods_takes_nothing_from_the_others(self):
        self.start(limits(connections_max=200, connections_per_peer_max=20))
        served = refused = 0
        kept = []
        for number in range(10000):
            connection = connect(self.port, "127.0.1.%d" % (1 + number % 5))
            kept.append(connection)
            if len(kept) < 1000:
                continue
            # Behind them in line, so what is refused of them is closed then.
            self.assertEqual(self.closurectl(), OK)
            for each in kept:
                closed = is_closed_by_now(each)
                refused += closed
                served += not closed
                each.close()
            kept = []
        self.assertGreaterEqual(refused, 9000)
        self.assertGreater(served, 0)
        self.assertIn(b"connections of a peer are refused", self.server.said + self.read_log())
        self.assertEqual(self.server.stop(), OK)

    def read_log(self):
        readable, _, _ = select.select([self.server.process.stderr], [], [], 1)
        return os.read(self.server.process.stderr.fileno(), 1 << 16) if readable else b""

    def test_when_all_places_are_taken_those_inside_are_served_and_others_when_they_are_free(self):
        self.start(limits(connections_max=50, connections_per_peer_max=10))
        inside = connect(self.port)
        self.addCleanup(inside.close)
        self.assertTrue(is_served(inside))
        others = [connect(self.port, "127.0.1.%d" % (1 + number % 10)) for number in range(100)]
        self.wait_until(lambda: self.closurectl() == UNREACHABLE)
        self.assertTrue(answers(inside))
        for each in others:
            each.close()
        self.wait_until(lambda: self.closurectl() == OK)

    def test_without_a_file_for_another_connection_it_goes_on(self):
        self.start()
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        few = len(os.listdir("/proc/%d/fd" % pid)) + 10
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, before[1]))
        flood = [connect(self.port) for _ in range(120)]
        self.server.wait_for(b"the process has no file left for them")
        # One goes and others come, again and again, which is no end of it.
        inside = [each for each in flood if not is_closed_by_now(each)]
        for _ in range(20):
            inside.pop(0).close()
            for _ in range(3):
                more = connect(self.port)
                flood.append(more)
                if not is_closed(more):
                    inside.append(more)
        for each in flood:
            each.close()
        self.wait_until(lambda: self.closurectl() == OK)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual(self.server.stop(), OK)
        # Once, and once more where the last of the flood still waited when the first had gone.
        self.assertLessEqual(self.server.said.count(b"the process has no file left for them"), 2)

    def test_a_connection_without_a_call_ends(self):
        self.start(limits(connection_idle_max="{ seconds: 1 }"))
        idle = connect(self.port)
        self.addCleanup(idle.close)
        self.assertTrue(is_served(idle))
        while idle.recv(4096):
            continue


def is_closed_by_now(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


if __name__ == "__main__":
    unittest.main()

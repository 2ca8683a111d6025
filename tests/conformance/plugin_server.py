# SPDX-License-Identifier: Apache-2.0
"""Serves the model of a checker or participant on loopback, with messages as they are or as bytes that are none."""

import concurrent.futures
import json
import os
import subprocess

import grpc

CLOSURECTL = os.environ["CLOSURECTL_BINARY"]
SECONDS = 90


def to_bytes(message):
    return message if isinstance(message, bytes) else message.SerializeToString()


def handler(servicer, name, request_class, is_stream):
    make = grpc.unary_stream_rpc_method_handler if is_stream else grpc.unary_unary_rpc_method_handler
    return make(getattr(servicer, name), request_class.FromString, to_bytes)


class Served:
    """A servicer that is served until close(); `methods` has (name, class of its requests, whether it streams)."""

    def __init__(self, service, servicer, methods, workers):
        self.servicer = servicer
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=workers))
        handlers = {name: handler(servicer, name, *rest) for name, *rest in methods}
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def run(self, kind, *flags):
        """Runs the cases against it; answers exit code and what is told of each."""
        command = [CLOSURECTL, kind, "verify", "127.0.0.1:%d" % self.port, "-o", "json", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)["cases"]

    def verify(self, kind, *flags):
        """The same with a dictionary of case to (verdict, detail)."""
        code, cases = self.run(kind, *flags)
        return code, {each["case"]: (each["verdict"], each["detail"]) for each in cases}

    def promises(self, kind, *flags):
        return [(each["case"], each["promise"]) for each in self.run(kind, *flags)[1]]

    def close(self):
        self.servicer.close()
        self.server.stop(0).wait()


def broken(cases):
    return {case for case, (verdict, _) in cases.items() if verdict == "BROKEN"}


def with_verdict(cases, verdict):
    return {case for case, (each, _) in cases.items() if each == verdict}

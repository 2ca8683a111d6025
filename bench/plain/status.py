# SPDX-License-Identifier: Apache-2.0
"""closurectl status as a script that is written first: it asks for one closure and prints its state.

    status.py HOST:PORT ACTOR CLOSURE
"""

import sys

import grpc

from closure.v1 import closure_pb2
from closure.v1 import closure_service_pb2
from closure.v1 import closure_service_pb2_grpc


def main():
    address, actor, name = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        service = closure_service_pb2_grpc.ClosureServiceStub(channel)
        request = closure_service_pb2.GetClosureRequest(name=name)
        closure = service.GetClosure(request, metadata=[("closure-actor", actor)])
    print(closure_pb2.Closure.State.Name(closure.state))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""grpc.health.v1 without its generated messages, which Debian ships no package of."""

SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


def is_serving(channel, seconds):
    """Waits for a connection. Raises grpc.RpcError where the call fails."""
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    return check(b"", timeout=seconds, wait_for_ready=True) == SERVING

# SPDX-License-Identifier: Apache-2.0
"""Line 6: the fan-out over gRPC, beside the same calls alone, beside its slowest call, and beside a checker that
hangs."""

import contextlib

from pairs import Comparison, Excess, Goal
from rpc_lines import count

# The scans at once of so many checkers, and the least share of the yardstick's rate.
LOADS = ((6, 1, 0.85), (6, 64, 0.85), (12, 1, 0.85), (12, 64, 0.85), (12, 500, 0.77))
THREADS_OVER_MAX = 2  # gRPC begins some of its own now sooner and now later
ALONE_SECONDS = 10  # of which a lone scan takes a hundredth of a second, and of those one in a hundred is looked at
BESIDE = 64
# So many scans wait for the checker that hangs when those beside are first measured; a hundred more come each second.
HELD = 250
HELD_MANY = 2_000


def at_once(programs, target):
    """Scans beside the same calls alone."""
    def scans(design, checkers, streams):
        return lambda: programs.loop("remote", "--target", target, "--design", design, "--checkers", checkers,
                                     streams=streams)

    for checkers, streams, rate in LOADS:
        streams = min(streams, count(programs, streams, 100))
        yield Comparison("6", f"{checkers} remote checkers of 10 ms, {streams} scans at once",
                         {"ours": scans("scan", checkers, streams), "yardstick": scans("calls", checkers, streams),
                          "plain": scans("plain", checkers, streams)},
                         (Goal("per_second", at_least=rate), Goal("p99_us", at_most=1.3), Goal("cpu_us_each"),
                          Excess("threads_before"), Excess("threads", at_most=THREADS_OVER_MAX)))


def alone(programs, target):
    """A lone scan beside the slowest of its calls: how long that takes among the calls alone, and by how much the scan
    takes longer than its own."""
    def figures(design):
        return programs.loop("remote", "--target", target, "--design", design, "--checkers", 12, streams=1,
                             seconds=ALONE_SECONDS)

    def slowest_call():
        return {"p99_us": figures("calls")["slowest_p99_us"], "over_p99_us": 0}

    return Comparison("6", "a lone scan of 12 remote checkers, beside its slowest call",
                      {"ours": lambda: figures("scan"), "yardstick": slowest_call},
                      (Excess("p99_us", at_most=2_000), Excess("over_p99_us", at_most=2_000)))


def beside_one_that_hangs(programs, target, twelfth):
    """Scans that do not ask a checker, while others do: one that hangs, beside one that answers."""
    def scans(design, held):
        return lambda: programs.loop("hanging", "--target", target, "--twelfth", twelfth, "--design", design, "--held",
                                     held, streams=BESIDE)

    def comparison(held, *goals):
        return Comparison("6", f"{BESIDE} scans of 11 remote checkers, beside {held:,} and more of one that hangs",
                          {"ours": scans("hangs", held), "yardstick": scans("answers", held)}, goals)

    yield comparison(count(programs, HELD, 20), Goal("per_second", at_least=0.95), Goal("p99_us", at_most=1.1),
                     Goal("eleven_p99_us", at_most=1.1), Excess("threads", at_most=THREADS_OVER_MAX))
    if not programs.quick:
        # gRPC itself looks through all calls under way at each step of one, as Debian builds it.
        yield comparison(HELD_MANY, Goal("per_second"), Goal("p99_us"), Goal("eleven_p99_us"), Excess("threads"))


@contextlib.contextmanager
def remote(programs):
    with programs.server("checkers") as target, programs.server("checkers") as twelfth:
        yield [*at_once(programs, target), alone(programs, target),
               *beside_one_that_hangs(programs, target, twelfth)]

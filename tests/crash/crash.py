# SPDX-License-Identifier: Apache-2.0
"""Kills the server at every failpoint of whole closures, and judges what becomes of them.

A first run of each way notes which places it passes, and how often. Then, for each place and each time, a new closure goes
the same way on a server that is killed there and started again. With --seeds each place is taken once for each seed, which
draws one of all the times that it is passed, on whichever way.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import sys
import tempfile

from way import Broken, MortalServer
from ways import WAYS

JOBS = 2
# Where two threads race, a place may be passed once less than in the first run.
MISSED_SHARE = 0.1
MISSED_FEW = 3


def passed_places(way):
    """(place, count) of a run in which nothing is killed, in the order in which they were passed first."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        WAYS[way]({"CLOSURE_FAILPOINT_TRACE": trace})
        with open(trace) as lines:
            return list(collections.Counter(line.rstrip("\n") for line in lines).items())


def chosen(places, share, known):
    """Every place, and of its times the first, the last and every share-th; of a place that is known from a way before this
    only every share-th."""
    for place, count in places:
        for time in range(1, count + 1):
            if time % share == 0 or (place not in known and time in (1, count)):
                yield place, time


def drawn(places_of, first, seeds):
    """For each way its crashes: of all ways together every place once for each seed, which draws one of the times that it
    is passed on any of them."""
    times = collections.defaultdict(list)
    for way, places in places_of.items():
        for place, count in places:
            times[place] += [(way, time) for time in range(1, count + 1)]
    crashes = {way: [] for way in places_of}
    for place, passed in times.items():
        for seed in range(first, first + seeds):
            way, time = random.Random("%s %d" % (place, seed)).choice(passed)
            crashes[way].append((place, time))
    return crashes


def crash_at(way, place, time):
    """Whether it was killed there; Broken when what followed was not right."""
    order = "%s@%d" % (place, time)
    try:
        return WAYS[way]({"CLOSURE_FAILPOINT": order}).server.killed
    except Exception as error:
        raise Broken("%s, killed at %s: %s: %s\nto see it again: ./dev crash %s%s '%s'" % (
            way, order, type(error).__name__, error, "--lose-log " if MortalServer.lose_log else "", way, order)) from error


def planned(ways, arguments):
    """For each way the crashes that are asked for."""
    places_of = {way: passed_places(way) for way in ways}
    if arguments.seeds:
        return drawn(places_of, arguments.seed, arguments.seeds)
    crashes, known = {}, set()
    for way, places in places_of.items():
        crashes[way] = list(chosen(places, arguments.share, known))
        known.update(place for place, _ in places)
    return crashes


def crash_everywhere(way, crashes, pool):
    """Runs all crashes of a way, of which a few may not be reached where threads race; prints them, and answers how many
    there were, and at which places."""
    runs = [(place, time, pool.submit(crash_at, way, place, time)) for place, time in crashes]
    killed, missed, reached = 0, [], set()
    for place, time, run in runs:
        if run.result():
            killed += 1
            reached.add(place)
        else:
            missed.append("%s@%d" % (place, time))
    print("%s: %d crashes at %d places, all survived; not reached: %s" % (
        way, killed, len(dict(crashes)), ", ".join(missed) or "none"), flush=True)
    # Whatever races, a place is reached the first time.
    never = [place for place, time in crashes if time == 1 and place not in reached]
    if never or len(missed) > max(MISSED_FEW, MISSED_SHARE * len(runs)):
        raise Broken("%s: %d of %d times were not reached, and these places never: %s" % (
            way, len(missed), len(runs), ", ".join(never) or "none"))
    return killed, reached


def place_and_time(text):
    place, at, time = text.rpartition("@")
    if not at or not time.isdecimal() or int(time) < 1:
        raise argparse.ArgumentTypeError("%r is not NAME@COUNT, as in commit.durable@3" % text)
    return place, int(time)


def from_one(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("%r is not a number from 1 on" % text)
    return int(text)


def crash_once(way, place, time):
    times = dict(passed_places(way))
    if place not in times:
        print("there is no place %s on this way; there are\n  %s" % (
            place, "\n  ".join("%s, passed %d times" % each for each in sorted(times.items()))))
    elif crash_at(way, place, time):
        print("killed there, and all was kept")
        return 0
    else:
        print("not reached: %s passes %s %d times" % (way, place, times[place]))
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", nargs="?", choices=sorted(WAYS), help="only this way")
    parser.add_argument("place", nargs="?", type=place_and_time, help="only this place, as NAME@COUNT")
    parser.add_argument("--lose-log", action="store_true",
                        help="lose the database's log at each crash, in order to see that this is found")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--share", type=from_one, default=1,
                       help="take every SHARE-th time of a place, besides first and last on the first way that passes it [1]")
    which.add_argument("--seeds", type=from_one,
                       help="take every place once for each of so many seeds instead, whichever way the seed draws")
    parser.add_argument("--seed", type=from_one, default=1, help="the first of the seeds [1]")
    arguments = parser.parse_intermixed_args()
    if arguments.place and arguments.seeds:
        parser.error("--seeds draws the times itself; leave it out, or the place")
    MortalServer.lose_log = arguments.lose_log
    try:
        if arguments.place:
            return crash_once(arguments.way, *arguments.place)
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            plan = planned([arguments.way] if arguments.way else list(WAYS), arguments)
            runs = [crash_everywhere(way, crashes, pool) for way, crashes in plan.items()]
        reached = set().union(*(places for _, places in runs))
        never = {place for crashes in plan.values() for place, _ in crashes} - reached
        if never:
            raise Broken("these places were never reached: %s" % ", ".join(sorted(never)))
        print("figures: %d crashes survived, at %d places" % (sum(killed for killed, _ in runs), len(reached)))
    except Broken as broken:
        print("BROKEN %s" % broken)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

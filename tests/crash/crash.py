# SPDX-License-Identifier: Apache-2.0
"""Kills the server at every failpoint of whole closures, and judges what becomes of them.

A first run of each way notes which places it passes, and how often. Then, for each place and each time, a new
closure goes the same way on a server that is killed there and started again. With --seeds each place is taken once for
each seed, which draws one of all the times that it is passed, on whichever way.

Last, servers are killed once more while they recover from such a death: on each way at every place and time that
lives after a death passed in their start and first commits, and after a death at each place of the way. The seed draws
which go together. With --seeds each place of these lives is taken once for each seed.
"""

import argparse
import collections
import concurrent.futures
import difflib
import os
import sys

import grpc

from plan import chosen, drawn, failpoints, recovery, struck_again, thinned
from way import Broken, MortalServer
from ways import WAYS

# The exit codes where arguments are not understood, and where races kept a run from the place; 1 says that something
# was lost.
MISUNDERSTOOD = 2
NOT_REACHED = 3
INTERRUPTED = 130
JOBS = 2
# Where two threads race, a place may be passed once less than in the run that noted it.
MISSED_SHARE = 0.1
MISSED_FEW = 3
MISSED_TRIES = 5
DRAWN_AGAIN = 10
# Tried for a place of lives that recover which none of them came to again.
OTHER_FIRST_DEATHS = 5


class NotReached(Exception):
    """Nothing was lost, but not all was tried; says what not."""


def order(death):
    return "%s@%d" % death


def words_of(error):
    if isinstance(error, grpc.RpcError):
        return "%s: %s" % (error.code().name, error.details())
    return "%s: %s" % (type(error).__name__, error)


def crash_at(way, deaths):
    """The places that the life after these deaths passed, in order; None where they did not all come. Broken when what
    followed was not right."""
    orders = [order(death) for death in deaths]
    try:
        server = WAYS[way](orders).server
    except Exception as error:
        raise Broken("%s, killed at %s: %s\nto see it again: ./dev crash %s%s %s" % (
            way, ", then at ".join(orders) or "no place", words_of(error),
            "--lose-log " if MortalServer.lose_log else "", way,
            " --again ".join("'%s'" % each for each in orders))) from error
    return server.passed if server.deaths == len(deaths) else None


def first_deaths(places_of, share):
    """(way, deaths) of every share-th, one death in each."""
    tried, known = [], set()
    for way, places in places_of.items():
        tried += [(way, deaths) for deaths in chosen(places, share, known)]
        known.update(places)
    return tried


def second_deaths(recoveries, arguments):
    """(way, deaths) of every share-th that follow, two deaths in each, as struck_again takes them."""
    tried, known = [], set()
    for way, of_way in recoveries.items():
        pairs = list(thinned(struck_again(of_way, "%s %d" % (way, arguments.seed)), arguments.share, known))
        tried += [(way, pair) for pair in pairs]
        known.update((turn, place) for pair in pairs for turn, (place, _) in enumerate(pair))
    return tried


def crash_everywhere(tried, pool):
    """Runs (way, deaths), way by way, and prints them; answers (way, deaths, what was passed after them) of those that
    came to all their deaths."""
    of_way = collections.defaultdict(list)
    for way, deaths in tried:
        of_way[way].append(deaths)
    all_came = []
    for way, all_deaths in of_way.items():
        runs = [(deaths, pool.submit(crash_at, way, deaths)) for deaths in all_deaths]
        came = [(way, deaths, run.result()) for deaths, run in runs if run.result() is not None]
        missed = [" then ".join(order(death) for death in deaths) for deaths, run in runs if run.result() is None]
        print("%s: %d crashes at %d places%s, all survived; not reached: %s" % (
            way, len(came), len(last_places(came)), " of lives that recover" if len(all_deaths[0]) > 1 else "",
            ", ".join(missed) or "none"), flush=True)
        all_came += came
    return all_came


def last_places(tried):
    return collections.Counter(each[1][-1][0] for each in tried)


def demand_most(tried, came):
    """Of a way a few may not be reached where threads race."""
    counts = collections.Counter(way for way, _ in tried)
    missed = counts - collections.Counter(way for way, _, _ in came)
    for way, count in missed.items():
        if count > max(MISSED_FEW, MISSED_SHARE * counts[way]):
            raise NotReached("%s: %d of %d times" % (way, count, counts[way]))


def demand_every_place(tried, came, times=1):
    counts = last_places(came)
    few = ["%s %d times" % (place, times - counts[place]) for place in last_places(tried) if counts[place] < times]
    if few:
        raise NotReached(", ".join(sorted(few)))


def demand_every_failpoint(places_of):
    """A failpoint that no way passes would kill nobody."""
    passed = {place.partition(":")[0] for places in places_of.values() for place in places}
    never = set(failpoints()) - passed
    if len(places_of) == len(WAYS) and never:
        raise NotReached("%s, which no way passes" % ", ".join(sorted(never)))


def crash_most(tried, pool):
    """Runs (way, deaths), once more where a race kept a run from its place, which the load of the machine decides as
    well; answers those that came."""
    came = crash_everywhere(tried, pool)
    reached = {(way, deaths) for way, deaths, _ in came}
    came += crash_everywhere([each for each in tried if each not in reached], pool)
    demand_most(tried, came)
    return came


def crash_missed(way, tried, survived, pool):
    """Tries again to die the first time that a place is passed where a race, as that of a freeze against the end of its
    account, kept the run from it; answers those that came. NotReached where one never is."""
    first = [each for each in tried if each[0] == way and each[1][0][1] == 1]
    came = [each for each in survived if each[0] == way]
    again = []
    for _ in range(MISSED_TRIES):
        missed = last_places(first).keys() - last_places(came + again).keys()
        if not missed:
            break
        again += crash_everywhere([each for each in first if each[1][0][0] in missed], pool)
    demand_every_place(first, came + again)
    return again


def crash_drawn(candidates, arguments, pool):
    """Every last place of the candidates --seeds times; what a race kept from its place is drawn anew, by further
    seeds. Answers those that came."""
    came = []
    for turn in range(1 + DRAWN_AGAIN):
        counts = last_places(came)
        came += crash_everywhere(drawn(candidates, arguments.seed + turn * arguments.seeds,
                                       lambda place: arguments.seeds - counts[place]), pool)
    demand_every_place(candidates, came, arguments.seeds)
    return came


def crash_first(ways, arguments, pool):
    """Kills the servers of new closures, as the arguments say; answers those that came."""
    places_of = {way: collections.Counter(crash_at(way, ())) for way in ways}
    demand_every_failpoint(places_of)
    if arguments.seeds:
        every = [(way, deaths) for way in ways for deaths in chosen(places_of[way], 1, set())]
        return crash_drawn(every, arguments, pool)
    tried = first_deaths(places_of, arguments.share)
    survived = crash_most(tried, pool)
    for way in ways:
        survived += crash_missed(way, tried, survived, pool)
    demand_every_place(tried, survived)
    return survived


def crash_again(survived, arguments, pool):
    """Second deaths in the lives after `survived`; answers those that came."""
    recoveries = collections.defaultdict(dict)
    for way, (first,), passed in survived:
        recoveries[way][first] = list(recovery(passed))
    every = [(way, (first, second)) for way, of_way in recoveries.items()
             for first, seconds in of_way.items() for second in seconds]
    if arguments.seeds:
        return crash_drawn(every, arguments, pool)
    tried = second_deaths(recoveries, arguments)
    came = crash_most(tried, pool)
    # What is left to do after a death hangs on races; others bring a life to the same place.
    never = last_places(tried).keys() - last_places(came).keys()
    others = [(way, deaths) for way, deaths in every if deaths[-1][0] in never]
    came += crash_everywhere(drawn(others, arguments.seed, lambda _: OTHER_FIRST_DEATHS), pool)
    demand_every_place(tried, came)
    return came


def crash_all(ways, arguments, pool):
    survived = crash_first(ways, arguments, pool)
    again = crash_again(survived, arguments, pool)
    print("figures: %d crashes survived, at %d places; besides, %d with a second one during recovery, at %d places" % (
        len(survived), len(last_places(survived)), len(again), len(last_places(again))))


def explain_place(place, times, from_there_on):
    """Why no life can die there."""
    if times[place]:
        print("%s is passed %d times on this way%s" % (place, times[place], from_there_on))
        return
    like = difflib.get_close_matches(place, times, n=1)
    print("there is no place %s on this way%s%s; there are\n  %s" % (
        place, from_there_on, "; did you mean %s?" % like[0] if like else "",
        "\n  ".join("%s, passed %d times" % each for each in sorted(times.items()))))


def crash_once(way, deaths, lose_log):
    """Comes to each death by those before it, in order to tell where else it could be."""
    passed = crash_at(way, ())
    for number, (place, time) in enumerate(deaths, 1):
        times = collections.Counter(passed)
        if not times[place] or time > times[place] + MISSED_FEW:
            explain_place(place, times, " from there on" if number > 1 else "")
            return MISUNDERSTOOD
        MortalServer.lose_log = lose_log and number == len(deaths)
        passed = crash_at(way, deaths[:number])
        if passed is None:
            print("%s was not reached: %s, %s is passed %d times, one less or more where threads race" % (
                order((place, time)), "after the death before it" if number > 1 else "on the way %s" % way, place,
                times[place]))
            return NOT_REACHED
    print("killed at %s on the way %s, and %s" % (
        ", and the one that recovered at ".join(order(death) for death in deaths), way,
        "nothing that was acknowledged was in the log that was lost" if lose_log else "all was kept"))
    return 0


def place_and_time(text):
    place, at, time = text.rpartition("@")
    if not at or not time.isdecimal() or int(time) < 1:
        raise argparse.ArgumentTypeError("%r is not NAME@COUNT, as in commit.durable@3" % text)
    return place, int(time)


def from_one(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("%r is not a number from 1 on" % text)
    return int(text)


def parse_arguments():
    ways = "\n".join("  %-22s %s" % (name, way.__doc__) for name, way in WAYS.items())
    parser = argparse.ArgumentParser(
        prog="./dev crash", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="The ways:\n%s\n\nA place that a way does not pass is answered with those that it passes. Names with spaces"
               " need quotes." % ways)
    parser.add_argument("way", nargs="?", choices=sorted(WAYS), metavar="way",
                        help="only this way of those below")
    parser.add_argument("place", nargs="?", type=place_and_time, metavar="place",
                        help="only this place, as NAME@COUNT")
    parser.add_argument("--again", type=place_and_time, metavar="PLACE",
                        help="kill the server that was started again after PLACE, too, at this place of its own life")
    parser.add_argument("--lose-log", action="store_true",
                        help="lose the database's log at the last crash of a run, in order to see that this is found"
                             " where it held anything, as at commit.told@60 of closed: BROKEN, and exit code 1")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--share", type=from_one, default=1,
                       help="take every SHARE-th time of a place, besides first and last on the first way that passes"
                            " it, and every SHARE-th of two deaths, besides those with a place that is new [1]")
    which.add_argument("--seeds", type=from_one,
                       help="take every place once for each of so many seeds instead, whichever way the seed draws")
    parser.add_argument("--seed", type=from_one, default=1,
                        help="the first of the seeds; without --seeds the one that draws the second deaths [1]")
    arguments = parser.parse_intermixed_args()
    if arguments.place and (arguments.seeds or arguments.share > 1):
        parser.error("--seeds and --share choose the places; leave them out, or the place")
    if arguments.again and not arguments.place:
        parser.error("--again follows a death at a place; name that, too")
    return arguments


def end_interrupted():
    """At once: the threads may wait for what was interrupted as well."""
    MortalServer.abandon_all()
    print("interrupted", flush=True)
    os._exit(INTERRUPTED)


def main():
    arguments = parse_arguments()
    MortalServer.lose_log = arguments.lose_log
    try:
        if arguments.place:
            deaths = [death for death in (arguments.place, arguments.again) if death]
            return crash_once(arguments.way, deaths, arguments.lose_log)
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            try:
                crash_all([arguments.way] if arguments.way else list(WAYS), arguments, pool)
            except KeyboardInterrupt:
                end_interrupted()
    except KeyboardInterrupt:
        end_interrupted()
    except Broken as broken:
        print("BROKEN %s" % broken)
        return 1
    except NotReached as missed:
        print("all that was reached survived; not reached: %s" % missed)
        return NOT_REACHED
    return 0


if __name__ == "__main__":
    sys.exit(main())

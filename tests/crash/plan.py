# SPDX-License-Identifier: Apache-2.0
"""Which deaths are tried on the ways. Each is (place, time), and what is tried is a tuple: one, or one and another in
the life after it."""

import collections
import os
import random
import re

# A life recovers until these many of its commits are durable: two that every start makes, and the first that take up
# what was left.
COMMITS_OF_RECOVERY = 6


def failpoints():
    """The names of all there are."""
    with open(os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "protos", "failpoint.h")) as header:
        listed = re.search(r"kFailpoints\[\] = \{(.*?)\};", header.read(), re.DOTALL)
    return re.findall(r'"([^"]+)"', listed.group(1))


def chosen(places, share, known):
    """Every place, and of its times the first, the last and every share-th; of a place that is known from a way before
    this only every share-th."""
    for place, count in places.items():
        for time in range(1, count + 1):
            if time % share == 0 or (place not in known and time in (1, count)):
                yield ((place, time),)


def drawn(candidates, first, times_of):
    """Of (way, deaths) every place of the last death so many times, each time one that ends there by the next seed."""
    ending_at = collections.defaultdict(list)
    for way, deaths in candidates:
        ending_at[deaths[-1][0]].append((way, deaths))
    for place, alternatives in ending_at.items():
        for seed in range(first, first + times_of(place)):
            yield random.Random("%s %d" % (place, seed)).choice(alternatives)


def recovery(passed):
    """Where and when a life can be struck while it recovers, by the places that it passed in order."""
    times = collections.Counter()
    for place in passed:
        times[place] += 1
        yield place, times[place]
        if times["commit.durable"] == COMMITS_OF_RECOVERY:
            return


def struck_again(recoveries, seed):
    """recoveries: {first death: where the life after it can be struck}. Pairs in which each place of the first deaths
    stands, and each second death; which of them go together the seed draws."""
    draw = random.Random(seed)
    followed_by = collections.defaultdict(list)
    for first, seconds in recoveries.items():
        for second in seconds:
            followed_by[second].append(first)
    left = dict.fromkeys(followed_by)
    for place in dict.fromkeys(place for place, _ in recoveries):
        first = draw.choice([each for each in recoveries if each[0] == place])
        second = draw.choice([each for each in recoveries[first] if each in left] or recoveries[first])
        left.pop(second, None)
        yield first, second
    for second in left:
        yield draw.choice(followed_by[second]), second


def thinned(pairs, share, known):
    """Every share-th, and those of which a place was struck as first, or as second, on no way before this."""
    for number, pair in enumerate(pairs, 1):
        new = {(turn, place) for turn, (place, _) in enumerate(pair)} - known
        if new or number % share == 0:
            yield pair

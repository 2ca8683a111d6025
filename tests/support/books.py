# SPDX-License-Identifier: Apache-2.0
"""What the pretended cloud was asked to do for one account, and what it has to have been asked for at the end of a
closure."""

import collections
import decimal
import re

from closure.v1 import closure_pb2 as pb

RESULT_NOTICES = 2
FREEZES = ("FreezeAccount", "FreezeBilling", "FreezeResources")
THAWS = ("ThawAccount", "ThawBilling", "ThawResources")
# How often each act is done for the account of account(), by the state at the end. Perform is that of the archive, a
# participant outside of the process: it is frozen, then deleted from or restored. A code and a notice are mailed, a
# notice goes out as a text.
IN_BOTH = dict(dict.fromkeys(FREEZES + (
    "ReleaseResource", "ForfeitBalance", "TerminateSessions", "CreateServiceLinkedRole", "SealBilling", "SendText"), 1),
    Perform=2, SendMail=2)
BOOKS = {
    "CLOSED": dict(IN_BOTH, **dict.fromkeys((
        "VoidDebt", "PurgeData", "UnbindThirdParties", "DeleteServiceLinkedRole", "DeleteAccount"), 1)),
    "ABORTED": dict(IN_BOTH, **dict.fromkeys(THAWS + ("DeleteServiceLinkedRole", "UnsealBilling"), 1)),
    "CANCELLED": {"ReleaseResource": 1, "SendMail": 2, "SendText": 1},
}
CURRENCY, BALANCE, DEBT = "USD", "20.00", "5.00"
# The money of account(), all of which its owner renounces: by the act that takes it, as what it stands in the record.
RENOUNCED = {
    "ForfeitBalance": (pb.BALANCE, CURRENCY, decimal.Decimal(BALANCE)),
    "VoidDebt": (pb.DEBT, CURRENCY, decimal.Decimal(DEBT)),
}


def account(account_id):
    """In a cloud file: one resource to release, a balance to forfeit and a debt to void."""
    return {
        "accountId": account_id,
        "email": {"address": account_id + "@example.com"},
        "phone": {"address": "+8613890000021"},
        "sessions": [{"sessionId": "s1", "identity": "root"}],
        "funds": [{"currencyCode": CURRENCY, "balance": BALANCE, "debt": DEBT}],
        "resources": [{
            "resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
            "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": True,
            "consoleUri": "https://ecs.console.example.com/i-1"}],
    }


def method_of(act):
    return act.method.rsplit("/", 1)[1]


def acts_done(shown, only=None):
    """Under how many keys each act was asked for and neither fenced nor refused because the account was deleted, by
    method; `shown` is what ShowAccount answered."""
    keys = collections.defaultdict(set)
    for act in shown.acts:
        method = method_of(act)
        if act.outcome not in ("FENCED", "ACCOUNT_DELETED") and only in (None, method):
            keys[method].add(act.idempotency_key)
    return {method: len(used) for method, used in keys.items()}


def result_notices(inbox):
    """The messages that tell how a closure ended."""
    return [message for message in inbox if "/notice/" in message.idempotency_key]


def exact(kind, money):
    return kind, money.currency_code, money.units + decimal.Decimal(money.nanos).scaleb(-9)


def in_words(amounts):
    return ", ".join(sorted("%s %s %s" % (pb.ItemKind.Name(kind), format(amount.normalize(), "f"), currency)
                            for kind, currency, amount in amounts.elements())) or "nothing"


def money_faults(closure, shown, acts):
    """Every sentence against the money of an account(), whose closure ended: what the cloud took is what was renounced
    and became due by the `acts` that the end asks for, and the record says so; none when it is sound."""
    taken = collections.Counter(exact(RENOUNCED[method_of(act)][0], act.amount) for act in shown.acts
                                if method_of(act) in RENOUNCED and act.outcome == "DONE")
    due = collections.Counter(money for method, money in RENOUNCED.items() if method in acts)
    executed, dropped = (
        collections.Counter(exact(each.kind, each.amount) for each in closure.renunciations if each.status == status)
        for status in (pb.Renunciation.EXECUTED, pb.Renunciation.DROPPED))
    kept = collections.Counter(RENOUNCED.values()) - due
    found = []
    if taken != due:
        found.append("%s was taken, due was %s" % (in_words(taken), in_words(due)))
    if executed != taken:
        found.append("%s was taken, the record says %s" % (in_words(taken), in_words(executed)))
    if dropped != kept or len(closure.renunciations) != len(RENOUNCED):
        found.append("%s was kept, the record says %s" % (in_words(kept), in_words(dropped)))
    return found


def telling_faults(closure, notices):
    """Every sentence against what the notices of a result tell of money that does not come back to an account that
    stays: each tells it where a balance was forfeited, and none where none was."""
    if closure.state == pb.Closure.CLOSED or closure.cause == pb.Closure.ACCOUNT_GONE:
        return []
    forfeited = any(each.kind == pb.BALANCE and each.status == each.EXECUTED for each in closure.renunciations)
    return ["a balance was %s, and the notice reads: %s" % ("forfeited" if forfeited else "kept", notice.body)
            for notice in notices if forfeited != bool(re.search("forfeited .*does not come back", notice.body))]

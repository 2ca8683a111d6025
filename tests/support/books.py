# SPDX-License-Identifier: Apache-2.0
"""What the pretended cloud was asked to do for one account, and what it has to have been asked for at the end of a closure."""

import collections

RESULT_NOTICES = 2
FREEZES = ("FreezeAccount", "FreezeBilling", "FreezeResources")
THAWS = ("ThawAccount", "ThawBilling", "ThawResources")
# How often each act is done for the account of account(), by the state at the end. Perform is that of the archive, a
# participant outside of the process: it is frozen, then deleted from or restored. A code and a notice are mailed, a notice
# goes out as a text.
IN_BOTH = dict(dict.fromkeys(FREEZES + (
    "ReleaseResource", "ForfeitBalance", "TerminateSessions", "CreateServiceLinkedRole", "SealBilling", "SendText"), 1),
    Perform=2, SendMail=2)
BOOKS = {
    "CLOSED": dict(IN_BOTH, **dict.fromkeys((
        "VoidDebt", "PurgeData", "UnbindThirdParties", "DeleteServiceLinkedRole", "DeleteAccount"), 1)),
    "ABORTED": dict(IN_BOTH, **dict.fromkeys(THAWS + ("DeleteServiceLinkedRole", "UnsealBilling"), 1)),
    "CANCELLED": {"ReleaseResource": 1, "SendMail": 2, "SendText": 1},
}


def account(account_id):
    """In a cloud file: one resource to release, a balance to forfeit and a debt to void."""
    return {
        "accountId": account_id,
        "email": {"address": account_id + "@example.com"},
        "phone": {"address": "+8613890000021"},
        "sessions": [{"sessionId": "s1", "identity": "root"}],
        "funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}],
        "resources": [{
            "resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
            "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": True,
            "consoleUri": "https://ecs.console.example.com/i-1"}],
    }


def acts_done(shown, only=None):
    """Under how many keys each act was asked for and neither fenced nor refused because the account was deleted, by method;
    `shown` is what ShowAccount answered."""
    keys = collections.defaultdict(set)
    for act in shown.acts:
        method = act.method.rsplit("/", 1)[1]
        if act.outcome not in ("FENCED", "ACCOUNT_DELETED") and only in (None, method):
            keys[method].add(act.idempotency_key)
    return {method: len(used) for method, used in keys.items()}


def result_notices(inbox):
    """The messages that tell how a closure ended."""
    return [message for message in inbox if "/notice/" in message.idempotency_key]

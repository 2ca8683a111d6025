# SPDX-License-Identifier: Apache-2.0
"""A client written in Python straight from the protos drives one whole closure of a real closured process."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closured_process import Closured, Owner, State  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402

ACCOUNT = {
    "accountId": "py-1",
    "email": {"address": "py@example.com"},
    "phone": {"address": "+8613890000011"},
    "funds": [{"currencyCode": "USD", "balance": "1000.00"}],
}


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)

    def test_drives_a_whole_closure(self):
        """[R9][R44][R45][R46][R47][R55][R65]"""
        self.server.load({"accounts": [ACCOUNT]})
        owner = Owner(self.server, "py-1")
        plan, items = None, []
        request = service.PreviewClosureRequest(account="accounts/py-1")
        for update in self.server.closures.PreviewClosure(request, metadata=owner.metadata, timeout=30):
            plan = update.plan if update.HasField("plan") else plan
            items.extend(update.items.items)
        self.assertEqual(len(items), 1)
        self.assertEqual([name for step in plan.steps for name in step.items], [items[0].name])
        self.assertEqual(owner.create().state, State.Value("IDENTITY_PENDING"))
        self.assertEqual(owner.verify().state, State.Value("AGREEMENT_PENDING"))
        owner.agree()
        owner.wait_for(State.Value("BLOCKED"))
        owner.discard_all()
        owner.wait_for(State.Value("READY"))
        owner.confirm()
        owner.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                         and all(each.status == each.DONE for each in closure.participants))
        self.server.advance(168)
        closed = owner.wait_for(State.Value("CLOSED"), State.Value("ABORTED"))
        self.assertEqual(closed.state, State.Value("CLOSED"))
        self.assertTrue(self.server.show("py-1").deleted)
        self.assertEqual(self.server.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""A real closured asks the examples: whole closures with a checker in Python, a checker and a participant in Node."""

import os
import sys
import tempfile
import unittest
import uuid

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402
from closured_process import Closured, Owner, State  # noqa: E402
from example_process import Example, demand_node  # noqa: E402

ACCOUNT = "1000000001"
PERSON = {"accountId": ACCOUNT, "email": {"address": "ann@example.com"}}
SHOP = {"serial": "4a31", "domain": "shop.example.com", "status": "issued", "expire_time": "2099-06-30T00:00:00Z",
        "revocable": True}
PAY = {**SHOP, "serial": "4a32", "domain": "pay.example.com", "revocable": False}
BACKUP = {"id": "bk-1", "of": "orders database", "state": "complete", "locked": False}
CONFIG = """
checkers { name: "certificates" remote { target: "%s" } }
checkers { name: "backups" remote { target: "%s" } }
participants {
  name: "mailboxes"
  target: "%s"
  stages { phase: FREEZE stage: 1 }
  stages { phase: THAW stage: 1 }
  stages { phase: DELETE stage: 2 }
  stages { phase: RESTORE stage: 1 }
}
"""


class WholeClosure(unittest.TestCase):
    def setUp(self):
        self.certificates = self.start(Example.of_python, {"certificates": [SHOP, PAY]})
        self.backups = self.start(Example.of_node, {"backups": [BACKUP]}, "backups_checker.mjs")
        self.mailboxes = self.start(Example.of_node, {"mailboxes": ["mb-1", "mb-2"]}, "mailboxes_participant.mjs")
        config = os.path.join(self.folder(), "closured.textproto")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG % (self.certificates.address, self.backups.address, self.mailboxes.address))

        class WithConfig(Closured):
            arguments = ("--config", config)

        self.server = WithConfig()
        self.addCleanup(self.server.close)
        self.server.load({"accounts": [PERSON]})
        self.owner = Owner(self.server, ACCOUNT)

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="closure-example-")
        self.addCleanup(folder.cleanup)
        return folder.name

    def start(self, make, entry, *arguments):
        example = make(self.folder(), *arguments)
        example.write({ACCOUNT: entry})
        self.addCleanup(example.close)
        example.start()
        return example

    def wait_for(self, state):
        """Waits for a state in which nobody is asked for anything any more; answers the items that are not resolved."""
        self.owner.wait_until(lambda closure: closure.state == State.Value(state)
                              and all(each.status == each.DONE for each in closure.participants))
        resolved = (pb.BlockingItem.RELEASED, pb.BlockingItem.RESOLVED)
        return {each.native_id: each.disposition for each in self.owner.items() if each.resolution not in resolved}

    def test_is_driven_to_its_end(self):
        self.owner.create()
        self.owner.verify()
        self.owner.agree()
        self.assertEqual(self.wait_for("BLOCKED"), {
            "certificate/4a31": pb.RENOUNCEABLE, "certificate/4a32": pb.MUST_HANDLE, "backup/bk-1": pb.RENOUNCEABLE})

        self.owner.discard_all()
        self.owner.wait_until(lambda closure: closure.state == State.Value("BLOCKED") and closure.scan.number == 2)
        self.assertEqual(self.wait_for("BLOCKED"), {"certificate/4a32": pb.MUST_HANDLE})
        self.assertEqual(self.certificates.acts(ACCOUNT), ["certificate/4a31"])
        self.assertEqual(self.backups.acts(ACCOUNT), ["backup/bk-1"])

        # The owner handles by hand what has to be.
        self.certificates.write({ACCOUNT: {"certificates": [SHOP]}})
        self.owner.call("Recheck", service.RecheckRequest(name=self.owner.name, request_id=str(uuid.uuid4())))
        self.assertEqual(self.wait_for("READY"), {})

        self.owner.confirm()
        self.wait_for("SILENT_PERIOD")
        self.assertEqual(self.mailboxes.acts(ACCOUNT), ["FREEZE"])
        self.server.advance(168)
        self.wait_for("CLOSED")
        self.assertEqual(self.mailboxes.acts(ACCOUNT), ["FREEZE", "DELETE"])
        self.assertTrue(self.server.show(ACCOUNT).deleted)
        for example in (self.certificates, self.backups, self.mailboxes):
            self.assertEqual(example.stop(), (0, b""))

    def test_mailboxes_are_restored_where_the_final_check_finds_something(self):
        self.certificates.write({})
        self.backups.write({})
        self.owner.create()
        self.owner.verify()
        self.owner.agree()
        self.wait_for("READY")
        self.owner.confirm()
        self.wait_for("SILENT_PERIOD")
        self.backups.write({ACCOUNT: {"backups": [BACKUP]}})
        self.server.advance(168)
        self.wait_for("ABORTED")
        self.assertEqual(self.mailboxes.acts(ACCOUNT), ["FREEZE", "RESTORE"])


if __name__ == "__main__":
    demand_node("examples.whole_closure")
    unittest.main()

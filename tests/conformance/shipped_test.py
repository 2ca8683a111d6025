# SPDX-License-Identifier: Apache-2.0
"""The published cases hold for every example that is shipped in Python and Node; tests/sdk has those in C++."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "examples"))
from example_process import Example, demand_node  # noqa: E402

SECONDS = 90
ORDINARY, MANY, SLOW, FAILING = "1000000001", "1000000003", "1000000004", "1000000005"
CERTIFICATE = {"serial": "4a31", "domain": "shop.example.com", "status": "issued", "expire_time": "2099-06-30T00:00:00Z",
               "revocable": True}
BACKUP = {"id": "bk-1", "of": "orders database", "state": "complete", "locked": False}
# Those that have to be handled by hand.
KEPT_CERTIFICATE = {**CERTIFICATE, "serial": "77f0", "revocable": False}
LOCKED_BACKUP = {**BACKUP, "id": "bk-2", "locked": True}


def cloud(kind, thing, by_hand):
    return {ORDINARY: {kind: [thing, by_hand]}, MANY: {kind: [{**thing, "repeat": 3000}]}, SLOW: {"slow": True}, FAILING: {"failing": True}}


class Shipped(unittest.TestCase):
    def start(self, make, data, *arguments):
        folder = tempfile.TemporaryDirectory(prefix="closure-shipped-")
        self.addCleanup(folder.cleanup)
        example = make(folder.name, *arguments)
        example.write(data)
        self.addCleanup(example.close)
        example.start()
        return example

    def demand_all_hold(self, kind, example, *flags):
        command = [os.environ["CLOSURECTL_BINARY"], kind, "verify", example.address, "-o", "json", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        cases = json.loads(done.stdout)["cases"] if done.stdout else done.stderr
        self.assertEqual(done.returncode, 0, cases)
        self.assertEqual({each["verdict"] for each in cases}, {"HOLDS"}, cases)

    def demand_checker_holds(self, example, native_id):
        self.demand_all_hold("checker", example, "--account", ORDINARY, "--many", MANY, "--many-items", "3000", "--slow", SLOW,
                             "--failing", FAILING, "--release", native_id)

    def test_the_checker_in_python(self):
        self.demand_checker_holds(self.start(Example.of_python, cloud("certificates", CERTIFICATE, KEPT_CERTIFICATE)), "certificate/4a31")

    def test_the_checker_in_node(self):
        self.demand_checker_holds(self.start(Example.of_node, cloud("backups", BACKUP, LOCKED_BACKUP), "backups_checker.mjs"), "backup/bk-1")

    def test_the_participant_in_node(self):
        example = self.start(Example.of_node, {ORDINARY: {"mailboxes": ["mb-1"]}}, "mailboxes_participant.mjs")
        self.demand_all_hold("participant", example, "--act-on", ORDINARY, "--delete")


if __name__ == "__main__":
    demand_node("conformance.shipped")
    unittest.main(verbosity=2)

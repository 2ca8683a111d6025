# SPDX-License-Identifier: Apache-2.0
"""The checker "certificates", an example in Python, as a process."""

import unittest

from checker_rules import ACCOUNT, FACTS_MOVED, CheckerRules
from example_process import Example, ExampleTest

ENDS, ENDED = "2099-06-30T00:00:00Z", "2020-01-31T00:00:00Z"


class Certificates(CheckerRules, ExampleTest):
    name = "certificates"
    sample = "python/certificates.json"

    def make_example(self, folder):
        return Example.of_python(folder)

    def thing(self, name, releasable=True, expire_time=ENDS, **more):
        return {"serial": name, "domain": name + ".example.com", "status": "issued", "expire_time": expire_time,
                "revocable": releasable, **more}

    def native_id(self, name):
        return "certificate/" + name

    def test_what_has_expired_is_no_item(self):
        self.load([self.thing("a", expire_time=ENDED)])
        self.assertEqual(self.names(), [])
        self.assertEqual(self.discard(), FACTS_MOVED)
        # By the time of the question, whatever this machine's clock says.
        items, _ = self.check(seconds=1500000000)
        self.assertEqual([each.native_id for each in items], ["certificate/a"])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The checker "backups", an example in Node, as a process."""

import unittest

from checker_rules import CheckerRules
from example_process import Example, ExampleTest, demand_node


class Backups(CheckerRules, ExampleTest):
    name = "backups"
    sample = "node/cloud.json"

    def make_example(self, folder):
        return Example.of_node(folder, "backups_checker.mjs")

    def thing(self, name, releasable=True, **more):
        return {"id": name, "of": "orders database", "state": "complete", "locked": not releasable, **more}

    def native_id(self, name):
        return "backup/" + name


if __name__ == "__main__":
    demand_node("examples.backups")
    unittest.main()

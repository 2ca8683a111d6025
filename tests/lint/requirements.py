# SPDX-License-Identifier: Apache-2.0
"""Every requirement R1..R70 and decision D1..D17 is cited by at least one test through the API of a running server.

A C++ test cites in its TEST_CASE tags ("[R23][D8]"), a Python test in a comment or docstring line that begins
with the word Requirement or Requirements ("# Requirements: R23, D8"). R8 and R10 need no test of their own: they
describe what the owner does, and why.
"""

import re

import source_tree

NUMBERS = [f"R{n}" for n in range(1, 71) if n not in (8, 10)] + [f"D{n}" for n in range(1, 18)]
TAG = re.compile(r"\[([RD]\d+)\]")
TEST_CASE = re.compile(r"\b(?:TEST_CASE|TEST_CASE_METHOD|TEMPLATE_TEST_CASE|SCENARIO)\s*\(((?:[^\"()]|\"(?:[^\"\\]|\\.)*\")*)")
PYTHON_LINE = re.compile(r"^\s*(?:#|\"\"\")?\s*Requirements?:?\s(.*)$", re.MULTILINE)
PYTHON_NUMBER = re.compile(r"\b([RD]\d+)\b")


def cited(name, text):
    """The numbers that the tests in this file cite."""
    if name.endswith((".cc", ".h")):
        return {tag for case in TEST_CASE.findall(text) for tag in TAG.findall(case)}
    if name.endswith(".py") and not name.startswith("tests/lint/"):
        return {number for line in PYTHON_LINE.findall(text) for number in PYTHON_NUMBER.findall(line)}
    return set()


def missing(files):
    seen = set()
    for name, text in files:
        seen |= cited(name, text)
    return [number for number in NUMBERS if number not in seen]


def check_tree():
    tests = [name for name in source_tree.files() if name.startswith("tests/end_to_end/")]
    absent = missing((name, source_tree.read(name)) for name in tests)
    print(f"{len(NUMBERS) - len(absent)} of {len(NUMBERS)} requirements and decisions are cited by a test")
    return [f"tests/end_to_end/:1: no test cites {number}; tag the TEST_CASE that shows it with [{number}]" for number in absent]


def self_test():
    complaints = []
    source = 'TEST_CASE("a balance of 1,000 (inclusive) is renounceable",\n          "[R23] [D8]") {\n  // [R24]\n}\n'
    if cited("tests/a_test.cc", source) != {"R23", "D8"}:
        complaints.append(f"self-test: wrong numbers {cited('tests/a_test.cc', source)}")
    if cited("tests/a_test.py", "# Requirements: R5 and D17\nR6\n") != {"R5", "D17"}:
        complaints.append("self-test: a Python comment was not read")
    if "R24" not in missing([("tests/a_test.cc", source)]):
        complaints.append("self-test: a requirement without a test was not missed")
    everything = "".join(f'TEST_CASE("x", "[{number}]") {{}}\n' for number in NUMBERS)
    if missing([("tests/a_test.cc", everything)]):
        complaints.append("self-test: cited requirements were missed")
    return complaints


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

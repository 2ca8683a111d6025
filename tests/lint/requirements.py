# SPDX-License-Identifier: Apache-2.0
"""Every requirement R1..R70 and decision D1..D17 is cited by at least one test through the API of a running server.

A test cites in square brackets: a C++ test in the tags of its TEST_CASE ("[R23][D8]"), a Python test in the docstring of
its test method. What cannot show anything does not count: a test that is commented out, skipped, hidden or allowed to
fail, and a file that CMake does not run. R8 and R10 need no test of their own: they describe what the owner does, and why.
"""

import ast
import re

import source_tree

NUMBERS = [f"R{n}" for n in range(1, 71) if n not in (8, 10)] + [f"D{n}" for n in range(1, 18)]
FOLDER = "tests/end_to_end/"
TAG = re.compile(r"\[([RD]\d+)\]")
STRING = r'"(?:[^"\\]|\\.)*"'
# A test case with its name and its tags; either may be of several literals.
TEST_CASE = re.compile(rf"^[ \t]*(?:TEST_CASE|SCENARIO)\s*\(\s*(?:{STRING}\s*)+,\s*((?:{STRING}\s*)+)\)", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# Tags with which Catch2 does not run a test, or takes its failure for a success.
IDLE = ("[.", "[!hide]", "[!mayfail]", "[!shouldfail]")


def cited_in_cpp(text):
    for tags in TEST_CASE.findall(COMMENT.sub("", text)):
        if not any(idle in tags for idle in IDLE):
            yield from TAG.findall(tags)


def is_idle(node):
    """Whether unittest skips a class or method, or takes its failure for a success."""
    return any(re.search(r"skip|expectedFailure", ast.unparse(decorator)) for decorator in node.decorator_list)


def cited_in_python(text):
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef) or is_idle(node):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name.startswith("test") and not is_idle(method):
                yield from TAG.findall(ast.get_docstring(method) or "")


def cited(name, text):
    """The numbers that the tests in this file cite."""
    if name.endswith(".cc"):
        return set(cited_in_cpp(text))
    return set(cited_in_python(text)) if name.endswith(".py") else set()


def complaints(files):
    """Of the (name, text) of a folder: numbers that no test cites, and tests that cite what there is not."""
    found, seen = [], set()
    for name, text in files:
        numbers = cited(name, text)
        seen |= numbers
        known = NUMBERS + ["R8", "R10"]
        found += [f"{name}:1: a test cites {number}, which is no requirement" for number in sorted(numbers - set(known))]
    return found + [f"{FOLDER}:1: no test cites {number}; tag the test that shows it with [{number}]"
                    for number in NUMBERS if number not in seen]


def run_by_cmake(name, listing):
    return re.search(rf"(?<![\w./]){re.escape(name.rsplit('/', 1)[1])}(?![\w.])", listing) is not None


def check_tree():
    listing = source_tree.read(FOLDER + "CMakeLists.txt")
    names = [name for name in source_tree.files() if name.startswith(FOLDER) and run_by_cmake(name, listing)]
    found = complaints([(name, source_tree.read(name)) for name in names])
    absent = sum("no test cites" in line for line in found)
    print(f"{len(NUMBERS) - absent} of {len(NUMBERS)} requirements and decisions are cited by a test")
    return found


CPP = """TEST_CASE("a balance of 1,000 (inclusive), as [R1] has it, is renounceable",
          "[R23] [D8]" "[money]") {
  // [R24]
}
// TEST_CASE("commented out", "[R2]")
/* TEST_CASE("commented out", "[R3]")
   TEST_CASE("too", "[R3]") */
TEST_CASE("hidden", "[.][R4]") {}
TEST_CASE("it may fail", "[R5][!mayfail]") {}
TEST_CASE("without tags") { Tag("[R6]"); }
"""
PYTHON = '''# Requirements: R1
"""[R2]"""
class Tests(unittest.TestCase):
    """[R3]"""
    def test_it(self):
        """[R5][D17]"""
        """[R4]"""
    def test_nothing(self):
        self.check("[R6]")
    def step(self):
        """[R7]"""
    @unittest.skip("[R9]")
    def test_later(self):
        """[R9]"""
@unittest.skipIf(True, "")
class Skipped(unittest.TestCase):
    def test_it(self):
        """[R11]"""
'''


def self_test():
    wrong = []
    if cited("a_test.cc", CPP) != {"R23", "D8"}:
        wrong.append(f"self-test: wrong numbers of C++ tests: {cited('a_test.cc', CPP)}")
    if cited("a_test.py", PYTHON) != {"R5", "D17"}:
        wrong.append(f"self-test: wrong numbers of Python tests: {cited('a_test.py', PYTHON)}")
    if not any("no test cites R24" in line for line in complaints([("a_test.cc", CPP)])):
        wrong.append("self-test: a requirement without a test was not missed")
    everything = "".join(f'TEST_CASE("x", "[{number}]") {{}}\n' for number in NUMBERS)
    if complaints([("a_test.cc", everything)]):
        wrong.append("self-test: cited requirements were missed")
    if not complaints([("a_test.cc", everything + 'TEST_CASE("x", "[R71]") {}\n')]):
        wrong.append("self-test: a number that there is not was not found")
    if run_by_cmake("x/a_test.cc", "  aa_test.cc\n  a_test.cc.in\n") or not run_by_cmake("x/a_test.cc", "  a_test.cc\n"):
        wrong.append("self-test: the wrong files are taken for those that CMake runs")
    return wrong


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

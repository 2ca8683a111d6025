# SPDX-License-Identifier: Apache-2.0
"""Functions and files stay small: a function at most 70 lines, nine of ten at most 40, a file at most 400."""

import ast
import re

import source_tree

FUNCTION_LINES_MAX = 70
FUNCTION_LINES_P90_MAX = 40
FILE_LINES_MAX = 400
FOLDERS = tuple(f"{room}/" for room in source_tree.ROOMS) + ("tests/", "bench/", "tools/")

# Comments, string and character literals; they become blanks, so that the braces in them do not count.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
# What may stand before a brace that opens a scope in which functions are declared.
SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b[^()=]*$|\b(?:class|struct)\b[^=]*$")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def is_function(head):
    """Whether a brace after this text, outside of any function, opens a function's body."""
    return "(" in head and not SCOPE.search(head) and not re.search(r"(?<!operator)(?<![=!<>])=(?!=)\s*(?:\w[\w:<>]*)?\s*$", head)


def cxx_functions(text):
    """(first line, lines) of every function: from its declaration to its closing brace, lambdas within included."""
    code = PREPROCESSOR.sub(blank, NOT_CODE.sub(blank, text))
    functions, depth, body_depth, head_start, first_line = [], 0, None, 0, 0
    for match in re.finditer(r"[{};]", code):
        character, position = match.group(0), match.start()
        if character == "{":
            head = code[head_start:position]
            if body_depth is None and is_function(head):
                body_depth = depth
                first_line = code.count("\n", 0, head_start + len(head) - len(head.lstrip())) + 1
            depth += 1
        elif character == "}":
            depth -= 1
            if body_depth is not None and depth == body_depth:
                functions.append((first_line, code.count("\n", 0, position) + 2 - first_line))
                body_depth = None
        head_start = position + 1
    return functions


def python_functions(text):
    return [
        (node.lineno, node.end_lineno - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def functions_of(name, text):
    return python_functions(text) if name.endswith(".py") else cxx_functions(text)


def percentile_90(lengths):
    return sorted(lengths)[(len(lengths) * 9 + 9) // 10 - 1]


def check_file(name, text):
    findings, lines = [], text.count("\n")
    if lines > FILE_LINES_MAX:
        findings.append(f"{name}:{FILE_LINES_MAX}: the file has {lines} lines, {FILE_LINES_MAX} at most: it is two ideas, split it")
    for first, length in functions_of(name, text):
        if length > FUNCTION_LINES_MAX:
            findings.append(f"{name}:{first}: the function has {length} lines, {FUNCTION_LINES_MAX} at most: name its parts")
    return findings


def check_lengths(lengths):
    """lengths: (lines, name, first line) of every function of the tree."""
    if not lengths or percentile_90([entry[0] for entry in lengths]) <= FUNCTION_LINES_P90_MAX:
        return []
    return [f"{name}:{first}: {length} lines, and fewer than nine of ten functions have at most {FUNCTION_LINES_P90_MAX}:"
            " name its parts" for length, name, first in sorted(lengths, reverse=True)[:10]]


def check_tree():
    findings, lengths, files = [], [], []
    for name in source_tree.files():
        if name.startswith(FOLDERS) and name.endswith((".h", ".cc", ".py")):
            text = source_tree.read(name)
            findings += check_file(name, text)
            lengths += [(length, name, first) for first, length in functions_of(name, text)]
            files.append((text.count("\n"), name))
    print_figures(lengths, files)
    return findings + check_lengths(lengths)


def print_figures(lengths, files):
    if lengths:
        counts = sorted(entry[0] for entry in lengths)
        print(f"{len(counts)} functions: median {counts[len(counts) // 2]}, p90 {percentile_90(counts)}, longest {counts[-1]} lines")
        print("longest: " + ", ".join(f"{name}:{first} {length}" for length, name, first in sorted(lengths, reverse=True)[:3]))
    if files:
        print(f"{len(files)} files: longest " + ", ".join(f"{name} {lines}" for lines, name in sorted(files, reverse=True)[:3]))


SAMPLE = """
namespace closure {
struct Point { int x = 0; };
constexpr Row kTable[] = {{1, 2}, {3, 4}};
const char* kText = "} { (";
const auto kNames = std::map<int, int>{{1, 2}};
Engine::Engine(int a)
    : a_(a) {
  if (a) { Run([] { return '}'; }); }
}
inline bool operator==(Point a, Point b) { return a.x == b.x; }
class Store {
 public:
  virtual ~Store() = default;
  int size() const { return 1; }  // }
};
}  // namespace closure
TEST_CASE("a rule {", "[R1]") {
  CHECK(true);
}
"""
SAMPLE_FUNCTIONS = [(7, 4), (11, 1), (15, 1), (18, 3)]


def self_test():
    complaints = []
    if cxx_functions(SAMPLE) != SAMPLE_FUNCTIONS:
        complaints.append(f"self-test: found the functions {cxx_functions(SAMPLE)}, not {SAMPLE_FUNCTIONS}")
    if not check_lengths([(FUNCTION_LINES_P90_MAX + 1, "a.cc", 1)] * 2 + [(1, "a.cc", 1)] * 8):
        complaints.append("self-test: two of ten functions are too long, and nothing was found")
    if check_lengths([(FUNCTION_LINES_P90_MAX + 1, "a.cc", 1)] + [(1, "a.cc", 1)] * 9):
        complaints.append("self-test: one of ten functions may be longer")

    def body(lines):
        return "void F() {\n" + "  G();\n" * (lines - 2) + "}\n"
    bad = [("a.cc", body(FUNCTION_LINES_MAX + 1)), ("a.h", "\n" * (FILE_LINES_MAX + 1)),
           ("a.py", "def f():\n" + "    g()\n" * FUNCTION_LINES_MAX)]
    good = [("a.cc", body(FUNCTION_LINES_MAX)), ("a.h", "\n" * FILE_LINES_MAX)]
    return complaints + source_tree.expect_findings(check_file, bad, good)


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

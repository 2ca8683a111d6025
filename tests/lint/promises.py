# SPDX-License-Identifier: Apache-2.0
"""Every promise of the table in docs/assurance.md is judged where the table says, and every judge's is in it.

A judge names what is broken at the beginning of its message, as in "N5, S17: an unanswered checker counted as a pass".
"""

import re

import source_tree

PAGE = "docs/assurance.md"
# What both of them ask.
SHARED = "tests/support/sound_closure.h"
JUDGES = {"exploration": "tests/exploration/", "simulation": "tests/simulation/"}
NAME = r"(?:[NSL]\d+|[HQ])"
PROMISES = [f"N{n}" for n in range(1, 11)] + [f"S{n}" for n in range(1, 19)] + [f"L{n}" for n in range(1, 6)] + ["H", "Q"]
ROW = re.compile(rf"^\| ({NAME}) \| [^|]+ \| ([^|]*) \|$", re.MULTILINE)
# Requirements may stand among the names; they are another lint's.
MESSAGE = re.compile(rf'"((?:{NAME}|[RD]\d+)(?:, (?:{NAME}|[RD]\d+))*): ')

# As they were named once.
NUMBERED = re.compile(r'"\d+: (?=[A-Za-z{])')


def judged(text):
    """The promises that the judges of a folder name, in the code of all its files."""
    return {name for names in MESSAGE.findall(text) for name in names.split(", ") if re.fullmatch(NAME, name)}


def check(page, code):
    """Findings, for the text of the page and the code of each judge by its name."""
    told = {name: {judge.strip() for judge in judges.split(",") if judge.strip()} for name, judges in ROW.findall(page)}
    found = [f"{PAGE}:1: the table lacks {name}" for name in PROMISES if name not in told]
    found += [f"{PAGE}:1: the table has {name}, which is no promise" for name in told if name not in PROMISES]
    found += [f"{JUDGES[judge]}:1: a judge names a promise {number}" for judge, text in code.items()
              for number in NUMBERED.findall(text)]
    by_judge = {judge: judged(text) for judge, text in code.items()}
    for name in sorted(set(PROMISES) | set().union(*by_judge.values())):
        really = {judge for judge, names in by_judge.items() if name in names}
        if name in told and told[name] != really:
            found.append(f"{PAGE}:1: {name} is judged by {sorted(really) or 'nobody'}, not by {sorted(told[name])}")
        elif not really:
            found.append(f"{PAGE}:1: nobody judges {name}")
        elif name not in PROMISES:
            found.append(f"{JUDGES[min(really)]}:1: a judge names {name}, which is no promise")
    return found


def code_of(folder):
    names = [name for name in source_tree.files() if name.startswith(folder) and name.endswith(".cc")] + [SHARED]
    return "\n".join(source_tree.read(name) for name in names if not name.endswith("_test.cc"))


def check_tree():
    return check(source_tree.read(PAGE), {judge: code_of(folder) for judge, folder in JUDGES.items()})


def self_test():
    page = "".join(f"| {name} | it holds | exploration |\n" for name in PROMISES)
    code = {"exploration": "".join(f'"{name}: it broke"\n' for name in PROMISES), "simulation": ""}
    other = {**code, "simulation": 'return "D6, S3: it broke";'}
    complaints = ["self-test: wrongly found something"] if check(page, code) else []
    bad = [
        ("a promise that is not in the table", page.replace("| S3 |", "| S33 |"), code),
        ("one that nobody judges", page, {**code, "exploration": code["exploration"].replace('"L4: ', '"')}),
        ("a judge that the table does not tell", page, other),
        ("a judge that the table wrongly tells", page.replace("| Q | it holds | exploration |",
                                                              "| Q | it holds | exploration, simulation |"), code),
        ("a number that is no name", page, {**code, "simulation": 'Broken("5: READY without a scan")'}),
        ("a name that is no promise", page, {**code, "exploration": code["exploration"] + '"N11: it broke"'}),
    ]
    return complaints + [f"self-test: {what} was not found" for what, text, judges in bad if not check(text, judges)]


if __name__ == "__main__":
    source_tree.run(__doc__, check_tree, self_test)

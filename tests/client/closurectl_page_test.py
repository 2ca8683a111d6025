# SPDX-License-Identifier: Apache-2.0
"""docs/closurectl.md and `--help` name the same commands and options."""

import os
import re
import subprocess
import unittest

CLOSURECTL = os.environ["CLOSURECTL_BINARY"]
PAGE = os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "docs", "closurectl.md")
GROUPS = ("checker", "operator", "participant", "sandbox", "server")
SECONDS = 60
# Every level of the command line has it, and the page says so once.
EVERYWHERE = {"--help"}


def help_of(*command):
    done = subprocess.run([CLOSURECTL, *command, "--help"], capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout


def subcommands(*group):
    return re.findall(r"(?m)^  ([a-z][a-z-]*)", help_of(*group).split("Subcommands:\n", 1)[1].split("\n\n", 1)[0])


def options(*command):
    """The options of one command, without those that every command takes."""
    text = help_of(*command).split("Options:\n", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", text)) - EVERYWHERE


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(PAGE, encoding="utf-8") as file:
            cls.page = file.read()
        cls.commands = [name for name in subcommands() if name not in GROUPS]
        cls.commands += [group + " " + name for group in GROUPS for name in subcommands(group)]

    def row(self, command):
        """The line of the tables that describes a command; it begins with the command's name and arguments."""
        rows = re.findall(r"(?m)^\| `%s(?: [^`]*)?` \|.*$" % command, self.page)
        self.assertEqual(len(rows), 1, "lines about the command " + command)
        return rows[0]

    def about(self, command):
        """The page's line about a command, and the paragraphs that begin with its name."""
        more = re.findall(r"(?ms)^(?:### %s: .*?(?=^##)|\*\*%s\*\* .*?(?=\n\n))" % (command, command), self.page)
        return "\n".join([self.row(command)] + more)

    def test_every_command_has_a_line_with_an_example(self):
        self.assertGreater(len(self.commands), 30)
        for command in self.commands:
            self.assertIn("| `closurectl %s" % command, self.row(command))

    def test_every_line_is_about_a_command(self):
        lines = re.findall(r"(?m)^\| `([a-z][a-z -]*[a-z])(?: [^`]*)?` \| `closurectl ", self.page)
        self.assertEqual(set(lines) - set(self.commands), set())

    def test_every_option_of_a_command_is_told_where_the_command_is(self):
        missing = []
        for command in self.commands:
            told = set(re.findall(r"--[a-z][a-z-]*", self.about(command)))
            missing += [command + " " + option for option in sorted(options(*command.split()) - told)]
        self.assertEqual(missing, [])

    def test_every_option_that_all_commands_take_is_in_the_table_of_flags(self):
        table = self.page.split("## Flags of every command", 1)[1].split("\n\n**", 1)[0]
        told = set(re.findall(r"(?m)^\| (?:`-\w`, )?`(--[a-z-]+)", table))
        self.assertEqual(told - EVERYWHERE, options())

    def test_every_option_that_is_told_is_one(self):
        known = options().union(EVERYWHERE, *(options(*command.split()) for command in self.commands))
        told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", self.page))
        self.assertEqual(told - known, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""The program closured where it ends by itself: command line, configuration, what both name, and exit codes."""

import os
import pwd
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from certificates import Certificates  # noqa: E402
from production import CONFIG, OK, SOURCE, USAGE, Files, run_closured  # noqa: E402


class CommandLine(unittest.TestCase):
    def test_help_and_version_end_well(self):
        code, out, _ = run_closured("--help")
        self.assertEqual(code, OK)
        self.assertIn("--check-config", out)
        code, out, _ = run_closured("--version")
        self.assertEqual(code, OK)
        self.assertRegex(out, r"^closured \d+\.\d+\.\d+.*closure\.v1")

    def test_one_that_is_not_understood_says_where_to_look(self):
        for arguments in ([], ["--confg"], ["--confg", "x"], ["serve"], ["production"], ["--config"], ["--data-dir", "x"],
                          ["--load", "x"], ["dev", "--load"]):
            code, out, err = run_closured(*arguments)
            self.assertEqual((code, out), (USAGE, ""), (arguments, err))
            self.assertIn("--help", err)

    def test_a_bad_cloud_file_is_told_with_its_name(self):
        code, _, err = run_closured("dev", "--listen", "127.0.0.1:0", "--load", os.devnull)
        self.assertEqual(code, CONFIG, err)
        self.assertIn("--load " + os.devnull, err)

    def test_a_folder_in_place_of_a_file_is_told_and_ends_nothing_else(self):
        for arguments in (["--config", os.sep], ["dev", "--config", os.sep], ["dev", "--load", os.sep]):
            code, out, err = run_closured(*arguments)
            self.assertEqual((code, out), (CONFIG, ""), (arguments, err))
            self.assertIn("is a folder, not a file", err)


class Configuration(Files):
    def test_an_unknown_key_is_refused_with_its_place(self):
        path = self.production_config('policy {\n  silent_perod { seconds: 86400 }\n}\n')
        with open(path, encoding="utf-8") as file:
            line = 1 + [n for n, text in enumerate(file) if "silent_perod" in text][0]
        for extra in ([], ["--check-config"], ["--print-config"]):
            code, out, err = run_closured("--config", path, *extra)
            self.assertEqual((code, out), (CONFIG, ""))
            self.assertRegex(err, re.escape("%s:%d:" % (path, line)) + r"\d+: .*silent_perod")

    def test_the_place_has_line_and_column(self):
        code, _, err = run_closured("--config", self.write("wrong.textproto", "\npolcy {}\n"), "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("wrong.textproto:2:7: ", err)

    def test_a_file_that_is_not_there_is_named(self):
        code, _, err = run_closured("--config", self.path("absent"), "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn(self.path("absent"), err)

    def test_a_value_out_of_range_is_refused_with_its_path(self):
        path = self.production_config("policy { silent_period { seconds: 3600 } forfeit_limit_units: -1 }\n")
        code, _, err = run_closured("--config", path, "--check-config")
        self.assertEqual(code, CONFIG)
        # Every fault is told, not the first one only.
        self.assertIn("policy.silent_period", err)
        self.assertIn("policy.forfeit_limit_units", err)

    def test_what_production_needs_is_asked_for(self):
        path = self.write("empty.textproto", "")
        code, _, err = run_closured("--config", path)
        self.assertEqual(code, CONFIG)
        for key in ("database_path", "secret_key_file", "agreements_path", "upstreams.billing"):
            self.assertIn(key, err)

    def test_billing_cannot_be_disabled(self):
        path = self.production_config('checkers { name: "billing" disabled { by: "ann" why: "a test" } }\n')
        code, _, err = run_closured("--config", path, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("billing", err)

    def test_every_fault_of_values_and_files_has_a_line_of_its_own(self):
        config = self.production_config()
        os.chmod(self.path("secret.key"), 0o644)
        with open(config, encoding="utf-8") as file:
            text = file.read()
        wrong = self.write("wrong.textproto", text.replace('account: "127.0.0.1:1"', 'account: "a internal"').replace(
            '/agreements"', '/no-agreements"').replace("closures.db", "absent/closures.db"))
        for command in (["--check-config"], []):
            code, _, err = run_closured("--config", wrong, *command)
            self.assertEqual(code, CONFIG, err)
            lines = err.splitlines()
            self.assertIn("is refused:", lines[0])
            self.assertEqual([line.split(":")[0] for line in lines[1:]],
                             ["upstreams.account", "database_path", "secret_key_file", "agreements_path"])

    def test_a_secret_that_others_can_read_is_refused(self):
        config = self.production_config()
        os.chmod(self.path("secret.key"), 0o644)
        for command in (["--check-config"], []):
            code, _, err = run_closured("--config", config, *command)
            self.assertEqual(code, CONFIG)
            self.assertIn("secret.key", err)
            self.assertIn("chmod 600", err)
        os.chmod(self.path("secret.key"), 0o600)
        self.assertEqual(run_closured("--config", config, "--check-config")[0], OK)

    def test_files_of_tls_are_there_and_a_key_is_closed_to_others(self):
        remote = 'checkers { name: "vault" remote { target: "vault:7443" tls { certificate_file: "%s" key_file: "%s" } } }\n'
        ours = Certificates(self.folder, "ours.pem")
        ours.sign("vault.pem", "DNS:vault.internal")
        config = self.production_config(remote % (self.path("vault.pem"), self.path("vault.key")))
        code, _, err = run_closured("--config", config, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("checkers[0].remote.tls.key_file: %s: No such file" % self.path("vault.key"), err)
        os.rename(self.path("vault.pem.key"), self.path("vault.key"))
        self.assertEqual(run_closured("--config", config, "--check-config")[0], OK)
        os.chmod(self.path("vault.key"), 0o640)
        code, _, err = run_closured("--config", config, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("mode 0640 lets group or others at it", err)
        self.write("vault.pem", "a certificate")
        code, _, err = run_closured("--config", config, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("checkers[0].remote.tls.certificate_file: %s: holds no certificate" % self.path("vault.pem"), err)

    def test_an_address_that_others_can_reach_is_refused(self):
        code, _, err = run_closured("--config", self.production_config(listen="0.0.0.0:7443"))
        self.assertEqual(code, CONFIG)
        self.assertIn("listen_address", err)

    def test_paths_that_are_not_absolute_are_refused_wherever_the_check_runs(self):
        with open(self.production_config(), encoding="utf-8") as file:
            text = file.read()
        wrong = self.write("relative.textproto", text.replace(self.folder + "/", ""))
        code, _, err = run_closured("--config", wrong, "--check-config")
        self.assertEqual(code, CONFIG, err)
        self.assertEqual([line.split(":")[0] for line in err.splitlines()[1:]],
                         ["listen_address", "database_path", "secret_key_file"])

    def test_check_config_says_that_it_is_right_and_starts_nothing(self):
        path = self.production_config()
        code, out, err = run_closured("--config", path, "--check-config")
        self.assertEqual((code, err), (OK, ""))
        self.assertIn(path, out)
        # For whom: what one user can read another may not.
        self.assertIn("for the user " + pwd.getpwuid(os.geteuid()).pw_name, out)
        self.assertEqual("runuser -u USER" in out, os.geteuid() == 0, out)
        self.assertFalse(os.path.exists(self.path("closures.db")))
        # The environment names the file where no option does.
        self.assertEqual(run_closured("--check-config", CLOSURE_CONFIG=path)[0], OK)

    def test_print_config_shows_values_and_what_is_a_default(self):
        path = self.production_config("policy { code_attempts: 3 }\n")
        code, out, _ = run_closured("--config", path, "--print-config")
        self.assertEqual(code, OK)
        self.assertRegex(out, r"silent_period \{ seconds: 604800 ?\}.*# .*default")
        self.assertRegex(out, r"(?m)^ *code_attempts: 3$")
        # What it prints is a configuration, and prints as itself.
        printed = self.write("printed.textproto", out)
        self.assertEqual(run_closured("--config", printed, "--check-config")[0], OK)
        self.assertEqual(run_closured("--config", printed, "--print-config")[0], OK)

    def test_the_example_is_refused_where_its_files_are_not(self):
        if os.path.exists("/etc/closured"):
            self.skipTest("this machine has a closured")
        example = os.path.join(SOURCE, "deploy", "closured.textproto")
        code, out, err = run_closured("--config", example, "--check-config")
        self.assertEqual((code, out), (CONFIG, ""))
        self.assertIn("\nsecret_key_file: /etc/closured/secret.key: not there; ", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)

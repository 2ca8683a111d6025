# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts below a prefix runs as docs/installation.md says, and page, unit and example name the same files."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
from production import CONFIG, OK, SECONDS, SOURCE, Files, Serving  # noqa: E402

BUILD = os.path.dirname(os.path.dirname(os.environ["CLOSURED_BINARY"]))
DEFAULT_PREFIX = "/usr/local"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Installation(Files):
    """The page's paths outside of the prefix are below a folder of the test, and its user is the one who runs it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="closure-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = os.path.join(folder.name, "prefix")
        # A careful administrator's mask, which must not close the programs to everybody else.
        cls.install(cls.prefix, umask=0o077)
        cls.manifest = read(os.path.join(BUILD, "install_manifest.txt")).splitlines()
        cls.page = read(os.path.join(SOURCE, "docs", "installation.md"))

    @staticmethod
    def install(prefix, umask=0o022, **environment):
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], capture_output=True, text=True,
                              timeout=SECONDS, env=dict(os.environ, **environment), umask=umask, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def installed(self, name):
        return os.path.join(self.prefix, name)

    def run_installed(self, program, *arguments):
        done = subprocess.run([self.installed("bin/" + program), *arguments], capture_output=True, text=True, timeout=SECONDS,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def machine(self):
        """Folders and secret key as the page makes them, and the example configuration over them; answers its path."""
        for name, bits in (("etc/closured", 0o750), ("var/lib/closured", 0o700), ("run/closured", 0o700)):
            os.makedirs(self.path(name))
            os.chmod(self.path(name), bits)
        command = re.search(r"(?m)^\(umask 077; head -c 32 /dev/urandom > (/etc/closured/secret\.key)\)", self.page)
        subprocess.run(["sh", "-c", command.group(0).replace(command.group(1), self.path(command.group(1)[1:]))],
                       timeout=SECONDS, check=True)
        text = read(self.installed("share/closured/closured.textproto"))
        for name in ("etc/closured", "var/lib/closured", "run/closured"):
            text = text.replace("/%s/" % name, self.path(name) + "/")
        return self.write("etc/closured/closured.textproto", text)

    def test_a_server_made_as_the_page_says_serves_and_stops(self):
        config = self.machine()
        code, out, err = self.run_installed("closured", "--config", config, "--check-config")
        self.assertEqual((code, err), (OK, ""), out)
        server = Serving("--config", config, program=self.installed("bin/closured"))
        self.addCleanup(server.close)
        address = "unix:" + self.path("run/closured/closured.sock")
        code, out, err = self.run_installed("closurectl", "--server", address, "server", "status")
        self.assertEqual(code, OK, err)
        self.assertIn("SERVING", out)
        code, out, err = self.run_installed("closurectl", "--server", address, "server", "status", "--as", "operator:ann")
        self.assertEqual(code, OK, err)
        self.assertRegex(out, r"(?m)^PAUSED +no$")
        self.assertEqual(mode(self.path("etc/closured/secret.key")), 0o600)
        self.assertEqual(mode(self.path("var/lib/closured/closures.db")), 0o600)
        self.assertEqual(mode(self.path("run/closured/closured.sock")) & 0o077, 0)
        # The agreement comes from the prefix.
        code, out, err = self.run_installed("closurectl", "--server", address, "agreement")
        self.assertEqual(code, OK, err)
        self.assertIn(read(self.installed("share/closured/agreements/2026-01/en.txt")).splitlines()[0], out)
        self.assertEqual(server.stop(), OK)

    def test_the_backup_of_the_page_is_its_owners_alone_under_any_mask_and_can_be_restored(self):
        server = Serving("--config", self.machine(), program=self.installed("bin/closured"))
        self.addCleanup(server.close)
        address = "unix:" + self.path("run/closured/closured.sock")
        pause = ["operator", "pause", "--reason", "so that the copy has something to hold", "--as", "operator:ann"]
        self.assertEqual(self.run_installed("closurectl", "--server", address, *pause)[0], OK)
        command = re.search(r"(?m)^runuser -u closured -- (/usr/local/bin/closured .*--backup .*)$", self.page).group(1)
        for folder in ("/var/lib/closured", "/etc/closured"):
            command = command.replace(folder, self.path(folder[1:]))
        command = command.replace("/usr/local/bin/closured", self.installed("bin/closured"))
        subprocess.run(["sh", "-c", "umask 000; " + command], timeout=SECONDS, check=True)
        copy = self.path("var/lib/closured/backup.db")
        self.assertEqual(mode(copy), 0o600)
        self.assertEqual(server.stop(), OK)
        # As the page restores it.
        os.replace(copy, self.path("var/lib/closured/closures.db"))
        restored = Serving("--config", self.path("etc/closured/closured.textproto"), program=self.installed("bin/closured"))
        self.addCleanup(restored.close)
        out = self.run_installed("closurectl", "--server", address, "server", "status", "--as", "operator:ann")[1]
        self.assertRegex(out, r"(?m)^PAUSED +since .*so that the copy has something to hold")
        self.assertEqual(restored.stop(), OK)

    def test_a_configuration_without_its_secret_key_is_refused(self):
        config = self.machine()
        os.remove(self.path("etc/closured/secret.key"))
        code, _, err = self.run_installed("closured", "--config", config, "--check-config")
        self.assertEqual(code, CONFIG)
        self.assertIn("secret_key_file: " + self.path("etc/closured/secret.key"), err)

    def test_the_page_lists_what_is_installed(self):
        listed = re.findall(r"`((?:bin|include|share|lib)/[^`]*)`", self.page)
        found = [name for name in listed if os.path.exists(self.installed(name))]
        self.assertEqual(found, listed)
        for folder, _, files in os.walk(self.prefix):
            self.assertEqual(mode(folder), 0o755, folder)
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.prefix)
                self.assertTrue([each for each in listed if path == each or each.endswith("/") and path.startswith(each)], path)
                self.assertEqual(mode(self.installed(path)), 0o755 if path.startswith("bin/") else 0o644, path)
                self.assertIn(self.installed(path), self.manifest)

    def test_the_links_of_installed_pages_lead_to_what_is_installed(self):
        links = 0
        for folder, _, files in os.walk(self.installed("share/doc/closured")):
            for name in (each for each in files if each.endswith(".md")):
                for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(os.path.join(folder, name))):
                    links += 1
                    path = os.path.normpath(os.path.join(folder, link))
                    self.assertTrue(os.path.exists(path) and path.startswith(self.prefix), "%s: %s" % (name, link))
        self.assertGreater(links, 10)

    def test_what_is_installed_names_its_own_prefix_and_nothing_of_the_build(self):
        for name in ("share/closured/closured.textproto", "lib/systemd/system/closured.service"):
            text = read(self.installed(name))
            self.assertIn(self.prefix + "/", text)
            for other in (DEFAULT_PREFIX, SOURCE, BUILD):
                # A folder of ours may be called as the last part of one that is meant, such as /etc/closured.
                self.assertNotRegex(text, r"(?<![\w.-])" + re.escape(other) + "/")

    def test_a_tree_to_be_carried_elsewhere_names_where_it_will_be(self):
        self.install("/opt/closured", DESTDIR=self.folder)
        unit = read(self.path("opt/closured/lib/systemd/system/closured.service"))
        self.assertIn("ExecStart=/opt/closured/bin/closured ", unit)
        self.assertNotIn(self.folder, unit)

    def test_page_unit_and_example_name_the_same_files(self):
        unit = read(os.path.join(SOURCE, "deploy", "closured.service"))
        example = read(os.path.join(SOURCE, "deploy", "closured.textproto"))
        paths = re.findall(r'(?m)^[a-z_]+: "(?:unix:)?(/[^"]*)"', example)
        self.assertEqual(len(paths), 4, paths)
        for path in paths:
            self.assertIn(path.replace(DEFAULT_PREFIX + "/", "").split("/VERSION")[0], self.page)
        start = re.search(r"(?m)^ExecStart=(.*)$", unit).group(1)
        self.assertIn(start + " --check-config", self.page)
        self.assertIn("StateDirectory=closured\n", unit)
        self.assertIn("RuntimeDirectory=closured\n", unit)

    def test_the_unit_outlasts_a_stop_and_does_not_repeat_what_cannot_help(self):
        unit = dict(re.findall(r"(?m)^(\w+)=(.*)$", read(os.path.join(SOURCE, "deploy", "closured.service"))))
        grace = int(re.search(r"`shutdown_grace` \| (\d+)s", read(os.path.join(SOURCE, "docs", "configuration.md"))).group(1))
        # After the grace and five seconds more it ends by itself.
        self.assertGreater(int(unit["TimeoutStopSec"].rstrip("s")), grace + 5)
        self.assertEqual((unit["Restart"], unit["RestartPreventExitStatus"]), ("on-failure", "64 78"))

    def test_systemd_understands_the_unit(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("there is no systemd-analyze")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", self.installed("lib/systemd/system/closured.service")],
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual([line for line in done.stderr.splitlines() if "closured" in line], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)

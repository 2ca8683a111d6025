# SPDX-License-Identifier: Apache-2.0
"""examples/cpp is built outside of the tree over what `cmake --install` puts below a prefix, by CMake and by pkg-config, and runs."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

SOURCE = os.environ["CLOSURE_SOURCE_DIR"]
BUILD = os.path.dirname(os.path.dirname(os.environ["CLOSURED_BINARY"]))
CLOSURECTL = os.environ["CLOSURECTL_BINARY"]
EXAMPLES = os.path.join(SOURCE, "examples", "cpp")
# Always the same folder, so that a compiler's cache knows what it compiled.
FOLDER = os.path.join(BUILD, "outside")
PREFIX = os.path.join(FOLDER, "prefix")
QUEUES = os.path.join(EXAMPLES, "queues.txt")
SECONDS = 300
COMPILER = "g++"


def run(*command, code=0, **environment):
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False,
                          env=dict(os.environ, **environment))
    assert done.returncode == code, "%s\n%s%s" % (" ".join(command), done.stdout, done.stderr)
    return done.stdout


def launcher():
    return ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []


def configure(source, folder, *more):
    run("cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_COMPILER=" + COMPILER,
        "-DCMAKE_PREFIX_PATH=" + PREFIX, *launcher(), *more)


class Process:
    """A program of the examples that says where it is ready."""

    def __init__(self, *command, **environment):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, **environment))
        self.address = self.process.stdout.readline().partition("ready on ")[2].split(",")[0].strip()
        assert self.address, command

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Outside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(FOLDER, ignore_errors=True)
        run("cmake", "--install", BUILD, "--prefix", PREFIX)
        cls.build = os.path.join(FOLDER, "build")
        configure(EXAMPLES, cls.build)
        run("cmake", "--build", cls.build)

    def start(self, program, *arguments, **environment):
        process = Process(os.path.join(self.build, program), *arguments, **environment)
        self.addCleanup(process.close)
        return process

    def verify(self, kind, address, *flags):
        return json.loads(run(CLOSURECTL, kind, "verify", address, "-o", "json", *flags))["cases"]

    def test_the_checker_holds_in_every_case_that_it_can(self):
        checker = self.start("queues_checker", "--listen", "127.0.0.1:0", QUEUE_FILE=QUEUES)
        cases = self.verify("checker", checker.address, "--account", "1000000001", "--many", "1000000003", "--many-items", "3000",
                            "--slow", "1000000004", "--failing", "1000000005")
        # It releases nothing.
        skipped = {each["case"] for each in cases if each["verdict"] == "SKIPPED"}
        self.assertEqual(skipped, {"discard-moved", "discard-fenced-by-refused", "discard-must-handle", "discard-released",
                                   "discard-repeated", "discard-key-reused", "discard-fenced"})
        self.assertTrue(all(each["verdict"] == "HOLDS" for each in cases if each["case"] not in skipped), cases)
        self.assertEqual(checker.stop(), 0)

    def test_the_participant_holds_in_every_case_and_remembers_over_a_kill(self):
        journal = os.path.join(FOLDER, "queues.journal")
        participant = self.start("queues_participant", "--listen", "127.0.0.1:0", QUEUE_JOURNAL=journal)
        cases = self.verify("participant", participant.address, "--act-on", "1000000009", "--delete")
        self.assertTrue(all(each["verdict"] == "HOLDS" for each in cases), cases)
        participant.process.kill()
        participant.process.wait()
        with open(journal, "a", encoding="ascii") as file:
            file.write("99 1000000009 torn")
        again = self.start("queues_participant", "--listen", "127.0.0.1:0", QUEUE_JOURNAL=journal)
        # The fences of the first run were seen, and the torn line was not.
        cases = {each["case"]: each for each in self.verify_broken("participant", again.address, "--act-on", "1000000009")}
        self.assertEqual(cases["perform-done"]["verdict"], "UNJUDGED")
        self.assertIn("--fence", cases["perform-done"]["detail"])
        cases = self.verify("participant", again.address, "--act-on", "1000000009", "--fence", "90")
        self.assertTrue(all(each["verdict"] == "HOLDS" for each in cases), cases)
        self.assertEqual(again.stop(), 0)

    def verify_broken(self, kind, address, *flags):
        done = subprocess.run([CLOSURECTL, kind, "verify", address, "-o", "json", *flags], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        return json.loads(done.stdout)["cases"]

    def test_a_closured_with_the_checker_compiled_in_asks_it(self):
        config = os.path.join(FOLDER, "closured.textproto")
        with open(config, "w", encoding="ascii") as file:
            file.write('checkers { name: "queues" deadline { seconds: 7 } }\n')
        server = self.start("closured_with_queues", "dev", "--listen", "127.0.0.1:0", "--data-dir", os.path.join(FOLDER, "data"),
                            "--config", config, "--load", os.path.join(SOURCE, "sandbox", "clouds", "demo.json"), QUEUE_FILE=QUEUES)
        out = run(CLOSURECTL, "--server", server.address, "preview", "1000000001", "-o", "jsonl", code=3)
        self.assertIn("queue/orders", out)
        self.assertEqual(server.stop(), 0)

    def test_the_command_line_of_a_served_checker_is_judged(self):
        program = os.path.join(self.build, "queues_checker")
        for arguments, code, words in ((["--listen", "0.0.0.0:7500"], 2, "--certificate and --key"),
                                       (["--listen", "nowhere"], 2, "--listen"),
                                       (["--key", "/none"], 2, "go together"),
                                       (["--certificate", "/none", "--key", "/none"], 2, "--certificate: "),
                                       (["--colour"], 2, "--colour")):
            done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=SECONDS,
                                  env=dict(os.environ, QUEUE_FILE=QUEUES), check=False)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_version_of_other_promises_is_not_found(self):
        for version in ("0.2", "1.0"):
            source = os.path.join(FOLDER, "version-" + version)
            os.makedirs(source, exist_ok=True)
            with open(os.path.join(source, "CMakeLists.txt"), "w", encoding="ascii") as file:
                file.write("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\n"
                           "find_package(closure %s CONFIG REQUIRED)\n" % version)
            with self.assertRaisesRegex(AssertionError, "closure"):
                configure(source, os.path.join(source, "build"))

    def test_the_checker_of_the_guide_is_built_and_holds(self):
        with open(os.path.join(SOURCE, "docs", "write-a-checker.md"), encoding="utf-8") as file:
            page = file.read()
        source = os.path.join(FOLDER, "guide")
        os.makedirs(source, exist_ok=True)
        for name, language in (("main.cc", "cpp"), ("CMakeLists.txt", "cmake")):
            (text,) = re.findall(r"(?ms)^```%s\n(.*?)^```" % language, page)
            with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                file.write(text)
        configure(source, os.path.join(source, "build"))
        run("cmake", "--build", os.path.join(source, "build"))
        process = Process(os.path.join(source, "build", "lists_checker"), "--listen", "127.0.0.1:0")
        self.addCleanup(process.close)
        cases = self.verify("checker", process.address, "--account", "1000000001")
        self.assertFalse([each for each in cases if each["verdict"] == "BROKEN"], cases)

    def test_without_cmake_it_is_built_by_pkg_config(self):
        path = os.path.join(PREFIX, "lib", "pkgconfig")
        flags = run("pkg-config", "--static", "--cflags", "--libs", "closure-checker-sdk", PKG_CONFIG_PATH=path).split()
        program = os.path.join(FOLDER, "queues_checker_by_hand")
        sources = [os.path.join(EXAMPLES, name) for name in ("checker_main.cc", "queues_checker.cc", "queue_file.cc")]
        run(COMPILER, "-O1", "-I" + EXAMPLES, "-o", program, *sources, *flags)
        process = Process(program, "--listen", "127.0.0.1:0", QUEUE_FILE=QUEUES)
        self.addCleanup(process.close)
        cases = self.verify("checker", process.address, "--account", "1000000001")
        self.assertFalse([each for each in cases if each["verdict"] == "BROKEN"], cases)
        protos = run("pkg-config", "--variable=protodir", "closure-checker-sdk", PKG_CONFIG_PATH=path).strip()
        self.assertTrue(os.path.exists(os.path.join(protos, "closure", "v1", "checker_service.proto")))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        COMPILER = sys.argv.pop(1)
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""The published cases find every way in which a checker or participant breaks its contract, and nothing in one that keeps it."""

import os
import re
import subprocess
import unittest

import checker_model as checkers
import load_models as loads
import participant_model as participants
import release_models as releases
from plugin_server import CLOSURECTL, SECONDS, broken, with_verdict

PAGE = os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "docs", "conformance.md")
ORDINARY = ("--account", checkers.ACCOUNT)
MANY = ("--many", checkers.MANY)
SLOW = ("--slow", checkers.SLOW)
FAILING = ("--failing", checkers.FAILING)
RELEASE = ("--release", checkers.RELEASABLE)
ACT = ("--act-on", participants.ACCOUNT)
# Where an answer is waited for in vain.
HURRY = ("--timeout", "2s")

ANSWER = "check-every-phase"
# What is broken, with which flags it shows, and the cases that say so.
EXACTLY = (
    (checkers.NamedBadly, (), {"describe-complete"}),
    (checkers.WithoutVersion, (), {"describe-complete"}),
    (checkers.WithoutPhases, (), {"describe-complete", ANSWER}),
    (checkers.OtherEachTime, (), {"describe-steady"}),
    (checkers.NotInEveryPhase, (), {ANSWER}),
    (checkers.TakingAnything, (), {"check-incomplete"}),
    (checkers.InEveryPhase, (), {"check-incomplete"}),
    (loads.MixingUpAccounts, MANY, {"check-at-once"}),
    (loads.BusyForEverybodyAtOnce, (), {"check-at-once"}),
    (checkers.OfOneLanguage, (), {"check-language"}),
    (checkers.ByItsOwnClock, (), {"check-time"}),
    (checkers.EmptyWhenItFails, FAILING, {"check-failing"}),
    (checkers.InternalWhenItFails, FAILING, {"check-failing"}),
    (loads.OfOnePage, MANY, {"many-items"}),
    (loads.OfOneWorker, MANY + HURRY, {"many-items-read-slowly"}),
    # Nobody is answered any more.
    (loads.GoingOnWhenLeft, SLOW + HURRY, {"slow-deadline", "slow-left", "discard-unknown", "discard-incomplete"}),
    (releases.ReleasingWhatIsNotThere, RELEASE, {"discard-unknown"}),
    (releases.TakingAnyRelease, RELEASE, {"discard-incomplete"}),
    (releases.NotLookingAtFacts, RELEASE, {"discard-moved"}),
    (releases.ComparingTheStateAlone, RELEASE, {"discard-moved"}),
    (releases.RememberingRefusals, RELEASE, {"discard-fenced-by-refused", "discard-released"}),
    (releases.NotFoundWhereThereIsNothing, RELEASE, {"discard-unknown", "discard-fenced"}),
    (releases.ReleasingWhateverIsAskedFor, RELEASE, {"discard-must-handle"}),
    (releases.SayingThatItReleased, RELEASE, {"discard-released"}),
    (releases.ForgettingKeys, RELEASE, {"discard-repeated", "discard-key-reused"}),
    (releases.LookingAtKeysAlone, RELEASE, {"discard-key-reused"}),
    (releases.FencingBeforeKeys, RELEASE, {"discard-repeated"}),
    (releases.SeeingFencesOfReleasesAlone, RELEASE, {"discard-fenced-by-refused"}),
    (releases.WithoutFences, RELEASE, {"discard-fenced-by-refused", "discard-fenced"}),
    (releases.WithoutDiscard, (), {"discard-unknown"}),
    (participants.NamedBadly, (), {"describe-complete"}),
    (participants.InTooLateAStage, (), {"describe-complete"}),
    (participants.TwiceInAStage, (), {"describe-complete"}),
    (participants.OtherEachTime, (), {"describe-steady"}),
    (participants.TakingAnything, ACT, {"perform-incomplete"}),
    (participants.DoneEverywhere, ACT, {"perform-elsewhere"}),
    (participants.LookingAtTheStageAlone, ACT, {"perform-elsewhere"}),
    (participants.RememberingRefusals, ACT, {"perform-fenced"}),
    (participants.LookingAtAccountsAlone, ACT, {"perform-key-reused"}),
    (participants.NeverDone, ACT + HURRY, {"perform-done", "perform-at-once"}),
    (participants.SayingNothing, ACT, {"perform-done", "perform-at-once"}),
    (participants.TakingEachForDeleted, ACT, {"perform-done", "perform-at-once"}),
    (participants.WithoutThaw, (), {"describe-complete"}),
    (participants.ExecutingMoney, ACT, {"perform-done"}),
    (participants.FencingWhatIsDone, ACT, {"perform-repeated"}),
    (participants.FencingBeforeKeys, ACT, {"perform-repeated"}),
    (participants.StuckWhenLeft, ACT, {"perform-left"}),
    (participants.WithoutFences, ACT, {"perform-fenced"}),
    (participants.LookingAtKeysAlone, ACT, {"perform-key-reused"}),
)
# What is said of those whose answers do not count.
SAYING = (
    (checkers.NegativeMoney, (), ANSWER, "amount"),
    (checkers.OverflowingMoney, (), ANSWER, "amount"),
    (checkers.RenouncingTooMuch, (), ANSWER, "is said to be renounceable"),
    (checkers.OfAnotherAccount, (), ANSWER, "1000000002"),
    (checkers.WithControlCharacters, (), ANSWER, "display_name"),
    (checkers.WithAPlainLink, (), ANSWER, "process_uri"),
    (checkers.OfAKindNotNamed, (), ANSWER, "DOMAIN_NAME"),
    (checkers.WithoutInstructions, (), ANSWER, "instructions"),
    (checkers.TooLarge, (), ANSWER, "65536 are the most"),
    (checkers.TwiceTheSame, (), ANSWER, "twice"),
    (checkers.WithoutSummary, (), ANSWER, "without a summary"),
    (checkers.CountingBadly, (), ANSWER, "the summary says 2 items, and 1 came"),
    (checkers.AboutAnotherAccount, (), ANSWER, "1000000002"),
    (checkers.GoingOnBehindTheSummary, (), ANSWER, "behind its summary"),
    (checkers.OldFacts, (), ANSWER, "as_of_time says"),
    (checkers.FactsOfTomorrow, (), ANSWER, "as_of_time says"),
    (checkers.NotUtf8, (), ANSWER, "not UTF-8"),
    (checkers.Endless, (), ANSWER, "more than 10000 items"),
    (checkers.NeverEnding, HURRY, ANSWER, "DEADLINE_EXCEEDED"),
    (loads.BusyAtOnce, (), "check-at-once", "too many"),
    (checkers.Unsteady, (), "check-steady", "is in the first alone"),
    (participants.FailingAtOnce, ACT, "perform-at-once", "being worked on"),
    (participants.RefusingWhatIsDone, ACT, "perform-repeated", "FACTS_MOVED"),
)


class Conformance(unittest.TestCase):
    def verify(self, model, *flags):
        module, kind = (checkers, "checker") if isinstance(model, checkers.Model) else (participants, "participant")
        served = module.serve(model)
        try:
            return served.verify(kind, *(ORDINARY if module is checkers else ()), *flags)
        finally:
            served.close()

    def test_one_that_keeps_its_contract_holds_in_every_case(self):
        for model, flags in ((checkers.Model(), MANY + SLOW + FAILING + RELEASE),
                             (participants.Model(), ACT + ("--delete",))):
            code, cases = self.verify(model, *flags)
            self.assertEqual((code, with_verdict(cases, "HOLDS")), (0, set(cases)), cases)

    def test_the_acts_of_a_participant_are_done_once_for_a_key(self):
        model = participants.Model()
        self.verify(model, *ACT)
        self.assertEqual(len(model.acts), len(model.keys))

    def test_what_is_not_given_is_skipped_and_says_what_it_would_need(self):
        code, cases = self.verify(checkers.Model())
        skipped = with_verdict(cases, "SKIPPED")
        self.assertEqual(code, 0)
        for case in ("check-failing", "many-items", "slow-left", "discard-moved"):
            self.assertIn(case, skipped)
            self.assertRegex(cases[case][1], r"^--[a-z]+ [A-Z_]+: ")
        code, cases = self.verify(participants.Model())
        self.assertEqual((code, {case for case in cases if case not in with_verdict(cases, "SKIPPED")}),
                         (0, {"describe-complete", "describe-steady", "perform-incomplete", "perform-elsewhere"}))

    def test_what_was_given_and_does_not_fit_is_not_held_against_anybody_and_passes_nothing(self):
        for flags, case, words in (
                (("--release", "disk/1"), "discard-moved", 'no renounceable item "disk/1"; it has disk/2'),
                (("--release", "disk/9"), "discard-released", "it has disk/2"),
                (("--slow", checkers.ACCOUNT), "slow-deadline", "answered in time"),
                (("--slow", checkers.FAILING), "slow-left", "UNAVAILABLE")):
            with self.subTest(flags=flags):
                code, cases = self.verify(checkers.Model(), *flags)
                self.assertEqual((cases[case][0], broken(cases), code), ("UNJUDGED", set(), 1), cases)
                self.assertIn(words, cases[case][1])

    def test_a_fence_that_is_below_those_that_were_seen_is_not_held_against_anybody(self):
        model = checkers.Model()
        model.fences[checkers.ACCOUNT] = 7
        code, cases = self.verify(model, *RELEASE)
        self.assertEqual((cases["discard-released"][0], broken(cases), code), ("UNJUDGED", set(), 1), cases)
        self.assertIn("--fence", cases["discard-released"][1])
        self.assertEqual(self.verify(model, *RELEASE, "--fence", "8")[0], 0)

    def test_a_participant_that_saw_higher_fences_is_not_held_against_it(self):
        model = participants.Model()
        model.fences[participants.ACCOUNT] = 70
        code, cases = self.verify(model, *ACT)
        self.assertEqual((cases["perform-done"][0], broken(cases), code), ("UNJUDGED", set(), 1), cases)
        self.assertIn("--fence", cases["perform-done"][1])
        self.assertEqual(self.verify(model, *ACT, "--fence", "71")[0], 0)

    def test_one_fault_is_told_once(self):
        _, cases = self.verify(checkers.NegativeMoney(), *RELEASE)
        self.assertEqual(broken(cases), {ANSWER}, cases)
        for case in ("check-steady", "check-at-once", "discard-moved", "discard-released", "discard-repeated"):
            self.assertEqual(cases[case], ("SKIPPED", "needs check-every-phase, which does not hold"))
        self.assertEqual(cases["many-items-read-slowly"], ("SKIPPED", "--many ACCOUNT: one with many items"))

    def test_nothing_is_deleted_without_leave(self):
        model = participants.Model()
        model.stages = ((participants.pb.DELETE, 1),)
        code, cases = self.verify(model, *ACT)
        self.assertEqual((code, model.acts), (0, []))
        self.assertIn("--delete", cases["perform-done"][1])

    def test_each_that_breaks_one_promise_is_found_by_its_cases(self):
        for model, flags, expected in EXACTLY:
            with self.subTest(model=model.__module__ + "." + model.__name__):
                code, cases = self.verify(model(), *flags)
                self.assertEqual((broken(cases), code), (expected, 1), cases)

    def test_each_whose_answers_cannot_count_is_told_why(self):
        for model, flags, case, words in SAYING:
            with self.subTest(model=model.__module__ + "." + model.__name__):
                code, cases = self.verify(model(), *flags)
                self.assertEqual((cases[case][0], code), ("BROKEN", 1), cases)
                self.assertIn(words, cases[case][1])

    def test_one_that_loses_a_place_to_each_that_left_is_found(self):
        _, cases = self.verify(loads.LosingItsPlaces())
        self.assertTrue({"check-hurried", "check-left"} & broken(cases), cases)
        self.assertNotIn("check-at-once", broken(cases))

    def test_the_page_publishes_the_cases(self):
        with open(PAGE, encoding="utf-8") as file:
            parts = file.read().split("\n## ")
        for title, model in (("Checkers", checkers.Model()), ("Participants", participants.Model())):
            part = next(each for each in parts if each.startswith(title + "\n"))
            rows = re.findall(r"(?m)^\| `([a-z-]+)` \| (.+?) \|", part)
            module = checkers if title == "Checkers" else participants
            served = module.serve(model)
            self.addCleanup(served.close)
            promises = served.promises(title[:-1].lower(), *(ORDINARY if module is checkers else ()))
            self.assertEqual(rows, promises)


class CommandLine(unittest.TestCase):
    def run_it(self, *arguments):
        done = subprocess.run([CLOSURECTL, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_nobody_at_the_address_is_told_so(self):
        for command in (("checker", "verify", "127.0.0.1:1", *ORDINARY), ("participant", "verify", "127.0.0.1:1")):
            code, out, err = self.run_it(*command)
            self.assertEqual((code, out), (7, ""))
            self.assertIn("UNAVAILABLE", err)

    def test_what_is_mistyped_is_refused_before_anything_is_asked(self):
        for arguments, words in (
                (("checker", "verify", "127.0.0.1:1"), "--account is required"),
                (("checker", "verify", "nowhere", *ORDINARY), "TARGET"),
                (("checker", "verify", "127.0.0.1:1", "--account", "A B"), "--account"),
                (("checker", "verify", "127.0.0.1:1", *ORDINARY, "--many", "Ä"), "--many"),
                (("checker", "verify", "127.0.0.1:1", *ORDINARY, "--cert", "x.pem"), "--cert and --key"),
                (("checker", "verify", "127.0.0.1:1", *ORDINARY, "--cacert", "/none"), "--cacert"),
                (("checker", "verify", "127.0.0.1:1", *ORDINARY, "--fence", "1"), "--fence"),
                (("participant", "verify", "127.0.0.1:1", "--delete"), "--act-on")):
            code, out, err = self.run_it(*arguments)
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn(words, err)

    def test_people_get_a_table_and_a_count(self):
        served = checkers.serve(checkers.Model())
        self.addCleanup(served.close)
        code, out, err = self.run_it("checker", "verify", "127.0.0.1:%d" % served.port, *ORDINARY)
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"(?m)^CASE +VERDICT +DETAIL$")
        self.assertRegex(out, r"(?m)^describe-complete +HOLDS +disks 1\.0$")
        self.assertRegex(err, r"\d+ of \d+ cases hold, 0 broken, 0 unjudged, \d+ skipped\.")


if __name__ == "__main__":
    unittest.main(verbosity=2)

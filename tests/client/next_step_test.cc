// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/next_step.h"

#include <catch2/catch.hpp>

#include "client/closurectl/enum_text.h"
#include "client/closurectl/wait_text.h"

namespace closure {
namespace {

using v1::Closure;

Closure In(Closure::State state) {
  Closure closure;
  closure.set_name("accounts/7/closures/ab");
  closure.set_state(state);
  return closure;
}

std::vector<std::string> CommandsOf(const Closure& closure) {
  std::vector<std::string> commands;
  for (const NextStep& step : NextSteps(closure, "closurectl")) commands.push_back(step.command);
  return commands;
}

void AddChallenge(Closure& closure, v1::Channel channel, int attempts_left) {
  auto* challenge = closure.mutable_identity_verification()->add_challenges();
  challenge->set_channel(channel);
  challenge->set_attempts_left(attempts_left);
}

}  // namespace

TEST_CASE("every state says what to do next") {
  for (const std::string& word : EnumWords(google::protobuf::GetEnumDescriptor<Closure::State>())) {
    CAPTURE(word);
    const std::vector<NextStep> steps = NextSteps(In(*ParseEnum<Closure::State>(word, "state")), "closurectl");
    REQUIRE_FALSE(steps.empty());
    CHECK_FALSE(steps[0].advice.empty());
  }
}

TEST_CASE("both channels are asked for when both are demanded", "[D9]") {
  Closure closure = In(Closure::IDENTITY_PENDING);
  AddChallenge(closure, v1::EMAIL, 5);
  AddChallenge(closure, v1::SMS, 5);
  CHECK(CommandsOf(closure)[0] == "closurectl verify accounts/7/closures/ab email:CODE sms:CODE");
}

TEST_CASE("of two codes the one that is left is asked for by its channel", "[D9]") {
  Closure closure = In(Closure::IDENTITY_PENDING);
  AddChallenge(closure, v1::EMAIL, 5);
  AddChallenge(closure, v1::SMS, 5);
  closure.mutable_identity_verification()->mutable_challenges(0)->set_verified(true);
  CHECK(CommandsOf(closure)[0] == "closurectl verify accounts/7/closures/ab sms:CODE");
}

TEST_CASE("what is started again is started by the channel that there was", "[R68]") {
  Closure ended = In(Closure::CANCELLED);
  AddChallenge(ended, v1::SMS, 5);
  CHECK(CommandsOf(ended) == std::vector<std::string>{"closurectl start 7 --via sms"});
}

TEST_CASE("a code whose attempts are used up leads to a new one") {
  Closure closure = In(Closure::IDENTITY_PENDING);
  AddChallenge(closure, v1::EMAIL, 0);
  closure.add_allowed_actions(Closure::RESEND_CODE);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl resend accounts/7/closures/ab"});
}

TEST_CASE("a code that has expired leads to a new one, by the server's word", "[D9]") {
  Closure closure = In(Closure::IDENTITY_PENDING);
  AddChallenge(closure, v1::EMAIL, 5);
  closure.add_allowed_actions(Closure::RESEND_CODE);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl resend accounts/7/closures/ab"});
  closure.add_allowed_actions(Closure::VERIFY_IDENTITY);
  CHECK(CommandsOf(closure)[0] == "closurectl verify accounts/7/closures/ab CODE");
}

TEST_CASE("where everything can be discarded no recheck is advised: a scan follows by itself", "[R52]") {
  Closure closure = In(Closure::BLOCKED);
  closure.mutable_item_counts()->set_renounceable(1);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl discard accounts/7/closures/ab --all"});
}

TEST_CASE("a blocked closure leads to its items, to discarding what can be, and to a recheck", "[R50][R52]") {
  Closure closure = In(Closure::BLOCKED);
  closure.mutable_item_counts()->set_must_handle(2);
  closure.mutable_item_counts()->set_renounceable(1);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl items accounts/7/closures/ab",
                                                        "closurectl discard accounts/7/closures/ab --all",
                                                        "closurectl recheck accounts/7/closures/ab"});
}

TEST_CASE("a ready closure whose scan is too old leads to a scan, not to Confirm", "[D16]") {
  Closure closure = In(Closure::READY);
  closure.add_allowed_actions(Closure::RECHECK);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl recheck accounts/7/closures/ab"});
  closure.add_allowed_actions(Closure::CONFIRM_CLOSURE);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl confirm accounts/7/closures/ab --reason REASON"});
}

TEST_CASE("an operator is told first what the owner has to do", "[operators]") {
  Closure closure = In(Closure::BLOCKED);
  closure.mutable_item_counts()->set_must_handle(2);
  const NextStep first = NextSteps(closure, "closurectl", Role::kOperator)[0];
  CHECK(first.advice == "the owner: handle 2 item(s) by hand; each says how and where; then scan again");
  CHECK(first.command == "closurectl items accounts/7/closures/ab");
  const NextStep silent = NextSteps(In(Closure::SILENT_PERIOD), "closurectl", Role::kOperator)[0];
  CHECK(silent.advice.find("the owner") == std::string::npos);
}

TEST_CASE("the silence of a required checker is named", "[D5]") {
  Closure closure = In(Closure::BLOCKED);
  v1::CheckerResult* checker = closure.mutable_scan()->add_checkers();
  checker->set_status(v1::CheckerResult::UNANSWERED);
  checker->set_required(true);
  CHECK(NextStepsText(closure, "closurectl") ==
        "scan again; 1 checker(s) did not answer:\n  closurectl recheck accounts/7/closures/ab");
}

TEST_CASE("the silent period offers nothing that shortens or revokes it", "[R18][R63]") {
  Closure closure = In(Closure::SILENT_PERIOD);
  closure.mutable_silent_period_remaining()->set_seconds(6 * 86400 + 23 * 3600);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl watch accounts/7/closures/ab"});
  CHECK(NextStepsText(closure, "closurectl").find("6d 23h") != std::string::npos);
}

TEST_CASE("a silent period that could be over names what it waits for, and nothing for the owner to do",
          "[R58][R61][R63]") {
  Closure closure = In(Closure::SILENT_PERIOD);
  closure.mutable_silent_period_remaining();
  CHECK(NextStepsText(closure, "closurectl").find("another") == std::string::npos);
  v1::Wait* const wait = closure.add_waits();
  wait->set_kind(v1::Wait::PAUSE);
  wait->set_detail("the operators have paused irreversible work");
  CHECK(NextStepsText(closure, "closurectl") ==
        "the silent period could be over; the operators have paused irreversible work. Nothing is to be done by you:\n"
        "  closurectl watch accounts/7/closures/ab");
  // A kind that this client does not know, and what ends by itself.
  wait->set_kind(static_cast<v1::Wait::Kind>(99));
  wait->clear_detail();
  wait->mutable_end_time()->set_seconds(1'767'225'600);
  CHECK(
      WaitAdvice(closure) ==
      "the silent period could be over; it waits for 99, at 2026-01-01T00:00:00Z it has. Nothing is to be done by you");
}

TEST_CASE("what a hold keeps from being done is offered for after it", "[R63]") {
  Closure ready = In(Closure::READY);
  ready.add_allowed_actions(Closure::CONFIRM_CLOSURE);
  Closure blocked = In(Closure::BLOCKED);
  blocked.mutable_item_counts()->set_renounceable(2);
  for (Closure* const closure : {&ready, &blocked}) {
    CHECK(NextSteps(*closure, "closurectl")[0].advice.find("hold") == std::string::npos);
    closure->mutable_hold()->set_operator_("operator:bob");
    CHECK(NextSteps(*closure, "closurectl")[0].advice.find("once an operator has released the hold, ") == 0);
  }
}

TEST_CASE("an operator is not told that there is nothing to do", "[R61]") {
  Closure closure = In(Closure::DELETING);
  closure.add_waits()->set_kind(v1::Wait::HOLD);
  CHECK(WaitAdvice(closure, Role::kOperator) == "the account could be deleted; it waits for HOLD");
}

TEST_CASE("every state that can wait says what could go on") {
  for (const auto& [state, words] : std::vector<std::pair<Closure::State, std::string>>{
           {Closure::DISCARDING, "the items could be released; it waits for HOLD"},
           {Closure::FINAL_CHECK, "the final check could be made; it waits for HOLD"},
           {Closure::DELETING, "the account could be deleted; it waits for HOLD"},
           {Closure::THAWING, "it could go on; it waits for HOLD"}}) {
    Closure closure = In(state);
    closure.add_waits()->set_kind(v1::Wait::HOLD);
    CHECK(NextSteps(closure, "closurectl")[0].advice == words + ". Nothing is to be done by you");
  }
  // The acts of its beginning wait, not its end.
  Closure begun = In(Closure::SILENT_PERIOD);
  begun.mutable_silent_period_remaining()->set_seconds(60);
  begun.add_waits()->set_kind(v1::Wait::HOLD);
  CHECK(WaitAdvice(begun).find("has begun") != std::string::npos);
}

TEST_CASE("an operator is told the command that ends what a closure waits for", "[operators]") {
  for (const auto& [kind, command] : std::vector<std::pair<v1::Wait::Kind, std::string>>{
           {v1::Wait::PAUSE, "closurectl operator resume --reason TEXT"},
           {v1::Wait::BREAKER, "closurectl operator breaker-release --reason TEXT"},
           {v1::Wait::CLOCK_JUMP, "closurectl operator status"}}) {
    Closure closure = In(Closure::SILENT_PERIOD);
    closure.add_waits()->set_kind(kind);
    CHECK(NextSteps(closure, "closurectl", Role::kOperator)[0].command == command);
  }
  Closure held = In(Closure::SILENT_PERIOD);
  held.mutable_hold();
  held.add_waits()->set_kind(v1::Wait::HOLD);
  CHECK(NextSteps(held, "closurectl", Role::kOperator)[0].command ==
        "closurectl operator release accounts/7/closures/ab --reason TEXT");
}

TEST_CASE("where a system does not do its part an operator is told how to see and retry it", "[operators]") {
  Closure closure = In(Closure::FINAL_CHECK);
  v1::ParticipantProgress& billing = *closure.add_participants();
  billing.set_participant("billing");
  billing.set_status(v1::ParticipantProgress::PERFORMING);
  const std::string tasks = "closurectl operator tasks --closure accounts/7/closures/ab";
  CHECK(NextSteps(closure, "closurectl", Role::kOperator)[0].command != tasks);
  billing.set_last_error("UNAVAILABLE: billing is down");
  const std::vector<NextStep> steps = NextSteps(closure, "closurectl", Role::kOperator);
  CHECK(steps[0].command == tasks);
  CHECK(steps[1].command == "closurectl operator retry TASK --reason TEXT");
  CHECK(NextSteps(closure, "closurectl")[0].command.find("operator") == std::string::npos);
}

TEST_CASE("an owner is told which participant is waited for, how often it was asked, and why it fails", "[R10]") {
  Closure closure = In(Closure::DELETING);
  const std::string before = NextSteps(closure, "closurectl")[0].advice;
  v1::ParticipantProgress& done = *closure.add_participants();
  done.set_last_error("UNAVAILABLE: it was down");
  done.set_status(v1::ParticipantProgress::DONE);
  v1::ParticipantProgress& mailboxes = *closure.add_participants();
  mailboxes.set_participant("mailboxes");
  mailboxes.set_status(v1::ParticipantProgress::PERFORMING);
  mailboxes.set_attempts(7);
  CHECK(NextSteps(closure, "closurectl")[0].advice == before);
  mailboxes.set_last_error("UNAVAILABLE: it is down");
  const std::string failure = "; it waits for mailboxes, attempt 7, last error: UNAVAILABLE: it is down";
  CHECK(NextSteps(closure, "closurectl")[0].advice == before + failure);
  closure.set_state(Closure::SILENT_PERIOD);
  CHECK(NextSteps(closure, "closurectl")[0].advice.find(failure) != std::string::npos);
  mailboxes.set_last_error("IN_PROGRESS: 3 of 17");
  CHECK(NextSteps(closure, "closurectl")[0].advice.find("last answer: IN_PROGRESS: 3 of 17") != std::string::npos);
}

TEST_CASE("an owner is told which checkers a scan waits for, and which one the final check does", "[R16]") {
  Closure closure = In(Closure::CHECKING);
  for (const auto& [name, status] :
       {std::pair("billing", v1::CheckerResult::ANSWERED), std::pair("domains", v1::CheckerResult::RUNNING),
        std::pair("tickets", v1::CheckerResult::WAITING)}) {
    v1::CheckerResult& checker = *closure.mutable_scan()->add_checkers();
    checker.set_checker(name);
    checker.set_status(status);
  }
  CHECK(NextSteps(closure, "closurectl")[0].advice == "wait for the scan; it waits for domains, tickets");
  for (const Closure::State state : {Closure::THAWING, Closure::RESTORING}) {
    closure.set_state(state);
    CHECK(NextSteps(closure, "closurectl")[0].advice.find("domains") == std::string::npos);
  }
  closure.set_state(Closure::FINAL_CHECK);
  closure.mutable_scan()->mutable_end_time()->set_seconds(1);
  v1::CheckerResult& tickets = *closure.mutable_scan()->mutable_checkers(2);
  tickets.set_status(v1::CheckerResult::UNANSWERED);
  tickets.set_detail("UNAVAILABLE: it is down");
  CHECK(NextSteps(closure, "closurectl")[0].advice == "wait for the final check");
  tickets.set_required(true);
  CHECK(NextSteps(closure, "closurectl")[0].advice ==
        "wait for the final check; it waits for the checker tickets, last error: UNAVAILABLE: it is down");
  CHECK(NextSteps(closure, "closurectl", Role::kOperator)[0].command ==
        "closurectl operator tasks --closure accounts/7/closures/ab");
}

TEST_CASE("what goes on by itself is waited for with a command that comes back") {
  for (const auto& [state, rest] : std::vector<std::pair<Closure::State, std::string>>{
           {Closure::CHECKING, "wait accounts/7/closures/ab --for READY BLOCKED"},
           {Closure::DISCARDING, "wait accounts/7/closures/ab --for READY BLOCKED"},
           {Closure::THAWING, "wait accounts/7/closures/ab --for READY BLOCKED"},
           {Closure::CONFIRMING, "wait accounts/7/closures/ab --for SILENT_PERIOD"},
           {Closure::DELETING, "watch accounts/7/closures/ab"}}) {
    Closure closure = In(state);
    CHECK(CommandsOf(closure)[0] == "closurectl " + rest);
    closure.add_waits()->set_kind(v1::Wait::PAUSE);
    CHECK(CommandsOf(closure)[0] == "closurectl " + rest);
  }
}

TEST_CASE("after an abort the owner sees what was found and starts from the beginning", "[R68]") {
  CHECK(CommandsOf(In(Closure::ABORTED)) ==
        std::vector<std::string>{"closurectl items accounts/7/closures/ab", "closurectl start 7 --via email"});
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/next_step.h"

#include <catch2/catch.hpp>

#include "client/closurectl/enum_text.h"

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

TEST_CASE("a code whose attempts are used up leads to a new one") {
  Closure closure = In(Closure::IDENTITY_PENDING);
  AddChallenge(closure, v1::EMAIL, 0);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl resend accounts/7/closures/ab"});
}

TEST_CASE("a blocked closure leads to its items, to discarding what can be, and to a recheck", "[R50][R52]") {
  Closure closure = In(Closure::BLOCKED);
  closure.mutable_item_counts()->set_must_handle(2);
  closure.mutable_item_counts()->set_renounceable(1);
  CHECK(CommandsOf(closure) == std::vector<std::string>{"closurectl items accounts/7/closures/ab",
                                                        "closurectl discard accounts/7/closures/ab --all",
                                                        "closurectl recheck accounts/7/closures/ab"});
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

TEST_CASE("after an abort the owner starts from the beginning", "[R68]") {
  CHECK(CommandsOf(In(Closure::ABORTED)) == std::vector<std::string>{"closurectl start 7 --via email"});
}

}  // namespace closure

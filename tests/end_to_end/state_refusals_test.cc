// SPDX-License-Identifier: Apache-2.0
// What can be asked of a closure in each state, and that everything else is refused and changes nothing.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/api_calls.h"
#include "tests/support/every_state.h"

namespace closure {
namespace {

using google::protobuf::MethodDescriptor;
using State = v1::Closure::State;

// The states in which each of the owner's calls is allowed.
const std::map<std::string, std::set<State>>& Allowed() {
  static const auto& allowed = *new std::map<std::string, std::set<State>>{
      {"ResendCode", {v1::Closure::IDENTITY_PENDING}},
      {"VerifyIdentity", {v1::Closure::IDENTITY_PENDING}},
      {"AcceptAgreement", {v1::Closure::AGREEMENT_PENDING}},
      {"Recheck", {v1::Closure::BLOCKED, v1::Closure::READY}},
      {"DiscardItems", {v1::Closure::BLOCKED}},
      {"ConfirmClosure", {v1::Closure::READY}},
      {"CancelClosure",
       {v1::Closure::IDENTITY_PENDING, v1::Closure::AGREEMENT_PENDING, v1::Closure::CHECKING, v1::Closure::BLOCKED,
        v1::Closure::READY}},
  };
  return allowed;
}

// What a refusal calls what was asked for: the action, and in words.
std::pair<std::string, std::string> ActionOf(const std::string& method) {
  static const auto& actions = *new std::map<std::string, std::pair<std::string, std::string>>{
      {"ResendCode", {"RESEND_CODE", "sending a new identity code"}},
      {"VerifyIdentity", {"VERIFY_IDENTITY", "verifying the identity"}},
      {"AcceptAgreement", {"ACCEPT_AGREEMENT", "agreeing to the account cancellation agreement"}},
      {"Recheck", {"RECHECK", "checking again"}},
      {"DiscardItems", {"DISCARD_ITEMS", "discarding items"}},
      {"ConfirmClosure", {"CONFIRM_CLOSURE", "confirming the deletion"}},
      {"CancelClosure", {"CANCEL_CLOSURE", "cancelling"}}};
  return actions.at(method);
}

// The owner's calls about a closure that there is.
std::vector<const MethodDescriptor*> OwnersCalls() {
  std::vector<const MethodDescriptor*> calls;
  for (const MethodDescriptor* method : ClosureMethods()) {
    if (IsMutation(method) && method->name() != "CreateClosure") calls.push_back(method);
  }
  return calls;
}

v1::CreateClosureRequest CreateRequest(const Owner& owner) {
  v1::CreateClosureRequest request;
  request.set_parent("accounts/" + owner.account_id());
  request.set_channel(v1::EMAIL);
  request.set_request_id(NewRequestId());
  return request;
}

TEST_CASE("a call that a state does not allow is refused with what was asked and the state and changes nothing",
          "[D1][R12][R63]") {
  RunningServer server;
  EveryState states(server);
  REQUIRE(OwnersCalls().size() == Allowed().size());
  for (const State state : EveryState::All()) {
    Owner& owner = states.In(state);
    const std::string before = Sight(server, owner.name());
    for (const MethodDescriptor* method : OwnersCalls()) {
      if (Allowed().at(method->name()).count(state) > 0) continue;
      INFO(method->name() << " in " << v1::Closure::State_Name(state));
      const auto request = MakeRequest(method, owner.closure());
      const Reply reply = Send(server, owner.actor(), *request);
      CheckRefused(reply, grpc::StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED,
                   {owner.name(), v1::Closure::State_Name(state), ActionOf(method->name()).second});
      CHECK(reply.metadata()["state"] == v1::Closure::State_Name(state));
      CHECK(reply.metadata()["action"] == ActionOf(method->name()).first);
      // What the machine calls it is nobody's business.
      CHECK_THAT(reply.status.error_message(),
                 !Catch::Contains("agreement_accepted") && !Catch::Contains("identity_verified"));
    }
    CHECK(Sight(server, owner.name()) == before);
  }
}

TEST_CASE("a refusal says what can be asked instead", "[R12]") {
  RunningServer server;
  EveryState states(server);
  const auto refused = [&](State state, const std::string& rpc) {
    const Owner& owner = states.In(state);
    for (const MethodDescriptor* method : OwnersCalls()) {
      if (method->name() == rpc) return Send(server, owner.actor(), *MakeRequest(method, owner.closure()));
    }
    return Reply();
  };
  const Reply early = refused(v1::Closure::BLOCKED, "ConfirmClosure");
  CheckRefused(early, grpc::StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED,
               {"possible now: checking again, discarding items, cancelling"});
  CHECK(early.metadata()["possible"] == "Recheck, DiscardItems, CancelClosure");
  CHECK_THAT(refused(v1::Closure::THAWING, "Recheck").status.error_message(), Catch::Contains("goes on by itself"));
  CHECK_THAT(refused(v1::Closure::ABORTED, "Recheck").status.error_message(),
             Catch::Contains("another one can be started"));
  CHECK_THAT(refused(v1::Closure::CLOSED, "Recheck").status.error_message(), Catch::Contains("deleted for good"));
}

TEST_CASE("who wants to cancel too late is told that nobody can any more, and why", "[R18][R63][R70][D1]") {
  RunningServer server;
  EveryState states(server);
  const auto said = [&](State state) {
    const Owner& owner = states.In(state);
    return Send(server, owner.actor(), RequestOn<v1::CancelClosureRequest>(owner.name())).status.error_message();
  };
  for (const State state : {v1::Closure::SILENT_PERIOD, v1::Closure::FINAL_CHECK, v1::Closure::DELETING}) {
    INFO(v1::Closure::State_Name(state));
    CHECK_THAT(said(state), Catch::Contains("can no longer be cancelled: once the silent period has begun, nobody can "
                                            "revoke the closure") &&
                                !Catch::Contains("possible now"));
  }
  CHECK_THAT(said(v1::Closure::RESTORING), Catch::Contains("can no longer be cancelled: it is being aborted"));
  CHECK_THAT(said(v1::Closure::CONFIRMING), Catch::Contains("it was confirmed"));
  CHECK_THAT(said(v1::Closure::THAWING), Catch::Contains("BLOCKED again"));
}

TEST_CASE("who wants to cancel while releases are under way is told when it is possible", "[D1]") {
  RunningServer server;
  EveryState states(server);
  const Owner& owner = states.In(v1::Closure::DISCARDING);
  const Reply reply = Send(server, owner.actor(), RequestOn<v1::CancelClosureRequest>(owner.name()));
  CHECK_THAT(reply.status.error_message(),
             Catch::Contains("releases are under way; it can be cancelled when they are settled"));
}

TEST_CASE("a closure says in each state what can be asked of it", "[D1][R47][R58]") {
  RunningServer server;
  EveryState states(server);
  const std::map<v1::Closure::Action, std::string> methods = {
      {v1::Closure::RESEND_CODE, "ResendCode"},           {v1::Closure::VERIFY_IDENTITY, "VerifyIdentity"},
      {v1::Closure::ACCEPT_AGREEMENT, "AcceptAgreement"}, {v1::Closure::RECHECK, "Recheck"},
      {v1::Closure::DISCARD_ITEMS, "DiscardItems"},       {v1::Closure::CONFIRM_CLOSURE, "ConfirmClosure"},
      {v1::Closure::CANCEL_CLOSURE, "CancelClosure"}};
  for (const State state : EveryState::All()) {
    INFO(v1::Closure::State_Name(state));
    std::set<std::string> said;
    for (const int action : states.In(state).closure().allowed_actions()) {
      said.insert(methods.at(static_cast<v1::Closure::Action>(action)));
    }
    std::set<std::string> expected;
    for (const auto& [method, allowed] : Allowed()) {
      if (allowed.count(state) > 0) expected.insert(method);
    }
    CHECK(said == expected);
  }
}

TEST_CASE("an account with an open closure starts no second one", "[R1][R6]") {
  RunningServer server;
  EveryState states(server);
  for (const State state : EveryState::All()) {
    if (EveryState::IsEnd(state)) continue;
    INFO(v1::Closure::State_Name(state));
    Owner& owner = states.In(state);
    const std::string before = SightOfAll(server);
    const Reply reply = Send(server, owner.actor(), CreateRequest(owner));
    CheckRefused(reply, grpc::StatusCode::ALREADY_EXISTS, v1::CLOSURE_ALREADY_OPEN,
                 {owner.name(), v1::Closure::State_Name(state)});
    CHECK(reply.metadata()["closure"] == owner.name());
    CHECK(SightOfAll(server) == before);
  }
}

TEST_CASE("after an end that is not closed the owner starts again from the beginning", "[R68][R1]") {
  RunningServer server;
  EveryState states(server);
  for (const State state : {v1::Closure::ABORTED, v1::Closure::CANCELLED, v1::Closure::EXPIRED}) {
    INFO(v1::Closure::State_Name(state));
    const Owner& owner = states.In(state);
    const std::string before = Sight(server, owner.name());
    const auto begun = Send(server, owner.actor(), CreateRequest(owner)).As<v1::Closure>();
    CHECK(begun.state() == v1::Closure::IDENTITY_PENDING);
    CHECK(begun.name() != owner.name());
    CHECK_FALSE(begun.has_agreement_acceptance());
    CHECK(begun.renunciations().empty());
    CHECK(Sight(server, owner.name()) == before);
  }
}

TEST_CASE("an ended closure stays as it ended", "[R2][R11]") {
  RunningServer server;
  EveryState states(server);
  std::map<State, std::string> before;
  for (const State state : EveryState::All()) {
    if (EveryState::IsEnd(state)) before[state] = Sight(server, states.In(state).name());
  }
  server.clock().Advance(absl::Hours(24) * 365);
  for (const auto& [state, sight] : before) {
    INFO(v1::Closure::State_Name(state));
    WaitUntilQuiet(server, states.In(state).name());
    v1::Closure closure = states.In(state).closure();
    states.In(state).Refresh();
    CHECK(states.In(state).closure().state() == state);
    CHECK(states.In(state).closure().etag() == closure.etag());
  }
}

}  // namespace
}  // namespace closure

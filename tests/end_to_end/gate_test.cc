// SPDX-License-Identifier: Apache-2.0
// What a closing account may still do, as every other service asks it.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/every_state.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using State = v1::Closure::State;

v1::GateState ExpectedGate(State state) {
  switch (state) {
    case v1::Closure::CONFIRMING:
    case v1::Closure::THAWING:
    case v1::Closure::SILENT_PERIOD:
    case v1::Closure::FINAL_CHECK:
    case v1::Closure::DELETING:
    case v1::Closure::RESTORING:
      return v1::GATE_CLOSING;
    case v1::Closure::CLOSED:
      return v1::GATE_CLOSED;
    default:
      return v1::GATE_OPEN;
  }
}

TEST_CASE("the gate is open before Confirm, half shut after it, and shut for ever at the end",
          "[R4][R61][R62][R67][D2]") {
  RunningServer server;
  EveryState states(server);
  for (const State state : EveryState::All()) {
    INFO(v1::Closure::State_Name(state));
    const Owner& owner = states.In(state);
    const v1::GateState expected = ExpectedGate(state);
    for (const auto action :
         {v1::CheckAccessRequest::SIGN_IN, v1::CheckAccessRequest::VIEW_CLOSURE, v1::CheckAccessRequest::OTHER}) {
      INFO(v1::CheckAccessRequest::Action_Name(action));
      const v1::CheckAccessResponse gate = server.Gate(owner.account_id(), action);
      CHECK(gate.gate_state() == expected);
      const bool allowed =
          expected == v1::GATE_OPEN || (expected == v1::GATE_CLOSING && action != v1::CheckAccessRequest::OTHER);
      CHECK(gate.allowed() == allowed);
      CHECK(gate.closure() == (expected == v1::GATE_OPEN ? "" : owner.name()));
      CHECK(gate.has_silent_period_end_time() == (state == v1::Closure::SILENT_PERIOD));
    }
  }
}

TEST_CASE("an account that was never closed may do everything", "[R6]") {
  RunningServer server;
  for (const auto action :
       {v1::CheckAccessRequest::SIGN_IN, v1::CheckAccessRequest::VIEW_CLOSURE, v1::CheckAccessRequest::OTHER}) {
    CHECK(server.Gate("nobody-1", action).allowed());
    CHECK(server.Gate("nobody-1", action).gate_state() == v1::GATE_OPEN);
  }
}

TEST_CASE("the gate of one account says nothing about another", "[R6]") {
  RunningServer server;
  server.Load(CloudFileOf("gate-1"));
  server.Load(CloudFileOf("gate-2"));
  Owner owner(server, "gate-1");
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  CHECK(server.Gate("gate-1").gate_state() == v1::GATE_CLOSED);
  CHECK(server.Gate("gate-2").gate_state() == v1::GATE_OPEN);
  CHECK_FALSE(server.Show("gate-2").deleted());
}

TEST_CASE("a question that is none is refused by the gate", "[names]") {
  RunningServer server;
  const auto ask = [&](const std::string& account, int action) {
    v1::CheckAccessRequest request;
    request.set_account(account);
    request.set_action(static_cast<v1::CheckAccessRequest::Action>(action));
    Reply reply;
    v1::CheckAccessResponse response;
    reply.status = server.gates().CheckAccess(RunningServer::As("").get(), request, &response);
    return reply;
  };
  using grpc::StatusCode;
  CheckRefused(ask("", v1::CheckAccessRequest::OTHER), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING, {"account"});
  CheckRefused(ask("gate-1", v1::CheckAccessRequest::OTHER), StatusCode::INVALID_ARGUMENT, v1::NAME_MALFORMED,
               {"account", "gate-1"});
  CheckRefused(ask("accounts/-", v1::CheckAccessRequest::OTHER), StatusCode::INVALID_ARGUMENT, v1::NAME_MALFORMED,
               {"account"});
  CheckRefused(ask("accounts/gate-1", v1::CheckAccessRequest::ACTION_UNSPECIFIED), StatusCode::INVALID_ARGUMENT,
               v1::FIELD_MISSING, {"action"});
  CheckRefused(ask("accounts/gate-1", 9), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"action", "9"});
}

// A watch of gates that is read one change at a time.
class GateStream {
 public:
  GateStream(RunningServer& server, int64_t after_revision) : context_(RunningServer::As("")) {
    v1::WatchGatesRequest request;
    request.set_after_revision(after_revision);
    reader_ = server.gates().WatchGates(context_.get(), request);
  }
  ~GateStream() { context_->TryCancel(); }
  v1::WatchGatesResponse Next() {
    v1::WatchGatesResponse change;
    REQUIRE(reader_->Read(&change));
    return change;
  }
  grpc::Status Finish() {
    v1::WatchGatesResponse change;
    while (reader_->Read(&change)) {
    }
    return reader_->Finish();
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchGatesResponse>> reader_;
};

TEST_CASE("changes of gates are streamed and resumed by revision", "[R4][R62][D2]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner closing(server, "1000000002");
  closing.GoToSilentPeriod();
  GateStream stream(server, 0);
  const v1::WatchGatesResponse first = stream.Next();
  CHECK(first.account() == "accounts/1000000002");
  CHECK(first.gate_state() == v1::GATE_CLOSING);
  // A change comes as it happens; one that is lifted again is told too, so that caches forget it.
  Owner aborted(server, "1000000003");
  aborted.GoToSilentPeriod();
  const v1::WatchGatesResponse second = stream.Next();
  CHECK(second.account() == "accounts/1000000003");
  CHECK(second.revision() > first.revision());
  server.clock().Advance(absl::Hours(168));
  aborted.WaitFor({v1::Closure::ABORTED});
  closing.WaitFor({v1::Closure::CLOSED});
  std::map<std::string, v1::GateState> told;
  for (int i = 0; i < 2; ++i) {
    const v1::WatchGatesResponse change = stream.Next();
    told[change.account()] = change.gate_state();
  }
  CHECK(told == std::map<std::string, v1::GateState>{{"accounts/1000000002", v1::GATE_CLOSED},
                                                     {"accounts/1000000003", v1::GATE_OPEN}});
  // One who saw the second change gets what came after it; a newcomer what is not open.
  GateStream resumed(server, second.revision());
  std::map<std::string, v1::GateState> again;
  for (int i = 0; i < 2; ++i) {
    const v1::WatchGatesResponse change = resumed.Next();
    CHECK(change.revision() > second.revision());
    again[change.account()] = change.gate_state();
  }
  CHECK(again == told);
  GateStream newcomer(server, 0);
  CHECK(newcomer.Next().account() == "accounts/1000000002");
}

TEST_CASE("a watch of gates ends when the server stops and goes on with the next", "[watch]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  owner.GoToSilentPeriod();
  auto stream = std::make_unique<GateStream>(server, 0);
  const int64_t revision = stream->Next().revision();
  server.Restart();
  const grpc::Status end = stream->Finish();
  CHECK(end.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonIn(end) == v1::SHUTTING_DOWN);
  GateStream next(server, revision);
  owner.GoToEnd();
  const v1::WatchGatesResponse change = next.Next();
  CHECK(change.gate_state() == v1::GATE_CLOSED);
  CHECK(change.revision() > revision);
}

TEST_CASE("a watch of gates from before the beginning is refused", "[watch]") {
  RunningServer server;
  GateStream stream(server, -1);
  Reply reply;
  reply.status = stream.Finish();
  CheckRefused(reply, grpc::StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"after_revision", "-1"});
}

}  // namespace
}  // namespace closure

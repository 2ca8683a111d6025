// SPDX-License-Identifier: Apache-2.0
// What people are shown of a closure whose next step is due but waits.
#include <catch2/catch.hpp>

#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using v1::Closure;

// A silent period that is over, kept waiting by a pause.
Closure Paused(int64_t revision) {
  Closure closure = MakeClosure(Closure::SILENT_PERIOD);
  closure.set_revision(revision);
  closure.mutable_silent_period_remaining()->Clear();
  v1::Wait* const wait = closure.add_waits();
  wait->set_kind(v1::Wait::PAUSE);
  *wait->mutable_start_time() = closure.silent_period_end_time();
  wait->set_detail("the operators have paused irreversible work");
  return closure;
}

constexpr char kAdvice[] =
    "the silent period could be over; the operators have paused irreversible work. Nothing is to be done by you";

Outcome On(const FakeServer& server, std::vector<std::string> arguments, const Terminal& terminal = {}) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments, terminal);
}

}  // namespace

TEST_CASE("status tells what a closure waits for instead of a rest of nothing", "[R61]") {
  FakeServer server;
  server.SetClosure(Paused(2));
  const Outcome owner = On(server, {"status", kClosureName});
  CHECK(owner.code == 0);
  CHECK_THAT(owner.out, Contains("none since 2026-01-08T00:00:00Z") && Contains(kAdvice) && !Contains("0s"));
  CHECK_THAT(owner.out, Contains("PAUSE since 2026-01-08T00:00:00Z: the operators have paused irreversible work") &&
                            !Contains("operator resume"));
  const Outcome ann = On(server, {"status", kClosureName, "--as", "operator:ann"});
  CHECK_THAT(ann.out, Contains("operator resume --reason TEXT") && !Contains("Nothing is to be done by you"));
}

TEST_CASE("watching says when a step begins to wait and when it goes on", "[R61]") {
  FakeServer server;
  Closure resumed = Paused(3);
  resumed.clear_waits();
  Closure closed = MakeClosure(Closure::CLOSED);
  closed.set_revision(4);
  server.AddWatch({{Paused(2), resumed, closed}, grpc::Status::OK});
  const std::string out = On(server, {"watch", kClosureName}).out;
  CHECK_THAT(out, Contains(std::string("revision 2  waits  ") + kAdvice + ".\n") &&
                      Contains("revision 3  waits  no longer\n"));
  server.AddWatch({{Paused(2), closed}, grpc::Status::OK});
  const Outcome drawn =
      On(server, {"watch", kClosureName, "--color=never"}, {.tty = true, .variables = {{"TERM", "xterm"}}});
  CHECK_THAT(drawn.out, Contains(kAdvice) && !Contains("0s left"));
}

TEST_CASE("a wait whose time is over names what it waited for, where the closure is, and what that waits for",
          "[R61]") {
  FakeServer server;
  server.SetClosure(Paused(2));
  for (int i = 0; i < 100; ++i) {
    Closure before = MakeClosure(Closure::SILENT_PERIOD);
    before.set_revision(1);
    server.AddWatch({{before}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")});
  }
  const Outcome outcome = On(server, {"wait", kClosureName, "--for", "CLOSED,ABORTED", "--timeout", "2s"});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("waited 2s for CLOSED or ABORTED, and the closure is SILENT_PERIOD: ") &&
                              Contains(kAdvice) && Contains("WAIT_TIMED_OUT"));
}

TEST_CASE("a wait whose time is over names the participant that is waited for", "[R61]") {
  FakeServer server;
  Closure closure = MakeClosure(Closure::DELETING);
  v1::ParticipantProgress& mailboxes = *closure.add_participants();
  mailboxes.set_participant("mailboxes");
  mailboxes.set_attempts(7);
  mailboxes.set_last_error("UNAVAILABLE: it is down");
  server.SetClosure(closure);
  for (int i = 0; i < 100; ++i) {
    server.AddWatch({{closure}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")});
  }
  const Outcome outcome = On(server, {"wait", kClosureName, "--for", "CLOSED", "--timeout", "2s"});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("the closure is DELETING: it waits for mailboxes, attempt 7, last error: "
                                   "UNAVAILABLE: it is down"));
}

TEST_CASE("a call that the server does not serve is told in words", "[sandbox]") {
  FakeServer server;
  server.FailNext("ShowAccount", grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
  const Outcome outcome = On(server, {"sandbox", "show", kAccount});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err,
             Contains("server " + server.address() + ": it does not serve this call") && Contains("closured dev"));
  server.FailNext("GetClosure", grpc::Status(grpc::StatusCode::UNKNOWN, ""));
  CHECK_THAT(On(server, {"status", kClosureName}).err, Contains("it gave no reason"));
}

TEST_CASE("a change that was not answered in time may have been done, and says where to see it") {
  FakeServer server;
  server.FailNext("CreateClosure", grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"));
  const Outcome outcome = On(server, {"start", kAccount, "--via", "email"});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("may have been done: closurectl --server") && Contains(" status 1000000001;"));
}

TEST_CASE("a wait for an end that does not come tells the cause", "[R68]") {
  FakeServer server;
  Closure aborted = MakeClosure(Closure::ABORTED);
  aborted.set_cause(Closure::FINAL_CHECK_PROBLEM);
  aborted.set_cause_detail("billing: a bill of 12.50 USD is unpaid");
  server.SetClosure(aborted);
  const Outcome outcome = RunClosurectl({"wait", kAccount, "--for", "CLOSED", "--server", server.address()});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("ended in ABORTED: FINAL_CHECK_PROBLEM: billing: a bill of 12.50 USD is unpaid\n"));
}

}  // namespace closure

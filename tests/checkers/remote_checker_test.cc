// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_checker.h"

#include <future>
#include <string>

#include "tests/checkers/remote_rig.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;
using Fault = v1::CheckerResult::Fault;

TEST_CASE("what a remote checker sends is its answer") {
  Remote remote;
  const auto answer = remote.Answer({.pieces = {Item("a"), Item("b"), Summary(2)}}, {.timeout = absl::Seconds(100)});
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 2);
  CHECK(answer->items[0].native_id() == "a");
  CHECK(answer->items[1].native_id() == "b");
  CHECK(answer->as_of == kAsOf);
  CHECK(answer->version == "2.1");
  CHECK(remote.service().asked.account_id() == "1001");
  // The deadline reaches it, by another clock.
  CHECK(remote.service().time_left < absl::Seconds(110));
  CHECK(remote.service().time_left > absl::Seconds(50));
  CHECK(remote.Answer({.pieces = {Summary(0)}})->items.empty());
}

TEST_CASE("a stream that breaks the contract is no answer, and is ended", "[D5]") {
  Remote remote;
  v1::CheckResponse no_time = Summary(0);
  no_time.mutable_summary()->clear_as_of_time();
  v1::CheckResponse another = Summary(0);
  another.mutable_summary()->set_account_id("1002");
  v1::CheckResponse wrong_time = Summary(0);
  wrong_time.mutable_summary()->mutable_as_of_time()->set_nanos(-1);
  const struct {
    Script script;
    std::string words;
  } kBroken[] = {
      {{}, "ended without a summary"},
      {{.pieces = {Item("a")}}, "ended without a summary"},
      {{.pieces = {Item("a"), Summary(2)}}, "says 2 items, and 1 came"},
      {{.pieces = {Item("a"), Summary(-1)}}, "says -1 items, and 1 came"},
      {{.pieces = {Summary(0), Summary(0)}}, "goes on behind its summary"},
      {{.pieces = {Summary(0), Item("a")}, .then = Script::Then::kRepeat}, "goes on behind its summary"},
      {{.pieces = {v1::CheckResponse()}, .then = Script::Then::kHang}, "neither an item nor a summary"},
      {{.pieces = {no_time}}, "as of when"},
      {{.pieces = {wrong_time}}, "as of when"},
      {{.pieces = {another}}, "about the account \"1002\""},
  };
  for (const auto& broken : kBroken) {
    INFO(broken.words);
    CheckFault(remote.Answer(broken.script).status(), v1::CheckerResult::MALFORMED, broken.words);
  }
}

TEST_CASE("a stream that never ends is ended when it has sent too much", "[D16]") {
  {
    Remote remote({.limits = {.items_max = 3}});
    CHECK(remote.Answer({.pieces = {Item("a"), Item("b"), Item("c"), Summary(3)}}).ok());
    CheckFault(remote.Answer({.pieces = {Item("a")}, .then = Script::Then::kRepeat}).status(),
               v1::CheckerResult::TOO_MUCH, "more than 3 items");
  }
  Remote remote({.limits = {.bytes_max = 1000}});
  CheckFault(remote.Answer({.pieces = {Item(std::string(400, 'x'))}, .then = Script::Then::kRepeat}).status(),
             v1::CheckerResult::TOO_MUCH, "more than 1000 bytes");
}

TEST_CASE("an error of a remote checker is its silence, whatever it sent before", "[D5]") {
  Remote remote;
  CheckFault(remote
                 .Answer({.pieces = {Item("a"), Summary(1)},
                          .status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the quota service is away")})
                 .status(),
             v1::CheckerResult::FAILED, "the quota service is away");
  CHECK(FaultOf(remote.Answer({.pieces = {Item("a")}, .then = Script::Then::kHang}, {.timeout = absl::Milliseconds(20)})
                    .status()) == v1::CheckerResult::TIMED_OUT);
}

TEST_CASE("a cancelled signal ends a stream under way, and one that comes later") {
  Remote remote;
  const auto cancel = std::make_shared<CancelSignal>();
  std::promise<absl::StatusOr<CheckAnswer>> answered;
  remote.service().script = {.pieces = {}, .then = Script::Then::kHang};
  v1::CheckRequest request;
  request.set_phase(v1::SCAN);
  remote.checker().Check(request, {.cancel = cancel},
                         [&](absl::StatusOr<CheckAnswer> answer) { answered.set_value(std::move(answer)); });
  cancel->Cancel();
  CHECK(absl::IsCancelled(answered.get_future().get().status()));
  CHECK(absl::IsCancelled(remote.Answer({.pieces = {Summary(0)}}, {.cancel = cancel}).status()));
}

// ---- what it is ----

TEST_CASE("a checker is asked what it is once in a while, and another than the configured one gives no answer") {
  Remote remote;
  const Script clean{.pieces = {Summary(0)}};
  CHECK(remote.Answer(clean).ok());
  CHECK(remote.Answer(clean).ok());
  CHECK(remote.service().described == 1);
  SECTION("of another name") {
    Remote other;
    other.service().description.set_name("billing");
    const absl::Status status = other.Answer(clean).status();
    CheckFault(status, v1::CheckerResult::FAILED, "says that it is \"billing\"");
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(other.service().checked == 0);
  }
  SECTION("of another phase") {
    const absl::Status status = remote.Answer(clean, {}, v1::FINAL).status();
    CheckFault(status, v1::CheckerResult::FAILED, "takes no part in FINAL");
    CHECK(remote.service().checked == 2);
  }
  SECTION("it does not say") {
    Remote mute;
    mute.service().describing = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
    CheckFault(mute.Answer(clean).status(), v1::CheckerResult::FAILED, "no message");
    CHECK(mute.service().checked == 0);
  }
  SECTION("it was replaced while it was away") {
    remote.service().failures.assign(3, grpc::Status(grpc::StatusCode::UNAVAILABLE, "restarting"));
    remote.service().checked = 2;
    remote.service().description.set_version("2.2");
    const auto answer = remote.Answer(clean);
    REQUIRE(answer.ok());
    CHECK(answer->version == "2.2");
  }
}

absl::StatusOr<v1::DiscardResponse> Discard(Remote& remote) {
  v1::DiscardRequest request;
  request.set_idempotency_key("discard/1");
  std::promise<absl::StatusOr<v1::DiscardResponse>> answered;
  remote.checker().Discard(request, {}, [&](auto answer) { answered.set_value(std::move(answer)); });
  return answered.get_future().get();
}

TEST_CASE("nothing is released by a checker of another name, or by one that does not say who it is") {
  Remote remote;
  SECTION("another name") { remote.service().description.set_name("vault"); }
  SECTION("none that can be") { remote.service().description.clear_version(); }
  SECTION("no description") { remote.service().describing = grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"); }
  CHECK_FALSE(Discard(remote).ok());
  CHECK(remote.service().discarded == 0);
  // It is asked again, and may be the one by then.
  remote.service().description.set_name("quota");
  remote.service().description.set_version("2");
  remote.service().describing = grpc::Status::OK;
  CHECK(Discard(remote).ok());
  CHECK(Discard(remote).ok());
  CHECK(remote.service().described == 2);
}

TEST_CASE("after a release that failed it is asked who it is again") {
  Remote remote;
  REQUIRE(Discard(remote).ok());
  remote.service().discarding = grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
  CHECK_FALSE(Discard(remote).ok());
  remote.service().description.set_name("vault");
  CHECK_FALSE(Discard(remote).ok());
  CHECK(remote.service().discarded == 2);
}

TEST_CASE("a release is asked for as it is") {
  Remote remote;
  const auto answer = Discard(remote);
  REQUIRE(answer.ok());
  CHECK(answer->outcome() == v1::DiscardResponse::RELEASED);
  CHECK(answer->detail() == "discard/1");
}

}  // namespace
}  // namespace closure

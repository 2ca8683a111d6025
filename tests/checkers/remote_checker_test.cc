// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_checker.h"

#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "checkers/upstream_call.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/support/mark_watch.h"
#include "tests/support/served_stream.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;
using Fault = v1::CheckerResult::Fault;

const absl::Time kAsOf = absl::FromUnixSeconds(1'782'896'400);

v1::CheckResponse Item(const std::string& native_id) {
  v1::CheckResponse piece;
  piece.mutable_item()->set_native_id(native_id);
  return piece;
}

v1::CheckResponse Summary(int items) {
  v1::CheckResponse piece;
  piece.mutable_summary()->set_item_count(items);
  *piece.mutable_summary()->mutable_as_of_time() = ToProto(kAsOf);
  piece.mutable_summary()->set_account_id("1001");
  return piece;
}

using Script = ServedAnswer;

class ScriptedChecker final : public v1::CheckerService::CallbackService {
 public:
  ScriptedChecker() {
    description.set_name("quota");
    description.set_version("2.1");
    description.add_phases(v1::SCAN);
  }
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest* /*request*/,
                                     v1::CheckerDescription* response) override {
    ++described;
    *response = description;
    return FinishCall(context, describing);
  }
  grpc::ServerWriteReactor<v1::CheckResponse>* Check(grpc::CallbackServerContext* context,
                                                     const v1::CheckRequest* request) override {
    asked = *request;
    if (++checked <= failures.size()) return new ServedStream({.status = failures[checked - 1]});
    time_left = absl::FromChrono(context->deadline()) - absl::Now();
    return new ServedStream(script);
  }
  grpc::ServerUnaryReactor* Discard(grpc::CallbackServerContext* context, const v1::DiscardRequest* request,
                                    v1::DiscardResponse* response) override {
    response->set_outcome(v1::DiscardResponse::RELEASED);
    response->set_detail(request->idempotency_key());
    return FinishCall(context);
  }

  v1::CheckerDescription description;
  grpc::Status describing;
  int described = 0;
  // How the first checks end; those after them follow the script.
  std::vector<grpc::Status> failures;
  std::size_t checked = 0;
  Script script;
  v1::CheckRequest asked;
  absl::Duration time_left;
};

// A checker beside this process, as far as it can see.
class Remote {
 public:
  explicit Remote(RemoteChecker::Options options = {}) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    v1::CheckerDescription description;
    description.set_name("quota");
    checker_ =
        std::make_unique<RemoteChecker>(std::move(description), server_->InProcessChannel({}), std::move(options));
  }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;
  ~Remote() {
    CHECK(CallsToUpstreams().WaitForNone(absl::Minutes(1)));
    checker_ = nullptr;
    server_->Shutdown();
  }

  absl::StatusOr<CheckAnswer> Answer(Script script, const CallOptions& options = {}, v1::CheckPhase phase = v1::SCAN) {
    service_.script = std::move(script);
    v1::CheckRequest request;
    request.set_account_id("1001");
    request.set_phase(phase);
    std::promise<absl::StatusOr<CheckAnswer>> answered;
    checker_->Check(request, options,
                    [&](absl::StatusOr<CheckAnswer> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }
  ScriptedChecker& service() { return service_; }
  RemoteChecker& checker() { return *checker_; }

 private:
  ScriptedChecker service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<RemoteChecker> checker_;
};

void CheckFault(const absl::Status& status, Fault fault, const std::string& words) {
  CHECK(FaultOf(status) == fault);
  CHECK_THAT(std::string(status.message()), Contains("checker(quota): ") && Contains(words));
}

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

// ---- when it fails ----

RemoteChecker::Options QuickRetries(int tries_max) {
  return {.retries = {.tries_max = tries_max, .delay = absl::Milliseconds(1)}};
}

TEST_CASE("a check that finds the checker away or busy is made again") {
  const auto code =
      GENERATE(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::ABORTED);
  const MarkWatch again(Mark::kCheckerAskedAgain);
  Remote remote(QuickRetries(3));
  remote.service().failures.assign(2, grpc::Status(code, "soon"));
  CHECK(remote.Answer({.pieces = {Item("a"), Summary(1)}})->items.size() == 1);
  CHECK(remote.service().checked == 3);
  CHECK(again.times() == 2);
}

TEST_CASE("a check is tried so many times and no more, and what was last is told", "[D5]") {
  Remote remote(QuickRetries(3));
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "away");
  CHECK(remote.service().checked == 3);
}

TEST_CASE("what the checker refuses, and a broken answer, is not asked for again", "[D5]") {
  Remote remote(QuickRetries(3));
  SECTION("refused") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you"));
    CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "not for you");
  }
  SECTION("an error of its own") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNKNOWN, "KeyError: 'x'"));
    CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "KeyError");
  }
  SECTION("broken") { CheckFault(remote.Answer({}).status(), v1::CheckerResult::MALFORMED, "without a summary"); }
  CHECK(remote.service().checked == 1);
}

TEST_CASE("a check is not made again behind its deadline") {
  Remote remote({.retries = {.tries_max = 3, .delay = absl::Hours(1)}});
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  CheckFault(remote.Answer({}, {.timeout = absl::Minutes(30)}).status(), v1::CheckerResult::FAILED, "away");
  CHECK(remote.service().checked == 1);
}

TEST_CASE("a check that waits for its next try ends when it is cancelled") {
  Remote remote({.retries = {.tries_max = 3, .delay = absl::Hours(1)}});
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  const auto cancel = std::make_shared<CancelSignal>();
  const MarkWatch again(Mark::kCheckerAskedAgain);
  std::promise<absl::StatusOr<CheckAnswer>> answered;
  v1::CheckRequest request;
  request.set_phase(v1::SCAN);
  remote.checker().Check(request, {.timeout = absl::Hours(9), .cancel = cancel},
                         [&](absl::StatusOr<CheckAnswer> answer) { answered.set_value(std::move(answer)); });
  while (!again.reached()) std::this_thread::yield();
  cancel->Cancel();
  const absl::Status status = answered.get_future().get().status();
  CHECK(absl::IsCancelled(status));
  CHECK_THAT(std::string(status.message()), Contains("checker(quota): cancelled between two tries"));
}

TEST_CASE("a checker that nobody answers for is not asked for a while, and says so at once", "[D5]") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 2, .pause = absl::Hours(1)}});
  SECTION("it is away") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
    for (int i = 0; i < 2; ++i) CHECK_FALSE(remote.Answer({}).ok());
  }
  SECTION("it hangs") {
    const Script hanging{.pieces = {}, .then = Script::Then::kHang};
    for (int i = 0; i < 2; ++i) CHECK_FALSE(remote.Answer(hanging, {.timeout = absl::Milliseconds(20)}).ok());
  }
  const std::size_t checked = remote.service().checked;
  CheckFault(remote.Answer({.pieces = {Summary(0)}}).status(), v1::CheckerResult::FAILED,
             "not asked, because 2 calls in a row got no answer");
  CHECK(remote.service().checked == checked);
}

TEST_CASE("a checker that answers, however wrongly, is asked again at once") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}});
  remote.service().failures.assign(3, grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you"));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(remote.Answer({}).ok());
  CHECK_FALSE(remote.Answer({}).ok());
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
}

TEST_CASE("a release is asked for as it is") {
  Remote remote;
  v1::DiscardRequest request;
  request.set_idempotency_key("discard/1");
  std::promise<absl::StatusOr<v1::DiscardResponse>> answered;
  remote.checker().Discard(request, {}, [&](auto answer) { answered.set_value(std::move(answer)); });
  const auto answer = answered.get_future().get();
  REQUIRE(answer.ok());
  CHECK(answer->outcome() == v1::DiscardResponse::RELEASED);
  CHECK(answer->detail() == "discard/1");
}

}  // namespace
}  // namespace closure

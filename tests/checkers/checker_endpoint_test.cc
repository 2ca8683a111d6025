// SPDX-License-Identifier: Apache-2.0
// What a checker that is a class of C++ gets from being served: tests/conformance has the contract itself.
#include "checkers/serve/checker_endpoint.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "checkers/reporting_checker.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace closure {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);

// A checker that does what a test says.
class Scripted final : public ReportingChecker {
 public:
  using Script = std::function<void(const CallOptions&, CheckDone)>;
  explicit Scripted(Script script) : ReportingChecker(Description()), script_(std::move(script)) {}
  void Check(const v1::CheckRequest&, const CallOptions& options, CheckDone done) override {
    script_(options, std::move(done));
  }

 private:
  static v1::CheckerDescription Description() {
    v1::CheckerDescription description = DescribeChecker("scripted", "1", {v1::PAY_AS_YOU_GO_RESOURCE});
    description.clear_phases();
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN}) description.add_phases(phase);
    return description;
  }

  const Script script_;
};

struct Rig {
  explicit Rig(Scripted::Script script) : endpoint(std::make_shared<Scripted>(std::move(script))) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&endpoint);
    server = builder.BuildAndStart();
    stub = v1::CheckerService::NewStub(
        grpc::CreateChannel(fmt::format("127.0.0.1:{}", port), grpc::InsecureChannelCredentials()));
  }
  grpc::Status Check(const CallOptions& options) {
    grpc::ClientContext context;
    ApplyCallOptions(options, context);
    v1::CheckRequest request;
    request.set_account_id("a-1");
    request.set_phase(v1::SCAN);
    *request.mutable_check_time() = ToProto(asked);
    const auto stream = stub->Check(&context, request);
    v1::CheckResponse piece;
    while (stream->Read(&piece)) pieces += 1;
    return stream->Finish();
  }

  const absl::Time asked = absl::FromUnixSeconds(1'900'000'000);
  CheckerEndpoint endpoint;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::CheckerService::Stub> stub;
  int pieces = 0;
};

TEST_CASE("an answer that closured would refuse is not sent, and says why") {
  Rig rig([](const CallOptions&, Checker::CheckDone done) {
    CheckAnswer answer{.as_of = absl::FromUnixSeconds(1'900'000'000)};
    answer.items.emplace_back().set_native_id("7");
    std::move(done)(std::move(answer));
  });
  const grpc::Status status = rig.Check({.timeout = kLong});
  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
  CHECK_THAT(status.error_message(), Catch::Contains("item 1") || Catch::Contains("\"7\""));
  CHECK(rig.pieces == 0);
}

TEST_CASE("too much is no error that is asked again") {
  Rig rig([](const CallOptions&, Checker::CheckDone done) { std::move(done)(TooMuchAnswer("10001 items")); });
  const grpc::Status status = rig.Check({.timeout = kLong});
  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(status.error_message() == "10001 items");
}

TEST_CASE("a trace context that is none is not passed on") {
  std::string seen = "not asked";
  Rig rig([&](const CallOptions& options, Checker::CheckDone done) {
    seen = options.traceparent;
    std::move(done)(CheckAnswer{.as_of = absl::FromUnixSeconds(1'900'000'000)});
  });
  REQUIRE(rig.Check({.timeout = kLong, .traceparent = "00-x"}).ok());
  CHECK(seen.empty());
}

TEST_CASE("an error of the checker is told as it is, made printable and cut") {
  Rig rig([](const CallOptions&, Checker::CheckDone done) {
    std::move(done)(absl::UnavailableError("down\n" + std::string(1000, 'x')));
  });
  const grpc::Status status = rig.Check({.timeout = kLong});
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(status.error_message().starts_with("down?xxx"));
  CHECK(status.error_message().size() < 520);
}

TEST_CASE("in a phase that its description leaves out a checker is not asked") {
  Rig rig([](const CallOptions&, Checker::CheckDone) { FAIL("it was asked"); });
  grpc::ClientContext context;
  v1::CheckRequest request;
  request.set_account_id("a-1");
  request.set_phase(static_cast<v1::CheckPhase>(GENERATE(0, v1::CONFIRM, v1::FINAL, 99)));
  *request.mutable_check_time() = ToProto(rig.asked);
  const auto stream = rig.stub->Check(&context, request);
  v1::CheckResponse piece;
  while (stream->Read(&piece)) continue;
  CHECK(stream->Finish().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("the caller's deadline and trace context reach the checker, and ten minutes where he gives none") {
  CallOptions seen;
  Rig rig([&](const CallOptions& options, Checker::CheckDone done) {
    seen = options;
    std::move(done)(CheckAnswer{.as_of = absl::FromUnixSeconds(1'900'000'000)});
  });
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  REQUIRE(rig.Check({.timeout = kLong, .traceparent = trace}).ok());
  CHECK(seen.timeout <= kLong);
  CHECK(seen.timeout > kLong / 2);
  CHECK(seen.traceparent == trace);
  CHECK(rig.pieces == 1);
  grpc::ClientContext context;
  v1::CheckRequest request;
  request.set_account_id("a-1");
  request.set_phase(v1::SCAN);
  *request.mutable_check_time() = ToProto(rig.asked);
  const auto stream = rig.stub->Check(&context, request);
  v1::CheckResponse piece;
  while (stream->Read(&piece)) continue;
  REQUIRE(stream->Finish().ok());
  CHECK(seen.timeout == absl::Minutes(10));
}

TEST_CASE("who leaves has the checker end its work") {
  absl::Notification ended;
  Rig rig([&](const CallOptions& options, Checker::CheckDone done) {
    auto kept = std::make_shared<Checker::CheckDone>(std::move(done));
    options.cancel->OnCancel([kept, &ended] {
      std::move (*kept)(absl::CancelledError("left"));
      ended.Notify();
    });
  });
  CHECK(rig.Check({.timeout = absl::Milliseconds(100)}).error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  ended.WaitForNotification();
}

TEST_CASE("a checker that only reports answers every release with UNIMPLEMENTED") {
  Rig rig([](const CallOptions&, Checker::CheckDone) {});
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = kLong}, context);
  v1::DiscardRequest request;
  request.set_account_id("a-1");
  request.set_closure("accounts/a-1/closures/c-1");
  request.set_native_id("7");
  request.mutable_expected()->set_native_id("7");
  request.set_idempotency_key("k-1");
  request.set_fence(1);
  v1::DiscardResponse response;
  CHECK(rig.stub->Discard(&context, request, &response).error_code() == grpc::StatusCode::UNIMPLEMENTED);
  request.set_fence(0);
  grpc::ClientContext again;
  ApplyCallOptions({.timeout = kLong}, again);
  const grpc::Status status = rig.stub->Discard(&again, request, &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "fence: is required, and above zero");
}

}  // namespace
}  // namespace closure

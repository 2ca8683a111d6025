// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_FUZZED_CLOUD_H_
#define CLOSURE_TESTS_FUZZ_FUZZED_CLOUD_H_

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "sandbox/sandbox.h"
#include "tests/support/manual_clock.h"

namespace closure::fuzz {

// A pretended cloud in memory whose clock nobody moves. One thread.
class FuzzedCloud {
 public:
  FuzzedCloud() {
    absl::StatusOr<std::unique_ptr<Sandbox>> cloud =
        Sandbox::Open({.database_path = ":memory:",
                       .now = [this] { return clock_.Now(); },
                       .advance = [this](absl::Duration) -> absl::StatusOr<absl::Time> { return clock_.Now(); }});
    REQUIRE(cloud.ok());
    cloud_ = *std::move(cloud);
    stub_ = sandbox::v1::SandboxService::NewStub(cloud_->channel());
  }
  FuzzedCloud(const FuzzedCloud&) = delete;
  FuzzedCloud& operator=(const FuzzedCloud&) = delete;
  ~FuzzedCloud() { cloud_->Stop(); }

  Sandbox& cloud() { return *cloud_; }
  sandbox::v1::SandboxService::Stub& stub() { return *stub_; }

  // Demands that the cloud shows an account which it has, or had before it was deleted.
  void Show(const std::string& account) {
    grpc::ClientContext context;
    sandbox::v1::ShowAccountRequest request;
    sandbox::v1::ShowAccountResponse response;
    request.set_account_id(account);
    const grpc::Status status = stub_->ShowAccount(&context, request, &response);
    INFO(account << ": " << status.error_message());
    REQUIRE(status.ok());
    REQUIRE(response.account().account_id() == account);
  }

 private:
  ManualClock clock_;
  std::unique_ptr<Sandbox> cloud_;
  std::unique_ptr<sandbox::v1::SandboxService::Stub> stub_;
};

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_FUZZED_CLOUD_H_

// SPDX-License-Identifier: Apache-2.0
#include "tests/checkers/fake_cloud.h"

#include <future>
#include <thread>
#include <utility>

#include "catch2/catch.hpp"
#include "grpc/support/time.h"
#include "grpcpp/server_builder.h"
#include "protos/money.h"

namespace closure::testing {
namespace {

constexpr char kHang[] = "hang";

class HangingReactor final : public grpc::ServerUnaryReactor {
 public:
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::Status Hang() { return grpc::Status(grpc::StatusCode::CANCELLED, kHang); }

grpc::ServerUnaryReactor* React(grpc::CallbackServerContext* context, const grpc::Status& status) {
  if (status.error_message() == kHang) return new HangingReactor;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

FakeCloud::FakeCloud() {
  directory.membership = [](const auto&, up::Membership* membership) {
    membership->set_role(up::Membership::NONE);
    return grpc::Status::OK;
  };
  trusteeship.role = [](const auto&, up::Trusteeship* role) {
    role->set_role(up::Trusteeship::NONE);
    return grpc::Status::OK;
  };
  grpc::ServerBuilder builder;
  for (grpc::Service* service :
       std::initializer_list<grpc::Service*>{&billing, &resources, &domains, &directory, &trusteeship, &partners}) {
    builder.RegisterService(service);
  }
  server_ = builder.BuildAndStart();
  channel_ = server_->InProcessChannel(grpc::ChannelArguments());
  upstreams_ = Upstreams::OnChannel(channel_);
}

FakeCloud::~FakeCloud() {
  upstreams_ = {};
  server_->Shutdown(gpr_inf_past(GPR_CLOCK_MONOTONIC));  // cancels what hangs
  server_->Wait();
  // gRPC 1.51 joins the threads that it runs callbacks on when the last channel goes. A callback that is just ending
  // may still hold a stub; were it the last one, its thread would join itself and the process would end.
  while (channel_.use_count() > 1) std::this_thread::yield();
}

absl::Time TestNow() { return absl::FromUnixSeconds(1'790'000'000); }

google::protobuf::Timestamp At(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(timestamp.seconds()))));
  return timestamp;
}

v1::Money MoneyOf(std::string_view decimal, std::string_view currency) {
  return *ParseMoney(decimal,
                     currency);  // ends the process for a typing error; Catch2 must not be called on gRPC's threads
}

v1::CheckRequest TestRequest() {
  v1::CheckRequest request;
  request.set_account_id("1000000001");
  request.set_closure("accounts/1000000001/closures/0123456789abcdef0123456789abcdef");
  request.set_phase(v1::SCAN);
  request.set_language_code("en");
  *request.mutable_check_time() = At(TestNow());
  return request;
}

absl::StatusOr<CheckAnswer> Ask(Checker& checker, const v1::CheckRequest& request, const CallOptions& options) {
  std::promise<absl::StatusOr<CheckAnswer>> answered;
  std::future<absl::StatusOr<CheckAnswer>> answer = answered.get_future();
  checker.Check(request, options,
                [&answered](absl::StatusOr<CheckAnswer> given) { answered.set_value(std::move(given)); });
  return answer.get();
}

absl::StatusOr<v1::DiscardResponse> AskToDiscard(Checker& checker, const v1::DiscardRequest& request) {
  std::promise<absl::StatusOr<v1::DiscardResponse>> answered;
  std::future<absl::StatusOr<v1::DiscardResponse>> answer = answered.get_future();
  checker.Discard(request, {},
                  [&answered](absl::StatusOr<v1::DiscardResponse> given) { answered.set_value(std::move(given)); });
  return answer.get();
}

const v1::ReportedItem& ItemOf(const CheckAnswer& answer, std::string_view native_id) {
  for (const v1::ReportedItem& item : answer.items) {
    if (item.native_id() == native_id) return item;
  }
  FAIL("there is no item " << native_id);
  return answer.items.front();
}

}  // namespace closure::testing

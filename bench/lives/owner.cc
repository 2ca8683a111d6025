// SPDX-License-Identifier: Apache-2.0
#include "bench/lives/owner.h"

#include <atomic>

#include "fmt/format.h"

namespace closure::bench {
namespace {

using Stub = v1::ClosureService::Stub;

constexpr int64_t kCallMillis = 60'000;
constexpr int kItemsMax = 1000;
constexpr int kTransitionsMax = 1000;

std::string NewRequestId() {
  static std::atomic<unsigned> count = 0;
  return fmt::format("00000000-0000-4000-8000-{:012x}", ++count);
}

}  // namespace

std::string Owner::Close() {
  Create();
  if (!fault_.empty()) return fault_;
  v1::WatchClosureRequest request;
  request.set_name(closure_.name());
  const auto context = Context();
  const auto reader = parts_.closures->WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  while (fault_.empty() && closure_.state() != v1::Closure::CLOSED && reader->Read(&response)) {
    closure_ = response.closure();
    TakeStep();
  }
  context->TryCancel();
  if (fault_.empty() && closure_.state() != v1::Closure::CLOSED)
    fault_ = fmt::format("the watch ended in {}", v1::Closure::State_Name(closure_.state()));
  return fault_;
}

absl::StatusOr<int64_t> Owner::CountTransitions() const {
  v1::ListTransitionsRequest request;
  request.set_parent(closure_.name());
  request.set_page_size(kTransitionsMax);
  v1::ListTransitionsResponse found;
  const grpc::Status status = parts_.closures->ListTransitions(Context().get(), request, &found);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  if (!found.next_page_token().empty()) return absl::InternalError("the history has more entries than a page");
  return int64_t{found.transitions_size()};
}

std::unique_ptr<grpc::ClientContext> Owner::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kCallMillis, GPR_TIMESPAN)));
  context->AddMetadata("closure-actor", fmt::format("root:{}", parts_.account_id));
  return context;
}

template <typename Request>
void Owner::Change(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, v1::Closure*),
                   const Request& request) {
  const grpc::Status status = (parts_.closures->*method)(Context().get(), request, &closure_);
  if (!status.ok()) {
    fault_ = fmt::format("{}: status {}: {}", Request::descriptor()->name(), static_cast<int>(status.error_code()),
                         status.error_message());
  }
}

template <typename Request>
Request Owner::On() const {
  Request request;
  request.set_name(closure_.name());
  request.set_request_id(NewRequestId());
  return request;
}

void Owner::Create() {
  v1::CreateClosureRequest request;
  request.set_parent(fmt::format("accounts/{}", parts_.account_id));
  request.set_channel(v1::EMAIL);
  request.set_request_id(NewRequestId());
  Change(&Stub::CreateClosure, request);
}

void Owner::TakeStep() {
  const v1::Closure::State state = closure_.state();
  if (state == stepped_) return;
  stepped_ = state;
  if (state == v1::Closure::IDENTITY_PENDING) Verify();
  if (state == v1::Closure::AGREEMENT_PENDING) Agree();
  if (state == v1::Closure::BLOCKED) Discard();
  if (state == v1::Closure::READY) Confirm();
  if (state == v1::Closure::SILENT_PERIOD) parts_.on_silent_period();
}

void Owner::Verify() {
  auto request = On<v1::VerifyIdentityRequest>();
  request.add_codes()->set_code(parts_.mailbox->AwaitCode(parts_.account_id));
  Change(&Stub::VerifyIdentity, request);
}

void Owner::Agree() {
  v1::Agreement agreement;
  const grpc::Status status = parts_.closures->GetAgreement(Context().get(), v1::GetAgreementRequest(), &agreement);
  if (!status.ok()) {
    fault_ = status.error_message();
    return;
  }
  auto request = On<v1::AcceptAgreementRequest>();
  request.set_version(agreement.version());
  Change(&Stub::AcceptAgreement, request);
}

void Owner::Discard() {
  v1::ListBlockingItemsRequest list;
  list.set_parent(closure_.name());
  list.set_page_size(kItemsMax);
  v1::ListBlockingItemsResponse found;
  const grpc::Status status = parts_.closures->ListBlockingItems(Context().get(), list, &found);
  if (!status.ok()) {
    fault_ = status.error_message();
    return;
  }
  auto request = On<v1::DiscardItemsRequest>();
  request.set_risk_digest(closure_.risk_prompt().digest());
  for (const v1::BlockingItem& item : found.items()) {
    v1::DiscardItemsRequest::Selection& selection = *request.add_selections();
    selection.set_item(item.name());
    selection.set_fingerprint(item.fingerprint());
  }
  Change(&Stub::DiscardItems, request);
}

void Owner::Confirm() {
  auto request = On<v1::ConfirmClosureRequest>();
  request.set_reason(v1::Closure::NO_LONGER_NEEDED);
  request.set_risk_digest(closure_.risk_prompt().digest());
  request.set_etag(closure_.etag());
  Change(&Stub::ConfirmClosure, request);
}

}  // namespace closure::bench

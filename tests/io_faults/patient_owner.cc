// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/patient_owner.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <regex>
#include <utility>

#include "checkers/proto_time.h"
#include "closure/v1/error_reason.pb.h"
#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace closure {
namespace {

using Stub = v1::ClosureService::Stub;

constexpr std::int64_t kCallMillisMax = 30'000;
// How long the stream may say nothing before the owner gets impatient; longer than a machine at rest needs for a step.
constexpr std::int64_t kQuietMillis = 60;
// With every time that nothing came twice as long, up to this: the machine may be busy, and time that passes while it
// is ends the waits of the server too early.
constexpr std::int64_t kQuietMillisMax = 2000;
// More than any fault that passes can cause; in all less than a call of another system may take, so that one that hangs
// is seen.
constexpr int kRefusalsMax = 12;
constexpr int kQuietMax = 16;

std::unique_ptr<grpc::ClientContext> AsOwner(std::int64_t millis_max) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(millis_max, GPR_TIMESPAN)));
  context->AddMetadata("closure-actor", fmt::format("root:{}", RestartableServer::kAccount));
  return context;
}

std::string NewRequestId() {
  static std::atomic<unsigned> count{0};
  return fmt::format("00000000-0000-4000-8000-{:012x}", ++count);
}

template <typename Request>
Request RequestOn(const v1::Closure& closure) {
  Request request;
  request.set_name(closure.name());
  request.set_request_id(NewRequestId());
  return request;
}

std::string ReasonIn(const grpc::Status& status) {
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  if (!rich.ParseFromString(status.error_details())) return "";
  for (const auto& detail : rich.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace

// ---- steps ----

bool PatientOwner::Create() {
  v1::CreateClosureRequest request;
  request.set_parent(fmt::format("accounts/{}", RestartableServer::kAccount));
  request.set_channel(v1::EMAIL);
  request.set_request_id(NewRequestId());
  return Change(&Stub::CreateClosure, request);
}

bool PatientOwner::Verify() {
  std::string code;
  const auto has_code = [&](const v1::Closure&) { return IsCodeOver() || !(code = FindCode()).empty(); };
  if (!Await(has_code)) return false;
  // A fault took longer than the code lives.
  while (IsCodeOver()) {
    if (!AskForAnotherCode() || !Await(has_code)) return false;
  }
  auto request = RequestOn<v1::VerifyIdentityRequest>(closure_);
  request.add_codes()->set_code(code);
  return Change(&Stub::VerifyIdentity, request);
}

bool PatientOwner::IsCodeOver() {
  const auto& challenges = closure_.identity_verification().challenges();
  return !challenges.empty() && FromProto(challenges.rbegin()->expire_time()) <= server_.clock().Now();
}

bool PatientOwner::AskForAnotherCode() {
  ++codes_asked_again_;
  old_codes_ = CodeMessages().size();
  return Change(&Stub::ResendCode, RequestOn<v1::ResendCodeRequest>(closure_));
}

bool PatientOwner::Agree() {
  v1::Agreement agreement;
  if (!Ask(&Stub::GetAgreement, v1::GetAgreementRequest(), agreement)) return false;
  auto request = RequestOn<v1::AcceptAgreementRequest>(closure_);
  request.set_version(agreement.version());
  return Change(&Stub::AcceptAgreement, request);
}

bool PatientOwner::Clear() {
  std::vector<v1::BlockingItem> items;
  if (!Renounceable(items)) return false;
  return items.empty() ? Change(&Stub::Recheck, RequestOn<v1::RecheckRequest>(closure_)) : Discard(items);
}

bool PatientOwner::Renounceable(std::vector<v1::BlockingItem>& items) {
  v1::ListBlockingItemsRequest request;
  request.set_parent(closure_.name());
  request.set_page_size(1000);
  v1::ListBlockingItemsResponse response;
  if (!Ask(&Stub::ListBlockingItems, request, response)) return false;
  for (const v1::BlockingItem& item : response.items()) {
    if (item.disposition() == v1::RENOUNCEABLE && item.resolution() != v1::BlockingItem::RENOUNCED)
      items.push_back(item);
  }
  return true;
}

bool PatientOwner::Discard(const std::vector<v1::BlockingItem>& items) {
  auto request = RequestOn<v1::DiscardItemsRequest>(closure_);
  request.set_risk_digest(closure_.risk_prompt().digest());
  for (const v1::BlockingItem& item : items) {
    v1::DiscardItemsRequest::Selection& selection = *request.add_selections();
    selection.set_item(item.name());
    selection.set_fingerprint(item.fingerprint());
  }
  return Change(&Stub::DiscardItems, request);
}

bool PatientOwner::Confirm() {
  auto request = RequestOn<v1::ConfirmClosureRequest>(closure_);
  request.set_reason(v1::Closure::NO_LONGER_NEEDED);
  request.set_risk_digest(closure_.risk_prompt().digest());
  request.set_etag(closure_.etag());
  return Change(&Stub::ConfirmClosure, request);
}

bool PatientOwner::Cancel() { return Change(&Stub::CancelClosure, RequestOn<v1::CancelClosureRequest>(closure_)); }

bool PatientOwner::Refresh() {
  v1::GetClosureRequest request;
  request.set_name(closure_.name());
  return Change(&Stub::GetClosure, request);
}

bool PatientOwner::GetRecord(v1::ClosureRecord& record) {
  v1::GetClosureRecordRequest request;
  request.set_name(closure_.name());
  return Ask(&Stub::GetClosureRecord, request, record);
}

bool PatientOwner::CountClosures(int& count) {
  v1::ListClosuresRequest request;
  request.set_parent(fmt::format("accounts/{}", RestartableServer::kAccount));
  v1::ListClosuresResponse response;
  if (!Ask(&Stub::ListClosures, request, response)) return false;
  count = response.closures_size();
  return true;
}

// ---- how calls are made ----

template <typename Request, typename Response>
bool PatientOwner::Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                       const Request& request, Response& response) {
  for (int refusals = 0; refusals < kRefusalsMax; ++refusals) {
    const grpc::Status status = (server_.closures().*method)(AsOwner(kCallMillisMax).get(), request, &response);
    if (status.ok()) return true;
    if (!IsClear(status)) return false;
    if (!events_.on_refusal(refusals + 1)) return false;
  }
  return Break(fmt::format("{} is refused again and again, without faults", Request::descriptor()->name()));
}

template <typename Request>
bool PatientOwner::Change(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, v1::Closure*),
                          const Request& request) {
  v1::Closure closure;
  if (!Ask(method, request, closure)) return false;
  Note(closure);
  return true;
}

bool PatientOwner::IsClear(const grpc::Status& status) {
  const bool clear = status.error_code() == grpc::StatusCode::UNAVAILABLE &&
                     ReasonIn(status) == v1::ErrorReason_Name(v1::STORE_UNAVAILABLE) && !status.error_message().empty();
  return clear || Break(fmt::format("a call was answered {} {}: {}, in {}", static_cast<int>(status.error_code()),
                                    ReasonIn(status), status.error_message(), closure_.ShortDebugString()));
}

grpc::Status PatientOwner::Watch(std::int64_t millis_max, const std::function<bool(const v1::Closure&)>& condition,
                                 bool& fulfilled, bool& news) {
  v1::WatchClosureRequest request;
  request.set_name(closure_.name());
  request.set_after_revision(closure_.revision());
  const auto context = AsOwner(millis_max);
  const auto reader = server_.closures().WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  while (!fulfilled && reader->Read(&response)) {
    news = true;
    Note(response.closure());
    fulfilled = condition(closure_);
  }
  if (fulfilled) context->TryCancel();
  while (reader->Read(&response)) {
  }
  return reader->Finish();
}

bool PatientOwner::Await(const std::function<bool(const v1::Closure&)>& condition) {
  int refusals = 0;
  int quiet = 0;
  std::int64_t patience = kQuietMillis;
  while (!condition(closure_)) {
    bool fulfilled = false;
    bool news = false;
    const grpc::Status status = Watch(patience, condition, fulfilled, news);
    // Not everything that is waited for is told by the stream.
    if (fulfilled || condition(closure_)) return true;
    if (news) quiet = refusals = 0;
    patience = news ? kQuietMillis : std::min(2 * patience, kQuietMillisMax);
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      // On a machine that is busy not even a call that says nothing may have begun.
      if (!news && ++quiet > kQuietMax)
        return Break(fmt::format("nothing goes on any more in {}, with the tasks {}", closure_.ShortDebugString(),
                                 server_.OpenTasks()));
      if (!news && !events_.on_quiet()) return false;
      continue;
    }
    if (status.ok()) return Break("the closure ended without what was waited for");
    if (!IsClear(status)) return false;
    if (++refusals > kRefusalsMax) return Break("watching is refused again and again, without faults");
    if (!events_.on_refusal(refusals)) return false;
  }
  return true;
}

std::vector<std::string> PatientOwner::CodeMessages() {
  sandbox::v1::ListInboxRequest request;
  request.set_account_id(RestartableServer::kAccount);
  request.set_page_size(1000);
  sandbox::v1::ListInboxResponse response;
  std::vector<std::string> bodies;
  if (!server_.sandbox().ListInbox(AsOwner(kCallMillisMax).get(), request, &response).ok())
    Break("the cloud does not tell what it sent");
  for (const sandbox::v1::InboxMessage& message : response.messages()) {
    if (message.idempotency_key().starts_with(closure_.name() + "/code/")) bodies.push_back(message.body());
  }
  return bodies;
}

std::string PatientOwner::FindCode() {
  static const std::regex digits("\\b[0-9]{6}\\b");
  const std::vector<std::string> messages = CodeMessages();
  std::smatch code;
  const bool found = messages.size() > old_codes_ && std::regex_search(messages.back(), code, digits);
  return found ? code.str() : "";
}

void PatientOwner::Note(const v1::Closure& closure) {
  if (!told_.empty() && closure.revision() < told_.back().revision) {
    Break(fmt::format("revision {} was told after {}: what was acknowledged is gone", closure.revision(),
                      told_.back().revision));
  }
  told_.push_back({.state = closure.state(), .revision = closure.revision()});
  closure_ = closure;
}

bool PatientOwner::Break(std::string what) {
  if (broken_.empty()) broken_ = std::move(what);
  return false;
}

}  // namespace closure

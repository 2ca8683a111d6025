// SPDX-License-Identifier: Apache-2.0
#include "tests/client/samples.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace closure {
namespace {

using grpc::Status;
using v1::Closure;

constexpr int64_t kDaySeconds = 86'400;

void AllowActions(Closure& closure) {
  closure.clear_allowed_actions();
  switch (closure.state()) {
    case Closure::IDENTITY_PENDING:
      closure.add_allowed_actions(Closure::VERIFY_IDENTITY);
      break;
    case Closure::AGREEMENT_PENDING:
      closure.add_allowed_actions(Closure::ACCEPT_AGREEMENT);
      break;
    case Closure::BLOCKED:
      closure.add_allowed_actions(Closure::DISCARD_ITEMS);
      break;
    case Closure::READY:
      closure.add_allowed_actions(Closure::CONFIRM_CLOSURE);
      break;
    default:
      break;
  }
}

}  // namespace

grpc::Status RichError(grpc::StatusCode code, const std::string& message, const std::string& reason,
                       const std::vector<google::protobuf::Any>& more,
                       const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("closure.v1");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  for (const google::protobuf::Any& detail : more) *status.add_details() = detail;
  return Status(code, message, status.SerializeAsString());
}

v1::Closure MakeClosure(Closure::State state) {
  Closure closure;
  closure.set_name(kClosureName);
  closure.set_account(kAccountName);
  closure.set_state(state);
  closure.set_etag("\"1\"");
  closure.set_revision(1);
  closure.mutable_create_time()->set_seconds(kCreateSeconds);
  closure.mutable_risk_prompt()->set_text("Everything in this account is lost for good.");
  closure.mutable_risk_prompt()->set_digest(kRiskDigest);
  auto* challenge = closure.mutable_identity_verification()->add_challenges();
  challenge->set_channel(v1::EMAIL);
  challenge->set_masked_address("a***@example.com");
  challenge->set_attempts_left(5);
  if (state == Closure::SILENT_PERIOD) {
    closure.mutable_silent_period_end_time()->set_seconds(kCreateSeconds + 7 * kDaySeconds);
    closure.mutable_silent_period_remaining()->set_seconds(7 * kDaySeconds);
  }
  AllowActions(closure);
  return closure;
}

v1::BlockingItem MakeItem(const std::string& id, v1::Disposition disposition) {
  v1::BlockingItem item;
  item.set_name(absl::StrCat(kClosureName, "/blockingItems/", id));
  item.set_checker("billing");
  item.set_kind(disposition == v1::RENOUNCEABLE ? v1::BALANCE : v1::UNPAID_BILL);
  item.set_disposition(disposition);
  item.set_resolution(v1::BlockingItem::OPEN);
  item.set_change(v1::BlockingItem::NEW);
  item.set_fingerprint(absl::StrCat("fingerprint-of-", id));
  item.mutable_amount()->set_currency_code("USD");
  item.mutable_amount()->set_units(1000);
  item.mutable_amount()->set_nanos(10'000'000);
  item.set_why("money is left");
  item.set_resolver(v1::OWNER);
  item.set_instructions("settle it");
  item.set_process_uri("https://console.example.com/billing");
  return item;
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "sandbox/control_service.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "fmt/format.h"
#include "sandbox/account_rows.h"
#include "sandbox/act_ledger.h"
#include "sandbox/cloud_account_rows.h"
#include "sandbox/cloud_file.h"
#include "sandbox/cloud_values.h"
#include "sandbox/field_problems.h"
#include "sandbox/late_bills.h"
#include "sandbox/owner_acts.h"
#include "sandbox/page.h"
#include "sandbox/settlement.h"
#include "sandbox/upstream_calls.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using sandbox::v1::InboxMessage;

constexpr absl::Duration kAdvanceMax = absl::Hours(24 * 3650);

// The reason of an error; `invalid` is that of a malformed request, which differs from method to method.
v1::ErrorReason ReasonOf(const absl::Status& status, v1::ErrorReason invalid) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return v1::SANDBOX_ACCOUNT_NOT_FOUND;
    case absl::StatusCode::kFailedPrecondition:
      return v1::SANDBOX_REFUSED;
    case absl::StatusCode::kInvalidArgument:
      return invalid;
    default:
      return v1::INTERNAL_FAULT;
  }
}

// Errors: NOT_FOUND for an account that never was; a deleted one is known.
absl::Status RequireKnown(SqliteTransaction& tx, const std::string& account_id) {
  return FindAccount(tx, account_id) == AccountPresence::kUnknown ? RequireLive(tx, account_id) : absl::OkStatus();
}

// An inbox row and its number, by which pages are cut.
struct NumberedMessage {
  int64_t number = 0;
  InboxMessage message;
};

std::vector<NumberedMessage> ReadInbox(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                                       int limit) {
  int64_t after_number = 0;
  if (!absl::SimpleAtoi(after, &after_number)) after_number = 0;  // the first page
  std::vector<NumberedMessage> messages;
  tx.Query(
      "SELECT message_number, address, subject, body, channel, create_time_us, idempotency_key, language_code FROM "
      "inbox"
      " WHERE account_id = ? AND message_number > ? ORDER BY message_number LIMIT ?",
      {account_id, after_number, limit}, [&](const SqliteRow& row) {
        NumberedMessage& entry = messages.emplace_back();
        entry.number = row.Integer(0);
        entry.message.set_address(row.Text(1));
        entry.message.set_subject(row.Text(2));
        entry.message.set_body(row.Text(3));
        entry.message.set_channel(row.Text(4));
        *entry.message.mutable_create_time() = TimestampOfMicros(row.Integer(5));
        entry.message.set_idempotency_key(row.Text(6));
        entry.message.set_language_code(row.Text(7));
      });
  return messages;
}

absl::StatusOr<absl::Duration> AdvanceOf(const sandbox::v1::AdvanceClockRequest& request) {
  const auto& duration = request.duration();
  const absl::Duration span = absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  if (span > absl::ZeroDuration() && span <= kAdvanceMax) return span;
  return BadField("duration", "sandbox: duration is not above zero and at most 3650 days");
}

class ControlService final : public sandbox::v1::SandboxService::CallbackService {
 public:
  explicit ControlService(SandboxControls controls) : controls_(std::move(controls)) {}

 private:
  ServerUnaryReactor* LoadCloud(CallbackServerContext* context, const sandbox::v1::LoadCloudRequest* request,
                                sandbox::v1::LoadCloudResponse* response) override {
    const absl::StatusOr<std::vector<std::string>> ids =
        closure::LoadCloud(*controls_.database, request->cloud(), controls_.now());
    if (ids.ok()) response->mutable_account_ids()->Assign(ids->begin(), ids->end());
    return Finish(context, ids.status(), v1::CLOUD_FILE_INVALID);
  }

  ServerUnaryReactor* ShowAccount(CallbackServerContext* context, const sandbox::v1::ShowAccountRequest* request,
                                  sandbox::v1::ShowAccountResponse* response) override {
    const std::string& id = request->account_id();
    return Transact(context, request->account_id(), v1::FIELD_INVALID, [&](SqliteTransaction& tx) {
      const AccountPresence presence = FindAccount(tx, id);
      if (presence == AccountPresence::kUnknown) return RequireLive(tx, id);
      response->mutable_account()->set_account_id(id);
      response->set_deleted(presence == AccountPresence::kDeleted);
      if (presence == AccountPresence::kLive) {
        LetLateBillsArrive(tx, id, controls_.now());
        *response->mutable_account() = ReadCloudAccount(tx, id);
        ReadAccountFlags(tx, id, *response);
      }
      for (const auto& act : ReadActs(tx, id)) *response->add_acts() = act;
      response->set_fence(HighestFence(tx, id));
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* ListInbox(CallbackServerContext* context, const sandbox::v1::ListInboxRequest* request,
                                sandbox::v1::ListInboxResponse* response) override {
    const std::string& id = request->account_id();
    const v1::ErrorReason invalid = request->page_size() < 0 ? v1::FIELD_INVALID : v1::PAGE_TOKEN_INVALID;
    return Transact(context, id, invalid, [&](SqliteTransaction& tx) {
      const absl::Status page = FillPage(
          MethodName<sandbox::v1::SandboxService>("ListInbox"), *request, *response,
          [&](const std::string& after, int limit) { return ReadInbox(tx, id, after, limit); },
          [](const NumberedMessage& entry) { return fmt::format("{}", entry.number); },
          [&](const NumberedMessage& entry) { *response->add_messages() = entry.message; });
      return page.ok() && response->messages().empty() ? RequireKnown(tx, id) : page;
    });
  }

  ServerUnaryReactor* IssueBill(CallbackServerContext* context, const sandbox::v1::IssueBillRequest* request,
                                sandbox::v1::IssueBillResponse* response) override {
    return Transact(context, request->account_id(), v1::FIELD_INVALID, [&](SqliteTransaction& tx) {
      const absl::StatusOr<std::string> bill_id = closure::IssueBill(tx, *request, controls_.now());
      if (bill_id.ok()) response->set_bill_id(*bill_id);
      return bill_id.status();
    });
  }

  ServerUnaryReactor* TopUpBalance(CallbackServerContext* context, const sandbox::v1::TopUpBalanceRequest* request,
                                   sandbox::v1::TopUpBalanceResponse* response) override {
    return Transact(context, request->account_id(), v1::FIELD_INVALID, [&](SqliteTransaction& tx) {
      const absl::StatusOr<v1::Money> balance = closure::TopUpBalance(tx, *request, controls_.now());
      if (balance.ok()) *response->mutable_balance() = *balance;
      return balance.status();
    });
  }

  ServerUnaryReactor* CreateResource(CallbackServerContext* context, const sandbox::v1::CreateResourceRequest* request,
                                     sandbox::v1::CreateResourceResponse*) override {
    return Transact(context, request->account_id(), v1::FIELD_INVALID,
                    [&](SqliteTransaction& tx) { return closure::CreateResource(tx, *request); });
  }

  ServerUnaryReactor* ChangeContactPoint(CallbackServerContext* context,
                                         const sandbox::v1::ChangeContactPointRequest* request,
                                         sandbox::v1::ChangeContactPointResponse*) override {
    return Transact(context, request->account_id(), v1::FIELD_INVALID,
                    [&](SqliteTransaction& tx) { return closure::ChangeContactPoint(tx, *request, controls_.now()); });
  }

  ServerUnaryReactor* SettleAccount(CallbackServerContext* context, const sandbox::v1::SettleAccountRequest* request,
                                    sandbox::v1::SettleAccountResponse* response) override {
    return Transact(context, request->account_id(), v1::FIELD_INVALID, [&](SqliteTransaction& tx) {
      if (absl::Status status = RequireLive(tx, request->account_id()); !status.ok()) return status;
      for (const std::string& action : Settle(tx, request->account_id(), controls_.now()))
        response->add_actions(action);
      return absl::OkStatus();
    });
  }

  // Outside of any transaction: whoever sees the clock move may call back.
  ServerUnaryReactor* AdvanceClock(CallbackServerContext* context, const sandbox::v1::AdvanceClockRequest* request,
                                   sandbox::v1::AdvanceClockResponse* response) override {
    const absl::StatusOr<absl::Duration> span = AdvanceOf(*request);
    if (!span.ok()) return Finish(context, span.status(), v1::FIELD_INVALID);
    if (!controls_.advance) {
      return Finish(context, absl::FailedPreconditionError("sandbox: this clock cannot be moved"), v1::FIELD_INVALID);
    }
    const absl::StatusOr<absl::Time> time = controls_.advance(*span);
    if (time.ok()) *response->mutable_time() = TimestampOfMicros(ToMicros(*time));
    return Finish(context, time.status(), v1::FIELD_INVALID);
  }

  ServerUnaryReactor* SetFault(CallbackServerContext* context, const sandbox::v1::SetFaultRequest* request,
                               sandbox::v1::SetFaultResponse*) override {
    const std::string& id = request->account_id();
    return Transact(context, id, v1::FIELD_INVALID, [&](SqliteTransaction& tx) {
      const absl::Status known = id.empty() ? absl::OkStatus() : RequireKnown(tx, id);
      return known.ok() ? controls_.faults->Set(*request) : known;
    });
  }

  ServerUnaryReactor* Transact(CallbackServerContext* context, const std::string& account_id, v1::ErrorReason invalid,
                               absl::FunctionRef<absl::Status(SqliteTransaction&)> body) {
    return Finish(context, controls_.database->Transact(body), invalid, account_id);
  }

  ServerUnaryReactor* Finish(CallbackServerContext* context, const absl::Status& status, v1::ErrorReason invalid,
                             const std::string& account_id = {}) {
    ServerUnaryReactor* const reactor = context->DefaultReactor();
    if (status.ok() || !controls_.error_status) {
      reactor->Finish(PlainGrpcStatus(status));
    } else {
      reactor->Finish(controls_.error_status({.reason = ReasonOf(status, invalid),
                                              .message = std::string(status.message()),
                                              .field = FieldOf(status),
                                              .account_id = account_id}));
    }
    return reactor;
  }

  const SandboxControls controls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeControlService(SandboxControls controls) {
  return std::make_unique<ControlService>(std::move(controls));
}

absl::StatusOr<std::vector<std::string>> LoadCloud(CloudDatabase& database, const sandbox::v1::CloudFile& file,
                                                   absl::Time now) {
  if (absl::Status status = ValidateCloudFile(file); !status.ok()) return status;
  const absl::Status status = database.Transact([&](SqliteTransaction& tx) {
    for (const auto& account : file.accounts()) StoreCloudAccount(tx, account, now);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  std::vector<std::string> ids;
  for (const auto& account : file.accounts()) ids.push_back(account.account_id());
  return ids;
}

}  // namespace closure

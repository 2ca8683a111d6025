// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/account_service.grpc.pb.h"
#include "fmt/format.h"
#include "sandbox/account_rows.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using upstream::v1::Account;
using upstream::v1::ActResult;

constexpr std::string_view kRoleName = "AliyunServiceRoleForAccountDeletion";

std::string Name(std::string_view method) { return MethodName<upstream::v1::AccountService>(method); }

absl::Status CheckRoleName(const std::string& method, const std::string& role_name) {
  if (role_name == kRoleName) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("sandbox: {}: role_name \"{}\" is not \"{}\"", method, role_name, kRoleName));
}

Account DeletedAccount(const std::string& account_id) {
  Account account;
  account.set_account_id(account_id);
  account.set_state(Account::DELETED);
  return account;
}

// Freeze and thaw differ in one number.
ActResult SetFrozen(SqliteTransaction& tx, const std::string& account_id, bool frozen) {
  tx.Run("UPDATE accounts SET account_frozen = ? WHERE account_id = ?", {frozen, account_id});
  return Done();
}

class AccountService final : public upstream::v1::AccountService::CallbackService {
 public:
  explicit AccountService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* GetAccount(CallbackServerContext* context, const upstream::v1::GetAccountRequest* request,
                                 Account* response) override {
    const std::string& id = request->account_id();
    return calls_.Serve(context, Name("GetAccount"), id, response, [&](SqliteTransaction& tx, absl::Time) {
      const AccountPresence presence = FindAccount(tx, id);
      if (presence == AccountPresence::kUnknown) return RequireLive(tx, id);
      *response = presence == AccountPresence::kDeleted ? DeletedAccount(id) : ReadAccount(tx, id);
      return absl::OkStatus();
    });
  }

  // An account without an organization is one of its own, so it counts under its own id too (D14).
  ServerUnaryReactor* CountAccounts(CallbackServerContext* context, const upstream::v1::CountAccountsRequest* request,
                                    upstream::v1::CountAccountsResponse* response) override {
    return calls_.Serve(context, Name("CountAccounts"), "", response, [&](SqliteTransaction& tx, absl::Time) {
      const std::string& organization_id = request->organization_id();
      response->set_count(organization_id.empty() ? tx.Number("SELECT COUNT(*) FROM accounts", {})
                                                  : tx.Number("SELECT COUNT(*) FROM accounts WHERE organization_id = ? "
                                                              "OR (organization_id = '' AND account_id = ?)",
                                                              {organization_id, organization_id}));
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* FreezeAccount(CallbackServerContext* context, const upstream::v1::FreezeAccountRequest* request,
                                    ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("FreezeAccount"), .act = request->act()}, response,
        [&](SqliteTransaction& tx, absl::Time) { return SetFrozen(tx, request->act().account_id(), true); });
  }

  ServerUnaryReactor* ThawAccount(CallbackServerContext* context, const upstream::v1::ThawAccountRequest* request,
                                  ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("ThawAccount"), .act = request->act()}, response,
        [&](SqliteTransaction& tx, absl::Time) { return SetFrozen(tx, request->act().account_id(), false); });
  }

  ServerUnaryReactor* TerminateSessions(CallbackServerContext* context,
                                        const upstream::v1::TerminateSessionsRequest* request,
                                        ActResult* response) override {
    return calls_.Act(context, {.method = Name("TerminateSessions"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) {
                        tx.Run("DELETE FROM sessions WHERE account_id = ?", {request->act().account_id()});
                        return Done(fmt::format("ended {} sessions", tx.Number("SELECT changes()", {})));
                      });
  }

  ServerUnaryReactor* CreateServiceLinkedRole(CallbackServerContext* context,
                                              const upstream::v1::CreateServiceLinkedRoleRequest* request,
                                              ActResult* response) override {
    const std::string method = Name("CreateServiceLinkedRole");
    return calls_.Act(context, {.method = method, .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) -> absl::StatusOr<ActResult> {
                        if (absl::Status status = CheckRoleName(method, request->role_name()); !status.ok())
                          return status;
                        tx.Run("INSERT OR IGNORE INTO service_linked_roles (account_id, role_name) VALUES (?, ?)",
                               {request->act().account_id(), request->role_name()});
                        return Done();
                      });
  }

  ServerUnaryReactor* DeleteServiceLinkedRole(CallbackServerContext* context,
                                              const upstream::v1::DeleteServiceLinkedRoleRequest* request,
                                              ActResult* response) override {
    const std::string method = Name("DeleteServiceLinkedRole");
    return calls_.Act(context, {.method = method, .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) -> absl::StatusOr<ActResult> {
                        if (absl::Status status = CheckRoleName(method, request->role_name()); !status.ok())
                          return status;
                        tx.Run("DELETE FROM service_linked_roles WHERE account_id = ? AND role_name = ?",
                               {request->act().account_id(), request->role_name()});
                        return Done();
                      });
  }

  ServerUnaryReactor* UnbindThirdParties(CallbackServerContext* context,
                                         const upstream::v1::UnbindThirdPartiesRequest* request,
                                         ActResult* response) override {
    return calls_.Act(context, {.method = Name("UnbindThirdParties"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) {
                        tx.Run("DELETE FROM third_party_bindings WHERE account_id = ?", {request->act().account_id()});
                        return Done(fmt::format("deleted {} bindings", tx.Number("SELECT changes()", {})));
                      });
  }

  ServerUnaryReactor* DeleteAccount(CallbackServerContext* context, const upstream::v1::DeleteAccountRequest* request,
                                    ActResult* response) override {
    return calls_.Act(context, {.method = Name("DeleteAccount"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time now) {
                        DeleteAccountRows(tx, request->act().account_id(), now);
                        return Done();
                      });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccountService(UpstreamCalls& calls) {
  return std::make_unique<AccountService>(calls);
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_VIEWS_H_
#define CLOSURE_TESTS_SUPPORT_VIEWS_H_

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "protos/money.h"
#include "tests/support/running_server.h"

// What tests of a running server look at and do again and again.
namespace closure {

// A cloud file with one account; `fields` are further fields of it, for example R"("funds": [...])".
inline std::string CloudFileOf(std::string_view account_id, std::string_view fields = "") {
  return fmt::format(
      R"({{"accounts": [{{"accountId": "{0}", "displayName": "The {0} company", "email": {{"address": "owner@{0}.example"}},)"
      R"( "phone": {{"address": "+8613900000001"}}{1}{2}}}]}})",
      account_id, fields.empty() ? "" : ", ", fields);
}

// The amount "1000.01 USD".
inline v1::Money Amount(std::string_view text) {
  const std::size_t space = text.find(' ');
  const absl::StatusOr<v1::Money> money = ParseMoney(text.substr(0, space), text.substr(space + 1));
  INFO(text);
  REQUIRE(money.ok());
  return *money;
}

// The only item of a kind; fails the test when there is none, or another one.
inline v1::BlockingItem OnlyItem(const std::vector<v1::BlockingItem>& items, v1::ItemKind kind) {
  std::vector<v1::BlockingItem> found;
  for (const v1::BlockingItem& item : items) {
    if (item.kind() == kind) found.push_back(item);
  }
  INFO("items of the kind " << v1::ItemKind_Name(kind) << ": " << found.size());
  REQUIRE(found.size() == 1);
  return found.front();
}

// The item with a native id; fails the test when there is none.
inline v1::BlockingItem ItemOf(const std::vector<v1::BlockingItem>& items, std::string_view native_id) {
  for (const v1::BlockingItem& item : items) {
    if (item.native_id() == native_id) return item;
  }
  FAIL("there is no item " << native_id);
  return {};
}

// How one checker fared; fails the test when it is not there.
template <typename Results>
v1::CheckerResult ResultOf(const Results& results, std::string_view checker) {
  for (const v1::CheckerResult& result : results) {
    if (result.checker() == checker) return result;
  }
  FAIL("there is no result of " << checker);
  return {};
}

// The acts of one method, for example "BillingService/VoidDebt", that were done on an account, the oldest first.
inline std::vector<sandbox::v1::SandboxAct> ActsOf(RunningServer& server, const std::string& account_id,
                                                   const std::string& method) {
  std::vector<sandbox::v1::SandboxAct> acts;
  const sandbox::v1::ShowAccountResponse shown = server.Show(account_id);
  for (const sandbox::v1::SandboxAct& act : shown.acts()) {
    if (act.method() == "closure.upstream.v1." + method && act.outcome() == "DONE") acts.push_back(act);
  }
  return acts;
}

// Everybody does what they would do in their consoles for this account.
inline void Settle(RunningServer& server, const std::string& account_id) {
  sandbox::v1::SettleAccountRequest request;
  request.set_account_id(account_id);
  sandbox::v1::SettleAccountResponse response;
  REQUIRE(server.sandbox().SettleAccount(RunningServer::As("").get(), request, &response).ok());
}

// The same, after which the owner has the account scanned again; answers the state that the closure then is in.
inline v1::Closure::State SettleAndRecheck(RunningServer& server, Owner& owner) {
  Settle(server, owner.account_id());
  owner.Recheck();
  return owner.closure().state();
}

// Goes to a final check that does not end, because billing cannot be sealed for as long as the fault is there.
inline void GoToStuckFinalCheck(RunningServer& server, Owner& owner) {
  server.SetFault("BillingService/SealBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  owner.GoToSilentPeriod();
  server.clock().Advance(absl::Hours(168));
  owner.WaitFor({v1::Closure::FINAL_CHECK});
}

inline void TopUp(RunningServer& server, const std::string& account_id, std::string_view amount) {
  sandbox::v1::TopUpBalanceRequest request;
  request.set_account_id(account_id);
  *request.mutable_amount() = Amount(amount);
  sandbox::v1::TopUpBalanceResponse response;
  REQUIRE(server.sandbox().TopUpBalance(RunningServer::As("").get(), request, &response).ok());
}

// A bill arrives now, as late ones do.
inline void IssueBill(RunningServer& server, const std::string& account_id, std::string_view amount) {
  sandbox::v1::IssueBillRequest request;
  request.set_account_id(account_id);
  *request.mutable_amount() = Amount(amount);
  sandbox::v1::IssueBillResponse response;
  REQUIRE(server.sandbox().IssueBill(RunningServer::As("").get(), request, &response).ok());
}

// A request to discard items as they were shown, with the risk acknowledged.
inline v1::DiscardItemsRequest DiscardRequestFor(const Owner& owner, const std::vector<v1::BlockingItem>& items) {
  v1::DiscardItemsRequest request;
  request.set_name(owner.name());
  request.set_risk_digest(owner.closure().risk_prompt().digest());
  request.set_request_id(NewRequestId());
  for (const v1::BlockingItem& item : items) {
    v1::DiscardItemsRequest::Selection& selection = *request.add_selections();
    selection.set_item(item.name());
    selection.set_fingerprint(item.fingerprint());
  }
  return request;
}

// Discards and answers the status; the owner's closure stays as it was shown last.
inline grpc::Status TryDiscard(RunningServer& server, const Owner& owner, const v1::DiscardItemsRequest& request) {
  v1::Closure closure;
  return server.closures().DiscardItems(RunningServer::As(owner.actor()).get(), request, &closure);
}

// A page of items and the counts that go with it.
inline v1::ListBlockingItemsResponse ListItems(RunningServer& server, const Owner& owner,
                                               const v1::ListBlockingItemsRequest& query = {}) {
  v1::ListBlockingItemsRequest request = query;
  request.set_parent(owner.name());
  v1::ListBlockingItemsResponse response;
  const grpc::Status status =
      server.closures().ListBlockingItems(RunningServer::As(owner.actor()).get(), request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_VIEWS_H_

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/every_state.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using State = v1::Closure::State;

std::string AccountOf(State state) {
  return "state-" + absl::StrReplaceAll(absl::AsciiStrToLower(v1::Closure::State_Name(state)), {{"_", "-"}});
}

// What the account has; most have nothing that stands in the way.
std::string FieldsOf(State state) {
  switch (state) {
    case v1::Closure::BLOCKED:
      return R"("funds": [{"currencyCode": "USD", "balance": "20.00"}],)"
             R"("bills": [{"billId": "b-1", "amount": "3.00", "currencyCode": "USD"}])";
    case v1::Closure::DISCARDING:
      return R"("resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",)"
             R"("chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,)"
             R"("consoleUri": "https://ecs.console.example.com/i-1"}])";
    default:
      return "";
  }
}

}  // namespace

std::vector<State> EveryState::All() {
  std::vector<State> states;
  for (int number = v1::Closure::State_MIN + 1; number <= v1::Closure::State_MAX; ++number) {
    if (v1::Closure::State_IsValid(number)) states.push_back(static_cast<State>(number));
  }
  return states;
}

bool EveryState::IsEnd(State state) {
  return state == v1::Closure::CLOSED || state == v1::Closure::ABORTED || state == v1::Closure::CANCELLED ||
         state == v1::Closure::EXPIRED;
}

EveryState::EveryState(RunningServer& server) : server_(server) {
  for (const State state : All()) server.Load(CloudFileOf(AccountOf(state), FieldsOf(state)));
  EndSilentPeriods();
  AfterConfirm();
  BeforeConfirm();
  for (const auto& [state, owner] : owners_) {
    INFO(v1::Closure::State_Name(state));
    if (IsEnd(state))
      owner->WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
    if (state != v1::Closure::CHECKING) WaitUntilQuiet(server, owner->name());
    owner->Refresh();
    REQUIRE(owner->closure().state() == state);
  }
}

Owner& EveryState::Start(State state) { return *(owners_[state] = std::make_unique<Owner>(server_, AccountOf(state))); }

void EveryState::Hang(State state, const std::vector<std::string>& methods) {
  hanging_[state] = methods;
  for (const std::string& method : methods) {
    server_.SetFault(method, sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 0, AccountOf(state));
  }
}

void EveryState::LetGo(State state) {
  for (const std::string& method : hanging_[state]) {
    server_.SetFault(method, sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  }
  RetryTasks(server_, In(state).name());
}

void EveryState::EndSilentPeriods() {
  Hang(v1::Closure::FINAL_CHECK, {"BillingService/SealBilling"});
  Hang(v1::Closure::DELETING, {"ResourceService/PurgeData"});
  Hang(v1::Closure::RESTORING, {"BillingService/UnsealBilling"});
  Start(v1::Closure::EXPIRED).Create();
  for (const State state : {v1::Closure::FINAL_CHECK, v1::Closure::DELETING, v1::Closure::CLOSED,
                            v1::Closure::RESTORING, v1::Closure::ABORTED}) {
    Start(state).GoToSilentPeriod();
  }
  IssueBill(server_, AccountOf(v1::Closure::RESTORING), "250.00 USD");
  IssueBill(server_, AccountOf(v1::Closure::ABORTED), "250.00 USD");
  server_.clock().Advance(absl::Hours(168));
  for (const auto& [state, owner] : owners_) owner->WaitFor({state});
}

void EveryState::AfterConfirm() {
  Hang(v1::Closure::THAWING, {"AccountService/FreezeAccount", "AccountService/ThawAccount"});
  Owner& thawing = Start(v1::Closure::THAWING);
  thawing.GoToScanResult();
  thawing.Confirm();
  server_.clock().Advance(absl::Minutes(5));
  thawing.WaitFor({v1::Closure::THAWING});
  Hang(v1::Closure::CONFIRMING, {"BillingService/FreezeBilling"});
  Owner& confirming = Start(v1::Closure::CONFIRMING);
  confirming.GoToScanResult();
  confirming.Confirm();
  Start(v1::Closure::SILENT_PERIOD).GoToSilentPeriod();
}

void EveryState::BeforeConfirm() {
  Start(v1::Closure::IDENTITY_PENDING).Create();
  Owner& agreement_pending = Start(v1::Closure::AGREEMENT_PENDING);
  agreement_pending.Create();
  agreement_pending.Verify();
  Owner& cancelled = Start(v1::Closure::CANCELLED);
  cancelled.Create();
  cancelled.Cancel();
  Start(v1::Closure::BLOCKED).GoToScanResult();
  Start(v1::Closure::READY).GoToScanResult();
  Hang(v1::Closure::DISCARDING, {"ResourceService/ReleaseResource"});
  Owner& discarding = Start(v1::Closure::DISCARDING);
  discarding.GoToScanResult();
  Send(server_, discarding.actor(), DiscardRequestFor(discarding, discarding.Items())).As<v1::Closure>();
  // A checker that fails has answered, in a way; only one that hangs keeps a scan going.
  server_.SetFault("ResourceService/ListResources", sandbox::v1::SetFaultRequest::HANG, 0,
                   AccountOf(v1::Closure::CHECKING));
  Owner& checking = Start(v1::Closure::CHECKING);
  checking.Create();
  checking.Verify();
  checking.Agree();
  checking.WaitUntil([](const v1::Closure& closure) {
    const auto& all = closure.scan().checkers();
    return std::count_if(all.begin(), all.end(), [](const auto& each) {
             return each.status() == v1::CheckerResult::ANSWERED;
           }) == all.size() - 1;
  });
}

}  // namespace closure

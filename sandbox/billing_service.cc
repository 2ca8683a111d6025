// SPDX-License-Identifier: Apache-2.0
#include <compare>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/billing_service.grpc.pb.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "sandbox/billing_rows.h"
#include "sandbox/cloud_values.h"
#include "sandbox/late_bills.h"
#include "sandbox/page.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using upstream::v1::ActResult;
using upstream::v1::Funds;

std::string Name(std::string_view method) { return MethodName<upstream::v1::BillingService>(method); }

absl::Status CheckExpectedAmount(const std::string& method, const v1::Money& amount) {
  if (absl::Status status = ValidateMoney(amount); !status.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("sandbox: {}: expected_amount: {}", method, std::string(status.message())));
  }
  if (IsPositive(amount)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("sandbox: {}: expected_amount {} is not above zero", method, FormatMoney(amount)));
}

// Brings balance or debt of one currency to zero, if it is exactly what was expected; `part` is Funds::mutable_balance
// or _debt.
absl::StatusOr<ActResult> TakeExactly(SqliteTransaction& tx, const std::string& method, const std::string& account_id,
                                      const v1::Money& expected, v1::Money* (Funds::*part)(), absl::Time now) {
  if (absl::Status status = CheckExpectedAmount(method, expected); !status.ok()) return status;
  LetLateBillsArrive(tx, account_id, now);
  Funds funds = FundsIn(tx, account_id, expected.currency_code());
  v1::Money& amount = *(funds.*part)();
  if (CompareMoney(amount, expected) != std::strong_ordering::equal) {
    return FactsMoved(fmt::format("it is {}, not {}", FormatMoney(amount), FormatMoney(expected)));
  }
  amount = WholeUnits(0, expected.currency_code());
  SetFunds(tx, account_id, funds);
  return Done(FormatMoney(expected));
}

class BillingService final : public upstream::v1::BillingService::CallbackService {
 public:
  explicit BillingService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* ListFunds(CallbackServerContext* context, const upstream::v1::ListFundsRequest* request,
                                upstream::v1::ListFundsResponse* response) override {
    return List(
        context, "ListFunds", *request, *response, ReadFunds,
        [](const Funds& funds) { return funds.balance().currency_code(); },
        [&](const Funds& funds) { *response->add_funds() = funds; });
  }

  ServerUnaryReactor* ListUnpaidBills(CallbackServerContext* context,
                                      const upstream::v1::ListUnpaidBillsRequest* request,
                                      upstream::v1::ListUnpaidBillsResponse* response) override {
    return List(
        context, "ListUnpaidBills", *request, *response, ReadBills,
        [](const upstream::v1::Bill& bill) { return bill.bill_id(); },
        [&](const upstream::v1::Bill& bill) { *response->add_bills() = bill; });
  }

  ServerUnaryReactor* ListUnbilledCharges(CallbackServerContext* context,
                                          const upstream::v1::ListUnbilledChargesRequest* request,
                                          upstream::v1::ListUnbilledChargesResponse* response) override {
    return List(
        context, "ListUnbilledCharges", *request, *response, ReadUnbilledCharges,
        [](const upstream::v1::UnbilledCharge& charge) { return charge.charge_id(); },
        [&](const upstream::v1::UnbilledCharge& charge) { *response->add_charges() = charge; });
  }

  ServerUnaryReactor* ListCreditNotes(CallbackServerContext* context,
                                      const upstream::v1::ListCreditNotesRequest* request,
                                      upstream::v1::ListCreditNotesResponse* response) override {
    return List(
        context, "ListCreditNotes", *request, *response, ReadCreditNotes,
        [](const upstream::v1::CreditNote& note) { return note.credit_note_id(); },
        [&](const upstream::v1::CreditNote& note) { *response->add_credit_notes() = note; });
  }

  // A second freeze keeps the time of the first, from which late bills are counted.
  ServerUnaryReactor* FreezeBilling(CallbackServerContext* context, const upstream::v1::FreezeBillingRequest* request,
                                    ActResult* response) override {
    return calls_.Act(context, {.method = Name("FreezeBilling"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time now) {
                        tx.Run(
                            "UPDATE accounts SET billing_freeze_time_us = COALESCE(billing_freeze_time_us, ?)"
                            " WHERE account_id = ?",
                            {ToMicros(now), request->act().account_id()});
                        return Done();
                      });
  }

  ServerUnaryReactor* ThawBilling(CallbackServerContext* context, const upstream::v1::ThawBillingRequest* request,
                                  ActResult* response) override {
    return calls_.Act(context, {.method = Name("ThawBilling"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time now) {
                        LetLateBillsArrive(tx, request->act().account_id(), now);
                        tx.Run("UPDATE accounts SET billing_freeze_time_us = NULL WHERE account_id = ?",
                               {request->act().account_id()});
                        return Done();
                      });
  }

  ServerUnaryReactor* SealBilling(CallbackServerContext* context, const upstream::v1::SealBillingRequest* request,
                                  ActResult* response) override {
    return calls_.Act(context, {.method = Name("SealBilling"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time now) {
                        LetLateBillsArrive(tx, request->act().account_id(), now);
                        tx.Run("UPDATE accounts SET billing_sealed = 1 WHERE account_id = ?",
                               {request->act().account_id()});
                        return Done();
                      });
  }

  ServerUnaryReactor* UnsealBilling(CallbackServerContext* context, const upstream::v1::UnsealBillingRequest* request,
                                    ActResult* response) override {
    return calls_.Act(context, {.method = Name("UnsealBilling"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) {
                        tx.Run("UPDATE accounts SET billing_sealed = 0 WHERE account_id = ?",
                               {request->act().account_id()});
                        return Done();
                      });
  }

  ServerUnaryReactor* ForfeitBalance(CallbackServerContext* context, const upstream::v1::ForfeitBalanceRequest* request,
                                     ActResult* response) override {
    const LedgerEntry entry = {
        .method = Name("ForfeitBalance"), .act = request->act(), .amount = request->expected_amount()};
    return calls_.Act(context, entry, response, [&](SqliteTransaction& tx, absl::Time now) {
      return TakeExactly(tx, entry.method, request->act().account_id(), request->expected_amount(),
                         &Funds::mutable_balance, now);
    });
  }

  ServerUnaryReactor* VoidDebt(CallbackServerContext* context, const upstream::v1::VoidDebtRequest* request,
                               ActResult* response) override {
    const LedgerEntry entry = {.method = Name("VoidDebt"), .act = request->act(), .amount = request->expected_amount()};
    return calls_.Act(context, entry, response, [&](SqliteTransaction& tx, absl::Time now) {
      return TakeExactly(tx, entry.method, request->act().account_id(), request->expected_amount(),
                         &Funds::mutable_debt, now);
    });
  }

  template <typename Request, typename Response, typename ReadRows, typename KeyOf, typename Add>
  ServerUnaryReactor* List(CallbackServerContext* context, std::string_view method, const Request& request,
                           Response& response, ReadRows read_rows, KeyOf key_of, Add add) {
    const std::string name = Name(method);
    return calls_.Read(context, name, request.account_id(), &response, [&](SqliteTransaction& tx, absl::Time now) {
      LetLateBillsArrive(tx, request.account_id(), now);
      const auto read = [&](const std::string& after, int limit) {
        return read_rows(tx, request.account_id(), after, limit);
      };
      return FillPage(name, request, response, read, key_of, add);
    });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBillingService(UpstreamCalls& calls) {
  return std::make_unique<BillingService>(calls);
}

}  // namespace closure

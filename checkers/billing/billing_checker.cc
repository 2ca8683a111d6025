// SPDX-License-Identifier: Apache-2.0
#include "checkers/billing/billing_checker.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/billing/billing_items.h"
#include "checkers/billing/fund_limits.h"
#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/page_walk.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

using Stub = std::shared_ptr<up::BillingService::StubInterface>;
using Items = absl::StatusOr<std::vector<v1::ReportedItem>>;

// The parts of a check, in the order in which their items are reported.
enum Part : size_t { kBills, kCharges, kCreditNotes, kFunds, kParts };

// Turns every entry of a page with one function.
template <typename Entries, typename ToItem>
Items ItemsOf(const Entries& entries, ToItem to_item) {
  std::vector<v1::ReportedItem> items;
  items.reserve(static_cast<size_t>(entries.size()));
  for (const auto& entry : entries) {
    absl::StatusOr<v1::ReportedItem> item = to_item(entry);
    if (!item.ok()) return item.status();
    items.push_back(*std::move(item));
  }
  return items;
}

PagedList<up::ListUnpaidBillsRequest, up::ListUnpaidBillsResponse> Bills(Stub billing,
                                                                         const CheckerSettings& settings) {
  return {
      .who = "billing: ListUnpaidBills",
      .start = [billing](
                   auto* context, auto* request, auto* response,
                   auto on_done) { billing->async()->ListUnpaidBills(context, request, response, std::move(on_done)); },
      .read =
          [console = settings.console_base_uri](const auto& page) {
            return ItemsOf(page.bills(), [&](const auto& bill) { return BillItem(bill, console); });
          },
  };
}

PagedList<up::ListUnbilledChargesRequest, up::ListUnbilledChargesResponse> Charges(Stub billing,
                                                                                   const CheckerSettings& settings) {
  return {
      .who = "billing: ListUnbilledCharges",
      .start =
          [billing](auto* context, auto* request, auto* response, auto on_done) {
            billing->async()->ListUnbilledCharges(context, request, response, std::move(on_done));
          },
      .read =
          [console = settings.console_base_uri](const auto& page) {
            return ItemsOf(page.charges(), [&](const auto& charge) { return UnbilledChargeItem(charge, console); });
          },
  };
}

PagedList<up::ListCreditNotesRequest, up::ListCreditNotesResponse> CreditNotes(Stub billing,
                                                                               const CheckerSettings& settings) {
  return {
      .who = "billing: ListCreditNotes",
      .start = [billing](
                   auto* context, auto* request, auto* response,
                   auto on_done) { billing->async()->ListCreditNotes(context, request, response, std::move(on_done)); },
      .read =
          [console = settings.console_base_uri](const auto& page) {
            return ItemsOf(page.credit_notes(),
                           [&](const auto& credit_note) { return CreditNoteItem(credit_note, console); });
          },
  };
}

// Reads pages of funds. Two entries of one currency are refused: neither of them is the whole balance that the limit is
// about.
class FundsReader {
 public:
  FundsReader(FundLimits limits, std::string console) : limits_(std::move(limits)), console_(std::move(console)) {}

  Items Read(const up::ListFundsResponse& page) {
    std::vector<v1::ReportedItem> items;
    for (const up::Funds& funds : page.funds()) {
      Items found = FundsItems(funds, limits_, console_);
      if (!found.ok()) return found.status();
      if (!currencies_.insert(funds.balance().currency_code()).second) {
        return MalformedAnswer(
            fmt::format("billing: ListFunds: two entries are in {}", funds.balance().currency_code()));
      }
      for (v1::ReportedItem& item : *found) items.push_back(std::move(item));
    }
    return items;
  }

 private:
  const FundLimits limits_;
  const std::string console_;
  std::set<std::string> currencies_;
};

PagedList<up::ListFundsRequest, up::ListFundsResponse> AllFunds(Stub billing, std::shared_ptr<FundsReader> reader) {
  return {
      .who = "billing: ListFunds",
      .start = [billing](auto* context, auto* request, auto* response,
                         auto on_done) { billing->async()->ListFunds(context, request, response, std::move(on_done)); },
      .read = [reader](const auto& page) { return reader->Read(page); },
  };
}

}  // namespace

BillingChecker::BillingChecker(Stub billing, CheckerSettings settings)
    : ReportingChecker(
          DescribeBuiltin("billing", {v1::UNPAID_BILL, v1::UNBILLED_CHARGE, v1::CREDIT_NOTE, v1::BALANCE, v1::DEBT})),
      billing_(std::move(billing)),
      settings_(std::move(settings)) {}

void BillingChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  absl::StatusOr<FundLimits> limits = FundLimits::For(request, settings_);
  if (!limits.ok()) return std::move(done)(limits.status());
  auto run = CheckRun::Start(request, options, kParts, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  auto reader = std::make_shared<FundsReader>(*std::move(limits), settings_.console_base_uri);
  // Nothing below refers to this checker, which may be gone once the run has answered. The lists are made first for the
  // same reason.
  auto bills = Bills(billing_, settings_);
  auto charges = Charges(billing_, settings_);
  auto credit_notes = CreditNotes(billing_, settings_);
  auto funds = AllFunds(billing_, std::move(reader));
  WalkPages(run, kBills, std::move(bills));
  WalkPages(run, kCharges, std::move(charges));
  WalkPages(run, kCreditNotes, std::move(credit_notes));
  WalkPages(run, kFunds, std::move(funds));
}

}  // namespace closure

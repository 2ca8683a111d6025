// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BILLING_BILLING_ITEMS_H_
#define CLOSURE_CHECKERS_BILLING_BILLING_ITEMS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/billing/fund_limits.h"
#include "closure/upstream/v1/billing_service.pb.h"
#include "closure/v1/checker_service.pb.h"

// Turns what the billing system says into items. Every function is pure, can be called from any thread, and answers
// MalformedAnswer for an entry without an id, without an amount, or with an amount that is negative, zero where it must
// not be, or of no known currency.
namespace closure {

absl::StatusOr<v1::ReportedItem> BillItem(const upstream::v1::Bill& bill, const std::string& console_base_uri);

absl::StatusOr<v1::ReportedItem> UnbilledChargeItem(const upstream::v1::UnbilledCharge& charge,
                                                    const std::string& console_base_uri);

absl::StatusOr<v1::ReportedItem> CreditNoteItem(const upstream::v1::CreditNote& credit_note,
                                                const std::string& console_base_uri);

// No, one or two items: a zero balance and a zero debt are none (D8).
absl::StatusOr<std::vector<v1::ReportedItem>> FundsItems(const upstream::v1::Funds& funds, const FundLimits& limits,
                                                         const std::string& console_base_uri);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BILLING_BILLING_ITEMS_H_

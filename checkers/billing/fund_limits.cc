// SPDX-License-Identifier: Apache-2.0
#include "checkers/billing/fund_limits.h"

#include "absl/status/status.h"
#include "fmt/format.h"
#include "protos/money.h"

namespace closure {
namespace {

absl::Status ValidateRenunciation(const v1::Renunciation& renunciation) {
  if (renunciation.kind() != v1::BALANCE && renunciation.kind() != v1::DEBT) {
    return absl::InvalidArgumentError(fmt::format(
        "CheckRequest: a renunciation has the kind {}, which is neither a balance nor a debt", renunciation.kind()));
  }
  const absl::Status valid = ValidateMoney(renunciation.amount());
  if (!valid.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("CheckRequest: the amount of a renunciation is invalid: {}", std::string(valid.message())));
  }
  if (!IsPositive(renunciation.amount())) {
    return absl::InvalidArgumentError(fmt::format("CheckRequest: the amount of a renunciation, {}, is not above zero",
                                                  FormatMoney(renunciation.amount())));
  }
  switch (renunciation.status()) {
    case v1::Renunciation::RECORDED:
    case v1::Renunciation::EXECUTED:
    case v1::Renunciation::DROPPED:
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError(
          fmt::format("CheckRequest: a renunciation has the unknown status {}", renunciation.status()));
  }
}

}  // namespace

absl::StatusOr<FundLimits> FundLimits::For(const v1::CheckRequest& request, const CheckerSettings& settings) {
  FundLimits limits;
  limits.forfeit_units_ =
      request.has_forfeit_limit_units() ? request.forfeit_limit_units() : settings.forfeit_limit_units;
  limits.void_units_ = request.has_void_limit_units() ? request.void_limit_units() : settings.void_limit_units;
  for (const v1::Renunciation& renunciation : request.renunciations()) {
    if (auto valid = ValidateRenunciation(renunciation); !valid.ok()) return valid;
    if (renunciation.status() != v1::Renunciation::EXECUTED) continue;
    const std::string& currency = renunciation.amount().currency_code();
    auto [entry, added] = limits.executed_.try_emplace({renunciation.kind(), currency}, renunciation.amount());
    if (added) continue;
    absl::StatusOr<v1::Money> sum = AddMoney(entry->second, renunciation.amount());
    if (!sum.ok()) return sum.status();
    entry->second = *std::move(sum);
  }
  return limits;
}

FundLimits::Verdict FundLimits::Judge(v1::ItemKind kind, const v1::Money& amount) const {
  const std::string& currency = amount.currency_code();
  Verdict verdict{
      .limit = WholeUnits(kind == v1::BALANCE ? forfeit_units_ : void_units_, currency),
      .executed = WholeUnits(0, currency),
  };
  if (auto entry = executed_.find({kind, currency}); entry != executed_.end()) {
    verdict.executed = entry->second;
  }
  const absl::StatusOr<v1::Money> total = AddMoney(amount, verdict.executed);
  // A sum that does not fit into 64 bits is above every limit.
  verdict.within = total.ok() && CompareMoney(*total, verdict.limit) <= 0;
  return verdict;
}

}  // namespace closure

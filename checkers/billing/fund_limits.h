// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BILLING_FUND_LIMITS_H_
#define CLOSURE_CHECKERS_BILLING_FUND_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "checkers/checker_settings.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"
#include "closure/v1/money.pb.h"

namespace closure {

// Decides whether a balance is small enough to be forfeited, or a debt to be voided, in one closure (R23 to R26). A
// value; can be read from any thread.
//
// The limit is a number of units of whatever the currency is, inclusive, with no exchange rate. It is cumulative within
// one closure and per currency (D8): what was forfeited or voided before is money that is gone, so it counts towards
// the limit together with what is there now. What is only recorded is still there, it is the same money as the balance
// or debt that the upstream reports, and counting it too would count it twice. What was dropped never happened.
class FundLimits {
 public:
  // One decision and what it rests on, for the words that go with it.
  struct Verdict {
    bool within = false;
    v1::Money limit;
    // What was executed before in this closure; zero when nothing was.
    v1::Money executed;
  };

  // Takes limits and renunciations from the request, and the limits from the settings where the request has none.
  // Errors: INVALID_ARGUMENT for a renunciation that is not a positive amount of a balance or debt, or has no known
  // status.
  static absl::StatusOr<FundLimits> For(const v1::CheckRequest& request, const CheckerSettings& settings);

  // Judges a positive amount; kind is BALANCE or DEBT.
  Verdict Judge(v1::ItemKind kind, const v1::Money& amount) const;

 private:
  int64_t forfeit_units_ = 0;
  int64_t void_units_ = 0;
  // By kind and currency.
  std::map<std::pair<v1::ItemKind, std::string>, v1::Money> executed_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BILLING_FUND_LIMITS_H_

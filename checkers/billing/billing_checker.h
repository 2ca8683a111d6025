// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BILLING_BILLING_CHECKER_H_
#define CLOSURE_CHECKERS_BILLING_BILLING_CHECKER_H_

#include <memory>

#include "checkers/checker_settings.h"
#include "checkers/reporting_checker.h"
#include "closure/upstream/v1/billing_service.grpc.pb.h"

namespace closure {

// Finds what an account owes and owns: unpaid bills, unbilled charges, credit notes, and a balance and a debt per
// settlement currency (R20 to R26, D8). Asks the four lists of the billing system at the same time. Discard is
// UNIMPLEMENTED: renounced money is settled by the billing participant. docs/checkers/billing.md describes it.
class BillingChecker final : public ReportingChecker {
 public:
  BillingChecker(std::shared_ptr<upstream::v1::BillingService::StubInterface> billing, CheckerSettings settings);

  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

 private:
  const std::shared_ptr<upstream::v1::BillingService::StubInterface> billing_;
  const CheckerSettings settings_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BILLING_BILLING_CHECKER_H_

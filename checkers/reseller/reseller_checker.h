// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_RESELLER_RESELLER_CHECKER_H_
#define CLOSURE_CHECKERS_RESELLER_RESELLER_CHECKER_H_

#include <memory>

#include "checkers/checker_settings.h"
#include "checkers/reporting_checker.h"
#include "closure/upstream/v1/partner_service.grpc.pb.h"

namespace closure {

// Finds out whether the account is a reseller's customer, which only the partner can end (R39). Discard is
// UNIMPLEMENTED. docs/checkers/reseller.md describes it.
class ResellerChecker final : public ReportingChecker {
 public:
  ResellerChecker(std::shared_ptr<upstream::v1::PartnerService::StubInterface> partner, CheckerSettings settings);

  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

 private:
  const std::shared_ptr<upstream::v1::PartnerService::StubInterface> partner_;
  const CheckerSettings settings_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_RESELLER_RESELLER_CHECKER_H_

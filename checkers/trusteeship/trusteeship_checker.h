// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_TRUSTEESHIP_TRUSTEESHIP_CHECKER_H_
#define CLOSURE_CHECKERS_TRUSTEESHIP_TRUSTEESHIP_CHECKER_H_

#include <memory>

#include "checkers/checker_settings.h"
#include "checkers/reporting_checker.h"
#include "closure/upstream/v1/trusteeship_service.grpc.pb.h"

namespace closure {

// Finds out whether the account administers a finance trusteeship and has member accounts left, which it must remove
// first (R37). A member is no blocker (R38), and neither is an administrator without members. One item in any case; it
// says how many members there are and names the first of them. Discard is UNIMPLEMENTED. docs/checkers/trusteeship.md
// describes it.
class TrusteeshipChecker final : public ReportingChecker {
 public:
  TrusteeshipChecker(std::shared_ptr<upstream::v1::TrusteeshipService::StubInterface> trusteeship,
                     CheckerSettings settings);

  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

 private:
  const std::shared_ptr<upstream::v1::TrusteeshipService::StubInterface> trusteeship_;
  const CheckerSettings settings_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_TRUSTEESHIP_TRUSTEESHIP_CHECKER_H_

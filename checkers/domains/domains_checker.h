// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_
#define CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_

#include <memory>

#include "checkers/checker_settings.h"
#include "checkers/reporting_checker.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"

namespace closure {

// Finds registered domain names (R33) and ICP filings (R34). Both take business days to move (R15). Asks the two lists
// at the same time. Discard is UNIMPLEMENTED: a name or filing is transferred or cancelled by hand.
// docs/checkers/domains.md describes it.
class DomainsChecker final : public ReportingChecker {
 public:
  DomainsChecker(std::shared_ptr<upstream::v1::DomainService::StubInterface> domains, CheckerSettings settings);

  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

 private:
  const std::shared_ptr<upstream::v1::DomainService::StubInterface> domains_;
  const CheckerSettings settings_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_

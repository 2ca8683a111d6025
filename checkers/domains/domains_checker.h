// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_
#define CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_

#include <memory>

#include "checkers/checker.h"
#include "checkers/checker_settings.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"

namespace closure {

// Finds registered domain names (R33) and ICP filings (R34). Both take business days to move (R15). Asks the two lists
// at the same time. Discard is UNIMPLEMENTED: a name or filing is transferred or cancelled by hand.
// docs/checkers/domains.md describes it.
class DomainsChecker final : public Checker {
 public:
  DomainsChecker(std::shared_ptr<upstream::v1::DomainService::StubInterface> domains, CheckerSettings settings);

  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) override;

 private:
  const std::shared_ptr<upstream::v1::DomainService::StubInterface> domains_;
  const CheckerSettings settings_;
  const v1::CheckerDescription description_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_DOMAINS_DOMAINS_CHECKER_H_

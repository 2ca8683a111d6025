// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_RESOURCES_RESOURCES_CHECKER_H_
#define CLOSURE_CHECKERS_RESOURCES_RESOURCES_CHECKER_H_

#include <memory>

#include "checkers/checker.h"
#include "checkers/checker_settings.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"

namespace closure {

// Finds pay-as-you-go instances and unexpired subscriptions (R30, R31), each with the link to its own product's console
// (R32), and releases those whose product allows it (R51). docs/checkers/resources.md describes it.
class ResourcesChecker final : public Checker {
 public:
  ResourcesChecker(std::shared_ptr<upstream::v1::ResourceService::StubInterface> resources, CheckerSettings settings);

  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

  // Releases an instance if charge type and state are still what was shown; the inventory compares them as it releases.
  // An account that was deleted by another path is answered with REFUSED.
  // Errors: INVALID_ARGUMENT for an item that this checker does not report as renounceable, INTERNAL for an answer
  // without an outcome, else what the inventory says.
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) override;

 private:
  const std::shared_ptr<upstream::v1::ResourceService::StubInterface> resources_;
  const CheckerSettings settings_;
  const v1::CheckerDescription description_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_RESOURCES_RESOURCES_CHECKER_H_

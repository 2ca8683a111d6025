// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_RESOURCE_DIRECTORY_RESOURCE_DIRECTORY_CHECKER_H_
#define CLOSURE_CHECKERS_RESOURCE_DIRECTORY_RESOURCE_DIRECTORY_CHECKER_H_

#include <memory>

#include "checkers/checker_settings.h"
#include "checkers/reporting_checker.h"
#include "closure/upstream/v1/resource_directory_service.grpc.pb.h"

namespace closure {

// Finds out whether the account manages a resource directory, which its owner must disable first (R35), or is a member
// of one, which only the management account can end, by two paths for the two types of member (R36). Discard is
// UNIMPLEMENTED. docs/checkers/resource_directory.md describes it.
class ResourceDirectoryChecker final : public ReportingChecker {
 public:
  ResourceDirectoryChecker(std::shared_ptr<upstream::v1::ResourceDirectoryService::StubInterface> directory,
                           CheckerSettings settings);

  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;

 private:
  const std::shared_ptr<upstream::v1::ResourceDirectoryService::StubInterface> directory_;
  const CheckerSettings settings_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_RESOURCE_DIRECTORY_RESOURCE_DIRECTORY_CHECKER_H_

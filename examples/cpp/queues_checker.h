// SPDX-License-Identifier: Apache-2.0
#ifndef EXAMPLES_CPP_QUEUES_CHECKER_H_
#define EXAMPLES_CPP_QUEUES_CHECKER_H_

#include <string>
#include <utility>

#include "checkers/reporting_checker.h"
#include "queue_file.h"

namespace queues {

// Finds message queues in which messages wait: closing the account would lose them, so the owner handles them first.
// It only reports; one that also releases derives from closure::Checker and has a Discard of its own.
class QueuesChecker final : public closure::ReportingChecker {
 public:
  explicit QueuesChecker(std::string queue_file);

  void Check(const closure::v1::CheckRequest& request, const closure::CallOptions& options, CheckDone done) override;

 private:
  const std::string queue_file_;
};

}  // namespace queues

#endif  // EXAMPLES_CPP_QUEUES_CHECKER_H_

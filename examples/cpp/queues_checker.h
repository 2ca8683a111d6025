// SPDX-License-Identifier: Apache-2.0
#ifndef EXAMPLES_CPP_QUEUES_CHECKER_H_
#define EXAMPLES_CPP_QUEUES_CHECKER_H_

#include <map>
#include <string>

#include "checkers/builtin.h"
#include "queue_file.h"

namespace queues {

// Finds message queues in which messages wait: closing the account would lose them, so the owner handles them first.
// It only reports; one that also releases derives from closure::Checker and has a Discard of its own.
class QueuesChecker final : public closure::ReportingChecker {
 public:
  explicit QueuesChecker(const std::string& queue_file);

  void Check(const closure::v1::CheckRequest& request, const closure::CallOptions& options, CheckDone done) override;

 private:
  const std::map<std::string, Account> accounts_;
};

}  // namespace queues

#endif  // EXAMPLES_CPP_QUEUES_CHECKER_H_

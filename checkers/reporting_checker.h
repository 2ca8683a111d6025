// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REPORTING_CHECKER_H_
#define CLOSURE_CHECKERS_REPORTING_CHECKER_H_

#include <initializer_list>
#include <string_view>
#include <utility>

#include "checkers/checker.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// The description of a checker that takes part in every phase: what came up during the silent period would be destroyed
// together with the account, or would strand other accounts (R6, D10). The version is for the record of every scan:
// raise it when what is reported changes in meaning. Name, version and kinds are as checker_service.proto has them.
v1::CheckerDescription DescribeChecker(std::string_view name, std::string_view version,
                                       std::initializer_list<v1::ItemKind> kinds);

// A checker that only reports: what it finds is settled by hand, or by a participant.
class ReportingChecker : public Checker {
 public:
  const v1::CheckerDescription& description() const final { return description_; }
  // Answers UNIMPLEMENTED.
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) final;

 protected:
  explicit ReportingChecker(v1::CheckerDescription description) : description_(std::move(description)) {}

 private:
  const v1::CheckerDescription description_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REPORTING_CHECKER_H_

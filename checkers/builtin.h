// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BUILTIN_H_
#define CLOSURE_CHECKERS_BUILTIN_H_

#include <initializer_list>
#include <string_view>

#include "checkers/checker.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"

// What the built-in checkers have in common. Can be called from any thread.
namespace closure {

// The description of a built-in checker. All of them take part in every phase: what came up during the silent period
// would be destroyed together with the account, or would strand other accounts (R6, D10).
v1::CheckerDescription DescribeBuiltin(std::string_view name, std::initializer_list<v1::ItemKind> kinds);

// A built-in checker that only reports: what it finds is settled by hand, or by a participant.
class ReportingChecker : public Checker {
 public:
  const v1::CheckerDescription& description() const final { return description_; }
  // Answers UNIMPLEMENTED.
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) final;

 protected:
  ReportingChecker(std::string_view name, std::initializer_list<v1::ItemKind> kinds);

 private:
  const v1::CheckerDescription description_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BUILTIN_H_

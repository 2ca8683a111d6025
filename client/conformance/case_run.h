// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_CASE_RUN_H_
#define CLOSURE_CLIENT_CONFORMANCE_CASE_RUN_H_

#include <cstdlib>
#include <map>
#include <string_view>

#include "client/conformance/verdict.h"
#include "fmt/format.h"

namespace closure {

// One run through a list of cases, in its order. Not for several threads.
template <typename Subject>
class CaseRun {
 public:
  // Judges the next case of the list against the subject; skips it where the case that it stands on did not hold.
  Verdict Judge(const ConformanceCase<Subject>& each, Subject& subject) {
    const auto before = verdicts_.find(each.stands_on);
    // A list that names no earlier case is a fault of the program.
    if (!each.stands_on.empty() && before == verdicts_.end()) std::abort();
    const bool stands = each.stands_on.empty() || before->second.kind == Verdict::Kind::kHolds;
    Verdict verdict = stands ? each.judge(subject) : Without(before->first, before->second);
    verdicts_.emplace(each.name, verdict);
    return verdict;
  }

 private:
  // What one needs that did not hold, the other needs too.
  static Verdict Without(std::string_view name, const Verdict& before) {
    if (before.kind == Verdict::Kind::kSkipped) return before;
    return Skipped(fmt::format("needs {}, which does not hold", name));
  }

  std::map<std::string_view, Verdict> verdicts_;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_CASE_RUN_H_

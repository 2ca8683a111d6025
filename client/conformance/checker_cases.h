// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_CHECKER_CASES_H_
#define CLOSURE_CLIENT_CONFORMANCE_CHECKER_CASES_H_

#include <vector>

#include "client/conformance/checker_subject.h"
#include "client/conformance/verdict.h"

namespace closure {

using CheckerCase = ConformanceCase<CheckerSubject>;

// Those that others stand on.
inline constexpr char kEveryPhaseCase[] = "check-every-phase";
inline constexpr char kManyItemsCase[] = "many-items";

// Every promise that an implementation of closure.v1.CheckerService makes, in the order in which they are to be judged:
// a release comes last, because nothing is as before then.
std::vector<CheckerCase> CheckerCases();

// The parts of it: what it says of itself and answers; how it bears being left, hurried and asked at once; releases.
std::vector<CheckerCase> CheckerAnswerCases();
std::vector<CheckerCase> CheckerLoadCases();
std::vector<CheckerCase> CheckerReleaseCases();

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_CHECKER_CASES_H_

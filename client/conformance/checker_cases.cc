// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/checker_cases.h"

namespace closure {

std::vector<CheckerCase> CheckerCases() {
  std::vector<CheckerCase> all = CheckerAnswerCases();
  for (const auto& part : {CheckerLoadCases(), CheckerReleaseCases()}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace closure

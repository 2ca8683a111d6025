// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BUILTIN_H_
#define CLOSURE_CHECKERS_BUILTIN_H_

#include <initializer_list>
#include <string_view>

#include "checkers/reporting_checker.h"

namespace closure {

// The description of a built-in checker. Pure.
inline v1::CheckerDescription DescribeBuiltin(std::string_view name, std::initializer_list<v1::ItemKind> kinds) {
  // Raised when what a built-in checker reports changes in meaning.
  constexpr std::string_view kVersion = "1";
  return DescribeChecker(name, kVersion, kinds);
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BUILTIN_H_

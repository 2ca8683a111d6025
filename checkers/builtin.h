// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_BUILTIN_H_
#define CLOSURE_CHECKERS_BUILTIN_H_

#include <initializer_list>
#include <string_view>

#include "checkers/checker.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"

// What the built-in checkers have in common. Every function is pure and can be called from any thread.
namespace closure {

// The description of a built-in checker. All of them take part in every phase: what came up during the silent period
// would be destroyed together with the account, or would strand other accounts (R6, D10).
v1::CheckerDescription DescribeBuiltin(std::string_view name, std::initializer_list<v1::ItemKind> kinds);

// Answers a discard that this checker does not do, with UNIMPLEMENTED.
void RefuseDiscard(std::string_view checker, const v1::DiscardRequest& request, Checker::DiscardDone done);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_BUILTIN_H_

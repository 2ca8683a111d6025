// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_STATUS_MACROS_H_
#define CLOSURE_STORAGE_STATUS_MACROS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Leaves the function with the error of an absl::Status expression, if it is one.
#define CLOSURE_RETURN_IF_ERROR(expression)                                                      \
  do {                                                                                           \
    if (absl::Status closure_status = (expression); !closure_status.ok()) return closure_status; \
  } while (false)

// Declares or assigns the value of an absl::StatusOr expression, or leaves the function with its error:
//   CLOSURE_ASSIGN_OR_RETURN(const int64_t row, FindRow(key));
#define CLOSURE_ASSIGN_OR_RETURN(target, expression) \
  CLOSURE_ASSIGN_OR_RETURN_NAMED(CLOSURE_JOIN(closure_status_or_, __LINE__), target, expression)
#define CLOSURE_ASSIGN_OR_RETURN_NAMED(name, target, expression) \
  auto name = (expression);                                      \
  if (!name.ok()) return std::move(name).status();               \
  target = *std::move(name)
#define CLOSURE_JOIN(a, b) CLOSURE_JOIN_EXPANDED(a, b)
#define CLOSURE_JOIN_EXPANDED(a, b) a##b

#endif  // CLOSURE_STORAGE_STATUS_MACROS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_WORDS_H_
#define CLOSURE_CLIENT_CONFORMANCE_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/conformance/verdict.h"

// How what was seen is told. Pure.
namespace closure {

// "INTERNAL: the stream ended without a summary"; "OK".
std::string Told(const absl::Status& status);

// Whether an error is of what is away or busy, and asked again.
bool PassesBy(const absl::Status& status);

// A request without a required field, and what it was answered.
struct Refusal {
  std::string missing;
  absl::Status status;
};
// Whether each was refused with INVALID_ARGUMENT.
Verdict JudgeRefusals(const std::vector<Refusal>& refusals);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_WORDS_H_

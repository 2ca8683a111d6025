// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_WORDS_H_
#define CLOSURE_CLIENT_CONFORMANCE_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/conformance/verdict.h"
#include "grpcpp/support/status.h"

// How what was seen is told. Pure.
namespace closure {

// "UNAVAILABLE: the disks are down"; "MALFORMED: the stream ended without a summary"; "OK".
std::string Told(const absl::Status& status);

// The status of a call, with the words of whoever answered it.
absl::Status ToStatus(const grpc::Status& status);

// A request without a required field, and what it was answered.
struct Refusal {
  std::string missing;
  absl::Status status;
};
// Whether each was refused with INVALID_ARGUMENT.
Verdict JudgeRefusals(const std::vector<Refusal>& refusals);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_WORDS_H_

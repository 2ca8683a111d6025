// SPDX-License-Identifier: Apache-2.0
#include "checkers/answer_fault.h"

#include "absl/strings/cord.h"

namespace closure {
namespace {

constexpr char kFaultUrl[] = "closure.v1.CheckerResult.Fault";

absl::Status WithFault(absl::Status status, v1::CheckerResult::Fault fault) {
  status.SetPayload(kFaultUrl, absl::Cord(v1::CheckerResult::Fault_Name(fault)));
  return status;
}

}  // namespace

absl::Status MalformedAnswer(const std::string& message) {
  return WithFault(absl::InternalError(message), v1::CheckerResult::MALFORMED);
}

absl::Status TooMuchAnswer(const std::string& message) {
  return WithFault(absl::ResourceExhaustedError(message), v1::CheckerResult::TOO_MUCH);
}

v1::CheckerResult::Fault FaultOf(const absl::Status& status) {
  if (status.ok()) return v1::CheckerResult::FAULT_UNSPECIFIED;
  v1::CheckerResult::Fault fault = v1::CheckerResult::FAULT_UNSPECIFIED;
  const auto payload = status.GetPayload(kFaultUrl);
  if (payload && v1::CheckerResult::Fault_Parse(std::string(*payload), &fault)) return fault;
  return absl::IsDeadlineExceeded(status) ? v1::CheckerResult::TIMED_OUT : v1::CheckerResult::FAILED;
}

bool IsPassing(const absl::Status& status) {
  if (FaultOf(status) != v1::CheckerResult::FAILED) return false;
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) || absl::IsAborted(status);
}

}  // namespace closure

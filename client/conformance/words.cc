// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/words.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checkers/answer_fault.h"
#include "checkers/text.h"

namespace closure {
namespace {

constexpr std::size_t kToldMax = 300;

}  // namespace

std::string Told(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string message(status.message());
  // What was judged here, and not answered, is told as the server would tell it.
  const v1::CheckerResult::Fault fault = FaultOf(status);
  const bool is_judged = fault == v1::CheckerResult::MALFORMED || fault == v1::CheckerResult::TOO_MUCH;
  const std::string word = is_judged ? v1::CheckerResult::Fault_Name(fault) : absl::StatusCodeToString(status.code());
  return absl::StrCat(word, ": ", PrintableText(message, kToldMax));
}

absl::Status ToStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

Verdict JudgeRefusals(const std::vector<Refusal>& refusals) {
  std::vector<std::string> names;
  for (const Refusal& refusal : refusals) {
    if (!absl::IsInvalidArgument(refusal.status))
      return Broken(absl::StrCat("a request ", refusal.missing, " was answered ", Told(refusal.status),
                                 " and not INVALID_ARGUMENT"));
    names.push_back(refusal.missing);
  }
  return Holds(absl::StrCat("refused: ", absl::StrJoin(names, ", ")));
}

}  // namespace closure

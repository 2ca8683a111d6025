// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/words.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checkers/text.h"

namespace closure {
namespace {

constexpr std::size_t kToldMax = 300;

}  // namespace

std::string Told(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string message(status.message());
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", PrintableText(message, kToldMax));
}

bool PassesBy(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) || absl::IsResourceExhausted(status);
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

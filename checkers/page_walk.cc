// SPDX-License-Identifier: Apache-2.0
#include "checkers/page_walk.h"

#include "checkers/answer_fault.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {

absl::Status PageTokens::Admit(const std::string& who, const std::string& token) {
  if (token.size() > kPageTokenMax) {
    return MalformedAnswer(
        fmt::format("{}: a page token has {} bytes, more than {}", who, token.size(), kPageTokenMax));
  }
  if (!seen_.insert(token).second) {
    return MalformedAnswer(fmt::format("{}: the page token {} came twice", who, QuotedExcerpt(token)));
  }
  if (seen_.size() >= kListPagesMax) {
    return MalformedAnswer(fmt::format("{}: more than {} pages", who, kListPagesMax));
  }
  return absl::OkStatus();
}

}  // namespace closure

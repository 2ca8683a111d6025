// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/sandbox_advice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"

namespace closure {

std::string SandboxSettleAdvice(Session& session, const v1::Closure& closure) {
  const std::string account = AccountId(closure.name());
  if (closure.item_counts().must_handle() == 0 || !session.HasSandboxAccount(account)) return "";
  return absl::StrCat("This server's cloud is a sandbox; to play what has to be done by hand:\n  ",
                      session.options().command, " sandbox settle ", EscapeLine(account), "\n");
}

std::string SandboxClockAdvice(Session& session, const v1::Closure& closure) {
  if (!session.HasSandboxAccount(AccountId(closure.name()))) return "";
  constexpr absl::Duration kDay = absl::Hours(24);
  const absl::Duration left = FromProtoDuration(closure.silent_period_remaining());
  const int64_t days = std::max<int64_t>(1, absl::Ceil(left, kDay) / kDay);
  return absl::StrCat("This server's cloud is a sandbox; to move its clock to the end of the silent period:\n  ",
                      session.options().command, " sandbox advance ", days, "d\n");
}

}  // namespace closure

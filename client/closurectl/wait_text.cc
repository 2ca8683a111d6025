// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/wait_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

using v1::Closure;
using v1::Wait;

// What would go on, were it not for the wait.
absl::string_view WhatWaits(Closure::State state) {
  switch (state) {
    case Closure::DISCARDING:
      return "the items could be released";
    case Closure::SILENT_PERIOD:
      return "the silent period could be over";
    case Closure::FINAL_CHECK:
      return "the final check could be made";
    case Closure::DELETING:
      return "the account could be deleted";
    default:
      return "it could go on";
  }
}

// What a wait of a silent period's beginning holds up are the acts of its entry: the end is still ahead.
absl::string_view WhatWaits(const Closure& closure) {
  const bool ahead = closure.silent_period_remaining().seconds() > 0;
  if (closure.state() == Closure::SILENT_PERIOD && ahead)
    return "the silent period has begun, not all its acts are done";
  return WhatWaits(closure.state());
}

std::string Reasons(const Closure& closure) {
  std::string reasons;
  for (const Wait& wait : closure.waits()) {
    const std::string detail =
        wait.detail().empty() ? absl::StrCat("it waits for ", EnumText(wait.kind())) : wait.detail();
    absl::StrAppend(&reasons, reasons.empty() ? "" : "; ", EscapeLine(detail));
    if (wait.has_end_time()) absl::StrAppend(&reasons, ", at ", TimeText(wait.end_time()), " it has");
  }
  return reasons;
}

}  // namespace

std::string WaitLines(const Closure& closure) {
  std::string lines;
  for (const Wait& wait : closure.waits()) {
    absl::StrAppend(&lines, lines.empty() ? "" : "\n", EnumText(wait.kind()), " since ", TimeText(wait.start_time()));
    if (wait.has_end_time()) absl::StrAppend(&lines, " until ", TimeText(wait.end_time()));
    if (!wait.detail().empty()) absl::StrAppend(&lines, ": ", EscapeLine(wait.detail()));
  }
  return lines;
}

std::string WaitAdvice(const Closure& closure, Role role) {
  return absl::StrCat(WhatWaits(closure), "; ", Reasons(closure),
                      role == Role::kOperator ? "" : ". Nothing is to be done by you");
}

std::string FailureText(const Closure& closure) {
  for (const v1::ParticipantProgress& participant : closure.participants()) {
    if (participant.status() == v1::ParticipantProgress::DONE || participant.last_error().empty()) continue;
    const bool goes_on = absl::StartsWith(participant.last_error(), "IN_PROGRESS");
    return EscapeLine(absl::StrCat("it waits for ", participant.participant(), ", attempt ", participant.attempts(),
                                   goes_on ? ", last answer: " : ", last error: ", participant.last_error()));
  }
  if (closure.state() != Closure::FINAL_CHECK) return "";
  for (const v1::CheckerResult& checker : closure.scan().checkers()) {
    if (checker.status() != v1::CheckerResult::UNANSWERED || !checker.required()) continue;
    return EscapeLine(absl::StrCat("it waits for the checker ", checker.checker(), ", last error: ", checker.detail()));
  }
  return "";
}

std::string WaitedForText(const Closure& closure) {
  if (std::string failure = FailureText(closure); !failure.empty()) return failure;
  // Another state has left its scan behind.
  const bool scans = closure.state() == Closure::CHECKING || closure.state() == Closure::CONFIRMING ||
                     closure.state() == Closure::FINAL_CHECK;
  if (!scans || closure.scan().has_end_time()) return "";
  std::vector<std::string> names;
  for (const v1::CheckerResult& checker : closure.scan().checkers()) {
    const bool is_open =
        checker.status() == v1::CheckerResult::WAITING || checker.status() == v1::CheckerResult::RUNNING;
    if (is_open) names.push_back(checker.checker());
  }
  return names.empty() ? "" : EscapeLine(absl::StrCat("it waits for ", absl::StrJoin(names, ", ")));
}

std::vector<NextStep> ReleaseSteps(const Closure& closure, absl::string_view program) {
  std::vector<NextStep> steps;
  const auto add = [&](absl::string_view advice, absl::string_view command) {
    steps.push_back({std::string(advice), absl::StrCat(program, " operator ", command)});
  };
  for (const Wait& wait : closure.waits()) {
    if (wait.kind() == Wait::PAUSE) add("it waits for irreversible work to be resumed", "resume --reason TEXT");
    if (wait.kind() == Wait::BREAKER)
      add("it waits for two operators to release the breaker", "breaker-release --reason TEXT");
    if (wait.kind() == Wait::CLOCK_JUMP)
      add("it waits for a clock jump to be acknowledged; see what the clocks show, and how", "status");
  }
  return steps;
}

}  // namespace closure

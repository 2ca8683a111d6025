// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/next_step.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/session.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/wait_text.h"

namespace closure {
namespace {

using v1::Closure;

// The beginning of the command lines for one closure.
struct Commands {
  std::string program;
  std::string closure;
  std::string account;

  std::string Of(absl::string_view verb, absl::string_view rest = "") const {
    return absl::StrCat(program, " ", verb, " ", closure, rest);
  }
  // By the channel of the closure before.
  std::string Start(const Closure& before) const {
    const auto& challenges = before.identity_verification().challenges();
    const bool sms = challenges.size() == 1 && challenges[0].channel() == v1::SMS;
    return absl::StrCat(program, " start ", account, sms ? " --via sms" : " --via email");
  }
};

std::vector<NextStep> Verify(const Closure& closure, const Commands& commands) {
  std::vector<std::string> codes;
  for (const auto& challenge : closure.identity_verification().challenges()) {
    if (challenge.verified()) continue;
    codes.push_back(challenge.channel() == v1::SMS ? "sms:CODE" : "email:CODE");
  }
  const NextStep resend = {"ask for a new code", commands.Of("resend")};
  if (AcceptsNoCode(closure)) return {resend};
  // One code needs no channel, and where both were demanded it is plainer with it.
  const bool named = closure.identity_verification().challenges_size() > 1;
  const std::string rest = absl::StrCat(" ", named ? absl::StrJoin(codes, " ") : "CODE");
  return {{"give the code that was sent", commands.Of("verify", rest)}, resend};
}

// Whether a closure that says what can be asked of it leaves this out.
bool IsLeftOut(const Closure& closure, Closure::Action action) {
  const auto& actions = closure.allowed_actions();
  return !actions.empty() && std::find(actions.begin(), actions.end(), action) == actions.end();
}

// What a hold keeps from being done as long as it lasts.
std::string AfterHold(const Closure& closure, absl::string_view advice) {
  return absl::StrCat(closure.has_hold() ? "once an operator has released the hold, " : "", advice);
}

std::vector<NextStep> Unblock(const Closure& closure, const Commands& commands) {
  std::vector<NextStep> steps;
  const v1::ItemCounts& counts = closure.item_counts();
  if (counts.must_handle() > 0) {
    steps.push_back({absl::StrCat("handle ", counts.must_handle(), " item(s) by hand; each says how and where"),
                     commands.Of("items")});
  }
  if (counts.renounceable() > 0) {
    steps.push_back({AfterHold(closure, absl::StrCat("discard ", counts.renounceable(), " renounceable item(s)")),
                     commands.Of("discard", " --all")});
  }
  const int unanswered = CountUnanswered(closure.scan().checkers());
  // A scan follows a discard by itself.
  if (counts.must_handle() == 0 && unanswered == 0 && !steps.empty()) return steps;
  const std::string silence = unanswered > 0 ? absl::StrCat("; ", unanswered, " checker(s) did not answer") : "";
  steps.push_back({absl::StrCat(steps.empty() ? "" : "then ", "scan again", silence), commands.Of("recheck")});
  return steps;
}

std::string SilentPeriodAdvice(const Closure& closure) {
  const std::string advice = "nothing to do: the silent period can be neither revoked nor shortened";
  if (!closure.has_silent_period_remaining()) return advice;
  const absl::Duration remaining = FromProtoDuration(closure.silent_period_remaining());
  if (remaining <= absl::ZeroDuration()) return "nothing to do: the silent period is over, the final check is next";
  return absl::StrCat(advice, "; it lasts another ", DurationText(remaining));
}

std::string WaitingAdvice(Closure::State state) {
  switch (state) {
    case Closure::CHECKING:
      return "wait for the scan";
    case Closure::DISCARDING:
      return "wait until the items are released";
    case Closure::CONFIRMING:
      return "wait: the account is frozen and scanned once more, at most five minutes";
    case Closure::THAWING:
      return "wait: the freeze is being lifted";
    case Closure::FINAL_CHECK:
      return "wait for the final check";
    case Closure::DELETING:
      return "wait: the account is being deleted";
    case Closure::RESTORING:
      return "wait: the account is being restored";
    default:
      return "see how it goes on";
  }
}

// What is added to advice where somebody is waited for.
std::string WithWaitedFor(const Closure& closure) {
  const std::string text = WaitedForText(closure);
  return text.empty() ? "" : absl::StrCat("; ", text);
}

// The command that lasts as long as a closure goes on by itself, and no longer: `watch` ends with the closure only.
std::string WaitingCommand(Closure::State state, const Commands& commands) {
  switch (state) {
    case Closure::CHECKING:
    case Closure::DISCARDING:
    case Closure::THAWING:
      return commands.Of("wait", " --for READY BLOCKED");
    case Closure::CONFIRMING:
      return commands.Of("wait", " --for SILENT_PERIOD");
    default:
      return commands.Of("watch");
  }
}

std::vector<NextStep> Confirm(const Closure& closure, const Commands& commands) {
  if (IsScanTooOld(closure)) return {{"scan again: the last scan is too old to go by", commands.Of("recheck")}};
  return {{AfterHold(closure, "confirm the deletion"), commands.Of("confirm", " --reason REASON")}};
}

// What only an owner does; empty where the closure goes on by itself, or has ended.
std::vector<NextStep> OwnersWork(const Closure& closure, const Commands& commands) {
  switch (closure.state()) {
    case Closure::IDENTITY_PENDING:
      return Verify(closure, commands);
    case Closure::AGREEMENT_PENDING:
      return {{"read and agree to the account cancellation agreement", commands.Of("agree")}};
    case Closure::BLOCKED:
      return Unblock(closure, commands);
    case Closure::READY:
      return Confirm(closure, commands);
    default:
      return {};
  }
}

// What an operator tells an owner who asks; the commands are the owner's, but for the list, which everybody may read.
std::vector<NextStep> ToldToOwner(const Closure& closure, const Commands& commands) {
  std::string told;
  std::string list;
  for (const NextStep& step : OwnersWork(closure, commands)) {
    absl::StrAppend(&told, told.empty() ? "the owner: " : "; ", step.advice);
    if (step.command == commands.Of("items")) list = step.command;
  }
  if (told.empty()) return {};
  return {{told, list}};
}

// What only an owner does is told and not offered: the server would refuse it.
std::vector<NextStep> OperatorSteps(const Closure& closure, const Commands& commands) {
  std::vector<NextStep> steps = ToldToOwner(closure, commands);
  for (NextStep& release : ReleaseSteps(closure, commands.program)) steps.push_back(std::move(release));
  if (!FailureText(closure).empty()) {
    steps.push_back(
        {"a system does not do its part; see which task fails and why", commands.Of("operator tasks --closure")});
    steps.push_back({"once that system works again, make its task due at once instead of at its next try",
                     absl::StrCat(commands.program, " operator retry TASK --reason TEXT")});
  }
  if (closure.has_hold()) {
    steps.push_back({"release the hold", commands.Of("operator release", " --reason TEXT")});
  } else if (!IsTerminal(closure.state())) {
    steps.push_back({"hold it, so that nothing irreversible runs", commands.Of("operator hold", " --reason TEXT")});
  }
  steps.push_back({"see its tasks", commands.Of("operator tasks --closure", " --all")});
  steps.push_back({"read its whole record", commands.Of("record")});
  return steps;
}

}  // namespace

int CountUnanswered(const google::protobuf::RepeatedPtrField<v1::CheckerResult>& checkers) {
  return static_cast<int>(std::count_if(checkers.begin(), checkers.end(), [](const v1::CheckerResult& checker) {
    return checker.status() == v1::CheckerResult::UNANSWERED && checker.required();
  }));
}

bool IsScanTooOld(const Closure& closure) {
  return closure.state() == Closure::READY && IsLeftOut(closure, Closure::CONFIRM_CLOSURE);
}

bool AcceptsNoCode(const Closure& closure) {
  return closure.state() == Closure::IDENTITY_PENDING && IsLeftOut(closure, Closure::VERIFY_IDENTITY);
}

std::vector<NextStep> NextSteps(const Closure& closure, absl::string_view program, Role role) {
  const std::string account = EscapeLine(AccountId(closure.name()));
  const Commands commands = {std::string(program), EscapeLine(closure.name()), account};
  if (role == Role::kOperator) return OperatorSteps(closure, commands);
  if (!closure.waits().empty()) return {{WaitAdvice(closure), WaitingCommand(closure.state(), commands)}};
  if (std::vector<NextStep> work = OwnersWork(closure, commands); !work.empty()) return work;
  switch (closure.state()) {
    case Closure::SILENT_PERIOD:
      return {{absl::StrCat(SilentPeriodAdvice(closure), WithWaitedFor(closure)), commands.Of("watch")}};
    case Closure::CLOSED:
      return {{"nothing to do: the account is deleted for good", ""}};
    case Closure::ABORTED:
      return {{"the account is active again: settle what was found", commands.Of("items")},
              {"then start from the beginning", commands.Start(closure)}};
    case Closure::CANCELLED:
    case Closure::EXPIRED:
      return {{"the closure has ended; to close the account, start again", commands.Start(closure)}};
    default:
      return {{absl::StrCat(WaitingAdvice(closure.state()), WithWaitedFor(closure)),
               WaitingCommand(closure.state(), commands)}};
  }
}

std::vector<NextStep> AllSteps(const Closure& closure, absl::string_view program, Role role) {
  std::vector<NextStep> steps = NextSteps(closure, program, role);
  const auto& actions = closure.allowed_actions();
  if (role == Role::kOwner && std::find(actions.begin(), actions.end(), Closure::CANCEL_CLOSURE) != actions.end()) {
    steps.push_back(
        {"or keep the account: cancel the closure", absl::StrCat(program, " cancel ", EscapeLine(closure.name()))});
  }
  return steps;
}

std::string StepsText(const std::vector<NextStep>& steps) {
  std::string text;
  for (const NextStep& step : steps) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", step.advice, step.command.empty() ? "" : ":\n  ", step.command);
  }
  return text;
}

std::string NextStepsText(const Closure& closure, absl::string_view program, Role role) {
  return StepsText(NextSteps(closure, program, role));
}

}  // namespace closure

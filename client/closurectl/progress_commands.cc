// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/progress_commands.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/live_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/wait_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

using State = v1::Closure::State;

bool WaitsForOwner(State state) {
  return state == v1::Closure::IDENTITY_PENDING || state == v1::Closure::AGREEMENT_PENDING ||
         state == v1::Closure::BLOCKED || state == v1::Closure::READY;
}

absl::StatusOr<ExitCode> Watch(Session& session, const std::string& typed) {
  const absl::StatusOr<std::string> name = session.UseClosure(typed);
  if (!name.ok()) return name.status();
  LiveView view(session, LiveView::Stream::kData);
  std::string told;
  v1::Closure last;
  const absl::Status followed = session.Follow(*name, absl::InfiniteDuration(), [&](const v1::Closure& closure) {
    view.Show(closure);
    last = closure;
    // Here nothing goes on before its owner does something.
    const std::string next =
        WaitsForOwner(closure.state()) ? NextStepsText(closure, session.options().command, session.role()) : "";
    if (next != told && !next.empty()) {
      session.printer().Note(absl::StrCat("Next: ", next));
      view.LeavePicture();
    }
    told = next;
    return true;
  });
  if (!followed.ok()) return followed;
  session.printer().Note(
      absl::StrCat("The closure ended. Next: ", NextStepsText(last, session.options().command, session.role())));
  return ExitCode::kOk;
}

struct WaitArguments {
  std::string closure;
  std::vector<std::string> states;
  std::string timeout;
};

// `wait --for CLOSED ACCOUNT` gives the account to --for. A closure has to be named, so the last word is it, also where
// it could be a state in lower case; no account is called as the API spells a state.
void TakeClosureFromStates(WaitArguments& arguments) {
  if (!arguments.closure.empty() || arguments.states.size() < 2) return;
  if (!CheckClosure(arguments.states.back()).ok()) return;
  arguments.closure = arguments.states.back();
  arguments.states.pop_back();
}

// The command's own --timeout, else the one before the command; infinite without both.
absl::StatusOr<absl::Duration> WaitLimit(const Session& session, const std::string& typed) {
  if (typed.empty()) return session.options().timeout.value_or(absl::InfiniteDuration());
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(typed);
  if (!parsed.ok()) return UsageError(absl::StrCat("--timeout: ", parsed.status().message()));
  return parsed;
}

absl::StatusOr<std::set<State>> ParseStates(const std::vector<std::string>& texts) {
  std::set<State> states;
  for (const std::string& text : texts) {
    for (absl::string_view word : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      absl::ConsumePrefix(&word, "state=");
      const absl::StatusOr<State> state = ParseEnum<State>(word, "state");
      if (!state.ok()) return UsageError(state.status().message());
      states.insert(*state);
    }
  }
  if (states.empty()) return UsageError("--for names no state");
  return states;
}

absl::StatusOr<ExitCode> FinishWait(Session& session, const v1::Closure& closure, ExitCode outcome) {
  Printer& printer = session.printer();
  if (printer.table()) {
    printer.Data(ClosureTableText({closure}, printer.style()));
  } else {
    printer.Json(closure);
  }
  if (outcome == ExitCode::kFailure) {
    const std::string cause = EscapeLine(CauseText(closure));
    printer.Note(absl::StrCat("The closure ended in ", EnumText(closure.state()), cause.empty() ? "." : ": ", cause));
  }
  if (outcome == ExitCode::kBlocked) {
    printer.Note(absl::StrCat("The closure is ", EnumText(closure.state()), " and will not go on by itself."));
  }
  printer.Note(absl::StrCat("Next: ", NextStepsText(closure, session.options().command, session.role())));
  return outcome;
}

// A wait whose time is over names what was waited for, where the closure is by now, and what that waits for.
absl::Status WaitOver(Session& session, const absl::Status& timed_out, const v1::Closure& last,
                      const std::set<State>& wanted, absl::Duration limit) {
  if (last.name().empty() || DecodeErrorDetails(timed_out).reason != "WAIT_TIMED_OUT") return timed_out;
  // What is waited for may have come after the last change.
  const v1::Closure closure = session.GetClosure(last.name()).value_or(last);
  const std::string states =
      absl::StrJoin(wanted, " or ", [](std::string* out, State state) { absl::StrAppend(out, EnumText(state)); });
  const std::string why = closure.waits().empty() ? WaitedForText(closure) : WaitAdvice(closure, session.role());
  return ErrorWithReason(absl::StatusCode::kDeadlineExceeded,
                         absl::StrCat("waited ", DurationText(limit), " for ", states, ", and the closure is ",
                                      EnumText(closure.state()), why.empty() ? "" : ": ", why),
                         "WAIT_TIMED_OUT",
                         {{"closure", closure.name()}, {"state", EnumText(closure.state())}, {"wanted", states}});
}

absl::StatusOr<ExitCode> Wait(Session& session, WaitArguments arguments) {
  TakeClosureFromStates(arguments);
  if (arguments.closure.empty()) return UsageError("CLOSURE is required");
  const absl::StatusOr<std::set<State>> wanted = ParseStates(arguments.states);
  if (!wanted.ok()) return wanted.status();
  const absl::StatusOr<absl::Duration> limit = WaitLimit(session, arguments.timeout);
  if (!limit.ok()) return limit.status();
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
  if (!name.ok()) return name.status();
  v1::Closure last;
  const absl::Status followed = session.Follow(*name, *limit, [&](const v1::Closure& closure) {
    last = closure;
    return WaitOutcome(closure.state(), *wanted) == ExitCode::kTimedOut;
  });
  if (!followed.ok()) return WaitOver(session, followed, last, *wanted, *limit);
  const ExitCode outcome = WaitOutcome(last.state(), *wanted);
  return FinishWait(session, last, outcome == ExitCode::kTimedOut ? ExitCode::kFailure : outcome);
}

}  // namespace

ExitCode WaitOutcome(State state, const std::set<State>& wanted) {
  if (wanted.contains(state)) return ExitCode::kOk;
  if (IsTerminal(state)) return ExitCode::kFailure;
  if (!WaitsForOwner(state)) return ExitCode::kTimedOut;
  // All that comes without the owner: it expires, or the account is gone otherwise.
  const bool comes = wanted.contains(v1::Closure::EXPIRED) || wanted.contains(v1::Closure::CANCELLED);
  return comes ? ExitCode::kTimedOut : ExitCode::kBlocked;
}

void AddProgressCommands(CommandSet& commands) {
  CLI::App* watch = commands.Add("watch",
                                 "Follow a closure live until it ends; goes on after a lost connection, as "
                                 "long as the server is back within --timeout",
                                 "closurectl watch 1000000001");
  auto closure = std::make_shared<std::string>();
  watch->add_option("CLOSURE", *closure, "The closure, or its account")->required();
  commands.Bind(watch, [closure](Session& session) { return Watch(session, *closure); });

  CLI::App* wait = commands.Add(
      "wait",
      "Wait for one of the states. Exit code 1 when the closure ended in another one, 3 when it is in a state that "
      "only its owner can lead out of, 6 when the time is over",
      "closurectl wait 1000000001 --for READY BLOCKED --timeout 10m");
  auto arguments = std::make_shared<WaitArguments>();
  wait->add_option("CLOSURE", arguments->closure, "The closure, or its account");
  wait->add_option("--for", arguments->states, "States to wait for")->required()->type_name("STATE...");
  wait->add_option("--timeout", arguments->timeout, "The longest to wait, such as 10m; without it, as long as it takes")
      ->type_name("DURATION");
  commands.Bind(wait, [arguments](Session& session) { return Wait(session, *arguments); });
}

}  // namespace closure

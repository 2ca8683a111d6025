// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/preview_command.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

constexpr absl::Duration kPreviewTimeout = absl::Minutes(10);

std::string StepTableText(const v1::ClosurePlan& plan, const Style& style) {
  Table table({"STEP", "WHO", "KIND", "DISPOSITION", "ITEMS", "INSTRUCTIONS"});
  for (const v1::PlanStep& step : plan.steps()) {
    table.AddRow({absl::StrCat(step.order()),
                  absl::StrCat(EnumText(step.resolver()), step.resolver_id().empty() ? "" : " ", step.resolver_id()),
                  EnumText(step.kind()), EnumText(step.disposition()), absl::StrCat(step.item_count()),
                  step.instructions()});
  }
  return table.Text(style);
}

// Without a date it is not known how long preparation takes, or when it can begin.
std::string UnknownEstimateText(const v1::ClosingEstimate& estimate) {
  const std::string why = estimate.explanation().empty() ? "." : absl::StrCat(": ", EscapeLine(estimate.explanation()));
  return absl::StrCat("When the account can be closed is not known", why, "\n");
}

std::string EstimateText(const v1::ClosingEstimate& estimate) {
  if (!estimate.has_earliest_close_time()) return UnknownEstimateText(estimate);
  const int32_t least = estimate.preparation_business_days_min();
  const int32_t most = estimate.preparation_business_days_max();
  std::string text = most == 0 ? "Preparation takes minutes.\n"
                               : absl::StrCat("Preparation usually takes ", least, " to ", most, " business days.\n");
  const std::string earliest = TimeText(estimate.earliest_close_time());
  const std::string latest = TimeText(estimate.latest_close_time());
  if (earliest == latest) {
    absl::StrAppend(&text, "The account can then be closed at ", earliest, ".\n");
  } else {
    absl::StrAppend(&text, "The account can then be closed at ", earliest, " to ", latest, ".\n");
  }
  if (estimate.explanation().empty()) return text;
  return absl::StrCat(text, "How this comes about: ", EscapeLine(estimate.explanation()), "\n");
}

// What the scan checks, what is only good advice, and what is often asked, each under its heading.
std::string ChecklistText(const v1::ClosurePlan& plan) {
  std::string to_do;
  std::string advice;
  std::string questions;
  for (const v1::ChecklistEntry& entry : plan.checklist()) {
    const bool question = entry.topic() == "entry" || entry.topic() == "why_wait" || entry.topic() == "can_i_revoke";
    std::string& section = entry.checked_by_scan() ? to_do : question ? questions : advice;
    absl::StrAppend(&section, "- ", EscapeLine(entry.text()), "\n");
  }
  if (!to_do.empty()) to_do = absl::StrCat("\nTo do, checked by the scan:\n", to_do);
  if (!advice.empty()) advice = absl::StrCat("\nAdvice:\n", advice);
  if (!questions.empty()) questions = absl::StrCat("\nQuestions:\n", questions);
  return absl::StrCat(to_do, advice, questions);
}

bool IsFinished(const v1::CheckerResult& checker) {
  return checker.status() == v1::CheckerResult::ANSWERED || checker.status() == v1::CheckerResult::UNANSWERED ||
         checker.status() == v1::CheckerResult::SKIPPED;
}

// The checkers that the time was not enough for.
absl::Status TooSlow(const std::set<std::string>& waiting) {
  return ErrorWithReason(absl::StatusCode::kDeadlineExceeded,
                         absl::StrCat("not every checker answered in time (still asked: ",
                                      EscapeLine(absl::StrJoin(waiting, ", ")), "); nothing was started"),
                         "WAIT_TIMED_OUT", {{"next", "Give them longer with --timeout, or look again later."}});
}

// What a new scan of an open closure would find.
std::string FindingsText(const v1::Closure& open, const PreviewResult& preview) {
  const int items = preview.items.items_size();
  const int silent = CountUnanswered(preview.plan.checkers());
  std::string text = items == 0 ? "A new scan would find nothing that stands in the way"
                                : absl::StrCat("A new scan would find ", items, " item(s) that stand in the way");
  if (items > 0 && open.item_counts().renounced() > 0) {
    absl::StrAppend(&text, "; what was renounced already is among them");
  }
  if (silent > 0) absl::StrAppend(&text, "; ", silent, " checker(s) did not answer, which blocks as well");
  return absl::StrCat(text, ".\n");
}

// What to do about a plan that is not eligible. A closure can be started with items in the way, and what is
// renounceable is discarded nowhere else.
std::string BlockedText(const Session& session, const v1::ClosurePlan& plan, const std::string& id) {
  const std::string preview = absl::StrCat(":\n  ", session.options().command, " preview ", id);
  const auto& obstacles = plan.start_obstacles();
  if (!obstacles.empty() && obstacles[0].reason() == v1::CLOSURE_ALREADY_OPEN)
    return absl::StrCat("Nothing was started. A closure is open already:\n  ", session.options().command, " status ",
                        id);
  if (!obstacles.empty())
    return absl::StrCat("Nothing was started. When a closure can be started, look again", preview);
  if (plan.steps().empty()) return absl::StrCat("Nothing was started. When every checker answers, look again", preview);
  if (session.role() == Role::kOperator)
    return absl::StrCat("Nothing was started. When the owner has done the steps, look again", preview);
  return absl::StrCat(
      "Nothing was started. To go through the steps one by one, and to discard what is renounceable:\n  ",
      session.options().command, " close ", id, "\nor do the steps on your own, then look again", preview);
}

struct Arguments {
  std::string account;
  bool checklist = false;
};

// What was shown of a preview.
struct Shown {
  v1::ClosurePlan plan;
  // An open closure was shown with it, so that there is no verdict.
  bool closure_open = false;
};

// Shows a preview in the chosen format, where there is an open closure with that.
absl::StatusOr<Shown> ShowPreview(Session& session, const std::string& account, bool checklist) {
  const absl::StatusOr<std::optional<v1::Closure>> open = FindShownClosure(session, account);
  if (!open.ok()) return open.status();
  absl::StatusOr<PreviewResult> preview = RunPreview(session, account, PreviewStream::kData);
  if (!preview.ok()) return preview.status();
  Printer& printer = session.printer();
  if (*open) {
    printer.Data(OpenClosureText(session, **open, *preview));
    if (checklist) printer.Data(WrapText(ChecklistText(preview->plan), printer.style().columns));
  } else if (printer.table()) {
    printer.Data(FullPlanText(*preview, printer.style(), checklist));
  } else if (printer.format() == OutputFormat::kJson) {
    printer.Json(preview->plan, preview->items);
  }
  return Shown{.plan = std::move(preview->plan), .closure_open = open->has_value()};
}

ExitCode ExitCodeOf(const v1::ClosurePlan& plan) { return plan.eligible() ? ExitCode::kOk : ExitCode::kBlocked; }

absl::StatusOr<ExitCode> Preview(Session& session, const Arguments& arguments) {
  const absl::StatusOr<std::string> account = session.UseAccount(arguments.account);
  if (!account.ok()) return account.status();
  const absl::StatusOr<Shown> shown = ShowPreview(session, *account, arguments.checklist);
  if (!shown.ok()) return shown.status();
  Printer& printer = session.printer();
  const std::string id = AccountId(*account);
  if (!shown->closure_open && shown->plan.eligible()) {
    if (!arguments.checklist) printer.Note(ChecklistPointer(session, id));
    printer.Note(absl::StrCat("Nothing was started. Next:\n  ", session.options().command, " close ", id));
  } else if (!shown->closure_open) {
    printer.Note(BlockedText(session, shown->plan, id));
  }
  return ExitCodeOf(shown->plan);
}

}  // namespace

absl::StatusOr<std::optional<v1::Closure>> FindShownClosure(Session& session, const std::string& account) {
  if (!session.printer().table()) return std::nullopt;
  absl::StatusOr<std::optional<v1::Closure>> open = session.FindOpenClosure(account);
  if (absl::IsPermissionDenied(open.status())) return std::nullopt;
  return open;
}

absl::StatusOr<PreviewResult> RunPreview(Session& session, const std::string& account, PreviewStream stream) {
  v1::PreviewClosureRequest request;
  request.set_account(account);
  Printer& printer = session.printer();
  const bool is_data = stream == PreviewStream::kData && printer.format() == OutputFormat::kJsonl;
  PreviewResult result;
  // The checkers that were asked and have not answered.
  std::set<std::string> waiting;
  absl::StatusOr<v1::ClosurePlan> plan = session.client().PreviewClosure(
      request, session.options().timeout.value_or(kPreviewTimeout),
      [&printer, &result, &waiting, is_data](const v1::PreviewClosureResponse& message) {
        if (is_data) printer.JsonLine(message);
        const v1::CheckerResult& checker = message.progress();
        if (IsFinished(checker)) {
          printer.Note(CheckerLine(checker));
          waiting.erase(checker.checker());
        } else if (!checker.checker().empty()) {
          waiting.insert(checker.checker());
        }
        result.items.MergeFrom(message.items());
      });
  if (absl::IsDeadlineExceeded(plan.status()) && !waiting.empty()) return TooSlow(waiting);
  if (!plan.ok()) return plan.status();
  result.plan = *std::move(plan);
  return result;
}

std::string VerdictText(const PreviewResult& preview, const Style& style) {
  const v1::ClosurePlan& plan = preview.plan;
  std::string text =
      absl::StrCat(style.Bold(EscapeLine(plan.account())),
                   plan.eligible() ? " can be closed: nothing stands in the way.\n" : " cannot be closed yet.\n");
  for (const v1::StartObstacle& obstacle : plan.start_obstacles()) {
    absl::StrAppend(&text, "No closure can be started (", EnumText(obstacle.reason()),
                    "): ", EscapeLine(obstacle.detail()), ".\n");
  }
  return WrapText(absl::StrCat(text, plan.has_estimate() ? EstimateText(plan.estimate()) : ""), style.columns);
}

std::string PlanText(const PreviewResult& preview, const Style& style) {
  const auto& items = preview.items.items();
  std::string text = VerdictText(preview, style);
  if (!preview.plan.steps().empty()) absl::StrAppend(&text, "\n", StepTableText(preview.plan, style));
  if (!items.empty()) absl::StrAppend(&text, "\n", ItemGroupsText(items, style));
  return text;
}

std::string FullPlanText(const PreviewResult& preview, const Style& style, bool checklist) {
  const v1::ClosurePlan& plan = preview.plan;
  const std::string text = absl::StrCat(PlanText(preview, style), "\n", CheckerTableText(plan.checkers(), style));
  if (!checklist && plan.eligible()) return text;
  return absl::StrCat(text, WrapText(ChecklistText(plan), style.columns));
}

std::string OpenClosureText(Session& session, const v1::Closure& open, const PreviewResult& preview) {
  const Style& style = session.printer().style();
  const auto& items = preview.items.items();
  const std::string head =
      absl::StrCat(style.Bold(EscapeLine(preview.plan.account())), ": a closure is open: ", EnumText(open.state()),
                   ".\nNext: ", NextStepsText(open, session.options().command, session.role()), "\n");
  std::string text = WrapText(absl::StrCat(head, FindingsText(open, preview)), style.columns);
  // After Confirm the owner has nothing to do, and an item's instructions would say otherwise.
  if (!items.empty() && IsBeforeConfirm(open.state())) absl::StrAppend(&text, "\n", ItemGroupsText(items, style));
  return absl::StrCat(text, "\n", CheckerTableText(preview.plan.checkers(), style));
}

std::string ChecklistPointer(const Session& session, absl::string_view account_id) {
  return absl::StrCat("What to export and back up before, and what is often asked:\n  ", session.options().command,
                      " preview ", EscapeLine(account_id), " --checklist");
}

absl::StatusOr<ExitCode> DryRun(Session& session, const std::string& typed) {
  const absl::StatusOr<std::string> account = session.UseAccount(typed);
  if (!account.ok()) return account.status();
  const absl::StatusOr<Shown> shown = ShowPreview(session, *account, false);
  if (!shown.ok()) return shown.status();
  return ExitCodeOf(shown->plan);
}

void AddPreviewCommand(CommandSet& commands) {
  CLI::App* command = commands.Add(
      "preview", "Show what closing the account would take; starts nothing (exit code 3: not eligible yet)",
      "closurectl preview 1000000001");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("ACCOUNT", arguments->account, "The account's id")->required();
  command->add_flag("--checklist", arguments->checklist,
                    "Also what the scan checks, advice and frequent questions where nothing blocks");
  commands.Bind(command, [arguments](Session& session) { return Preview(session, *arguments); });
}

}  // namespace closure

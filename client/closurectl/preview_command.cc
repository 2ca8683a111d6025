// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/preview_command.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

constexpr absl::Duration kPreviewTimeout = absl::Minutes(10);

std::string StepTableText(const v1::ClosurePlan& plan, const Style& style) {
  Table table({"STEP", "WHO", "KIND", "DISPOSITION", "ITEMS", "INSTRUCTIONS"});
  for (const v1::PlanStep& step : plan.steps()) {
    table.AddRow({absl::StrCat(step.order()),
                  absl::StrCat(EnumText(step.resolver()), step.resolver_id().empty() ? "" : " ", step.resolver_id()),
                  EnumText(step.kind()), EnumText(step.disposition()), absl::StrCat(step.items_size()),
                  step.instructions()});
  }
  return table.Text(style);
}

std::string EstimateText(const v1::ClosingEstimate& estimate) {
  const int32_t least = estimate.preparation_business_days_min();
  const int32_t most = estimate.preparation_business_days_max();
  std::string text = most == 0 ? "Preparation takes minutes"
                               : absl::StrCat("Preparation takes ", least, " to ", most, " business days");
  if (estimate.has_earliest_close_time() && estimate.has_latest_close_time()) {
    const std::string earliest = TimeText(estimate.earliest_close_time());
    const std::string latest = TimeText(estimate.latest_close_time());
    absl::StrAppend(&text, "; the account can be closed ", most == 0 ? "" : absl::StrCat("between ", earliest, " and "),
                    latest, " at the earliest");
  }
  return absl::StrCat(text, ".\n", estimate.explanation().empty() ? "" : EscapeLine(estimate.explanation()),
                      estimate.explanation().empty() ? "" : "\n");
}

std::string ChecklistText(const v1::ClosurePlan& plan) {
  std::string text;
  for (const v1::ChecklistEntry& entry : plan.checklist()) {
    absl::StrAppend(&text, "- ", EscapeLine(entry.text()), entry.checked_by_scan() ? "" : " (not checked by the scan)",
                    "\n");
  }
  return text;
}

bool IsFinished(const v1::CheckerResult& checker) {
  return checker.status() == v1::CheckerResult::ANSWERED || checker.status() == v1::CheckerResult::UNANSWERED ||
         checker.status() == v1::CheckerResult::SKIPPED;
}

absl::StatusOr<ExitCode> Preview(Session& session, const std::string& typed) {
  const absl::StatusOr<std::string> account = session.UseAccount(typed);
  if (!account.ok()) return account.status();
  const absl::StatusOr<v1::ClosurePlan> plan = RunPreview(session, *account);
  if (!plan.ok()) return plan.status();
  Printer& printer = session.printer();
  if (printer.table()) printer.Data(PlanText(*plan, printer.style()));
  if (printer.format() == OutputFormat::kJson) printer.Json(*plan);
  const std::string& program = session.options().command;
  if (plan->eligible()) {
    printer.Note(absl::StrCat("Nothing was started. Next:\n  ", program, " start ", EscapeLine(typed), " --via email"));
    return ExitCode::kOk;
  }
  printer.Note(
      absl::StrCat("Nothing was started. Do the steps, then look again:\n  ", program, " preview ", EscapeLine(typed)));
  return ExitCode::kBlocked;
}

}  // namespace

absl::StatusOr<v1::ClosurePlan> RunPreview(Session& session, const std::string& account) {
  v1::PreviewClosureRequest request;
  request.set_account(account);
  Printer& printer = session.printer();
  return session.client().PreviewClosure(request, session.options().timeout.value_or(kPreviewTimeout),
                                         [&printer](const v1::PreviewClosureResponse& message) {
                                           if (printer.format() == OutputFormat::kJsonl) printer.JsonLine(message);
                                           if (IsFinished(message.progress()))
                                             printer.Note(CheckerLine(message.progress()));
                                         });
}

std::string PlanText(const v1::ClosurePlan& plan, const Style& style) {
  std::string text = absl::StrCat(style.Bold(EscapeLine(plan.account())),
                                  plan.eligible() ? " can be closed now.\n" : " cannot be closed yet.\n");
  if (!plan.items().empty()) absl::StrAppend(&text, "\n", ItemTableText(plan.items(), style));
  if (!plan.steps().empty()) absl::StrAppend(&text, "\n", StepTableText(plan, style));
  absl::StrAppend(&text, "\n", CheckerTableText(plan.checkers(), style));
  if (plan.has_estimate()) absl::StrAppend(&text, "\n", EstimateText(plan.estimate()));
  if (!plan.checklist().empty()) absl::StrAppend(&text, "\n", ChecklistText(plan));
  return text;
}

void AddPreviewCommand(CommandSet& commands) {
  CLI::App* command = commands.Add(
      "preview", "Show what closing the account would take; starts nothing (exit code 3: not eligible yet)",
      "closurectl preview 1000000001");
  auto account = std::make_shared<std::string>();
  command->add_option("ACCOUNT", *account, "The account's id")->required();
  commands.Bind(command, [account](Session& session) { return Preview(session, *account); });
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/closure_lines.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/wait_text.h"

namespace closure {
namespace {

using v1::Closure;

std::string ChallengeText(const Closure& closure) {
  std::string text;
  for (const auto& challenge : closure.identity_verification().challenges()) {
    // The address is erased some time after the end (D12).
    const absl::string_view to = challenge.masked_address().empty() ? "" : " to ";
    absl::StrAppend(&text, text.empty() ? "" : "\n", EnumText(challenge.channel()), to, challenge.masked_address(),
                    ": ");
    if (challenge.verified()) {
      absl::StrAppend(&text, "verified");
    } else if (IsTerminal(closure.state())) {
      absl::StrAppend(&text, "not verified");
    } else if (!challenge.has_expire_time()) {
      absl::StrAppend(&text, "the code is about to be sent");
    } else if (challenge.attempts_left() <= 0) {
      absl::StrAppend(&text, "the code is used up, no attempt is left");
    } else if (AcceptsNoCode(closure)) {
      absl::StrAppend(&text, "the code expired at ", TimeText(challenge.expire_time()));
    } else {
      absl::StrAppend(&text, "code accepted until ", TimeText(challenge.expire_time()), ", ", challenge.attempts_left(),
                      " attempt(s) left");
    }
  }
  return text;
}

std::string AgreementText(const Closure& closure) {
  if (!closure.has_agreement_acceptance()) return "";
  const v1::AgreementAcceptance& acceptance = closure.agreement_acceptance();
  return absl::StrCat(acceptance.version(), " (", acceptance.language_code(), ") agreed to by ", acceptance.actor(),
                      " at ", TimeText(acceptance.accept_time()));
}

std::string ScanText(const Closure& closure) {
  if (!closure.has_scan()) return "";
  const v1::Scan& scan = closure.scan();
  std::string text = absl::StrCat("number ", scan.number(), ", ");
  if (!scan.has_end_time()) return absl::StrCat(text, "running since ", TimeText(scan.start_time()));
  absl::StrAppend(&text, scan.clean() ? "clean" : "not clean", ", ended ", TimeText(scan.end_time()));
  if (scan.has_fresh_until_time()) absl::StrAppend(&text, ", fresh until ", TimeText(scan.fresh_until_time()));
  return text;
}

std::string RemainingText(const Closure& closure) {
  if (closure.state() != Closure::SILENT_PERIOD || !closure.has_silent_period_end_time()) return "";
  const std::string end = absl::StrCat("ends ", TimeText(closure.silent_period_end_time()));
  if (!closure.has_silent_period_remaining()) return end;
  const absl::Duration remaining = FromProtoDuration(closure.silent_period_remaining());
  if (remaining > absl::ZeroDuration()) return absl::StrCat(DurationText(remaining), ", ", end);
  return absl::StrCat("none since ", TimeText(closure.silent_period_end_time()));
}

std::string WaitKindsText(const Closure& closure) {
  return absl::StrJoin(closure.waits(), ", ",
                       [](std::string* text, const v1::Wait& wait) { text->append(EnumText(wait.kind())); });
}

std::string HoldText(const Closure& closure) {
  if (!closure.has_hold()) return "";
  const v1::Hold& hold = closure.hold();
  return absl::StrCat("by ", hold.operator_(), " since ", TimeText(hold.create_time()), ": ", hold.reason());
}

std::string NoticesText(const Closure& closure) {
  std::string text;
  for (const v1::Notice& notice : closure.notices()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", EnumText(notice.channel()), " ", EnumText(notice.status()));
    if (!notice.last_error().empty()) absl::StrAppend(&text, ", last error: ", notice.last_error());
  }
  return text;
}

std::string RenunciationsText(const Closure& closure) {
  std::string text;
  for (const v1::Renunciation& renunciation : closure.renunciations()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", EnumText(renunciation.kind()), " ",
                    AmountText(renunciation.amount()), " ", EnumText(renunciation.status()),
                    renunciation.by_consent() ? " by the consent given at Confirm" : "");
  }
  return text;
}

void AddEnding(const Closure& closure, FieldList& fields) {
  fields.AddIf("CAUSE", CauseText(closure));
  if (closure.has_end_time()) fields.Add("ENDED", TimeText(closure.end_time()));
  fields.AddIf("NOTICES", NoticesText(closure));
}

}  // namespace

std::string CauseText(const Closure& closure) {
  if (closure.cause() == Closure::CAUSE_UNSPECIFIED) return "";
  return absl::StrCat(EnumText(closure.cause()), closure.cause_detail().empty() ? "" : ": ", closure.cause_detail());
}

std::string BeforeNextScan(const v1::Closure& closure) {
  if (closure.item_counts().must_handle() > 0) return "Handle what is listed";
  const int silent = CountUnanswered(closure.scan().checkers());
  if (silent > 0) return absl::StrCat("Wait until the checker(s) that did not answer, ", silent, " of them, can");
  if (closure.has_hold()) return "Wait until the operator's hold is released";
  const bool passes = closure.cause() == v1::Closure::CONFIRM_TIMED_OUT || closure.cause() == v1::Closure::HALTED;
  if (passes && closure.item_counts().renounceable() == 0)
    return absl::StrCat("Make sure that what went wrong is over (", EscapeLine(CauseText(closure)), ")");
  return closure.item_counts().renounceable() > 0 ? "Discard what is listed" : "Wait a moment";
}

std::string CountsText(const v1::ItemCounts& counts) {
  return absl::StrCat(counts.must_handle(), " to handle by hand, ", counts.renounceable(), " renounceable, ",
                      counts.renounced(), " renounced");
}

std::string ClosureStatusText(const Closure& closure, absl::string_view program, const Style& style, Role role) {
  FieldList fields;
  fields.Add("NAME", closure.name());
  fields.Add("STATE", EnumText(closure.state()));
  if (closure.has_state_enter_time()) fields.Add("SINCE", TimeText(closure.state_enter_time()));
  fields.AddIf("REMAINING", RemainingText(closure));
  if (closure.has_expire_time()) fields.Add("EXPIRES", TimeText(closure.expire_time()));
  fields.AddIf("IDENTITY", ChallengeText(closure));
  fields.AddIf("AGREEMENT", AgreementText(closure));
  fields.AddIf("SCAN", ScanText(closure));
  if (closure.has_scan()) fields.Add("ITEMS", CountsText(closure.item_counts()));
  for (const v1::CheckerResult& checker : closure.scan().checkers()) {
    if (checker.status() == v1::CheckerResult::UNANSWERED || checker.status() == v1::CheckerResult::SKIPPED) {
      fields.Add("CHECKER", CheckerLine(checker));
    }
  }
  fields.AddIf("RENOUNCED", RenunciationsText(closure));
  if (closure.reason() != Closure::REASON_UNSPECIFIED) fields.Add("REASON", EnumText(closure.reason()));
  fields.AddIf("HOLD", HoldText(closure));
  fields.AddIf("WAITS", WaitLines(closure));
  AddEnding(closure, fields);
  fields.Add("NEXT", StepsText(AllSteps(closure, program, role)));
  const std::string participants = ParticipantTableText(closure, style);
  return absl::StrCat(fields.Text(style), participants.empty() ? "" : "\n", participants);
}

std::string ClosureTableText(const std::vector<Closure>& closures, const Style& style) {
  Table table({"NAME", "STATE", "REMAINING", "WAITS", "MUST_HANDLE", "RENOUNCEABLE", "CREATE_TIME"});
  for (const Closure& closure : closures) {
    table.AddRow({closure.name(), EnumText(closure.state()),
                  closure.has_silent_period_remaining() ? DurationText(closure.silent_period_remaining()) : "",
                  WaitKindsText(closure), absl::StrCat(closure.item_counts().must_handle()),
                  absl::StrCat(closure.item_counts().renounceable()),
                  closure.has_create_time() ? TimeText(closure.create_time()) : ""});
  }
  return table.Text(style);
}

std::string CheckerTableText(const google::protobuf::RepeatedPtrField<v1::CheckerResult>& checkers,
                             const Style& style) {
  Table table({"CHECKER", "STATUS", "ITEMS", "LATENCY", "REQUIRED", "DETAIL"});
  for (const v1::CheckerResult& checker : checkers) {
    const std::string fault = checker.fault() == v1::CheckerResult::FAULT_UNSPECIFIED ? "" : EnumText(checker.fault());
    table.AddRow({checker.checker(), EnumText(checker.status()), absl::StrCat(checker.item_count()),
                  checker.has_latency() ? DurationText(checker.latency()) : "",
                  checker.status() == v1::CheckerResult::SKIPPED ? ""
                  : checker.required()                           ? "yes"
                                                                 : "no",
                  absl::StrCat(fault, fault.empty() || checker.detail().empty() ? "" : ": ", checker.detail())});
  }
  return table.Text(style);
}

std::string ParticipantTableText(const Closure& closure, const Style& style) {
  if (closure.participants().empty()) return "";
  Table table({"PARTICIPANT", "PHASE", "STAGE", "STATUS", "ATTEMPTS", "LAST_ERROR"});
  for (const v1::ParticipantProgress& participant : closure.participants()) {
    table.AddRow({participant.participant(), EnumText(participant.phase()), absl::StrCat(participant.stage()),
                  EnumText(participant.status()), absl::StrCat(participant.attempts()), participant.last_error()});
  }
  return table.Text(style);
}

void PrintChanged(Session& session, const Closure& closure, absl::string_view what) {
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(closure);
    return;
  }
  printer.Data(ClosureTableText({closure}, printer.style()));
  printer.Note(absl::StrCat(what, " The closure is ", EnumText(closure.state()), "."));
  printer.Note(absl::StrCat("Next: ", NextStepsText(closure, session.options().command, session.role())));
}

std::string CheckerLine(const v1::CheckerResult& checker) {
  std::string line = absl::StrCat(checker.checker(), " ", EnumText(checker.status()));
  if (checker.fault() != v1::CheckerResult::FAULT_UNSPECIFIED) absl::StrAppend(&line, " ", EnumText(checker.fault()));
  if (checker.status() == v1::CheckerResult::ANSWERED) absl::StrAppend(&line, ", ", checker.item_count(), " item(s)");
  if (checker.has_latency()) absl::StrAppend(&line, ", ", DurationText(checker.latency()));
  if (!checker.detail().empty()) absl::StrAppend(&line, ": ", checker.detail());
  return EscapeLine(line);
}

}  // namespace closure

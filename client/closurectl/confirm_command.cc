// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/confirm_command.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/prompt.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/state_check.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

struct Arguments {
  std::string closure;
  ConfirmChoices choices;
};

// The risk is shown, and the id asked for, only where Confirm can be given.
absl::Status CheckConfirmable(const Session& session, const v1::Closure& closure, const ConfirmChoices& choices) {
  if (absl::Status fresh = CheckScanFresh(closure); !fresh.ok()) return fresh;
  absl::Status allowed =
      CheckAllowed(session, closure, v1::Closure::CONFIRM_CLOSURE, "the deletion cannot be confirmed");
  if (!allowed.ok()) return allowed;
  if (absl::Status held = CheckNotHeld(closure, "the deletion cannot be confirmed"); !held.ok()) return held;
  return CheckConfirmChoices(AccountId(closure.name()), choices);
}

// Whether a small late debt or balance may be voided or forfeited: as was chosen beforehand, else as is answered.
absl::StatusOr<bool> AskLateSettlement(Session& session, const ConfirmChoices& choices) {
  if (choices.consent_late_settlement || !choices.ask_late_settlement || !session.interactive()) {
    return choices.consent_late_settlement;
  }
  return AskYesNo(session,
                  "If the final check finds a small debt or balance, may it be voided or forfeited? Otherwise it "
                  "aborts the closure.",
                  "--consent-late-settlement");
}

// Has the account's id typed below the risk, unless it was given beforehand.
absl::Status AskAccountId(Session& session, const v1::Closure& closure, const ConfirmChoices& choices, bool consent) {
  const std::string id = AccountId(closure.name());
  const absl::string_view late =
      consent
          ? "You consent that a small debt or balance found by the final check is voided or forfeited.\n"
          : "Without consent to late settlements (--consent-late-settlement) a small debt or balance that the final "
            "check finds aborts the closure. A late bill aborts it in any case.\n";
  const std::string question =
      absl::StrCat("The account ", EscapeLine(id), " will be deleted for good. Type its id to confirm:");
  return AcknowledgeRisk(session, late, !choices.confirm.empty(), {question, id, absl::StrCat("--confirm=", id)});
}

absl::StatusOr<ExitCode> ConfirmCommand(Session& session, const Arguments& arguments) {
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::Closure> closure = Confirm(session, *name, arguments.choices);
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "Confirmed; the account is frozen and scanned once more.");
  return ExitCode::kOk;
}

}  // namespace

absl::StatusOr<v1::Closure::Reason> ParseReason(absl::string_view word) {
  const absl::StatusOr<v1::Closure::Reason> reason = ParseEnum<v1::Closure::Reason>(word, "reason");
  if (!reason.ok()) return UsageError(reason.status().message());
  return reason;
}

std::string ReasonWords() {
  return absl::StrJoin(EnumWords(google::protobuf::GetEnumDescriptor<v1::Closure::Reason>()), ", ");
}

absl::Status CheckConfirmChoices(absl::string_view account_id, const ConfirmChoices& choices) {
  constexpr size_t kReasonTextMax = 500;
  if (!choices.reason.empty()) {
    if (absl::Status reason = ParseReason(choices.reason).status(); !reason.ok()) return reason;
  }
  if (CountCodePoints(choices.reason_text) > kReasonTextMax)
    return UsageError(absl::StrCat("--reason-text has more than ", kReasonTextMax, " characters"));
  if (std::any_of(choices.reason_text.begin(), choices.reason_text.end(), absl::ascii_iscntrl))
    return UsageError("--reason-text has control characters; write it in one line of plain text");
  const bool right = choices.confirm == account_id || choices.confirm == AccountName(account_id);
  if (choices.confirm.empty() || right) return absl::OkStatus();
  return UsageError(absl::StrCat("--confirm=", EscapeLine(choices.confirm), " is not the id of the account, ",
                                 EscapeLine(account_id), "; nothing was confirmed"),
                    absl::StrCat("If that account is meant: --confirm=", EscapeLine(account_id)));
}

absl::StatusOr<v1::Closure> Confirm(Session& session, const std::string& closure, const ConfirmChoices& choices) {
  const absl::StatusOr<v1::Closure::Reason> reason = ParseReason(choices.reason);
  if (!reason.ok()) return reason.status();
  const absl::StatusOr<v1::Closure> present = session.GetClosure(closure);
  if (!present.ok()) return present.status();
  if (absl::Status can = CheckConfirmable(session, *present, choices); !can.ok()) return can;
  SayRisk(session, absl::StrCat(EscapeText(present->risk_prompt().text()), "\n"));
  const absl::StatusOr<bool> consent = AskLateSettlement(session, choices);
  if (!consent.ok()) return consent.status();
  if (absl::Status typed = AskAccountId(session, *present, choices, *consent); !typed.ok()) return typed;
  v1::ConfirmClosureRequest request;
  request.set_name(closure);
  request.set_reason(*reason);
  request.set_reason_text(choices.reason_text);
  request.set_risk_digest(present->risk_prompt().digest());
  request.set_late_settlement_consent(*consent);
  request.set_etag(present->etag());
  return session.client().ConfirmClosure(std::move(request));
}

void AddConfirmCommand(CommandSet& commands) {
  CLI::App* command = commands.Add("confirm", "Confirm the deletion; the silent period that follows cannot be revoked",
                                   "closurectl confirm 1000000001 --reason NO_LONGER_NEEDED");
  auto arguments = std::make_shared<Arguments>();
  ConfirmChoices& choices = arguments->choices;
  command->add_option("CLOSURE", arguments->closure, "The closure, or its account")->required();
  command->add_option("--reason", choices.reason, ReasonWords())->required()->type_name("REASON");
  command->add_option("--reason-text", choices.reason_text, "More in your own words, at most 500 characters")
      ->type_name("TEXT");
  command->add_flag("--consent-late-settlement", choices.consent_late_settlement,
                    "A small debt or balance that the final check finds may be voided or forfeited");
  command->add_option("--confirm", choices.confirm, "The account, instead of typing its id when asked")
      ->type_name("ACCOUNT");
  commands.Bind(command, [arguments](Session& session) { return ConfirmCommand(session, *arguments); });
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/close_choices.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/identity_commands.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

using v1::Closure;

absl::Status CheckLanguage(const std::string& language) {
  constexpr size_t kLanguageMax = 35;
  const bool plain = std::all_of(language.begin(), language.end(),
                                 [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-'; });
  if (plain && language.size() <= kLanguageMax) return absl::OkStatus();
  return UsageError(absl::StrCat("--language: \"", EscapeLine(language), "\" is not a language such as en or zh-Hans"));
}

// The form of each choice that was made.
absl::Status CheckForms(const std::string& account_id, const CloseChoices& choices) {
  if (!choices.via.empty()) {
    if (absl::Status via = CheckChannel(choices.via); !via.ok()) return via;
  }
  if (absl::Status language = CheckLanguage(choices.language); !language.ok()) return language;
  for (const std::string& code : choices.codes) {
    if (absl::Status checked = CheckChannelCode(code); !checked.ok()) return checked;
  }
  return CheckConfirmChoices(account_id, choices.confirm);
}

bool Waits(const std::optional<Closure>& open, Closure::State state) { return open && open->state() == state; }

// The flags without which a script would stop at a question.
std::vector<std::string> MissingFlags(const std::optional<Closure>& open, const CloseChoices& choices) {
  std::vector<std::string> missing;
  const bool identity = !open || Waits(open, Closure::IDENTITY_PENDING);
  if (!open && choices.via.empty()) missing.push_back("--via");
  if (identity && !choices.sandbox_code && choices.codes.empty())
    missing.push_back(open ? "--sandbox-code or --code" : "--sandbox-code");
  if ((identity || Waits(open, Closure::AGREEMENT_PENDING)) && choices.accept_agreement.empty())
    missing.push_back("--accept-agreement");
  if (choices.discard_all && !choices.acknowledge_risk) missing.push_back("--acknowledge-risk");
  if (choices.confirm.reason.empty()) missing.push_back("--reason");
  if (choices.confirm.confirm.empty()) missing.push_back("--confirm");
  return missing;
}

}  // namespace

absl::Status CheckCloseChoices(const Session& session, const std::string& account_id,
                               const std::optional<Closure>& open, const CloseChoices& choices) {
  if (absl::Status forms = CheckForms(account_id, choices); !forms.ok()) return forms;
  const std::string& program = session.options().command;
  if (!open && !choices.codes.empty()) {
    return UsageError(
        "--code: no closure of this account waits for a code, and the one that is started here gets a new one; nothing "
        "was started",
        absl::StrCat("First run: ", program, " start ", account_id, " --via email"));
  }
  if (session.interactive() || (open && !IsBeforeConfirm(open->state()))) return absl::OkStatus();
  const std::string missing = absl::StrJoin(MissingFlags(open, choices), ", ");
  if (missing.empty()) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kInvalidArgument,
                         absl::StrCat("nobody can be asked, so these flags are needed: ", missing, "; nothing was ",
                                      open ? "changed" : "started"),
                         "INPUT_REQUIRED", {{"flags", missing}, {"command", session.options().running}});
}

absl::Status CheckAcceptedVersion(Session& session, const std::optional<Closure>& open, const CloseChoices& choices) {
  const bool pending = !open || Waits(open, Closure::IDENTITY_PENDING) || Waits(open, Closure::AGREEMENT_PENDING);
  if (!pending || choices.accept_agreement.empty()) return absl::OkStatus();
  v1::GetAgreementRequest request;
  request.set_language_code(choices.language);
  const absl::StatusOr<v1::Agreement> current = session.client().GetAgreement(request);
  if (!current.ok()) return current.status();
  if (current->version() == choices.accept_agreement) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("--accept-agreement: the current version of the agreement is ", current->version(), ", not \"",
                   choices.accept_agreement, "\"; nothing was ", open ? "changed" : "started"),
      "AGREEMENT_VERSION_STALE",
      {{"current", current->version()},
       {"next", absl::StrCat("Read the current one, and agree to that: ", session.options().command, " agreement ",
                             EscapeLine(session.subject()))}});
}

absl::Status CheckStartable(const v1::ClosurePlan& plan) {
  if (plan.start_obstacles().empty()) return absl::OkStatus();
  const std::string details = absl::StrJoin(
      plan.start_obstacles(), "; ",
      [](std::string* text, const v1::StartObstacle& obstacle) { absl::StrAppend(text, obstacle.detail()); });
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("no closure of ", plan.account(), " can be started: ", details, "; nothing was asked or started"),
      EnumText(plan.start_obstacles(0).reason()),
      {{"next", "Put that right with the account system or in the account center, then run the same command again."}});
}

absl::Status CheckDrives(const Session& session, const std::string& account_id) {
  const std::string& actor = session.options().actor;
  if (session.role() != Role::kOperator && !absl::StartsWithIgnoreCase(actor, "ram:")) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kPermissionDenied,
      absl::StrCat("only root:", account_id, " closes the account, ", actor, " does not; nothing was asked or changed"),
      "ROOT_IDENTITY_REQUIRED", {{"identity", actor}});
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/code_questions.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/identity_commands.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/prompt.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {

void TellInbox(Session& session, const v1::Closure& closure) {
  const std::string account = AccountId(closure.name());
  if (!session.interactive() || !session.HasSandboxAccount(account)) return;
  const std::string& program = session.options().command;
  session.printer().Say(absl::StrCat("This server's cloud is a sandbox; read the code there, in another terminal:\n  ",
                                     program, " sandbox inbox ", account, "\nor let it be read from there:\n  ",
                                     program, " close ", account, " --sandbox-code\n"));
}

absl::StatusOr<std::vector<std::string>> AskCodes(Session& session, const v1::Closure& closure) {
  if (session.interactive() && AcceptsNoCode(closure))
    session.printer().Say("What was sent is not accepted any more; type \"resend\" for a new code.\n");
  std::vector<std::string> codes;
  for (const auto& challenge : closure.identity_verification().challenges()) {
    if (challenge.verified()) continue;
    const std::string channel = absl::AsciiStrToLower(EnumText(challenge.channel()));
    const std::string question =
        absl::StrCat("The code sent by ", channel, " to ", EscapeLine(challenge.masked_address()), " (or \"resend\"):");
    const absl::StatusOr<std::string> code =
        AskUntil(session, question, absl::StrCat("--code ", channel, ":CODE or --sandbox-code"),
                 [](const std::string& typed) { return typed == "resend" ? absl::OkStatus() : CheckCode(typed); });
    if (!code.ok()) return code.status();
    if (*code == "resend") return std::vector<std::string>();
    codes.push_back(absl::StrCat(channel, ":", *code));
  }
  return codes;
}

void TellOtherChannel(Session& session, const v1::Closure& closure, const std::string& via) {
  if (via.empty() || closure.state() != v1::Closure::IDENTITY_PENDING) return;
  const auto& challenges = closure.identity_verification().challenges();
  const bool sent = std::any_of(challenges.begin(), challenges.end(), [&via](const auto& challenge) {
    return absl::EqualsIgnoreCase(EnumText(challenge.channel()), via);
  });
  if (sent) return;
  const std::string other = EscapeLine(via);
  session.printer().Note(absl::StrCat("The code was sent another way already. To have one sent by ", other,
                                      " instead:\n  ", session.options().command, " resend ",
                                      EscapeLine(AccountId(closure.name())), " --via ", other));
}

bool CanTryAgain(const absl::Status& error) {
  const std::string reason = DecodeErrorDetails(error).reason;
  return reason == "CODE_WRONG" || reason == "CODE_EXPIRED" || reason == "CODE_ATTEMPTS_EXHAUSTED" ||
         reason == "FIELD_INVALID" || reason == "RESEND_TOO_SOON";
}

std::string TryAgainText(const absl::Status& error) {
  const ErrorDetails details = DecodeErrorDetails(error);
  std::string text = EscapeLine(error.message());
  if (details.retry_delay) {
    absl::StrAppend(&text, details.reason == "RESEND_TOO_SOON" ? "; a new one can be sent in " : "; try again in ",
                    DurationText(absl::Ceil(*details.retry_delay, absl::Seconds(1))));
  }
  return absl::StrCat(text, "\n");
}

}  // namespace closure

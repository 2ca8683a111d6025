// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/prompt.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

absl::Status NoAnswer(Session& session, absl::string_view flag, absl::string_view why) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument,
                         absl::StrCat("a question has to be answered and ", why, "; answer it with ", flag),
                         "INPUT_REQUIRED", {{"flag", std::string(flag)}, {"command", session.options().running}});
}

}  // namespace

absl::StatusOr<std::string> AskLine(Session& session, absl::string_view question, absl::string_view flag) {
  if (session.options().no_input) return NoAnswer(session, flag, "--no-input is given");
  if (!session.environment().in_is_tty) return NoAnswer(session, flag, "the input is not a terminal");
  session.printer().Say(absl::StrCat(WrapText(question, session.printer().err_style().columns), " "));
  std::string line;
  if (!std::getline(session.environment().in, line)) {
    session.printer().Say("\n");
    return NoAnswer(session, flag, "the input ended");
  }
  if (!IsUtf8(line))
    return UsageError(absl::StrCat("the answer \"", EscapeLine(line), "\" is not UTF-8; nothing was sent"));
  return std::string(absl::StripAsciiWhitespace(line));
}

absl::StatusOr<std::string> AskUntil(Session& session, absl::string_view question, absl::string_view flag,
                                     const std::function<absl::Status(const std::string&)>& check) {
  constexpr int kTriesMax = 3;
  for (int tries = 1;; ++tries) {
    absl::StatusOr<std::string> answer = AskLine(session, question, flag);
    if (!answer.ok()) return answer;
    absl::Status checked = check(*answer);
    if (checked.ok()) return answer;
    if (tries == kTriesMax) return checked;
    session.printer().Say(
        WrapText(absl::StrCat(EscapeLine(checked.message()), "\n"), session.printer().err_style().columns));
  }
}

absl::StatusOr<bool> AskYesNo(Session& session, absl::string_view question, absl::string_view flag) {
  const auto is = [](absl::string_view answer, absl::string_view letter, absl::string_view word) {
    return absl::EqualsIgnoreCase(answer, letter) || absl::EqualsIgnoreCase(answer, word);
  };
  const absl::StatusOr<std::string> answer =
      AskUntil(session, absl::StrCat(question, " [y/N]"), flag, [&is](const std::string& typed) {
        if (typed.empty() || is(typed, "y", "yes") || is(typed, "n", "no")) return absl::OkStatus();
        return UsageError(absl::StrCat("answer y or n, not \"", EscapeLine(typed), "\""));
      });
  if (!answer.ok()) return answer.status();
  return is(*answer, "y", "yes");
}

absl::Status AskTyped(Session& session, absl::string_view question, absl::string_view expected,
                      absl::string_view flag) {
  const absl::Status declined = Declined(absl::StrCat("\"", expected, "\" was not typed"));
  const auto declines = [](absl::string_view answer) {
    return answer.empty() || absl::EqualsIgnoreCase(answer, "n") || absl::EqualsIgnoreCase(answer, "no");
  };
  const auto check = [&](const std::string& typed) {
    if (typed == expected || declines(typed)) return absl::OkStatus();
    return declined;
  };
  const absl::StatusOr<std::string> answer = AskUntil(session, question, flag, check);
  if (!answer.ok()) return answer.status();
  return *answer == expected ? absl::OkStatus() : declined;
}

absl::Status AcknowledgeRisk(Session& session, absl::string_view risk, bool given, const TypedQuestion& asked) {
  SayRisk(session, risk);
  return given ? absl::OkStatus() : AskTyped(session, asked.question, asked.expected, asked.flag);
}

void SayRisk(Session& session, absl::string_view risk) {
  if (!session.interactive() && !session.printer().table()) return;
  session.printer().Say(WrapText(risk, session.printer().err_style().columns));
}

absl::Status Declined(absl::string_view what) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, absl::StrCat(what, "; nothing was changed"),
                         "DECLINED");
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/agreement_commands.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/prompt.h"
#include "client/closurectl/state_check.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

struct Arguments {
  std::string subject;
  std::string version;
  std::string language;
};

// Broken to fit a terminal; anything else gets the text as it is, whose digest is told.
std::string AgreementText(const v1::Agreement& agreement, const Style& style) {
  const std::string text = WrapProse(EscapeText(agreement.text()), style.columns);
  return absl::StrCat(text, absl::EndsWith(text, "\n") ? "" : "\n", "\nVersion ", EscapeLine(agreement.version()), " (",
                      EscapeLine(agreement.language_code()), agreement.current() ? "), current" : "), not current",
                      ", SHA-256 ", EscapeLine(agreement.digest()), "\n");
}

absl::string_view PrimaryTag(absl::string_view language) { return language.substr(0, language.find_first_of("-_")); }

// The server answers in English where it has no text in the language that was asked for.
void NoteFallback(Session& session, absl::string_view wanted, absl::string_view got) {
  if (wanted.empty() || got.empty() || absl::EqualsIgnoreCase(PrimaryTag(wanted), PrimaryTag(got))) return;
  session.printer().Note(absl::StrCat("There is no text in the language \"", EscapeLine(wanted),
                                      "\"; this is the one in \"", EscapeLine(got), "\"."));
}

absl::StatusOr<v1::Agreement> Read(Session& session, const std::string& version, const std::string& language) {
  v1::GetAgreementRequest request;
  request.set_version(version);
  request.set_language_code(language);
  return session.client().GetAgreement(request);
}

absl::StatusOr<ExitCode> ShowAgreement(Session& session, const Arguments& arguments) {
  if (arguments.subject.empty()) {
    if (absl::Status settled = session.UseAnyReader(); !settled.ok()) return settled;
  } else {
    const absl::StatusOr<std::string> account = session.UseAccount(arguments.subject);
    if (!account.ok()) return account.status();
  }
  const absl::StatusOr<v1::Agreement> agreement = Read(session, arguments.version, arguments.language);
  if (!agreement.ok()) return agreement.status();
  if (!session.printer().table()) {
    session.printer().Json(*agreement);
    return ExitCode::kOk;
  }
  session.printer().Data(AgreementText(*agreement, session.printer().style()));
  NoteFallback(session, arguments.language, agreement->language_code());
  const std::string closure = arguments.subject.empty() ? "CLOSURE" : EscapeLine(arguments.subject);
  session.printer().Note(absl::StrCat("Nothing was agreed to. Next:\n  ", session.options().command, " agree ", closure,
                                      " --version ", EscapeLine(agreement->version())));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> AgreeCommand(Session& session, const Arguments& arguments) {
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.subject);
  if (!name.ok()) return name.status();
  // Nobody reads a long text in vain. With a version the server decides, so that a repetition is answered as the first.
  if (arguments.version.empty()) {
    const absl::StatusOr<v1::Closure> present = session.GetClosure(*name);
    if (!present.ok()) return present.status();
    const absl::Status allowed =
        CheckAllowed(session, *present, v1::Closure::ACCEPT_AGREEMENT, "the agreement cannot be agreed to");
    if (!allowed.ok()) return allowed;
  }
  const absl::StatusOr<v1::Closure> closure = Agree(session, *name, arguments.version, arguments.language, "--version");
  if (!closure.ok()) return closure.status();
  // The question has shown its text and said so already.
  if (!arguments.version.empty()) {
    NoteFallback(session, arguments.language, closure->agreement_acceptance().language_code());
  }
  PrintChanged(session, *closure, "Agreed; the scan runs by itself.");
  return ExitCode::kOk;
}

}  // namespace

absl::StatusOr<v1::Closure> Agree(Session& session, const std::string& closure, const std::string& version,
                                  const std::string& language, absl::string_view flag) {
  v1::AcceptAgreementRequest request;
  request.set_name(closure);
  request.set_version(version);
  request.set_language_code(language);
  if (version.empty()) {
    const absl::StatusOr<v1::Agreement> agreement = Read(session, "", language);
    if (!agreement.ok()) return agreement.status();
    if (session.interactive()) {
      session.printer().Say(AgreementText(*agreement, session.printer().err_style()));
      NoteFallback(session, language, agreement->language_code());
    }
    const absl::StatusOr<bool> agreed = AskYesNo(session, "Do you agree to this account cancellation agreement?",
                                                 absl::StrCat(flag, " ", agreement->version()));
    if (!agreed.ok()) return agreed.status();
    if (!*agreed) return Declined("the agreement was not agreed to");
    request.set_version(agreement->version());
    request.set_language_code(agreement->language_code());
  }
  return session.client().AcceptAgreement(std::move(request));
}

void AddAgreementCommands(CommandSet& commands) {
  CLI::App* agreement = commands.Add("agreement", "Show the account cancellation agreement",
                                     "closurectl agreement 1000000001 --language zh");
  auto shown = std::make_shared<Arguments>();
  agreement->add_option("ACCOUNT", shown->subject,
                        "Whose identity to use when --as is not given; not needed on this machine");
  agreement->add_option("--version", shown->version, "The version; the current one when left out")
      ->type_name("VERSION");
  agreement->add_option("--language", shown->language, "The language, BCP-47 [en]")->type_name("LANGUAGE");
  commands.Bind(agreement, [shown](Session& session) { return ShowAgreement(session, *shown); });

  CLI::App* agree = commands.Add("agree", "Agree to the agreement; the scan then starts",
                                 "closurectl agree 1000000001 --version 2026-01");
  auto agreed = std::make_shared<Arguments>();
  agree->add_option("CLOSURE", agreed->subject, "The closure, or its account")->required();
  agree->add_option("--version", agreed->version, "Agree to this version without being asked")->type_name("VERSION");
  agree->add_option("--language", agreed->language, "The language in which it was shown, BCP-47 [en]")
      ->type_name("LANGUAGE");
  commands.Bind(agree, [agreed](Session& session) { return AgreeCommand(session, *agreed); });
}

}  // namespace closure

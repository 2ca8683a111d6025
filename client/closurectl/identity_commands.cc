// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/identity_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/sandbox_inbox.h"
#include "client/closurectl/state_check.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

constexpr size_t kCodeLength = 6;

absl::StatusOr<v1::Channel> ParseChannel(absl::string_view text) {
  const absl::StatusOr<v1::Channel> channel = ParseEnum<v1::Channel>(text, "channel");
  if (!channel.ok()) return UsageError(channel.status().message());
  return channel;
}

absl::StatusOr<v1::VerifyIdentityRequest::Code> ParseCode(const std::string& text) {
  v1::VerifyIdentityRequest::Code code;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (parts.second.empty()) {
    if (absl::Status checked = CheckCode(text); !checked.ok()) return checked;
    code.set_code(text);
    return code;
  }
  const absl::StatusOr<v1::Channel> channel = ParseChannel(parts.first);
  if (!channel.ok()) return channel.status();
  if (absl::Status checked = CheckCode(parts.second); !checked.ok()) return checked;
  code.set_channel(*channel);
  code.set_code(parts.second);
  return code;
}

absl::StatusOr<ExitCode> Start(Session& session, const std::string& typed, const std::string& via) {
  const absl::StatusOr<std::string> account = session.UseAccount(typed);
  if (!account.ok()) return account.status();
  const absl::StatusOr<v1::Closure> closure = StartClosure(session, *account, via);
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "Started; the identity code is on its way.");
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Resend(Session& session, const std::string& typed, const std::string& via) {
  const absl::StatusOr<std::string> name = session.UseClosure(typed);
  if (!name.ok()) return name.status();
  if (!via.empty()) session.set_repeated_flags(absl::StrCat(" --via ", EscapeLine(via)));
  const absl::StatusOr<v1::Closure> closure = ResendCodes(session, *name, via);
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, kResent);
  return ExitCode::kOk;
}

struct VerifyArguments {
  std::string closure;
  std::vector<std::string> codes;
  bool sandbox_code = false;
};

absl::StatusOr<ExitCode> Verify(Session& session, const VerifyArguments& arguments) {
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
  if (!name.ok()) return name.status();
  std::vector<std::string> codes = arguments.codes;
  if (arguments.sandbox_code) {
    const absl::StatusOr<v1::Closure> present = session.GetClosure(*name);
    if (!present.ok()) return present.status();
    // Why a code that is no longer accepted is not, the server says.
    const absl::Status allowed = CheckAllowed(session, *present, v1::Closure::VERIFY_IDENTITY, "no code can be given");
    if (!allowed.ok() && present->state() != v1::Closure::IDENTITY_PENDING) return allowed;
    absl::StatusOr<std::vector<std::string>> found = ReadSandboxCodes(session, *present);
    if (!found.ok()) return found.status();
    codes = *std::move(found);
  }
  if (codes.empty()) return UsageError("no code is given; give CODE, or --sandbox-code with `closured dev`");
  const absl::StatusOr<v1::Closure> closure = GiveCodes(session, *name, codes);
  if (!closure.ok()) return closure.status();
  const bool verified = closure->state() != v1::Closure::IDENTITY_PENDING;
  PrintChanged(session, *closure, verified ? "The identity is verified." : kAnotherDemanded);
  return ExitCode::kOk;
}

}  // namespace

absl::Status CheckChannel(absl::string_view text) { return ParseChannel(text).status(); }

absl::Status CheckCode(absl::string_view code) {
  const auto digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (code.size() == kCodeLength && std::all_of(code.begin(), code.end(), digit)) return absl::OkStatus();
  return UsageError(absl::StrCat("a code has six digits, \"", EscapeLine(code), "\" has not"));
}

absl::Status CheckChannelCode(const std::string& text) { return ParseCode(text).status(); }

absl::StatusOr<v1::Closure> StartClosure(Session& session, const std::string& account, const std::string& via) {
  const absl::StatusOr<v1::Channel> channel = ParseChannel(via);
  if (!channel.ok()) return channel.status();
  v1::CreateClosureRequest request;
  request.set_parent(account);
  request.set_channel(*channel);
  return session.client().CreateClosure(std::move(request));
}

absl::StatusOr<v1::Closure> GiveCodes(Session& session, const std::string& closure,
                                      const std::vector<std::string>& codes) {
  v1::VerifyIdentityRequest request;
  request.set_name(closure);
  for (const std::string& text : codes) {
    const absl::StatusOr<v1::VerifyIdentityRequest::Code> code = ParseCode(text);
    if (!code.ok()) return code.status();
    *request.add_codes() = *code;
  }
  return session.client().VerifyIdentity(std::move(request));
}

absl::StatusOr<v1::Closure> ResendCodes(Session& session, const std::string& closure, const std::string& via) {
  v1::ResendCodeRequest request;
  request.set_name(closure);
  if (!via.empty()) {
    const absl::StatusOr<v1::Channel> channel = ParseChannel(via);
    if (!channel.ok()) return channel.status();
    request.set_channel(*channel);
  }
  return session.client().ResendCode(std::move(request));
}

void AddIdentityCommands(CommandSet& commands) {
  struct StartArguments {
    std::string account;
    std::string via;
  };
  CLI::App* start = commands.Add("start", "Start closing an account: a code is sent to its owner",
                                 "closurectl start 1000000001 --via email");
  auto start_arguments = std::make_shared<StartArguments>();
  start->add_option("ACCOUNT", start_arguments->account, "The account's id")->required();
  start->add_option("--via", start_arguments->via, "Where the code is sent: email or sms")
      ->required()
      ->type_name("CHANNEL");
  commands.Bind(start, [start_arguments](Session& session) {
    return Start(session, start_arguments->account, start_arguments->via);
  });

  CLI::App* resend = commands.Add("resend", "Send a new identity code", "closurectl resend 1000000001 --via sms");
  auto resend_arguments = std::make_shared<StartArguments>();
  resend->add_option("CLOSURE", resend_arguments->account, "The closure, or its account")->required();
  resend->add_option("--via", resend_arguments->via, "Use this channel from now on: email or sms")
      ->type_name("CHANNEL");
  commands.Bind(resend, [resend_arguments](Session& session) {
    return Resend(session, resend_arguments->account, resend_arguments->via);
  });

  CLI::App* verify = commands.Add("verify", "Give the identity code, or the codes of both channels",
                                  "closurectl verify 1000000001 email:123456 sms:654321");
  auto verify_arguments = std::make_shared<VerifyArguments>();
  verify->add_option("CLOSURE", verify_arguments->closure, "The closure, or its account")->required();
  verify->add_option("CODE", verify_arguments->codes, "123456, email:123456 or sms:123456");
  verify->add_flag("--sandbox-code", verify_arguments->sandbox_code,
                   "Read the code from the sandbox's inbox (closured dev)");
  commands.Bind(verify, [verify_arguments](Session& session) { return Verify(session, *verify_arguments); });
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/identity_commands.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/resource_names.h"
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

// The first run of exactly six digits that is not the account's id; empty when there is none.
std::string FindCode(absl::string_view body, absl::string_view account_id) {
  std::string run;
  for (size_t i = 0; i <= body.size(); ++i) {
    if (i < body.size() && absl::ascii_isdigit(static_cast<unsigned char>(body[i]))) {
      run.push_back(body[i]);
      continue;
    }
    if (run.size() == kCodeLength && run != account_id) return run;
    run.clear();
  }
  return "";
}

bool IsBefore(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return std::tuple(a.seconds(), a.nanos()) < std::tuple(b.seconds(), b.nanos());
}

// The newest code sent to each demanded channel since the closure was created; fewer than demanded while some are on
// their way.
std::vector<std::string> CodesIn(const sandbox::v1::ListInboxResponse& inbox, const v1::Closure& closure,
                                 size_t& demanded) {
  std::vector<std::string> codes;
  demanded = 0;
  for (const auto& challenge : closure.identity_verification().challenges()) {
    if (challenge.verified()) continue;
    ++demanded;
    const std::string channel = absl::AsciiStrToLower(EnumText(challenge.channel()));
    std::string newest;
    for (const sandbox::v1::InboxMessage& message : inbox.messages()) {
      if (message.channel() != channel || IsBefore(message.create_time(), closure.create_time())) continue;
      const std::string code = FindCode(message.body(), AccountId(closure.name()));
      if (!code.empty()) newest = absl::StrCat(channel, ":", code);
    }
    if (!newest.empty()) codes.push_back(newest);
  }
  return codes;
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
  const absl::StatusOr<v1::Closure> closure = ResendCodes(session, *name, via);
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "A new code is on its way; the old one is not accepted any more.");
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
    absl::StatusOr<std::vector<std::string>> found = ReadSandboxCodes(session, *present);
    if (!found.ok()) return found.status();
    codes = *std::move(found);
  }
  if (codes.empty()) return UsageError("no code is given; give CODE, or --sandbox-code with `closured dev`");
  const absl::StatusOr<v1::Closure> closure = GiveCodes(session, *name, codes);
  if (!closure.ok()) return closure.status();
  const bool verified = closure->state() != v1::Closure::IDENTITY_PENDING;
  PrintChanged(session, *closure,
               verified ? "The identity is verified." : "The code was right; another one is demanded.");
  return ExitCode::kOk;
}

}  // namespace

absl::Status CheckChannel(absl::string_view text) { return ParseChannel(text).status(); }

absl::Status CheckCode(absl::string_view code) {
  const auto digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (code.size() == kCodeLength && std::all_of(code.begin(), code.end(), digit)) return absl::OkStatus();
  return UsageError(absl::StrCat("a code has six digits, \"", EscapeLine(code), "\" has not"));
}

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

absl::StatusOr<sandbox::v1::ListInboxResponse> ReadInbox(Session& session, const std::string& account_id) {
  sandbox::v1::ListInboxRequest request;
  request.set_account_id(account_id);
  request.set_page_size(1000);
  sandbox::v1::ListInboxResponse all;
  const absl::Status read = ReadPages<sandbox::v1::ListInboxRequest, sandbox::v1::ListInboxResponse>(
      std::move(request),
      [&session](const sandbox::v1::ListInboxRequest& page) { return session.client().ListInbox(page); },
      [&all](const sandbox::v1::ListInboxResponse& page) { all.mutable_messages()->MergeFrom(page.messages()); });
  if (!read.ok()) return read;
  return all;
}

absl::StatusOr<std::vector<std::string>> ReadSandboxCodes(Session& session, const v1::Closure& closure) {
  constexpr absl::Duration kBetween = absl::Milliseconds(100);
  const absl::Duration start = session.environment().elapsed();
  while (session.environment().elapsed() - start < session.client().options().timeout) {
    const absl::StatusOr<sandbox::v1::ListInboxResponse> inbox = ReadInbox(session, AccountId(closure.name()));
    if (!inbox.ok()) return inbox.status();
    size_t demanded = 0;
    std::vector<std::string> codes = CodesIn(*inbox, closure, demanded);
    if (codes.size() == demanded) return codes;
    session.environment().pause(kBetween);
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the sandbox's inbox of account ", AccountId(closure.name()), " has no code for ", closure.name()));
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

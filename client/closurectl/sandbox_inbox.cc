// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/sandbox_inbox.h"

#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/resource_names.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

constexpr size_t kCodeLength = 6;

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

}  // namespace

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
  const std::string id = AccountId(closure.name());
  const std::string& program = session.options().command;
  return ErrorWithReason(
      absl::StatusCode::kDeadlineExceeded,
      absl::StrCat("the sandbox's inbox of account ", id, " has no code for ", closure.name()), "WAIT_TIMED_OUT",
      {{"next", absl::StrCat("See what was sent, and what keeps the server from sending:\n  ", program,
                             " sandbox inbox ", id, "\n  ", session.options().command_of_another,
                             " --as operator:YOU operator tasks --closure ", closure.name())}});
}

}  // namespace closure

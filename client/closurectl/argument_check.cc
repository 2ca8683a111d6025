// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/argument_check.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"
#include "protos/account_id.h"

namespace closure {
namespace {

bool IsId(absl::string_view text) { return IsAccountId(std::string_view(text.data(), text.size())); }

bool IsPersonName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isgraph(c); });
}

bool IsIdentity(absl::string_view identity) {
  if (absl::ConsumePrefix(&identity, "root:")) return IsId(identity);
  if (absl::ConsumePrefix(&identity, "operator:")) return IsPersonName(identity);
  if (!absl::ConsumePrefix(&identity, "ram:")) return false;
  const size_t at = identity.find('@');
  return at != absl::string_view::npos && IsPersonName(identity.substr(0, at)) && IsId(identity.substr(at + 1));
}

bool IsHost(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
             return absl::ascii_isxdigit(c) || c == ':' || c == '.' || c == '%';
           });
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsServerAddress(absl::string_view address) {
  constexpr int kPortMax = 65535;
  // From the root on, so that a command line means the same wherever it is run.
  if (absl::ConsumePrefix(&address, "unix:")) return address.size() > 1 && address[0] == '/';
  if (absl::ConsumePrefix(&address, "unix-abstract:")) return !address.empty();
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || !IsHost(address.substr(0, colon))) return false;
  const absl::string_view digits = address.substr(colon + 1);
  int port = 0;
  return std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) && absl::SimpleAtoi(digits, &port) &&
         port >= 1 && port <= kPortMax;
}

// The account that is named, or that what is named lies below.
absl::Status CheckAccountOf(absl::string_view typed) {
  if (IsId(AccountId(typed))) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeTyped(typed), "\" names no account: an account's id is ", kAccountIdForm));
}

bool NamesAccount(absl::string_view typed) { return AccountName(typed) == typed || AccountId(typed) == typed; }

}  // namespace

absl::Status CheckAccount(absl::string_view typed) {
  if (absl::Status account = CheckAccountOf(typed); !account.ok()) return account;
  if (NamesAccount(typed)) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeTyped(typed), "\" names ",
                                 IsClosureName(typed) ? "a closure" : "no account",
                                 ", and an account is asked for: write ", AccountId(typed)));
}

absl::Status CheckClosure(absl::string_view typed) {
  if (absl::Status account = CheckAccountOf(typed); !account.ok()) return account;
  // Anything else below an account must not pass for its open closure.
  if (IsClosureName(typed) || NamesAccount(typed)) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeTyped(typed),
                                 "\" names no closure: write accounts/ACCOUNT/closures/CLOSURE, or just ACCOUNT"));
}

absl::Status CheckTask(absl::string_view typed) {
  absl::string_view number = typed;
  absl::ConsumePrefix(&number, "tasks/");
  if (!number.empty() && std::all_of(number.begin(), number.end(), absl::ascii_isdigit)) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeTyped(typed), "\" names no task: write tasks/42 or 42"));
}

absl::Status CheckIdentity(absl::string_view identity, absl::string_view source) {
  if (IsIdentity(identity)) return absl::OkStatus();
  return UsageError(absl::StrCat(source, ": the identity \"", EscapeTyped(identity),
                                 "\" is not root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME"));
}

absl::Status CheckServer(absl::string_view address, absl::string_view source) {
  if (IsServerAddress(address)) return absl::OkStatus();
  return UsageError(absl::StrCat(source, ": \"", EscapeTyped(address), "\" is not the address of a server: write ",
                                 "HOST:PORT, such as 127.0.0.1:7443, or unix:/PATH"));
}

absl::Status CheckUtf8(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (IsUtf8(arguments[i])) continue;
    const bool after_flag = i > 0 && absl::StartsWith(arguments[i - 1], "-");
    return UsageError(absl::StrCat("the argument \"", EscapeTyped(arguments[i]), "\"",
                                   after_flag ? absl::StrCat(" after ", EscapeTyped(arguments[i - 1])) : "",
                                   " is not UTF-8; nothing was sent"));
  }
  return absl::OkStatus();
}

}  // namespace closure

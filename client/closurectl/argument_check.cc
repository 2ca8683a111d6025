// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/argument_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

constexpr size_t kAccountIdMax = 64;

bool IsAccountCharacter(char c) { return absl::ascii_isdigit(c) || absl::ascii_islower(c) || c == '-'; }

bool IsAccountId(absl::string_view id) {
  return !id.empty() && id.size() <= kAccountIdMax && id[0] != '-' &&
         std::all_of(id.begin(), id.end(), IsAccountCharacter);
}

bool IsPersonName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isgraph(c); });
}

bool IsIdentity(absl::string_view identity) {
  if (absl::ConsumePrefix(&identity, "root:")) return IsAccountId(identity);
  if (absl::ConsumePrefix(&identity, "operator:")) return IsPersonName(identity);
  if (!absl::ConsumePrefix(&identity, "ram:")) return false;
  const size_t at = identity.find('@');
  return at != absl::string_view::npos && IsPersonName(identity.substr(0, at)) && IsAccountId(identity.substr(at + 1));
}

// The account that is named, or that what is named lies below.
absl::Status CheckAccountOf(absl::string_view typed) {
  if (IsAccountId(AccountId(typed))) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeLine(typed),
                                 "\" names no account: an account's id is 1 to 64 lower-case letters, digits and "
                                 "hyphens, and does not begin with a hyphen"));
}

bool NamesAccount(absl::string_view typed) { return AccountName(typed) == typed || AccountId(typed) == typed; }

}  // namespace

absl::Status CheckAccount(absl::string_view typed) {
  if (absl::Status account = CheckAccountOf(typed); !account.ok()) return account;
  if (NamesAccount(typed)) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeLine(typed), "\" names ",
                                 IsClosureName(typed) ? "a closure" : "no account",
                                 ", and an account is asked for: write ", AccountId(typed)));
}

absl::Status CheckClosure(absl::string_view typed) {
  if (absl::Status account = CheckAccountOf(typed); !account.ok()) return account;
  // Anything else below an account must not pass for its open closure.
  if (IsClosureName(typed) || NamesAccount(typed)) return absl::OkStatus();
  return UsageError(absl::StrCat("\"", EscapeLine(typed),
                                 "\" names no closure: write accounts/ACCOUNT/closures/CLOSURE, or just ACCOUNT"));
}

absl::Status CheckIdentity(absl::string_view identity, absl::string_view source) {
  if (IsIdentity(identity)) return absl::OkStatus();
  return UsageError(absl::StrCat(source, ": the identity \"", EscapeLine(identity),
                                 "\" is not root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME"));
}

absl::Status CheckUtf8(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (IsUtf8(arguments[i])) continue;
    const bool after_flag = i > 0 && absl::StartsWith(arguments[i - 1], "-");
    return UsageError(absl::StrCat("the argument \"", EscapeLine(arguments[i]), "\"",
                                   after_flag ? absl::StrCat(" after ", EscapeLine(arguments[i - 1])) : "",
                                   " is not UTF-8; nothing was sent"));
  }
  return absl::OkStatus();
}

}  // namespace closure

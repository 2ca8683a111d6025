// SPDX-License-Identifier: Apache-2.0
#include "server/resource_names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "checkers/text.h"
#include "protos/account_id.h"
#include "server/errors.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::string_view kAccounts = "accounts/";
constexpr std::string_view kClosures = "/closures/";
constexpr std::string_view kItems = "/blockingItems/";
constexpr std::string_view kTasks = "tasks/";
constexpr std::size_t kHexDigits = 32;
constexpr std::size_t kCheckerNameMax = 40;

bool IsLowerOrDigit(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsHexId(std::string_view text) {
  return text.size() == kHexDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::Status Malformed(std::string_view field, std::string_view name, std::string_view form) {
  if (name.empty()) return FieldError(v1::FIELD_MISSING, field, Concat("is required: ", form));
  return FieldError(v1::NAME_MALFORMED, field, Concat(Quoted(name), " does not have the form ", form));
}

// Reads "accounts/{account}/closures/{closure}" and leaves what follows in `rest`.
std::optional<ClosureKey> TakeClosureKey(std::string_view name, std::string_view& rest) {
  const std::optional<std::string_view> account_id = AccountIdIn(name);
  if (!account_id) return std::nullopt;
  name.remove_prefix(kAccounts.size() + account_id->size());
  if (!TakePrefix(name, kClosures)) return std::nullopt;
  const std::string_view closure_id = name.substr(0, kHexDigits);
  if (!IsValidClosureId(closure_id)) return std::nullopt;
  rest = name.substr(closure_id.size());
  return ClosureKey{.account_id = std::string(*account_id), .closure_id = std::string(closure_id)};
}

}  // namespace

bool IsValidAccountId(std::string_view text) { return IsAccountId(text); }

bool IsValidClosureId(std::string_view text) { return IsHexId(text); }

bool IsValidItemId(std::string_view text) {
  const std::size_t hyphen = text.rfind('-');
  if (hyphen == std::string_view::npos || hyphen == 0 || hyphen > kCheckerNameMax) return false;
  const std::string_view checker = text.substr(0, hyphen);
  return absl::ascii_islower(static_cast<unsigned char>(checker[0])) && IsHexId(text.substr(hyphen + 1)) &&
         std::all_of(checker.begin(), checker.end(), [](char c) { return IsLowerOrDigit(c) || c == '_'; });
}

std::optional<std::string_view> AccountIdIn(std::string_view name) {
  if (!TakePrefix(name, kAccounts)) return std::nullopt;
  const std::string_view account_id = name.substr(0, name.find('/'));
  if (!IsValidAccountId(account_id)) return std::nullopt;
  return account_id;
}

absl::StatusOr<std::string> ParseAccountName(std::string_view field, std::string_view name) {
  const std::optional<std::string_view> account_id = AccountIdIn(name);
  if (!account_id || name.size() != kAccounts.size() + account_id->size()) {
    return Malformed(field, name, "accounts/{account}, where {account} is 1 to 64 of a-z, 0-9 and hyphens");
  }
  return std::string(*account_id);
}

absl::StatusOr<ClosureKey> ParseClosureName(std::string_view field, std::string_view name) {
  std::string_view rest;
  std::optional<ClosureKey> key = TakeClosureKey(name, rest);
  if (!key || !rest.empty()) {
    return Malformed(field, name,
                     "accounts/{account}/closures/{closure}, where {closure} is 32 lower-case hexadecimal digits");
  }
  return *std::move(key);
}

absl::StatusOr<int64_t> ParseTaskName(std::string_view field, std::string_view name) {
  std::string_view rest = name;
  const std::optional<int64_t> task_id = TakePrefix(rest, kTasks) ? ParseNumber(rest) : std::nullopt;
  if (!task_id || *task_id < 1) return Malformed(field, name, "tasks/{task}, where {task} is a number from 1");
  return *task_id;
}

absl::StatusOr<std::string> ParseItemName(std::string_view field, std::string_view name, const ClosureKey& closure) {
  std::string_view rest;
  const std::optional<ClosureKey> key = TakeClosureKey(name, rest);
  if (!key || !TakePrefix(rest, kItems) || !IsValidItemId(rest)) {
    return Malformed(field, name,
                     "accounts/{account}/closures/{closure}/blockingItems/{item}, as ListBlockingItems says it");
  }
  if (*key != closure) {
    return FieldError(v1::NAME_MALFORMED, field,
                      Concat(Quoted(name), " is an item of another closure than ", FormatClosureName(closure)));
  }
  return std::string(rest);
}

std::string FormatAccountName(std::string_view account_id) { return Concat(kAccounts, account_id); }

std::string FormatTaskName(int64_t task_id) { return Concat(kTasks, task_id); }

std::string_view LastSegment(std::string_view name) { return name.substr(name.rfind('/') + 1); }

}  // namespace closure

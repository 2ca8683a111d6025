// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/resource_names.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace closure {
namespace {

constexpr absl::string_view kAccounts = "accounts/";
constexpr absl::string_view kClosures = "/closures/";

}  // namespace

std::string AccountId(absl::string_view typed) {
  if (!absl::ConsumePrefix(&typed, kAccounts)) return std::string(typed);
  return std::string(typed.substr(0, typed.find('/')));
}

std::string AccountName(absl::string_view typed) { return absl::StrCat(kAccounts, AccountId(typed)); }

bool IsClosureName(absl::string_view typed) {
  return absl::StartsWith(typed, kAccounts) && absl::StrContains(typed, kClosures);
}

std::string ItemName(absl::string_view closure, absl::string_view typed) {
  if (absl::StartsWith(typed, kAccounts)) return std::string(typed);
  return absl::StrCat(closure, "/blockingItems/", typed);
}

std::string TaskName(absl::string_view typed) {
  return absl::StartsWith(typed, "tasks/") ? std::string(typed) : absl::StrCat("tasks/", typed);
}

std::string LastSegment(absl::string_view name) {
  const size_t slash = name.rfind('/');
  return std::string(slash == absl::string_view::npos ? name : name.substr(slash + 1));
}

bool IsLocalServer(absl::string_view address) {
  if (absl::StartsWith(address, "unix:") || absl::StartsWith(address, "unix-abstract:")) return true;
  if (absl::ConsumePrefix(&address, "[")) return address.substr(0, address.find(']')) == "::1";
  const absl::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "127.0.0.1";
}

}  // namespace closure

// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_account_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "closure/upstream/v1/account_service.pb.h"
#include "fmt/format.h"
#include "protos/account_id.h"
#include "sandbox/cloud_values.h"
#include "sandbox/contact_addresses.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudContactPoint;
using upstream::v1::Account;

constexpr size_t kTextBytesMax = 500;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// BCP-47 as far as languages that are in use go: two or three letters, then script, region and so on after hyphens.
bool IsLanguageCode(std::string_view code) {
  const std::string_view language = code.substr(0, code.find('-'));
  return (language.size() == 2 || language.size() == 3) && std::all_of(language.begin(), language.end(), IsLetter) &&
         code.size() <= 35 && code.back() != '-' && std::all_of(code.begin(), code.end(), [](char c) {
           return IsLetter(c) || (c >= '0' && c <= '9') || c == '-';
         });
}

bool IsUserName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

void CheckContactPoint(const CloudContactPoint& point, bool address_is_good, std::string_view field,
                       FieldProblems& problems) {
  problems.Require(address_is_good, fmt::format("{}.address", field),
                   field == "email" ? "is not a mail address" : "is not a number such as \"+8613800000001\"");
  problems.Require(!point.has_change_time() || !point.has_changed_before_load(),
                   fmt::format("{}.changed_before_load", field), "stands beside changeTime; give one of them");
  problems.Require(!point.has_change_time() || IsTime(point.change_time()), fmt::format("{}.change_time", field),
                   "is outside of the years 1 to 9999");
  problems.Require(!point.has_changed_before_load() || IsSpan(point.changed_before_load()),
                   fmt::format("{}.changed_before_load", field),
                   "is negative or above 36,500 days; write it as \"3600s\"");
}

void CheckSessions(const CloudAccount& account, FieldProblems& problems) {
  const std::set<std::string> users(account.ram_users().begin(), account.ram_users().end());
  std::set<std::string> ids;
  for (int i = 0; i < account.sessions_size(); ++i) {
    const auto& session = account.sessions(i);
    const std::string field = fmt::format("sessions[{}]", i);
    problems.Require(!session.session_id().empty(), field + ".session_id", "is missing");
    problems.Require(ids.insert(session.session_id()).second, field + ".session_id", "is there twice");
    const std::string& identity = session.identity();
    const bool is_user = identity.starts_with("ram:") && users.contains(identity.substr(4));
    const bool is_role = identity.starts_with("role:") && IsUserName(std::string_view(identity).substr(5));
    problems.Require(
        identity == "root" || is_user || is_role, field + ".identity",
        fmt::format("\"{}\" is none of \"root\", \"ram:\" with one of ramUsers, \"role:\" with a name", identity));
  }
}

void CheckIdentities(const CloudAccount& account, FieldProblems& problems) {
  std::set<std::string> users;
  for (int i = 0; i < account.ram_users_size(); ++i) {
    const std::string field = fmt::format("ram_users[{}]", i);
    problems.Require(IsUserName(account.ram_users(i)), field, "is not 1 to 64 of [a-zA-Z0-9._-]");
    problems.Require(users.insert(account.ram_users(i)).second, field, "is there twice");
  }
  CheckSessions(account, problems);
  std::set<std::pair<std::string, std::string>> bindings;
  for (int i = 0; i < account.third_party_bindings_size(); ++i) {
    const auto& binding = account.third_party_bindings(i);
    const std::string field = fmt::format("third_party_bindings[{}]", i);
    problems.Require(!binding.provider().empty(), field + ".provider", "is missing");
    problems.Require(!binding.subject().empty(), field + ".subject", "is missing");
    problems.Require(bindings.emplace(binding.provider(), binding.subject()).second, field, "is there twice");
  }
}

}  // namespace

void CheckCloudAccount(const CloudAccount& account, FieldProblems& problems) {
  problems.Require(IsAccountId(account.account_id()), "account_id", fmt::format("is not {}", kAccountIdForm));
  problems.Require(account.display_name().size() <= kTextBytesMax, "display_name", "is longer than 500 bytes");
  problems.Require(account.organization_id().empty() || IsAccountId(account.organization_id()), "organization_id",
                   fmt::format("is not {}", kAccountIdForm));
  problems.Require(account.language_code().empty() || IsLanguageCode(account.language_code()), "language_code",
                   fmt::format("\"{}\" is not a language such as \"en\" or \"zh\"", account.language_code()));
  const Account::State state = account.state();
  problems.Require(state == Account::STATE_UNSPECIFIED || state == Account::ACTIVE || state == Account::SUSPENDED,
                   "state", "is neither ACTIVE nor SUSPENDED");
  problems.Require(account.has_email() || account.has_phone(), "email",
                   R"(there is neither email nor phone, and no closure can begin without; write for example "email": )"
                   R"({"address": "owner@example.com"} or "phone": {"address": "+8613800000001"})");
  if (account.has_email())
    CheckContactPoint(account.email(), IsMailAddress(account.email().address()), "email", problems);
  if (account.has_phone())
    CheckContactPoint(account.phone(), IsPhoneNumber(account.phone().address()), "phone", problems);
  CheckIdentities(account, problems);
  CheckCloudBilling(account, problems);
  CheckCloudHoldings(account, problems);
  CheckCloudRelations(account, problems);
}

}  // namespace closure

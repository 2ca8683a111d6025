// SPDX-License-Identifier: Apache-2.0
#include "checkers/resource_directory/resource_directory_checker.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/ask_once.h"
#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/item_facts.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

using Items = absl::StatusOr<std::vector<v1::ReportedItem>>;

constexpr std::string_view kWho = "resource_directory: GetMembership";

v1::ReportedItem DirectoryItem(const up::Membership& membership) {
  v1::ReportedItem item;
  item.set_native_id(fmt::format("directory/{}", membership.directory_id()));
  item.set_disposition(v1::MUST_HANDLE);
  item.set_display_name(DisplayName("", fmt::format("Resource directory {}", membership.directory_id())));
  return item;
}

v1::ReportedItem ManagementItem(const up::Membership& membership, const std::string& console) {
  v1::ReportedItem item = DirectoryItem(membership);
  item.set_kind(v1::DIRECTORY_MANAGEMENT_ACCOUNT);
  item.set_type("resource_directory/management_account");
  item.set_why(fmt::format("This account is the management account of the resource directory {}.",
                           InSentence(membership.directory_id())));
  item.set_resolver(v1::OWNER);
  item.set_instructions(
      "Remove or delete every member, disable the resource directory in its console, then "
      "recheck.");
  item.set_process_uri(ConsoleLink(console, "/resource-directory/settings", membership.directory_id()));
  item.set_native_state("MANAGEMENT");
  return item;
}

v1::ReportedItem MemberItem(const up::Membership& membership, const std::string& account_id,
                            const std::string& console) {
  const bool resource_account = membership.member_type() == up::Membership::RESOURCE_ACCOUNT;
  const std::string manager = InSentence(membership.management_account_id());
  v1::ReportedItem item = DirectoryItem(membership);
  item.set_kind(resource_account ? v1::DIRECTORY_RESOURCE_ACCOUNT : v1::DIRECTORY_CLOUD_ACCOUNT);
  item.set_type(resource_account ? "resource_directory/resource_account" : "resource_directory/cloud_account");
  item.set_why(fmt::format(
      "This account is a member, of the {} type, of the resource directory {} of management account {}.",
      resource_account ? "resource account" : "cloud account", InSentence(membership.directory_id()), manager));
  item.set_resolver(v1::MANAGEMENT_ACCOUNT);
  item.set_resolver_id(membership.management_account_id());
  item.set_instructions(
      fmt::format("You cannot do this yourself. Ask the owner of management account {}{}, then recheck.", manager,
                  resource_account ? " to delete this member in the resource directory's console"
                                   : " to remove this member in the resource directory's console"));
  item.set_process_uri(ConsoleLink(console, "/resource-directory/members", account_id));
  item.set_native_state(resource_account ? "MEMBER RESOURCE_ACCOUNT" : "MEMBER CLOUD_ACCOUNT");
  return item;
}

// An account in no directory has no item, and nothing may say that it is in one.
Items ReadNoMembership(const up::Membership& membership) {
  if (!membership.directory_id().empty()) {
    return MalformedAnswer(fmt::format("{}: the role is NONE, but there is a directory, {}", kWho,
                                       QuotedExcerpt(membership.directory_id())));
  }
  if (!membership.management_account_id().empty()) {
    return MalformedAnswer(fmt::format("{}: the role is NONE, but there is a management account, {}", kWho,
                                       QuotedExcerpt(membership.management_account_id())));
  }
  if (membership.member_type() != up::Membership::MEMBER_TYPE_UNSPECIFIED) {
    return MalformedAnswer(fmt::format("{}: the role is NONE, but there is a member type, {}", kWho,
                                       static_cast<int>(membership.member_type())));
  }
  return std::vector<v1::ReportedItem>();
}

Items ReadMembership(const up::Membership& membership, const std::string& account_id, const std::string& console) {
  const int role = membership.role();
  if (role == up::Membership::NONE) return ReadNoMembership(membership);
  if (role != up::Membership::MANAGEMENT && role != up::Membership::MEMBER) {
    return MalformedAnswer(fmt::format("{}: the unknown role {}", kWho, role));
  }
  if (auto valid = ValidateId(kWho, "directory_id", membership.directory_id()); !valid.ok()) {
    return valid;
  }
  const std::string& manager = membership.management_account_id();
  if (role == up::Membership::MANAGEMENT) {
    if (!manager.empty() && manager != account_id) {
      return MalformedAnswer(
          fmt::format("{}: the role is MANAGEMENT, but the management account is \"{}\"", kWho, InSentence(manager)));
    }
    return std::vector{ManagementItem(membership, console)};
  }
  if (auto valid = ValidateId(kWho, "management_account_id", manager); !valid.ok()) return valid;
  if (manager == account_id) {
    return MalformedAnswer(fmt::format("{}: the role is MEMBER, but the management account is the account", kWho));
  }
  if (membership.member_type() != up::Membership::RESOURCE_ACCOUNT &&
      membership.member_type() != up::Membership::CLOUD_ACCOUNT) {
    return MalformedAnswer(
        fmt::format("{}: the unknown member type {}", kWho, static_cast<int>(membership.member_type())));
  }
  return std::vector{MemberItem(membership, account_id, console)};
}

}  // namespace

ResourceDirectoryChecker::ResourceDirectoryChecker(
    std::shared_ptr<up::ResourceDirectoryService::StubInterface> directory, CheckerSettings settings)
    : ReportingChecker(DescribeBuiltin(
          "resource_directory",
          {v1::DIRECTORY_MANAGEMENT_ACCOUNT, v1::DIRECTORY_RESOURCE_ACCOUNT, v1::DIRECTORY_CLOUD_ACCOUNT})),
      directory_(std::move(directory)),
      settings_(std::move(settings)) {}

void ResourceDirectoryChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  auto run = CheckRun::Start(request, options, 1, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  AskOnce<up::GetMembershipRequest, up::Membership>(
      run, kWho,
      [directory = directory_](auto* context, auto* get, auto* response, auto on_done) {
        directory->async()->GetMembership(context, get, response, std::move(on_done));
      },
      [run, console = settings_.console_base_uri](const up::Membership& membership) {
        run->FinishPart(0, ReadMembership(membership, run->request().account_id(), console));
      });
}

}  // namespace closure

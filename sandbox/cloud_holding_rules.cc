// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "sandbox/cloud_account_rules.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using upstream::v1::Resource;

constexpr int32_t kBulkResourcesMax = 100'000;
constexpr std::string_view kBulkPrefix = "bulk-";

bool IsHttpsAddress(std::string_view uri) {
  constexpr std::string_view kScheme = "https://";
  if (!uri.starts_with(kScheme) || uri.size() > 2048) return false;
  const std::string_view rest = uri.substr(kScheme.size());
  return !rest.empty() && rest[0] != '/' &&
         std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void CheckDomainsAndFilings(const CloudAccount& account, FieldProblems& problems) {
  std::set<std::string> names;
  for (int i = 0; i < account.domains_size(); ++i) {
    const auto& domain = account.domains(i);
    const std::string field = fmt::format("domains[{}]", i);
    problems.Require(!domain.domain_name().empty(), field + ".domain_name", "is missing");
    problems.Require(names.insert(domain.domain_name()).second, field + ".domain_name", "is there twice");
    problems.Require(!domain.has_expire_time() || IsTime(domain.expire_time()), field + ".expire_time",
                     "is outside of the years 1 to 9999");
  }
  std::set<std::string> numbers;
  for (int i = 0; i < account.icp_filings_size(); ++i) {
    const auto& filing = account.icp_filings(i);
    const std::string field = fmt::format("icp_filings[{}]", i);
    problems.Require(!filing.filing_number().empty(), field + ".filing_number", "is missing");
    problems.Require(numbers.insert(filing.filing_number()).second, field + ".filing_number", "is there twice");
  }
}

}  // namespace

void CheckResource(const Resource& resource, std::string_view field, FieldProblems& problems) {
  const auto name = [&](std::string_view part) { return fmt::format("{}.{}", field, part); };
  problems.Require(!resource.resource_id().empty(), name("resource_id"), "is missing");
  problems.Require(!resource.resource_id().starts_with(kBulkPrefix), name("resource_id"),
                   "begins with \"bulk-\", which is kept for bulkResourceCount");
  problems.Require(!resource.product().empty(), name("product"), "is missing");
  problems.Require(!resource.type().empty(), name("type"), "is missing");
  problems.Require(!resource.state().empty(), name("state"), "is missing");
  problems.Require(IsHttpsAddress(resource.console_uri()), name("console_uri"),
                   fmt::format("\"{}\" is not an absolute https address", resource.console_uri()));
  const bool subscription = resource.charge_type() == Resource::SUBSCRIPTION;
  problems.Require(subscription || resource.charge_type() == Resource::PAY_AS_YOU_GO, name("charge_type"),
                   "is neither PAY_AS_YOU_GO nor SUBSCRIPTION");
  problems.Require(subscription == resource.has_expire_time(), name("expire_time"),
                   "is for a subscription, and a subscription has one");
  problems.Require(!resource.has_expire_time() || IsTime(resource.expire_time()), name("expire_time"),
                   "is outside of the years 1 to 9999");
}

void CheckCloudHoldings(const CloudAccount& account, FieldProblems& problems) {
  std::set<std::string> ids;
  for (int i = 0; i < account.resources_size(); ++i) {
    const std::string field = fmt::format("resources[{}]", i);
    CheckResource(account.resources(i), field, problems);
    problems.Require(ids.insert(account.resources(i).resource_id()).second, field + ".resource_id", "is there twice");
  }
  problems.Require(account.bulk_resource_count() >= 0 && account.bulk_resource_count() <= kBulkResourcesMax,
                   "bulk_resource_count",
                   fmt::format("{} is not within 0 to {}", account.bulk_resource_count(), kBulkResourcesMax));
  CheckDomainsAndFilings(account, problems);
}

}  // namespace closure

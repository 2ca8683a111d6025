// SPDX-License-Identifier: Apache-2.0
#include "sandbox/holding_rows.h"

#include <limits>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using upstream::v1::Domain;
using upstream::v1::IcpFiling;
using upstream::v1::Resource;

constexpr int kAll = std::numeric_limits<int>::max();

Resource BulkResource(int number) {
  Resource resource;
  resource.set_resource_id(fmt::format("bulk-{:06}", number));
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_region_code("cn-hangzhou");
  resource.set_charge_type(Resource::PAY_AS_YOU_GO);
  resource.set_state("Running");
  resource.set_releasable(true);
  resource.set_console_uri("https://ecs.console.example.com/instances/" + resource.resource_id());
  return resource;
}

Resource ResourceOf(const SqliteRow& row) {
  Resource resource;
  resource.set_resource_id(row.Text(0));
  resource.set_product(row.Text(1));
  resource.set_type(row.Text(2));
  resource.set_region_code(row.Text(3));
  resource.set_display_name(row.Text(4));
  resource.set_charge_type(static_cast<Resource::ChargeType>(row.Integer(5)));
  resource.set_state(row.Text(6));
  if (!row.IsNull(7)) *resource.mutable_expire_time() = TimestampOfMicros(row.Integer(7));
  resource.set_releasable(row.Boolean(8));
  resource.set_console_uri(row.Text(9));
  return resource;
}

}  // namespace

void StoreHoldingRows(SqliteTransaction& tx, const CloudAccount& account) {
  const std::string& id = account.account_id();
  for (const Resource& resource : account.resources()) InsertResource(tx, id, resource, false);
  for (int number = 1; number <= account.bulk_resource_count(); ++number)
    InsertResource(tx, id, BulkResource(number), true);
  for (const auto& domain : account.domains()) {
    tx.Run("INSERT INTO domains (account_id, domain_name, state, expire_time_us) VALUES (?, ?, ?, ?)",
           {id, domain.domain_name(), domain.state().empty() ? "ok" : domain.state(),
            MicrosOrNull(domain.expire_time(), domain.has_expire_time())});
  }
  for (const auto& filing : account.icp_filings()) {
    tx.Run(
        "INSERT INTO icp_filings (account_id, filing_number, entity_name, domain_name, state) VALUES (?, ?, ?, ?, ?)",
        {id, filing.filing_number(), filing.entity_name(), filing.domain_name(),
         filing.state().empty() ? "InForce" : filing.state()});
  }
}

void ReadHoldingRows(SqliteTransaction& tx, const std::string& account_id, CloudAccount& account) {
  tx.Query(
      "SELECT resource_id, product, type, region_code, display_name, charge_type, state, expire_time_us, releasable, "
      "console_uri"
      " FROM resources WHERE account_id = ? AND bulk = 0 ORDER BY resource_id",
      {account_id}, [&](const SqliteRow& row) { *account.add_resources() = ResourceOf(row); });
  account.set_bulk_resource_count(static_cast<int32_t>(
      tx.Number("SELECT COUNT(*) FROM resources WHERE account_id = ? AND bulk = 1", {account_id})));
  for (const Domain& domain : ReadDomains(tx, account_id, "", kAll)) {
    auto* entry = account.add_domains();
    entry->set_domain_name(domain.domain_name());
    entry->set_state(domain.state());
    if (domain.has_expire_time()) *entry->mutable_expire_time() = domain.expire_time();
  }
  for (const IcpFiling& filing : ReadIcpFilings(tx, account_id, "", kAll)) {
    auto* entry = account.add_icp_filings();
    entry->set_filing_number(filing.filing_number());
    entry->set_entity_name(filing.entity_name());
    entry->set_domain_name(filing.domain_name());
    entry->set_state(filing.state());
  }
}

std::vector<Resource> ReadResources(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                                    int limit) {
  std::vector<Resource> resources;
  tx.Query(
      "SELECT resource_id, product, type, region_code, display_name, charge_type, state, expire_time_us, releasable, "
      "console_uri"
      " FROM resources WHERE account_id = ? AND resource_id > ? ORDER BY resource_id LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) { resources.push_back(ResourceOf(row)); });
  return resources;
}

std::vector<Domain> ReadDomains(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                                int limit) {
  std::vector<Domain> domains;
  tx.Query(
      "SELECT domain_name, state, expire_time_us FROM domains WHERE account_id = ? AND domain_name > ?"
      " ORDER BY domain_name LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) {
        Domain& domain = domains.emplace_back();
        domain.set_domain_name(row.Text(0));
        domain.set_state(row.Text(1));
        if (!row.IsNull(2)) *domain.mutable_expire_time() = TimestampOfMicros(row.Integer(2));
      });
  return domains;
}

std::vector<IcpFiling> ReadIcpFilings(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                                      int limit) {
  std::vector<IcpFiling> filings;
  tx.Query(
      "SELECT filing_number, entity_name, domain_name, state FROM icp_filings WHERE account_id = ? AND filing_number > "
      "?"
      " ORDER BY filing_number LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) {
        IcpFiling& filing = filings.emplace_back();
        filing.set_filing_number(row.Text(0));
        filing.set_entity_name(row.Text(1));
        filing.set_domain_name(row.Text(2));
        filing.set_state(row.Text(3));
      });
  return filings;
}

void InsertResource(SqliteTransaction& tx, const std::string& account_id, const Resource& resource, bool bulk) {
  tx.Run(
      "INSERT INTO resources (account_id, resource_id, product, type, region_code, display_name, charge_type, state,"
      " expire_time_us, releasable, console_uri, bulk) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {account_id, resource.resource_id(), resource.product(), resource.type(), resource.region_code(),
       resource.display_name(), static_cast<int>(resource.charge_type()), resource.state(),
       MicrosOrNull(resource.expire_time(), resource.has_expire_time()), resource.releasable(), resource.console_uri(),
       bulk});
}

}  // namespace closure

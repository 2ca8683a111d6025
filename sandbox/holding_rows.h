// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_HOLDING_ROWS_H_
#define CLOSURE_SANDBOX_HOLDING_ROWS_H_

#include <string>
#include <vector>

#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/upstream/v1/domain_service.pb.h"
#include "closure/upstream/v1/resource_service.pb.h"
#include "sandbox/sqlite_database.h"

// The rows of what an account holds: resource instances, domain names, ICP filings. Lists are ordered by id and give at
// most `limit` rows whose id is greater than `after`.
namespace closure {

// Inserts what a live account holds, the bulk instances too.
void StoreHoldingRows(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account);
// Adds what the account holds; bulk instances as their number.
void ReadHoldingRows(SqliteTransaction& tx, const std::string& account_id, sandbox::v1::CloudAccount& account);

std::vector<upstream::v1::Resource> ReadResources(SqliteTransaction& tx, const std::string& account_id,
                                                  const std::string& after, int limit);
std::vector<upstream::v1::Domain> ReadDomains(SqliteTransaction& tx, const std::string& account_id,
                                              const std::string& after, int limit);
std::vector<upstream::v1::IcpFiling> ReadIcpFilings(SqliteTransaction& tx, const std::string& account_id,
                                                    const std::string& after, int limit);

void InsertResource(SqliteTransaction& tx, const std::string& account_id, const upstream::v1::Resource& resource,
                    bool bulk);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_HOLDING_ROWS_H_

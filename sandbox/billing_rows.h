// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_BILLING_ROWS_H_
#define CLOSURE_SANDBOX_BILLING_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/upstream/v1/billing_service.pb.h"
#include "closure/v1/money.pb.h"
#include "sandbox/sqlite_database.h"

// The rows of billing. Lists are ordered by id and give at most `limit` rows whose id is greater than `after`.
namespace closure {

// Inserts what a live account owes and owns. Bills are issued `now`.
void StoreBillingRows(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account, absl::Time now);
// Adds what billing has of the account.
void ReadBillingRows(SqliteTransaction& tx, const std::string& account_id, sandbox::v1::CloudAccount& account);

std::vector<upstream::v1::Funds> ReadFunds(SqliteTransaction& tx, const std::string& account_id,
                                           const std::string& after, int limit);
std::vector<upstream::v1::Bill> ReadBills(SqliteTransaction& tx, const std::string& account_id,
                                          const std::string& after, int limit);
std::vector<upstream::v1::UnbilledCharge> ReadUnbilledCharges(SqliteTransaction& tx, const std::string& account_id,
                                                              const std::string& after, int limit);
std::vector<upstream::v1::CreditNote> ReadCreditNotes(SqliteTransaction& tx, const std::string& account_id,
                                                      const std::string& after, int limit);

// Balance and debt in one currency; zero where there is none.
upstream::v1::Funds FundsIn(SqliteTransaction& tx, const std::string& account_id, const std::string& currency_code);
// Sets both; they must be of one currency and not negative.
void SetFunds(SqliteTransaction& tx, const std::string& account_id, const upstream::v1::Funds& funds);
void InsertBill(SqliteTransaction& tx, const std::string& account_id, const upstream::v1::Bill& bill);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_BILLING_ROWS_H_

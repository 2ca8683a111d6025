// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_account_rows.h"

#include <string>

#include "absl/time/time.h"
#include "sandbox/account_rows.h"
#include "sandbox/billing_rows.h"
#include "sandbox/holding_rows.h"
#include "sandbox/relation_rows.h"

namespace closure {

void StoreCloudAccount(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account, absl::Time now) {
  tx.Run("DELETE FROM accounts WHERE account_id = ?", {account.account_id()});
  StoreAccountRows(tx, account, now);
  StoreBillingRows(tx, account, now);
  StoreHoldingRows(tx, account);
  StoreRelationRows(tx, account);
}

sandbox::v1::CloudAccount ReadCloudAccount(SqliteTransaction& tx, const std::string& account_id) {
  sandbox::v1::CloudAccount account;
  account.set_account_id(account_id);
  ReadAccountRows(tx, account_id, account);
  ReadBillingRows(tx, account_id, account);
  ReadHoldingRows(tx, account_id, account);
  ReadRelationRows(tx, account_id, account);
  return account;
}

}  // namespace closure

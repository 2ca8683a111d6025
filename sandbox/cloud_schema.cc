// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_schema.h"

namespace closure {

const char kCloudSchema[] = R"sql(
CREATE TABLE accounts (
  account_id TEXT NOT NULL PRIMARY KEY,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  language_code TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state IN (1, 2)),
  account_frozen INTEGER NOT NULL DEFAULT 0 CHECK (account_frozen IN (0, 1)),
  billing_freeze_time_us INTEGER, -- NULL while billing is not frozen
  billing_sealed INTEGER NOT NULL DEFAULT 0 CHECK (billing_sealed IN (0, 1)),
  resources_frozen INTEGER NOT NULL DEFAULT 0 CHECK (resources_frozen IN (0, 1)),
  archive_frozen INTEGER NOT NULL DEFAULT 0 CHECK (archive_frozen IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_organization ON accounts (organization_id);

CREATE TABLE contact_points (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
  address TEXT NOT NULL,
  change_time_us INTEGER NOT NULL,
  PRIMARY KEY (account_id, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE ram_users (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  user_name TEXT NOT NULL,
  PRIMARY KEY (account_id, user_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  identity TEXT NOT NULL,
  PRIMARY KEY (account_id, session_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE third_party_bindings (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (account_id, provider, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_linked_roles (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  role_name TEXT NOT NULL,
  PRIMARY KEY (account_id, role_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE funds (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  currency_code TEXT NOT NULL,
  balance_units INTEGER NOT NULL CHECK (balance_units >= 0),
  balance_nanos INTEGER NOT NULL CHECK (balance_nanos >= 0),
  debt_units INTEGER NOT NULL CHECK (debt_units >= 0),
  debt_nanos INTEGER NOT NULL CHECK (debt_nanos >= 0),
  PRIMARY KEY (account_id, currency_code)
) STRICT, WITHOUT ROWID;

CREATE TABLE bills (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  bill_id TEXT NOT NULL,
  currency_code TEXT NOT NULL,
  units INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  description TEXT NOT NULL,
  issue_time_us INTEGER NOT NULL,
  PRIMARY KEY (account_id, bill_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE late_bills (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  bill_id TEXT NOT NULL,
  currency_code TEXT NOT NULL,
  units INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  description TEXT NOT NULL,
  after_freeze_us INTEGER NOT NULL CHECK (after_freeze_us >= 0),
  as_debt INTEGER NOT NULL CHECK (as_debt IN (0, 1)),
  PRIMARY KEY (account_id, bill_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE unbilled_charges (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  charge_id TEXT NOT NULL,
  product TEXT NOT NULL,
  currency_code TEXT NOT NULL,
  units INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  expect_bill_time_us INTEGER, -- NULL when unknown
  PRIMARY KEY (account_id, charge_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credit_notes (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  credit_note_id TEXT NOT NULL,
  currency_code TEXT NOT NULL,
  units INTEGER NOT NULL,
  nanos INTEGER NOT NULL,
  order_id TEXT NOT NULL,
  PRIMARY KEY (account_id, credit_note_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  resource_id TEXT NOT NULL,
  product TEXT NOT NULL,
  type TEXT NOT NULL,
  region_code TEXT NOT NULL,
  display_name TEXT NOT NULL,
  charge_type INTEGER NOT NULL CHECK (charge_type IN (1, 2)),
  state TEXT NOT NULL,
  expire_time_us INTEGER, -- NULL for pay-as-you-go
  releasable INTEGER NOT NULL CHECK (releasable IN (0, 1)),
  console_uri TEXT NOT NULL,
  bulk INTEGER NOT NULL CHECK (bulk IN (0, 1)), -- made by bulk_resource_count
  PRIMARY KEY (account_id, resource_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE domains (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  domain_name TEXT NOT NULL,
  state TEXT NOT NULL,
  expire_time_us INTEGER, -- NULL when it does not end
  PRIMARY KEY (account_id, domain_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE icp_filings (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  filing_number TEXT NOT NULL,
  entity_name TEXT NOT NULL,
  domain_name TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (account_id, filing_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_memberships (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  role INTEGER NOT NULL CHECK (role IN (2, 3)),
  member_type INTEGER NOT NULL CHECK (member_type IN (0, 1, 2)),
  directory_id TEXT NOT NULL,
  management_account_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trusteeships (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  role INTEGER NOT NULL CHECK (role IN (2, 3)),
  administrator_account_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trusteeship_members (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE, -- the administrator
  member_account_id TEXT NOT NULL,
  PRIMARY KEY (account_id, member_account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resellers (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  partner_id TEXT NOT NULL,
  partner_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the participant "sandbox_archive" keeps.
CREATE TABLE archived_rows (
  account_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  row_name TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (account_id, row_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE deleted_accounts (
  account_id TEXT NOT NULL PRIMARY KEY,
  delete_time_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fences (
  account_id TEXT NOT NULL PRIMARY KEY,
  fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE acts (
  act_number INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL, -- each upstream has keys of its own
  idempotency_key TEXT NOT NULL,
  method TEXT NOT NULL,
  account_id TEXT NOT NULL,
  subject TEXT NOT NULL, -- what of the account it is about; empty where that is all of it
  fence INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('DONE', 'FENCED', 'FACTS_MOVED', 'ACCOUNT_DELETED')),
  detail TEXT NOT NULL,
  currency_code TEXT, -- NULL, as units and nanos, where the act has no amount
  units INTEGER,
  nanos INTEGER,
  create_time_us INTEGER NOT NULL,
  UNIQUE (service, idempotency_key)
) STRICT;
CREATE INDEX acts_by_account ON acts (account_id, act_number);

CREATE TABLE inbox (
  message_number INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
  address TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  language_code TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  create_time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_by_account ON inbox (account_id, message_number);

-- Gives each bill that is issued a number of its own, for ever.
CREATE TABLE issued_bills (
  bill_number INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL
) STRICT;

PRAGMA application_id = 0x434c4f55;
PRAGMA user_version = 2;
)sql";

}  // namespace closure

-- SPDX-License-Identifier: Apache-2.0
--
-- The first schema.
--
-- Times are whole microseconds since 1970-01-01T00:00:00Z; NULL where the message has no time. Names of states, kinds and the like
-- are the names of the proto enums. Rows refer to each other by integer row numbers; the text names are looked up once, by one
-- unique index. What must never happen is refused here a second time, below the code that already refuses it.
--
-- Conditions over more than two values are written with OR and AND: for IN, SQLite builds a table of the values each time it looks.

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- One row for every account that ever had a closure.
CREATE TABLE accounts (
  account_row INTEGER NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL UNIQUE CHECK (account_id <> ''),
  -- The highest fence of its closures; never reset.
  fence INTEGER NOT NULL CHECK (fence >= 0),
  gate_state TEXT NOT NULL DEFAULT 'GATE_OPEN' CHECK (
    gate_state = 'GATE_OPEN' OR gate_state = 'GATE_CLOSING' OR gate_state = 'GATE_CLOSED'),
  -- 0 until the gate first changes; then unique over all accounts and rising.
  gate_revision INTEGER NOT NULL DEFAULT 0 CHECK (gate_revision >= 0),
  -- The closure that last changed the gate.
  gate_closure_row INTEGER REFERENCES closures (closure_row)
) STRICT;

CREATE UNIQUE INDEX accounts_by_gate_revision ON accounts (gate_revision) WHERE gate_revision > 0;
CREATE INDEX accounts_with_shut_gate ON accounts (gate_revision) WHERE gate_state <> 'GATE_OPEN';

CREATE TABLE closures (
  closure_row INTEGER NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  closure_id TEXT NOT NULL CHECK (closure_id <> ''),
  organization_id TEXT NOT NULL,
  language_code TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state = 'IDENTITY_PENDING' OR state = 'AGREEMENT_PENDING' OR state = 'CHECKING'
    OR state = 'BLOCKED' OR state = 'DISCARDING' OR state = 'READY'
    OR state = 'CONFIRMING' OR state = 'THAWING' OR state = 'SILENT_PERIOD'
    OR state = 'FINAL_CHECK' OR state = 'DELETING' OR state = 'CLOSED'
    OR state = 'RESTORING' OR state = 'ABORTED' OR state = 'CANCELLED'
    OR state = 'EXPIRED'),
  version INTEGER NOT NULL CHECK (version >= 1),
  fence INTEGER NOT NULL CHECK (fence >= 1),
  etag_number INTEGER NOT NULL CHECK (etag_number >= 0),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  state_enter_time INTEGER NOT NULL,
  expire_time INTEGER,
  confirm_time INTEGER,
  silent_period_start_time INTEGER,
  silent_period_end_time INTEGER,
  end_time INTEGER,
  personal_data_erase_time INTEGER,
  reason TEXT NOT NULL CHECK (reason <> ''),
  reason_text TEXT NOT NULL,
  cause TEXT NOT NULL CHECK (cause <> ''),
  cause_detail TEXT NOT NULL,
  held INTEGER NOT NULL CHECK (held IN (0, 1)),
  hold_operator TEXT NOT NULL,
  hold_reason TEXT NOT NULL,
  hold_time INTEGER,
  scan_number INTEGER NOT NULL CHECK (scan_number >= 0),
  scan_clean INTEGER NOT NULL CHECK (scan_clean IN (0, 1)),
  must_handle_count INTEGER NOT NULL CHECK (must_handle_count >= 0),
  renounceable_count INTEGER NOT NULL CHECK (renounceable_count >= 0),
  renounced_count INTEGER NOT NULL CHECK (renounced_count >= 0),
  -- The read model: the whole closure as a serialized closure.internal.v1.ClosureData, written with the columns.
  data BLOB NOT NULL,
  UNIQUE (account_id, closure_id),
  -- R10, R18: from the silent period on, its end is fixed.
  CHECK (silent_period_end_time IS NOT NULL
    OR (state <> 'SILENT_PERIOD' AND state <> 'FINAL_CHECK' AND state <> 'DELETING' AND state <> 'CLOSED')),
  CHECK ((silent_period_start_time IS NULL) = (silent_period_end_time IS NULL)),
  CHECK (silent_period_end_time IS NULL OR silent_period_end_time > silent_period_start_time)
) STRICT;

-- At most one open closure of an account.
CREATE UNIQUE INDEX closures_open_by_account ON closures (account_id)
  WHERE state <> 'CLOSED' AND state <> 'ABORTED' AND state <> 'CANCELLED' AND state <> 'EXPIRED';
CREATE INDEX closures_by_state ON closures (state);

CREATE TRIGGER closures_are_not_deleted BEFORE DELETE ON closures
BEGIN
  SELECT RAISE (FAIL, 'a closure is never deleted');
END;

-- One trigger, because each costs an update as much as all its conditions together. In the states after Confirm nothing goes back to
-- the owner, nothing is deleted without a final check, nothing is restored after a deletion began; before them the machine of the
-- server alone decides.
CREATE TRIGGER closures_never_go_back BEFORE UPDATE ON closures
BEGIN
  SELECT RAISE (FAIL, 'a closure keeps its account and its id')
  WHERE NEW.closure_row <> OLD.closure_row OR NEW.account_id <> OLD.account_id OR NEW.closure_id <> OLD.closure_id;

  SELECT RAISE (FAIL, 'version rises by one, revision and fence never fall')
  WHERE NEW.version NOT IN (OLD.version, OLD.version + 1) OR NEW.revision < OLD.revision OR NEW.fence < OLD.fence;

  SELECT RAISE (FAIL, 'a silent period that has begun never changes')
  WHERE (OLD.silent_period_start_time IS NOT NULL AND NEW.silent_period_start_time IS NOT OLD.silent_period_start_time)
    OR (OLD.silent_period_end_time IS NOT NULL AND NEW.silent_period_end_time IS NOT OLD.silent_period_end_time);

  SELECT RAISE (FAIL, 'an ended closure never changes its state')
  WHERE NEW.state <> OLD.state
    AND (OLD.state = 'CLOSED' OR OLD.state = 'ABORTED' OR OLD.state = 'CANCELLED' OR OLD.state = 'EXPIRED');

  SELECT RAISE (FAIL, 'a closure after Confirm goes one way')
  WHERE NEW.state <> OLD.state AND (
    (OLD.state = 'SILENT_PERIOD' AND NEW.state NOT IN ('FINAL_CHECK', 'RESTORING'))
    OR (OLD.state = 'FINAL_CHECK' AND NEW.state NOT IN ('DELETING', 'RESTORING'))
    OR (OLD.state = 'DELETING' AND NEW.state <> 'CLOSED')
    OR (OLD.state = 'RESTORING' AND NEW.state <> 'ABORTED')
    OR (NEW.state = 'SILENT_PERIOD' AND OLD.state <> 'CONFIRMING')
    OR (NEW.state = 'FINAL_CHECK' AND OLD.state <> 'SILENT_PERIOD')
    OR (NEW.state = 'DELETING' AND OLD.state <> 'FINAL_CHECK')
    OR (NEW.state = 'CLOSED' AND OLD.state <> 'DELETING'));

  SELECT RAISE (FAIL, 'a silent period is not shortened')
  WHERE OLD.state = 'SILENT_PERIOD' AND NEW.state = 'FINAL_CHECK' AND NEW.state_enter_time < OLD.silent_period_end_time;
END;

CREATE TRIGGER accounts_are_not_deleted BEFORE DELETE ON accounts
BEGIN
  SELECT RAISE (FAIL, 'an account is never forgotten');
END;

CREATE TRIGGER accounts_keep_fence_and_closed_gate BEFORE UPDATE ON accounts
WHEN NEW.fence < OLD.fence OR NEW.gate_revision < OLD.gate_revision OR NEW.account_id <> OLD.account_id
  OR (OLD.gate_state = 'GATE_CLOSED' AND NEW.gate_state <> 'GATE_CLOSED')
BEGIN
  SELECT RAISE (FAIL, 'fence and gate revision never fall, a closed gate never opens');
END;

CREATE TABLE blocking_items (
  item_row INTEGER NOT NULL PRIMARY KEY,
  closure_row INTEGER NOT NULL REFERENCES closures (closure_row),
  item_id TEXT NOT NULL CHECK (item_id <> ''),
  checker TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind <> ''),
  disposition TEXT NOT NULL CHECK (disposition <> ''),
  resolution TEXT NOT NULL CHECK (resolution <> ''),
  resolution_detail TEXT NOT NULL,
  change TEXT NOT NULL CHECK (change <> ''),
  type TEXT NOT NULL,
  region_code TEXT NOT NULL,
  display_name TEXT NOT NULL,
  -- An exact decimal: units + nanos / 1,000,000,000. All three are NULL where the item is not about money.
  amount_currency TEXT,
  amount_units INTEGER,
  amount_nanos INTEGER CHECK (amount_nanos BETWEEN -999999999 AND 999999999),
  why TEXT NOT NULL,
  resolver TEXT NOT NULL CHECK (resolver <> ''),
  resolver_id TEXT NOT NULL,
  instructions TEXT NOT NULL,
  process_uri TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  native_id TEXT NOT NULL,
  native_state TEXT NOT NULL,
  first_seen_time INTEGER,
  UNIQUE (closure_row, item_id),
  CHECK ((amount_currency IS NULL) = (amount_units IS NULL) AND (amount_units IS NULL) = (amount_nanos IS NULL)),
  -- The sign of the nanos is that of the units.
  CHECK (NOT (amount_units > 0 AND amount_nanos < 0) AND NOT (amount_units < 0 AND amount_nanos > 0))
) STRICT;

-- The history: a hash chain per closure; docs/record.md says how the hashes are computed.
CREATE TABLE transitions (
  closure_row INTEGER NOT NULL REFERENCES closures (closure_row),
  number INTEGER NOT NULL CHECK (number >= 1),
  from_state TEXT NOT NULL CHECK (from_state <> ''),
  event TEXT NOT NULL CHECK (event <> ''),
  to_state TEXT NOT NULL CHECK (to_state <> ''),
  create_time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous_hash TEXT NOT NULL CHECK (length (previous_hash) = 64),
  hash TEXT NOT NULL CHECK (length (hash) = 64),
  PRIMARY KEY (closure_row, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER transitions_are_appended BEFORE INSERT ON transitions
WHEN NEW.number <> 1 + (SELECT COALESCE (MAX (t.number), 0) FROM transitions AS t WHERE t.closure_row = NEW.closure_row)
BEGIN
  SELECT RAISE (FAIL, 'a transition is only appended');
END;

CREATE TRIGGER transitions_are_not_updated BEFORE UPDATE ON transitions
BEGIN
  SELECT RAISE (FAIL, 'a transition is never changed');
END;

CREATE TRIGGER transitions_are_not_deleted BEFORE DELETE ON transitions
BEGIN
  SELECT RAISE (FAIL, 'a transition is never deleted');
END;

CREATE TABLE consents (
  consent_row INTEGER NOT NULL PRIMARY KEY,
  closure_row INTEGER NOT NULL REFERENCES closures (closure_row),
  kind TEXT NOT NULL CHECK (kind <> ''),
  version TEXT NOT NULL,
  digest TEXT NOT NULL,
  text TEXT NOT NULL,
  language_code TEXT NOT NULL,
  create_time INTEGER,
  actor TEXT NOT NULL
) STRICT;

CREATE INDEX consents_by_closure ON consents (closure_row);

CREATE TRIGGER consents_are_not_updated BEFORE UPDATE ON consents
BEGIN
  SELECT RAISE (FAIL, 'a consent is never changed');
END;

CREATE TRIGGER consents_are_not_deleted BEFORE DELETE ON consents
BEGIN
  SELECT RAISE (FAIL, 'a consent is never deleted');
END;

-- Work that is not done yet.
CREATE TABLE tasks (
  -- Never given out twice, so that a late result cannot be taken for that of another task.
  task_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  closure_row INTEGER NOT NULL REFERENCES closures (closure_row),
  -- Of the outside act. It may come back after the task is gone: an act whose outcome is unknown is asked for again under the same key.
  idempotency_key TEXT NOT NULL CHECK (idempotency_key <> ''),
  kind TEXT NOT NULL CHECK (kind <> ''),
  -- Whether it is dropped when its closure leaves the state.
  state_bound INTEGER NOT NULL CHECK (state_bound IN (0, 1)),
  due_time INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  last_error TEXT NOT NULL,
  first_failure_time INTEGER,
  parked TEXT NOT NULL CHECK (parked <> ''),
  lease_owner TEXT,
  lease_until INTEGER,
  -- A serialized closure.internal.v1.TaskPayload.
  payload BLOB NOT NULL,
  UNIQUE (closure_row, idempotency_key),
  CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT;

CREATE INDEX tasks_by_due_time ON tasks (due_time);
-- What the runner leases from, and what it looks at for the next due time.
CREATE INDEX tasks_ready ON tasks (due_time) WHERE parked = 'PARKED_UNSPECIFIED' AND lease_until IS NULL;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tasks_parked ON tasks (parked) WHERE parked <> 'PARKED_UNSPECIFIED';
CREATE INDEX tasks_failing ON tasks (due_time) WHERE first_failure_time IS NOT NULL OR parked = 'DEAD_LETTER';

-- First answers by request id.
CREATE TABLE requests (
  request_row INTEGER NOT NULL PRIMARY KEY,
  -- Empty for calls about the whole system.
  account_id TEXT NOT NULL,
  request_id TEXT NOT NULL CHECK (request_id <> ''),
  closure_row INTEGER REFERENCES closures (closure_row),
  body_hash BLOB NOT NULL,
  response BLOB NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (account_id, request_id)
) STRICT;

CREATE INDEX requests_by_closure ON requests (closure_row);

-- Closed accounts by the keyed hash of their ids (D13).
CREATE TABLE tombstones (
  tombstone BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tombstones_are_not_updated BEFORE UPDATE ON tombstones
BEGIN
  SELECT RAISE (FAIL, 'a tombstone is never changed');
END;

CREATE TRIGGER tombstones_are_not_deleted BEFORE DELETE ON tombstones
BEGIN
  SELECT RAISE (FAIL, 'a tombstone is never removed');
END;

-- The ends of silent periods that the velocity breaker admitted (D14); a closure has at most one.
CREATE TABLE admissions (
  closure_row INTEGER NOT NULL PRIMARY KEY REFERENCES closures (closure_row),
  organization_id TEXT NOT NULL,
  admit_time INTEGER NOT NULL
) STRICT;

CREATE INDEX admissions_by_time ON admissions (admit_time);
CREATE INDEX admissions_by_organization ON admissions (organization_id, admit_time);

-- When identity codes were made; the codes themselves are stored nowhere.
CREATE TABLE codes (
  code_row INTEGER NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  create_time INTEGER NOT NULL
) STRICT;

CREATE INDEX codes_by_account ON codes (account_id, create_time);

-- The switches and witnesses of the whole system: one row.
CREATE TABLE system (
  system_row INTEGER NOT NULL PRIMARY KEY CHECK (system_row = 1),
  version INTEGER NOT NULL CHECK (version >= 0),
  pause_time INTEGER,
  pause_actor TEXT NOT NULL DEFAULT '',
  pause_reason TEXT NOT NULL DEFAULT '',
  breaker_time INTEGER,
  breaker_reason TEXT NOT NULL DEFAULT '',
  clock_jump_time INTEGER,
  clock_jump_reason TEXT NOT NULL DEFAULT '',
  admissions INTEGER NOT NULL DEFAULT 0 CHECK (admissions >= 0),
  clock_wall_time INTEGER,
  -- A serialized closure.internal.v1.SystemData, written with the columns.
  data BLOB NOT NULL
) STRICT;

INSERT INTO system (system_row, version, data) VALUES (1, 0, x'');

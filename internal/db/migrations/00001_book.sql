-- +goose Up

-- Small facts about this installation (for instance the key of the pay codes).
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Numbers handed out in blocks: pay codes, trace numbers.
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  next BIGINT NOT NULL
);

-- Work that only one process may do at a time.
CREATE TABLE lease (
  name   TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until  BIGINT NOT NULL
);

-- What happened, in the transaction in which it happened.
CREATE TABLE event (
  id      TEXT PRIMARY KEY,
  at      BIGINT NOT NULL,
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  data    TEXT NOT NULL
);
CREATE INDEX event_subject ON event (subject);

CREATE TABLE member (
  id           TEXT PRIMARY KEY,
  member_id    TEXT NOT NULL UNIQUE,
  patient_id   TEXT NOT NULL DEFAULT '',
  guarantor_id TEXT NOT NULL,
  given        TEXT NOT NULL DEFAULT '',
  family       TEXT NOT NULL DEFAULT '',
  birth_date   TEXT NOT NULL DEFAULT '',
  deceased     BOOLEAN NOT NULL DEFAULT FALSE,
  zip          TEXT NOT NULL DEFAULT '',
  state        TEXT NOT NULL DEFAULT '',
  email        TEXT NOT NULL DEFAULT '',
  phone        TEXT NOT NULL DEFAULT '',
  language     TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX member_patient ON member (patient_id);
CREATE INDEX member_guarantor ON member (guarantor_id);

-- Any number ever printed for a person, in its look-up form.
CREATE TABLE member_number (
  folded    TEXT NOT NULL,
  member_id TEXT NOT NULL REFERENCES member (id),
  kind      TEXT NOT NULL,
  PRIMARY KEY (folded, member_id)
);

CREATE TABLE bill (
  id                   TEXT PRIMARY KEY,
  claim_key            TEXT NOT NULL UNIQUE,
  source               TEXT NOT NULL,
  eob_id               TEXT NOT NULL DEFAULT '',
  kind                 TEXT NOT NULL CHECK (kind IN ('medical', 'premium')),
  payee                TEXT NOT NULL,
  number               TEXT NOT NULL DEFAULT '',
  number_folded        TEXT NOT NULL DEFAULT '',
  pay_code             TEXT NOT NULL UNIQUE,
  patient_id           TEXT NOT NULL,
  guarantor_id         TEXT NOT NULL,
  visit                TEXT NOT NULL DEFAULT '',
  provider             TEXT NOT NULL DEFAULT '',
  insurer              TEXT NOT NULL DEFAULT '',
  service_date         TEXT NOT NULL DEFAULT '',
  due_date             TEXT NOT NULL DEFAULT '',
  charged_cents        BIGINT NOT NULL,
  plan_paid_cents      BIGINT NOT NULL,
  adjustment_cents     BIGINT NOT NULL,
  responsibility_cents BIGINT NOT NULL CHECK (responsibility_cents >= 0),
  prior_paid_cents     BIGINT NOT NULL DEFAULT 0 CHECK (prior_paid_cents >= 0),
  applied_cents        BIGINT NOT NULL DEFAULT 0 CHECK (applied_cents >= 0),
  pending_cents        BIGINT NOT NULL DEFAULT 0 CHECK (pending_cents >= 0),
  state                TEXT NOT NULL CHECK (state IN ('open', 'paid', 'nothing_due', 'void')),
  lines                TEXT NOT NULL DEFAULT '[]',
  source_hash          TEXT NOT NULL DEFAULT '',
  as_of                BIGINT NOT NULL,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT NOT NULL,
  version              BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX bill_guarantor ON bill (guarantor_id, service_date);
CREATE INDEX bill_patient ON bill (patient_id, service_date);
CREATE INDEX bill_number ON bill (number_folded);
-- only postgres
-- Room on every page, so that a change of a bill's amounts stays on its page and touches no index.
ALTER TABLE bill SET (fillfactor = 80);
-- end only

-- The book: an entry is its lines, and a line moves one amount from a credit account to a debit account, so every entry
-- sums to zero by its shape. Rows are never changed or removed.
CREATE TABLE ledger_posting (
  entry_id     TEXT NOT NULL,
  line         BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  kind         TEXT NOT NULL,
  payee        TEXT NOT NULL,
  debit        TEXT NOT NULL,
  credit       TEXT NOT NULL,
  amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
  bill_id      TEXT NOT NULL DEFAULT '',
  payment_id   TEXT NOT NULL DEFAULT '',
  member_id    TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (entry_id, line),
  CHECK (debit <> credit)
);
CREATE INDEX ledger_posting_bill ON ledger_posting (bill_id);
CREATE INDEX ledger_posting_payment ON ledger_posting (payment_id) WHERE payment_id <> '';
CREATE INDEX ledger_posting_member ON ledger_posting (member_id) WHERE member_id <> '';

-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER ledger_posting_no_update BEFORE UPDATE ON ledger_posting
BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_posting_no_delete BEFORE DELETE ON ledger_posting
BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
-- +goose StatementEnd
-- end only
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the book is append-only'; END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_posting_append_only BEFORE UPDATE OR DELETE ON ledger_posting
  FOR EACH ROW EXECUTE FUNCTION append_only();
-- end only

CREATE TABLE payment (
  id                 TEXT PRIMARY KEY,
  confirmation       TEXT NOT NULL UNIQUE,
  idempotency_key    TEXT NOT NULL UNIQUE,
  request_hash       TEXT NOT NULL,
  payer_id           TEXT NOT NULL,
  account_id         TEXT NOT NULL DEFAULT '',
  session_id         TEXT NOT NULL DEFAULT '',
  payee              TEXT NOT NULL,
  rail               TEXT NOT NULL CHECK (rail IN ('card', 'bank')),
  brand              TEXT NOT NULL DEFAULT '',
  last4              TEXT NOT NULL DEFAULT '',
  amount_cents       BIGINT NOT NULL CHECK (amount_cents > 0),
  state              TEXT NOT NULL,
  reason             TEXT NOT NULL DEFAULT '',
  can_retry          BOOLEAN NOT NULL DEFAULT FALSE,
  action_url         TEXT NOT NULL DEFAULT '',
  email              TEXT NOT NULL DEFAULT '',
  language           TEXT NOT NULL DEFAULT 'en',
  authorization_text TEXT NOT NULL,
  address            TEXT NOT NULL DEFAULT '',
  submitted_at       BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL,
  settled_at         BIGINT NOT NULL DEFAULT 0,
  version            BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX payment_payer ON payment (payer_id, submitted_at);
CREATE INDEX payment_account ON payment (account_id, submitted_at) WHERE account_id <> '';

CREATE TABLE allocation (
  payment_id    TEXT NOT NULL,
  bill_id       TEXT NOT NULL,
  line          BIGINT NOT NULL,
  amount_cents  BIGINT NOT NULL CHECK (amount_cents > 0),
  applied_cents BIGINT NOT NULL DEFAULT 0 CHECK (applied_cents >= 0),
  PRIMARY KEY (payment_id, bill_id)
);
CREATE INDEX allocation_bill ON allocation (bill_id);

-- A try to move the money of a card payment. An attempt without an outcome is work for the sweep.
CREATE TABLE attempt (
  id            TEXT PRIMARY KEY,
  payment_id    TEXT NOT NULL,
  processor_ref TEXT NOT NULL DEFAULT '',
  outcome       TEXT NOT NULL DEFAULT '',
  reason        TEXT NOT NULL DEFAULT '',
  checks        BIGINT NOT NULL DEFAULT 0,
  started_at    BIGINT NOT NULL,
  next_check_at BIGINT NOT NULL,
  finished_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attempt_payment ON attempt (payment_id);
CREATE INDEX attempt_ref ON attempt (processor_ref) WHERE processor_ref <> '';
CREATE INDEX attempt_open ON attempt (next_check_at) WHERE outcome = '';

-- Callbacks by the processor's own event id, so that a second delivery is known.
CREATE TABLE callback (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL,
  processor_ref TEXT NOT NULL,
  received_at   BIGINT NOT NULL,
  done_at       BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE saved_card (
  id            TEXT PRIMARY KEY,
  account_id    TEXT NOT NULL,
  customer_ref  TEXT NOT NULL,
  processor_ref TEXT NOT NULL UNIQUE,
  brand         TEXT NOT NULL,
  last4         TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  removed_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX saved_card_account ON saved_card (account_id);

CREATE TABLE processor_customer (
  account_id   TEXT PRIMARY KEY,
  customer_ref TEXT NOT NULL,
  created_at   BIGINT NOT NULL
);

-- What a person has to look at: money that came after a failure, a return that matches nothing.
CREATE TABLE exception (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  detail     TEXT NOT NULL,
  opened_at  BIGINT NOT NULL,
  closed_at  BIGINT NOT NULL DEFAULT 0,
  UNIQUE (kind, subject, detail)
);

-- Files for the bank, whole and sealed, stored before anything is written outside. "staged" means that the temporary
-- file named by staged is complete on disk, and that only its renaming is left.
CREATE TABLE ach_file (
  id             TEXT PRIMARY KEY,
  name           TEXT NOT NULL UNIQUE,
  origin         TEXT NOT NULL,
  destination    TEXT NOT NULL,
  created_on     TEXT NOT NULL,
  created_time   TEXT NOT NULL,
  modifier       TEXT NOT NULL,
  effective_on   TEXT NOT NULL,
  entries        BIGINT NOT NULL,
  total_cents    BIGINT NOT NULL,
  sha256         TEXT NOT NULL,
  content_sealed BYTEA NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('filed', 'staged', 'delivered')),
  staged         TEXT NOT NULL DEFAULT '',
  cut_at         BIGINT NOT NULL,
  delivered_at   BIGINT NOT NULL DEFAULT 0,
  UNIQUE (origin, destination, created_on, created_time, modifier)
);
CREATE INDEX ach_file_open ON ach_file (cut_at) WHERE state <> 'delivered';

-- Bank debits, one a payment. Trace numbers come round after ten million, so a trace is unique within a file only.
CREATE TABLE ach_entry (
  payment_id     TEXT PRIMARY KEY,
  individual_id  TEXT NOT NULL,
  payee          TEXT NOT NULL,
  name           TEXT NOT NULL,
  routing        TEXT NOT NULL,
  account_sealed BYTEA NOT NULL,
  account_last4  TEXT NOT NULL,
  account_type   TEXT NOT NULL CHECK (account_type IN ('checking', 'savings')),
  amount_cents   BIGINT NOT NULL CHECK (amount_cents > 0),
  state          TEXT NOT NULL CHECK (state IN ('queued', 'filed', 'settled', 'returned', 'canceled')),
  trace          TEXT NOT NULL DEFAULT '',
  file_id        TEXT NOT NULL DEFAULT '',
  return_code    TEXT NOT NULL DEFAULT '',
  effective_on   TEXT NOT NULL DEFAULT '',
  settled_on     TEXT NOT NULL DEFAULT '',
  returned_on    TEXT NOT NULL DEFAULT '',
  queued_at      BIGINT NOT NULL,
  filed_at       BIGINT NOT NULL DEFAULT 0,
  updated_at     BIGINT NOT NULL
);
CREATE INDEX ach_entry_queued ON ach_entry (queued_at) WHERE state = 'queued';
CREATE UNIQUE INDEX ach_entry_trace ON ach_entry (trace, file_id) WHERE trace <> '';
CREATE INDEX ach_entry_file ON ach_entry (file_id) WHERE file_id <> '';

-- Files from the bank, whole and sealed, by the hash of their content, so that a second delivery is a no-op.
CREATE TABLE ach_inbound (
  sha256         TEXT PRIMARY KEY,
  name           TEXT NOT NULL,
  content_sealed BYTEA NOT NULL,
  problem        TEXT NOT NULL DEFAULT '',
  received_at    BIGINT NOT NULL,
  done_at        BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE account (
  id            TEXT PRIMARY KEY,
  email         TEXT NOT NULL,
  email_folded  TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  language      TEXT NOT NULL DEFAULT '',
  created_at    BIGINT NOT NULL
);

CREATE TABLE account_member (
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id  TEXT NOT NULL REFERENCES member (id),
  PRIMARY KEY (account_id, member_id)
);

CREATE TABLE session (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL DEFAULT '',
  members    TEXT NOT NULL DEFAULT '',
  earlier    TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_expires ON session (expires_at);

-- One row a bucket and window: the rate limit all nodes share.
CREATE TABLE rate_limit (
  bucket  TEXT PRIMARY KEY,
  started BIGINT NOT NULL,
  hits    BIGINT NOT NULL
);

-- What a payer has answered so far. Bank account numbers are sealed.
CREATE TABLE draft (
  id         TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  account_id TEXT NOT NULL DEFAULT '',
  payer_id   TEXT NOT NULL,
  answers    TEXT NOT NULL DEFAULT '{}',
  sealed     BYTEA,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX draft_session ON draft (session_id);
CREATE INDEX draft_account ON draft (account_id) WHERE account_id <> '';

-- Messages somebody must be told. The row is the intent; it is claimed before it is sent.
CREATE TABLE outbox (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  language   TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
  tries      BIGINT NOT NULL DEFAULT 0,
  next_at    BIGINT NOT NULL,
  problem    TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  sent_at    BIGINT NOT NULL DEFAULT 0,
  UNIQUE (subject, kind)
);
CREATE INDEX outbox_queued ON outbox (next_at) WHERE state = 'queued';

CREATE TABLE import_run (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL,
  started_at  BIGINT NOT NULL,
  finished_at BIGINT NOT NULL DEFAULT 0,
  report      TEXT NOT NULL DEFAULT '{}'
);

-- How far a file was read, committed with the records themselves.
CREATE TABLE import_progress (
  fingerprint TEXT PRIMARY KEY,
  path        TEXT NOT NULL,
  entries     BIGINT NOT NULL,
  finished    BOOLEAN NOT NULL DEFAULT FALSE,
  updated_at  BIGINT NOT NULL
);

-- Records that made no bill and need a person: kept whole, by their own key, so that a second import does not pile up.
CREATE TABLE import_record (
  key        TEXT PRIMARY KEY,
  verdict    TEXT NOT NULL CHECK (verdict IN ('refused', 'review')),
  reason     TEXT NOT NULL,
  detail     TEXT NOT NULL,
  path       TEXT NOT NULL,
  entry      BIGINT NOT NULL,
  content    BYTEA NOT NULL,
  opened_at  BIGINT NOT NULL,
  closed_at  BIGINT NOT NULL DEFAULT 0
);

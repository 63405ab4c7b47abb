-- +goose Up

-- A bill that nobody may ask to be paid while the row stands: no reminder, no automatic payment, no agency. Several reasons
-- may hold one bill.
CREATE TABLE bill_hold (
  bill_id TEXT NOT NULL REFERENCES bill (id),
  reason  TEXT NOT NULL, -- id of what holds it: a case
  since   BIGINT NOT NULL,
  PRIMARY KEY (bill_id, reason)
);

-- "This bill is wrong" and "I cannot pay this": one open case a bill.
CREATE TABLE bill_case (
  id           TEXT PRIMARY KEY,
  number       TEXT NOT NULL UNIQUE,
  bill_id      TEXT NOT NULL REFERENCES bill (id),
  member_id    TEXT NOT NULL REFERENCES member (id), -- who pays for the bill
  account_id   TEXT NOT NULL DEFAULT '',             -- whose it is, '' for a guest
  session_id   TEXT NOT NULL DEFAULT '',             -- in which it was opened
  kind         TEXT NOT NULL CHECK (kind IN ('wrong', 'afford')),
  state        TEXT NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
  resolution   TEXT NOT NULL DEFAULT '' CHECK (resolution IN ('', 'corrected', 'right', 'helped', 'withdrawn')),
  owner_id     TEXT NOT NULL DEFAULT '',             -- account of staff, '' while nobody has taken it
  due_day      TEXT NOT NULL,
  language     TEXT NOT NULL,
  email_sealed BYTEA NOT NULL,
  opened_at    BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  closed_at    BIGINT NOT NULL DEFAULT 0,
  messages     BIGINT NOT NULL DEFAULT 0             -- how many there are; touching it orders writers
);
CREATE UNIQUE INDEX bill_case_open ON bill_case (bill_id) WHERE state <> 'closed';
CREATE INDEX bill_case_member ON bill_case (member_id, opened_at);
CREATE INDEX bill_case_work ON bill_case (due_day, id) WHERE state <> 'closed';
CREATE INDEX bill_case_closed ON bill_case (closed_at, id) WHERE state = 'closed';

CREATE TABLE bill_case_message (
  id          TEXT PRIMARY KEY,
  case_id     TEXT NOT NULL REFERENCES bill_case (id),
  seq         BIGINT NOT NULL,
  author      TEXT NOT NULL CHECK (author IN ('member', 'staff', 'note')), -- a note is for staff alone
  account_id  TEXT NOT NULL DEFAULT '',
  text_sealed BYTEA NOT NULL,
  at          BIGINT NOT NULL,
  UNIQUE (case_id, seq)
);

CREATE TABLE IF NOT EXISTS object (
  id      TEXT PRIMARY KEY,
  kind    TEXT NOT NULL,
  parent  TEXT NOT NULL,
  script  TEXT NOT NULL,
  created BIGINT NOT NULL,
  body    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, parent);

CREATE TABLE IF NOT EXISTS answer (
  key     TEXT PRIMARY KEY,
  hash    TEXT NOT NULL,
  status  INTEGER NOT NULL,
  body    TEXT NOT NULL,
  created BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS alarm (
  n      INTEGER PRIMARY KEY,
  due    BIGINT NOT NULL,
  verb   TEXT NOT NULL,
  target TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alarm_due ON alarm (due);

CREATE TABLE IF NOT EXISTS delivery (
  n     INTEGER PRIMARY KEY,
  event TEXT NOT NULL,
  due   BIGINT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  done  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due) WHERE done = 0;

CREATE TABLE IF NOT EXISTS mail (
  id       TEXT PRIMARY KEY,
  received BIGINT NOT NULL,
  sender   TEXT NOT NULL,
  rcpt     TEXT NOT NULL,
  raw      BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS text_message (
  id        TEXT PRIMARY KEY,
  received  BIGINT NOT NULL,
  sender    TEXT NOT NULL,
  rcpt      TEXT NOT NULL,
  body      TEXT NOT NULL,
  reference TEXT NOT NULL UNIQUE
);

CREATE TABLE IF NOT EXISTS bank_file (
  hash     TEXT PRIMARY KEY,
  name     TEXT NOT NULL,
  received BIGINT NOT NULL,
  outcome  TEXT NOT NULL,
  reason   TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS bank_entry (
  file       TEXT NOT NULL REFERENCES bank_file (hash),
  seq        INTEGER NOT NULL,
  batch      TEXT NOT NULL,
  sec        TEXT NOT NULL,
  company_id TEXT NOT NULL,
  company    TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  origin     TEXT NOT NULL,
  dest       TEXT NOT NULL,
  code       INTEGER NOT NULL,
  trace      TEXT NOT NULL,
  amount     BIGINT NOT NULL,
  routing    TEXT NOT NULL,
  account    TEXT NOT NULL,
  individual_id TEXT NOT NULL,
  person     TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  settle_at  BIGINT,
  settled_on TEXT NOT NULL DEFAULT '',
  return_at  BIGINT,
  return_code TEXT NOT NULL,
  PRIMARY KEY (file, seq)
);
CREATE INDEX IF NOT EXISTS bank_entry_settle ON bank_entry (settle_at) WHERE settle_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS bank_entry_return ON bank_entry (return_at) WHERE return_at IS NOT NULL;

-- +goose Up

-- People who work for the organisation. Who they are to the sign-in, and their role, stands in account.
CREATE TABLE staff (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  name       TEXT NOT NULL,
  invited_by TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL DEFAULT 0
);

-- An invitation opens one account, once. The token is in the letter; the row has its hash.
CREATE TABLE staff_invitation (
  id           TEXT PRIMARY KEY,
  token_hash   TEXT NOT NULL UNIQUE,
  name         TEXT NOT NULL,
  email_sealed BYTEA NOT NULL,
  role         TEXT NOT NULL,
  invited_by   TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  ended_at     BIGINT NOT NULL DEFAULT 0,
  account_id   TEXT NOT NULL DEFAULT ''
);

-- A role that may not open records takes that right for a short time, with a reason.
CREATE TABLE broken_glass (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  reason     TEXT NOT NULL,
  began_at   BIGINT NOT NULL,
  ends_at    BIGINT NOT NULL
);
CREATE INDEX broken_glass_account ON broken_glass (account_id, ends_at);

-- A member's record is open to one of the staff for a short time, with a reason.
CREATE TABLE record_opening (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  member_id  TEXT NOT NULL REFERENCES member (id),
  reason     TEXT NOT NULL,
  opened_at  BIGINT NOT NULL,
  ends_at    BIGINT NOT NULL
);
CREATE INDEX record_opening_account ON record_opening (account_id, member_id, ends_at);

-- A sign-in with the organisation's own identity provider that a browser has begun. It ends once.
CREATE TABLE sso_attempt (
  state_hash      TEXT PRIMARY KEY,
  nonce           TEXT NOT NULL,
  verifier_sealed BYTEA NOT NULL,
  return_to       TEXT NOT NULL,
  expires_at      BIGINT NOT NULL
);

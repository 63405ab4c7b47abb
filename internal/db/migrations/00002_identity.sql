-- +goose Up

-- The e-mail address stands sealed; its blind index finds it. The old column is emptied at the first start.
ALTER TABLE account RENAME COLUMN email_folded TO email_index;
ALTER TABLE account ADD COLUMN email_sealed BYTEA;
ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'member'
  CHECK (role IN ('member', 'agent', 'supervisor', 'finance', 'administrator', 'auditor'));
ALTER TABLE account ADD COLUMN helps BOOLEAN NOT NULL DEFAULT FALSE;      -- it may act for somebody as a helper
ALTER TABLE account ADD COLUMN second_factor TEXT NOT NULL DEFAULT ''
  CHECK (second_factor IN ('', 'totp', 'email', 'text'));                 -- asked for after the password
ALTER TABLE account ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;

-- What a session knows beside whose it is.
ALTER TABLE session ADD COLUMN waiting_for TEXT NOT NULL DEFAULT '';      -- account whose second factor is still to come
ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;       -- when somebody last proved who they are
ALTER TABLE session ADD COLUMN how TEXT NOT NULL DEFAULT '';              -- with what: "password", "passkey", "password+totp"
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';          -- in words, for the list of devices
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX session_account ON session (account_id) WHERE account_id <> '';
CREATE INDEX session_waiting ON session (waiting_for) WHERE waiting_for <> '';

-- Where an account's owner can be reached beside the sign-in address. Nothing is sent before verified_at is set.
CREATE TABLE contact_point (
  id           TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES account (id),
  kind         TEXT NOT NULL CHECK (kind IN ('email', 'phone')),
  value_sealed BYTEA NOT NULL,
  value_index  TEXT NOT NULL,
  verified_at  BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL,
  removed_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX contact_point_account ON contact_point (account_id);

-- Time-based codes of an authenticator app. last_step is the last time step a code was used of: no code works twice.
CREATE TABLE totp (
  account_id    TEXT PRIMARY KEY REFERENCES account (id),
  secret_sealed BYTEA NOT NULL,
  last_step     BIGINT NOT NULL DEFAULT 0,
  created_at    BIGINT NOT NULL,
  confirmed_at  BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE passkey (
  id            TEXT PRIMARY KEY,
  account_id    TEXT NOT NULL REFERENCES account (id),
  credential_id TEXT NOT NULL UNIQUE,
  credential    TEXT NOT NULL,
  name          TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  used_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX passkey_account ON passkey (account_id);

-- A passkey ceremony that has ended, kept until it would be over: it ends once. What it needs travels sealed with the page.
CREATE TABLE ceremony (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL DEFAULT '',
  purpose    TEXT NOT NULL CHECK (purpose IN ('register', 'sign_in')),
  data       TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires_at);

CREATE TABLE recovery_code (
  account_id TEXT NOT NULL REFERENCES account (id),
  code_hash  TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, code_hash)
);

-- A code sent to somebody. It works once, for one purpose and subject, for a short time and a few tries.
CREATE TABLE one_time_code (
  id         TEXT PRIMARY KEY,
  purpose    TEXT NOT NULL,
  subject    TEXT NOT NULL,
  code_hash  TEXT NOT NULL,
  tries_left BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX one_time_code_subject ON one_time_code (subject, purpose);
CREATE INDEX one_time_code_expires ON one_time_code (expires_at);

-- Browsers that need no second factor for a while. The token is in the browser's cookie; the id is its hash.
CREATE TABLE device (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  browser    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX device_account ON device (account_id);

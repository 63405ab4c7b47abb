-- +goose Up

-- Somebody who wants back into an account. The token is in their browser's cookie; the row has its hash. account_id is
-- filled in a moment later, where there is an account: the page that asks looks nobody up.
CREATE TABLE recovery (
  id           TEXT PRIMARY KEY,
  token_hash   TEXT NOT NULL UNIQUE,
  email_sealed BYTEA NOT NULL,
  language     TEXT NOT NULL,
  account_id   TEXT NOT NULL DEFAULT '',
  answered_at  BIGINT NOT NULL DEFAULT 0,
  mail_at      BIGINT NOT NULL DEFAULT 0,  -- when the code sent to the sign-in address came back
  more_at      BIGINT NOT NULL DEFAULT 0,  -- when a second proof was given
  how          TEXT NOT NULL DEFAULT '',   -- which: "recovery_code", "totp", "on_file"
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  finished_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX recovery_waiting ON recovery (created_at) WHERE answered_at = 0;
CREATE INDEX recovery_expires ON recovery (expires_at);

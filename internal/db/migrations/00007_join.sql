-- +goose Up

-- Where a printed letter to a member goes: the lines above the city, separated by line breaks.
ALTER TABLE member ADD COLUMN street TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN city TEXT NOT NULL DEFAULT '';

-- The way of one browser to an account: who was found, how they proved that it is them, and their sign-in address. The
-- token is in the browser's cookie; token_hash is its hash. account_id names the account before it is there.
CREATE TABLE enrollment (
  id              TEXT PRIMARY KEY,
  token_hash      TEXT NOT NULL,
  member_id       TEXT NOT NULL REFERENCES member (id),
  found_id        TEXT NOT NULL,                     -- the child by whose number the member was found, or the member
  account_id      TEXT NOT NULL,
  sessions        TEXT NOT NULL DEFAULT '',          -- sessions of the browser, whose payments go into the account
  way             TEXT NOT NULL DEFAULT '' CHECK (way IN ('', 'email', 'phone', 'given')),
  reached_sealed  BYTEA,                             -- the address or number the last code went to
  mailed_at       BIGINT NOT NULL DEFAULT 0,         -- when a letter was ordered
  proved_by       TEXT NOT NULL DEFAULT '' CHECK (proved_by IN ('', 'email', 'phone', 'letter', 'desk')),
  proved_at       BIGINT NOT NULL DEFAULT 0,
  email_sealed    BYTEA,
  email_proved_at BIGINT NOT NULL DEFAULT 0,
  codes_sealed    BYTEA,                             -- recovery codes until their owner has seen them
  added_to        TEXT NOT NULL DEFAULT '',          -- the account there was before, to which the member was added
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  done_at         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX enrollment_token ON enrollment (token_hash, created_at);
CREATE INDEX enrollment_member ON enrollment (member_id, mailed_at);
CREATE INDEX enrollment_expires ON enrollment (expires_at);

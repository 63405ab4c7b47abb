-- +goose Up

-- Browsers in which an account was used. In one that is not here, its owner is told of the sign-in. It opens nothing.
CREATE TABLE known_browser (
  id         TEXT PRIMARY KEY,                       -- hash of the browser's cookie and the account
  account_id TEXT NOT NULL REFERENCES account (id),
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);
CREATE INDEX known_browser_account ON known_browser (account_id);

-- Somebody wants to get back into an account. The row is bound to one browser: its id is the hash of the browser's cookie.
-- account_id is '' where there is no such account, which nobody who asks can tell from the outside.
CREATE TABLE recovery (
  id            TEXT PRIMARY KEY,
  email_sealed  BYTEA NOT NULL,                      -- as it was typed
  language      TEXT NOT NULL,
  account_id    TEXT NOT NULL DEFAULT '',
  found_at      BIGINT NOT NULL DEFAULT 0,           -- when the account was looked for and a code sent
  facts_sealed  BYTEA,                               -- number, date of birth and ZIP code that wait to be compared
  facts_at      BIGINT NOT NULL DEFAULT 0,           -- when they were compared
  member_id     TEXT NOT NULL DEFAULT '',            -- whom of the account they fit
  contact       TEXT NOT NULL DEFAULT '' CHECK (contact IN ('', 'mail', 'text')), -- how the contact on file was sent a code
  proofs        TEXT NOT NULL DEFAULT '',            -- what was proved: 'mailbox', 'contact', ...
  ready_at      BIGINT NOT NULL DEFAULT 0,           -- the end of a waiting time
  new_email_sealed BYTEA,                            -- the new sign-in address of somebody who lost the old mailbox
  new_email_at  BIGINT NOT NULL DEFAULT 0,           -- when a code showed that it is theirs
  state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'stopped')),
  address       TEXT NOT NULL,
  browser       TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL
);
CREATE INDEX recovery_account ON recovery (account_id) WHERE account_id <> '';
CREATE INDEX recovery_waits ON recovery (created_at) WHERE found_at = 0 OR (facts_sealed IS NOT NULL AND facts_at = 0);

-- +goose Up

-- Browsers in which an account was used. In one that is not here, its owner is told of the sign-in. It opens nothing.
CREATE TABLE known_browser (
  id         TEXT PRIMARY KEY,                       -- hash of the browser's cookie and the account
  account_id TEXT NOT NULL REFERENCES account (id),
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);
CREATE INDEX known_browser_account ON known_browser (account_id);

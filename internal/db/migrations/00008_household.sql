-- +goose Up

-- "Find my member ID" looks by date of birth and ZIP code; the few people who share both are compared by name in the program.
CREATE INDEX member_birth_zip ON member (birth_date, (SUBSTR(zip, 1, 5)));

-- From when to when a number was somebody's, as days; '' where nobody said. Later it may be somebody else's.
ALTER TABLE member_number ADD COLUMN valid_from TEXT NOT NULL DEFAULT '';
ALTER TABLE member_number ADD COLUMN valid_until TEXT NOT NULL DEFAULT '';

-- Requests for a member ID that wait for their answer. A row is gone once it is answered.
CREATE TABLE member_id_request (
  id           TEXT PRIMARY KEY,
  asked_sealed BYTEA NOT NULL,
  created_at   BIGINT NOT NULL
);

-- Adults who let the person that pays for them see what care a bill is for.
CREATE TABLE care_permission (
  member_id TEXT NOT NULL REFERENCES member (id), -- whose care
  reader_id TEXT NOT NULL REFERENCES member (id), -- who may see it
  given_at  BIGINT NOT NULL,
  PRIMARY KEY (member_id, reader_id)
);

-- A member lets somebody help to pay: whose bills, of which kinds, how much, until when. The name is what the member calls
-- them. It begins as an invitation, whose link is kept as a hash and works once.
CREATE TABLE help (
  id                  TEXT PRIMARY KEY,
  member_id           TEXT NOT NULL REFERENCES member (id), -- who invited
  inviter_id          TEXT NOT NULL,                        -- with which account
  account_id          TEXT NOT NULL DEFAULT '',             -- the helper's, once accepted
  name                TEXT NOT NULL,
  email_sealed        BYTEA NOT NULL,
  token_hash          TEXT NOT NULL UNIQUE,
  proof_hash          TEXT NOT NULL DEFAULT '',             -- of the browser that gave the code
  medical             BOOLEAN NOT NULL,
  premium             BOOLEAN NOT NULL,
  payment_limit_cents BIGINT NOT NULL DEFAULT 0 CHECK (payment_limit_cents >= 0), -- 0 is none
  month_limit_cents   BIGINT NOT NULL DEFAULT 0 CHECK (month_limit_cents >= 0),
  last_day            TEXT NOT NULL,
  ends_at             BIGINT NOT NULL,                      -- the first moment after the last day
  invited_at          BIGINT NOT NULL,
  expires_at          BIGINT NOT NULL,                      -- of the invitation
  accepted_at         BIGINT NOT NULL DEFAULT 0,
  ended_at            BIGINT NOT NULL DEFAULT 0,
  ended_by            TEXT NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'member', 'helper')),
  version             BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX help_member ON help (member_id);
CREATE INDEX help_account ON help (account_id) WHERE account_id <> '';

CREATE TABLE help_for (
  help_id   TEXT NOT NULL REFERENCES help (id),
  member_id TEXT NOT NULL REFERENCES member (id),
  PRIMARY KEY (help_id, member_id)
);

-- What a helper looked at, once an hour: a bill, or '' for the list.
CREATE TABLE help_look (
  help_id TEXT NOT NULL REFERENCES help (id),
  bill_id TEXT NOT NULL,
  hour    BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (help_id, bill_id, hour)
);

-- Payments that a helper made, and when the member was told.
CREATE TABLE payment_help (
  payment_id TEXT PRIMARY KEY,
  help_id    TEXT NOT NULL REFERENCES help (id),
  told_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX payment_help_help ON payment_help (help_id);
CREATE INDEX payment_help_untold ON payment_help (payment_id) WHERE told_at = 0;

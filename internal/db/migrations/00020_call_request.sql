-- +goose Up

-- Somebody asks to be called: in a slot of the opening hours. Name, number and address lie sealed; the row is forgotten a
-- while after its end. start_key is the secret of whoever asked, as a digest: it opens the request and nothing else.
CREATE TABLE call_request (
  id           TEXT PRIMARY KEY,
  number       TEXT NOT NULL UNIQUE,          -- as people say it, eight figures
  start_key    TEXT NOT NULL UNIQUE,
  account_id   TEXT NOT NULL DEFAULT '',      -- of a member who was signed in, '' for a guest
  member_id    TEXT NOT NULL DEFAULT '',      -- whom that account acts for first
  name_sealed  BYTEA NOT NULL,
  phone_sealed BYTEA NOT NULL,
  email_sealed BYTEA,                         -- where a confirmation goes, none for nowhere
  topic        TEXT NOT NULL CHECK (topic IN ('bill', 'payment', 'afford', 'account', 'other')),
  language     TEXT NOT NULL,                 -- of the page and of what is written to them
  speaks       TEXT NOT NULL,                 -- of the call: 'en', 'es', or that of an interpreter
  slot_from    BIGINT NOT NULL,
  slot_to      BIGINT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'reached', 'given_up', 'canceled')),
  owner_id     TEXT NOT NULL DEFAULT '',      -- account of staff who took it
  tries        BIGINT NOT NULL DEFAULT 0,     -- calls that nobody answered
  created_at   BIGINT NOT NULL,
  taken_at     BIGINT NOT NULL DEFAULT 0,
  done_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX call_request_work ON call_request (slot_from, id) WHERE state IN ('waiting', 'taken');
CREATE INDEX call_request_done ON call_request (done_at, id) WHERE done_at > 0;
CREATE INDEX call_request_account ON call_request (account_id, created_at) WHERE account_id <> '';
CREATE INDEX call_request_member ON call_request (member_id, created_at) WHERE member_id <> '';

-- How many calls are promised in a slot. Whoever asks for one touches the row first.
CREATE TABLE call_slot (
  slot_from BIGINT PRIMARY KEY,
  promised  BIGINT NOT NULL
);

-- +goose Up

-- A payment that was begun in a call: by whom of the staff, in which call, by which version of the words that are read out.
-- It is never removed: the consent to a debit is kept two years at least.
CREATE TABLE phone_payment (
  draft_id   TEXT PRIMARY KEY,                   -- the idempotency key of its payment
  payment_id TEXT NOT NULL DEFAULT '',           -- once it was made
  call_id    TEXT NOT NULL REFERENCES phone_call (id),
  reference  TEXT NOT NULL,                      -- of the call, as it is said aloud
  agent_id   TEXT NOT NULL REFERENCES account (id),
  member_id  TEXT NOT NULL REFERENCES member (id),
  script     TEXT NOT NULL CHECK (script <> ''), -- version
  evidence   TEXT NOT NULL DEFAULT '' CHECK (evidence IN ('', 'recording', 'mail', 'letter')), -- of the consent to a debit
  recording  TEXT NOT NULL DEFAULT '',           -- where the recording of the call is found
  agreed_at  BIGINT NOT NULL DEFAULT 0,          -- when the caller said yes
  begun_at   BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL DEFAULT 0           -- the desk gave it up
);
CREATE UNIQUE INDEX phone_payment_payment ON phone_payment (payment_id) WHERE payment_id <> '';
CREATE INDEX phone_payment_call ON phone_payment (call_id, begun_at);

-- A link by which a caller pays on their own device: good for one draft and a short time, and only with a second fact.
CREATE TABLE pay_link (
  draft_id   TEXT PRIMARY KEY REFERENCES phone_payment (draft_id),
  message_id TEXT NOT NULL,                      -- subject of the message that it travels in
  token_hash TEXT NOT NULL UNIQUE,
  channel    TEXT NOT NULL CHECK (channel IN ('mail', 'text')),
  tries      BIGINT NOT NULL DEFAULT 0,          -- second facts that were wrong
  stage      TEXT NOT NULL DEFAULT 'sent' CHECK (stage IN ('sent', 'opened', 'bills', 'method', 'review')),
  stage_at   BIGINT NOT NULL,
  typed_at   BIGINT NOT NULL DEFAULT 0,          -- when something was last typed; never what
  expires_at BIGINT NOT NULL
);

-- How a debit was authorized: on a web page or by telephone. One by telephone waits until its consent is on record.
ALTER TABLE ach_entry ADD COLUMN sec TEXT NOT NULL DEFAULT 'WEB' CHECK (sec IN ('WEB', 'TEL'));
ALTER TABLE ach_entry ADD COLUMN cleared_at BIGINT NOT NULL DEFAULT 0;

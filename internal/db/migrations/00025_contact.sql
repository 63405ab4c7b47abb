-- +goose Up

-- What a member said of how they are reached, where the source of members says something else. It stands in member until
-- the source says the same, or something that it did not say when the member did.
CREATE TABLE member_said (
  id        TEXT PRIMARY KEY,
  member_id TEXT NOT NULL,
  part      TEXT NOT NULL CHECK (part IN ('email', 'phone', 'home', 'language')),
  source    TEXT NOT NULL,                -- what the source says of it, JSON
  said_at   BIGINT NOT NULL,
  ended_at  BIGINT NOT NULL DEFAULT 0,
  ending    TEXT NOT NULL DEFAULT ''      -- "agreed", "overruled", "again"
);
CREATE UNIQUE INDEX member_said_stands ON member_said (member_id, part) WHERE ended_at = 0;
CREATE INDEX member_said_open ON member_said (said_at, id) WHERE ended_at = 0;

-- Changes of how a member is reached that were asked for in a call or visit in which they proved who they are. One that
-- waits is told to everybody who is reached now, and comes into force at from_at unless it is stopped.
CREATE TABLE contact_change (
  id          TEXT PRIMARY KEY,
  member_id   TEXT NOT NULL,
  call_id     TEXT NOT NULL,
  agent_id    TEXT NOT NULL,
  part        TEXT NOT NULL CHECK (part IN ('email', 'phone', 'home', 'language')),
  said_sealed BYTEA NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('begun', 'waiting', 'stands', 'stopped', 'replaced')),
  token_hash  TEXT NOT NULL DEFAULT '',     -- of the link that stops it
  asked_at    BIGINT NOT NULL,
  from_at     BIGINT NOT NULL DEFAULT 0,
  ended_at    BIGINT NOT NULL DEFAULT 0,    -- when it came into force, was stopped or replaced
  ended_by    TEXT NOT NULL DEFAULT ''      -- "link", or the account of one of the staff; '' where time did it
);
CREATE UNIQUE INDEX contact_change_waiting ON contact_change (member_id, part) WHERE state = 'waiting';
CREATE UNIQUE INDEX contact_change_token ON contact_change (token_hash) WHERE token_hash <> '';
CREATE INDEX contact_change_due ON contact_change (from_at) WHERE state = 'waiting';
CREATE INDEX contact_change_member ON contact_change (member_id, asked_at);
CREATE INDEX contact_change_begun ON contact_change (asked_at) WHERE state = 'begun';
CREATE INDEX contact_change_ended ON contact_change (ended_at) WHERE state = 'stopped';

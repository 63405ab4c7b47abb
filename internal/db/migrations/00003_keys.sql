-- +goose Up

-- The keyset that seals fields, wrapped under the master key, one row. Every server reads it here; keys.json is a copy.
CREATE TABLE keyset (
  name       TEXT PRIMARY KEY,
  generation BIGINT NOT NULL,
  content    TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- Programs that run with the keyset, which generation they have read and which master keys they know: a key seals
-- nothing before all of them can open with it.
CREATE TABLE key_reader (
  id         TEXT PRIMARY KEY,
  host       TEXT NOT NULL,
  generation BIGINT NOT NULL,
  masters    TEXT NOT NULL,
  seen_at    BIGINT NOT NULL
);

-- +goose Up

-- What the owner of an account agreed to, word for word. A row is one agreement, from its offer to its end.
CREATE TABLE consent (
  id                TEXT PRIMARY KEY,
  account_id        TEXT NOT NULL REFERENCES account (id),
  kind              TEXT NOT NULL CHECK (kind IN ('paperless', 'texts')),
  state             TEXT NOT NULL CHECK (state IN ('offered', 'consented', 'withdrawn', 'replaced')),
  version           TEXT NOT NULL,
  language          TEXT NOT NULL,
  words             TEXT NOT NULL,
  shown             TEXT NOT NULL DEFAULT '',
  offered_at        BIGINT NOT NULL,
  consented_at      BIGINT NOT NULL DEFAULT 0,
  consented_session TEXT NOT NULL DEFAULT '',
  consented_address TEXT NOT NULL DEFAULT '',
  ended_at          BIGINT NOT NULL DEFAULT 0,
  ended_session     TEXT NOT NULL DEFAULT '',
  ended_address     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX consent_account ON consent (account_id, kind);
-- One offer and one agreement of a kind at a time.
CREATE UNIQUE INDEX consent_live ON consent (account_id, kind, state) WHERE state IN ('offered', 'consented');

-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER consent_words BEFORE UPDATE OF id, account_id, kind, version, language, words, offered_at ON consent
BEGIN SELECT RAISE(ABORT, 'the words of a consent never change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent
BEGIN SELECT RAISE(ABORT, 'the words of a consent never change'); END;
-- +goose StatementEnd
-- end only
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION consent_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the words of a consent never change'; END $$;
-- +goose StatementEnd
CREATE TRIGGER consent_words BEFORE UPDATE OF id, account_id, kind, version, language, words, offered_at ON consent
  FOR EACH ROW EXECUTE FUNCTION consent_words();
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent
  FOR EACH ROW EXECUTE FUNCTION consent_words();
-- end only

-- Which news an account's owner wants, and how. No row is the usual answer: by mail.
CREATE TABLE notice_preference (
  account_id TEXT NOT NULL REFERENCES account (id),
  topic      TEXT NOT NULL,
  by_mail    BOOLEAN NOT NULL,
  by_text    BOOLEAN NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, topic)
);

-- The payment whose authorization allowed the card to be kept.
ALTER TABLE saved_card ADD COLUMN payment_id TEXT NOT NULL DEFAULT '';

-- Who tried to sign in to an account and failed, for its owner to read.
CREATE INDEX audit_entry_failed ON audit_entry (subject, id) WHERE action = 'sign_in.failed';

-- +goose Up

-- What somebody has shown who wants back into an account stands in one list. Who has lost the mailbox tells the facts of a
-- member instead; member_id is whose they are, and a moment later a code goes to a contact that the plan has on file.
ALTER TABLE recovery DROP COLUMN mail_at;
ALTER TABLE recovery DROP COLUMN more_at;
ALTER TABLE recovery DROP COLUMN how;
ALTER TABLE recovery ADD COLUMN proofs TEXT NOT NULL DEFAULT '';       -- "mailbox,app"
ALTER TABLE recovery ADD COLUMN member_id TEXT NOT NULL DEFAULT '';    -- whose facts were told, '' for nobody's
ALTER TABLE recovery ADD COLUMN way TEXT NOT NULL DEFAULT '';          -- where the code is to go: "text", "mail", "print"; "given" for one in hand
ALTER TABLE recovery ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;     -- when the facts were told
ALTER TABLE recovery ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;     -- when that was answered
ALTER TABLE recovery ADD COLUMN reached_sealed BYTEA;                  -- where the code went
ALTER TABLE recovery ADD COLUMN new_email_sealed BYTEA;                -- the new sign-in address
ALTER TABLE recovery ADD COLUMN new_email_at BIGINT NOT NULL DEFAULT 0;  -- when its code came back
CREATE INDEX recovery_told ON recovery (told_at) WHERE told_at > 0 AND sent_at = 0;
CREATE INDEX recovery_account ON recovery (account_id) WHERE account_id <> '';

-- Changes of an address or phone that whoever had it before can take back, with a link that went there.
CREATE TABLE undo (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL,
  kind        TEXT NOT NULL,          -- "email" or "phone"
  token_hash  TEXT NOT NULL UNIQUE,
  old_sealed  BYTEA NOT NULL,         -- what it was before
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  used_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX undo_account ON undo (account_id, created_at);
CREATE INDEX undo_expires ON undo (expires_at);

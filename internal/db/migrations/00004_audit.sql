-- +goose Up

-- Who did what to what, when, from where and why. Rows are never changed or removed. The id begins with the time, so the
-- order of ids is the order of what happened.
CREATE TABLE audit_entry (
  id        TEXT PRIMARY KEY,
  at        BIGINT NOT NULL,
  actor     TEXT NOT NULL,
  role      TEXT NOT NULL,
  action    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  member_id TEXT NOT NULL,
  address   TEXT NOT NULL,
  reason    TEXT NOT NULL,
  detail    TEXT NOT NULL
-- only sqlite
) WITHOUT ROWID;
-- end only
-- only postgres
);
-- end only

-- Entries that are not in the tree yet, written with the entries themselves: however late a transaction commits, its
-- entries are found here, and nowhere is a high-water mark that could pass them by. A row has the ids of all entries of
-- one statement, with spaces between them; its own id is that of the first.
CREATE TABLE audit_unsealed (
  id  TEXT PRIMARY KEY,
  ids TEXT NOT NULL
-- only sqlite
) WITHOUT ROWID;
-- end only
-- only postgres
);
-- end only

-- The order in which entries were put into the tree: 0, 1, 2 and so on without a gap. mac is a keyed hash of seq and of
-- the entry's hash: nobody without the key can put another entry in this place.
CREATE TABLE audit_leaf (
  seq      BIGINT PRIMARY KEY,
  entry_id TEXT NOT NULL UNIQUE,
  mac      BYTEA NOT NULL
);

-- The hashes of the tree, 256 of them a row, 32 bytes each: level 0 has the hashes of the leaves, a hash of level 1
-- stands for a whole row of level 0. The last row of a level grows until it is full.
CREATE TABLE audit_tile (
  level  BIGINT NOT NULL,
  n      BIGINT NOT NULL,
  hashes BYTEA NOT NULL,
  PRIMARY KEY (level, n)
);

-- What was signed: how many leaves the tree had, its root, when, and which checkpoint went before.
CREATE TABLE audit_checkpoint (
  size   BIGINT PRIMARY KEY,
  at     BIGINT NOT NULL,
  signed TEXT NOT NULL
);

-- The key that signs. Its secret half is sealed.
CREATE TABLE audit_key (
  name          TEXT PRIMARY KEY,
  verifier      TEXT NOT NULL,
  secret_sealed BYTEA NOT NULL,
  created_at    BIGINT NOT NULL
);

-- only postgres
-- Ids are compared byte by byte, which is their order of time and quick.
ALTER TABLE audit_entry ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE audit_unsealed ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE audit_leaf ALTER COLUMN entry_id TYPE TEXT COLLATE "C";
-- Hashes do not get smaller by packing.
ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
-- A queue that is filled and emptied all day is swept often.
ALTER TABLE audit_unsealed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- end only

CREATE INDEX audit_entry_member ON audit_entry (member_id, id) WHERE member_id <> '';
-- Guests are found by what they looked at. Leaving them out keeps paying quick.
CREATE INDEX audit_entry_actor ON audit_entry (actor, id) WHERE actor <> '' AND SUBSTR(actor, 1, 6) <> 'guest:';

-- only sqlite
-- +goose StatementBegin
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_leaf_no_update BEFORE UPDATE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_leaf_no_delete BEFORE DELETE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_tile_no_delete BEFORE DELETE ON audit_tile
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_tile_grows BEFORE UPDATE ON audit_tile
WHEN NEW.level <> OLD.level OR NEW.n <> OLD.n OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- end only
-- only postgres
-- +goose StatementBegin
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_leaf_append_only BEFORE UPDATE OR DELETE ON audit_leaf
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE ON audit_checkpoint
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_tile_no_delete BEFORE DELETE ON audit_tile
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_tile_grows BEFORE UPDATE ON audit_tile FOR EACH ROW
  WHEN (NEW.level <> OLD.level OR NEW.n <> OLD.n OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes)
  EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_leaf_no_truncate BEFORE TRUNCATE ON audit_leaf EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_tile_no_truncate BEFORE TRUNCATE ON audit_tile EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_checkpoint EXECUTE FUNCTION audit_append_only();
-- end only

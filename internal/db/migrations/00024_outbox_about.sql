-- +goose Up

-- What a message is about: the id before the slash of its subject, which tells several messages about one thing apart.
ALTER TABLE outbox ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- only sqlite
UPDATE outbox SET about = CASE WHEN instr(subject, '/') > 0 THEN substr(subject, 1, instr(subject, '/') - 1) ELSE subject END;
-- end only
-- only postgres
UPDATE outbox SET about = split_part(subject, '/', 1);
-- end only
CREATE INDEX outbox_about ON outbox (about);

-- +goose Up

-- How a message travels, and what it is written from. Both the address and the data are sealed, the data only until the
-- message is sent or given up. Messages of before keep their address in recipient.
ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail' CHECK (channel IN ('mail', 'text', 'print'));
ALTER TABLE outbox ADD COLUMN recipient_sealed BYTEA;
ALTER TABLE outbox ADD COLUMN data_sealed BYTEA;

-- When it is of no use any more, 0 for never.
ALTER TABLE outbox ADD COLUMN not_after BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_not_after ON outbox (not_after) WHERE state = 'queued' AND not_after > 0;

-- Each channel looks for its own.
DROP INDEX outbox_queued;
CREATE INDEX outbox_due ON outbox (channel, next_at) WHERE state = 'queued';

-- The temporary file of a printed letter, complete on disk: only its renaming is left.
ALTER TABLE outbox ADD COLUMN staged TEXT NOT NULL DEFAULT '';

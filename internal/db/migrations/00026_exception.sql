-- +goose Up

-- Who closed what a person had to look at, and since when one that was opened again waits.
ALTER TABLE exception ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';     -- account of staff; '' while it is open
ALTER TABLE exception ADD COLUMN reopened_at BIGINT NOT NULL DEFAULT 0;  -- 0 where it was opened once
CREATE INDEX exception_open ON exception (opened_at, id) WHERE closed_at = 0;
CREATE INDEX exception_closed ON exception (closed_at, id) WHERE closed_at > 0;

-- What became of an exception, in order; no row is ever changed or removed. "again" is the same news another time, "still"
-- what a sweep finds as it was some time after it was closed. What staff write about it lies sealed.
CREATE TABLE exception_step (
  id           TEXT PRIMARY KEY,          -- the exception's id, a slash, n
  exception_id TEXT NOT NULL,
  n            BIGINT NOT NULL,           -- counted from 1
  step         TEXT NOT NULL CHECK (step IN ('opened', 'again', 'still', 'closed', 'reopened')),
  cause        TEXT NOT NULL DEFAULT '',  -- what it came with: the SHA-256 of a file from the bank
  actor        TEXT NOT NULL DEFAULT '',  -- account of staff, '' for the program
  note_sealed  BYTEA,
  noted_at     BIGINT NOT NULL,
  UNIQUE (exception_id, n)
);
CREATE UNIQUE INDEX exception_step_cause ON exception_step (exception_id, cause) WHERE cause <> '';
INSERT INTO exception_step (id, exception_id, n, step, noted_at) SELECT id || '/1', id, 1, 'opened', opened_at FROM exception;

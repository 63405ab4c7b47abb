-- +goose Up

-- What went back of a payment by refunds. Bills and book follow it.
ALTER TABLE payment ADD COLUMN refunded_cents BIGINT NOT NULL DEFAULT 0;

-- Money that is to go back to who paid: asked for by one of the staff, approved by another. What they say to each other
-- lies sealed. request_key keeps a form that is sent twice from asking twice.
CREATE TABLE refund (
  id            TEXT PRIMARY KEY,
  request_key   TEXT NOT NULL UNIQUE,
  payment_id    TEXT NOT NULL,
  way           TEXT NOT NULL CHECK (way IN ('card', 'check')),
  stands        TEXT NOT NULL DEFAULT '',     -- the bill it is taken off first, '' for credit
  amount_cents  BIGINT NOT NULL CHECK (amount_cents > 0),
  taken_cents   BIGINT NOT NULL DEFAULT 0 CHECK (taken_cents >= 0), -- what was taken off bills and credit when it was paid out
  state         TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'submitted', 'pending', 'succeeded', 'failed', 'declined', 'withdrawn')),
  reason        TEXT NOT NULL CHECK (reason IN ('twice', 'too_much', 'wrong_bill', 'bill_changed', 'other')),
  note_sealed   BYTEA,                        -- of who asked
  answer_sealed BYTEA,                        -- of who declined
  asked_by      TEXT NOT NULL,                -- accounts of staff
  decided_by    TEXT NOT NULL DEFAULT '',
  processor_ref TEXT NOT NULL DEFAULT '',
  problem       TEXT NOT NULL DEFAULT '',     -- why it failed, in the processor's word
  check_number  TEXT NOT NULL DEFAULT '',
  tries         BIGINT NOT NULL DEFAULT 0,
  next_at       BIGINT NOT NULL DEFAULT 0,    -- when the processor is asked again, 0 for never
  asked_at      BIGINT NOT NULL,
  decided_at    BIGINT NOT NULL DEFAULT 0,
  paid_at       BIGINT NOT NULL DEFAULT 0,    -- when the money first went out
  done_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX refund_payment ON refund (payment_id);
CREATE INDEX refund_work ON refund (asked_at, id) WHERE state IN ('requested', 'approved');
CREATE INDEX refund_due ON refund (next_at) WHERE next_at > 0;
CREATE INDEX refund_asked ON refund (asked_at, id);
CREATE INDEX refund_check ON refund (check_number) WHERE check_number <> '';

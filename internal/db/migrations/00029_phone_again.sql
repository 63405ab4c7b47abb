-- +goose Up

-- A payment by phone that came to nothing is begun again by its payer: the next draft belongs to the same call.
ALTER TABLE phone_payment ADD COLUMN after_draft TEXT NOT NULL DEFAULT ''; -- the draft that came to nothing, '' for the first
CREATE UNIQUE INDEX phone_payment_after ON phone_payment (after_draft) WHERE after_draft <> '';

-- +goose Up

-- What was said of a bill besides the kind in which its case was opened: "I cannot pay this" of one that is wrong, or the
-- other way round.
ALTER TABLE bill_case ADD COLUMN also TEXT NOT NULL DEFAULT '' CHECK (also IN ('', 'wrong', 'afford'));

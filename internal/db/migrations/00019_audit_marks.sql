-- +goose Up

-- A keyed hash of each entry of ids, in their order, 16 bytes each: what the program wrote bears its mark, and what was slipped in
-- between the entries that wait bears none. Entries that waited when the marks came are marked by the first start with a key.
ALTER TABLE audit_unsealed ADD COLUMN marks BYTEA NOT NULL DEFAULT '';

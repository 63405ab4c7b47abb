-- +goose Up

-- When the page behind a link to pay was first shown. Programs that read mail open links, too: it proves nothing.
ALTER TABLE pay_link ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;

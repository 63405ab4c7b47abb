-- +goose Up

-- Versions of articles that were written at the desk. A version never changes; which one readers see stands in
-- help_published. An article without a row there is the organisation's folder's, or the one that came with this binary.
CREATE TABLE help_version (
  id         TEXT PRIMARY KEY,
  slug       TEXT NOT NULL,
  language   TEXT NOT NULL,
  number     BIGINT NOT NULL,           -- 1 is the first of its slug and language
  category   TEXT NOT NULL,
  title      TEXT NOT NULL,
  summary    TEXT NOT NULL,
  keywords   TEXT NOT NULL,             -- with commas between
  related    TEXT NOT NULL,             -- slugs, with commas between
  body       TEXT NOT NULL,             -- Markdown
  written_by TEXT NOT NULL,             -- account
  written_at BIGINT NOT NULL,
  UNIQUE (slug, language, number)
);
CREATE TABLE help_published (
  slug         TEXT NOT NULL,
  language     TEXT NOT NULL,
  version_id   TEXT NOT NULL REFERENCES help_version (id),
  published_at BIGINT NOT NULL,
  PRIMARY KEY (slug, language)
);

-- One row: change counts what was published, so that every node notices; indexed says what the index was made of.
CREATE TABLE help_state (
  id      BIGINT PRIMARY KEY CHECK (id = 1),
  change  BIGINT NOT NULL,
  indexed TEXT NOT NULL
);
INSERT INTO help_state (id, change, indexed) VALUES (1, 0, '');

-- The index of words, made anew from the articles whenever they change. Its texts are folded and cut to their stems.
-- only sqlite
CREATE VIRTUAL TABLE help_doc USING fts5(slug UNINDEXED, language UNINDEXED, title, keywords, summary, body, tokenize = 'ascii');
-- end only
-- only postgres
CREATE TABLE help_doc (
  slug     TEXT NOT NULL,
  language TEXT NOT NULL,
  title    TEXT NOT NULL,
  keywords TEXT NOT NULL,
  summary  TEXT NOT NULL,
  body     TEXT NOT NULL,
  words    TSVECTOR GENERATED ALWAYS AS (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', keywords), 'B')
    || setweight(to_tsvector('simple', summary), 'C') || setweight(to_tsvector('simple', body), 'D')) STORED,
  PRIMARY KEY (slug, language)
);
CREATE INDEX help_doc_words ON help_doc USING GIN (words);
-- end only

-- What readers say: did the article help, and why not. Card numbers are taken out before a comment is sealed.
CREATE TABLE help_feedback (
  id             TEXT PRIMARY KEY,
  slug           TEXT NOT NULL,
  language       TEXT NOT NULL,
  version        BIGINT NOT NULL,        -- of a version written at the desk; 0 for other articles
  helpful        BIGINT NOT NULL CHECK (helpful IN (0, 1)),
  comment_sealed BYTEA,
  given_at       BIGINT NOT NULL
);
CREATE INDEX help_feedback_slug ON help_feedback (slug, given_at);

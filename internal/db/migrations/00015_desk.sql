-- +goose Up

-- Names as the desk looks for them: folded, two words a row in either order, compared byte by byte, so that the beginning
-- of what somebody types is a range of this key. A person has a row for each pair of a given and a family name.
CREATE TABLE member_name (
-- only sqlite
  name      TEXT NOT NULL,
-- end only
-- only postgres
  name      TEXT COLLATE "C" NOT NULL,
-- end only
  zip       TEXT NOT NULL,                      -- five digits, '' where unknown
  member_id TEXT NOT NULL,
  PRIMARY KEY (name, zip, member_id)
-- only sqlite
) WITHOUT ROWID;
-- end only
-- only postgres
);
-- end only

-- What is on file, as it is compared. Rows of before are filled in at the first start.
ALTER TABLE member ADD COLUMN email_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN phone_folded TEXT NOT NULL DEFAULT '';
CREATE INDEX member_email ON member (email_folded) WHERE email_folded <> '';
CREATE INDEX member_phone ON member (phone_folded) WHERE phone_folded <> '';

-- A blind index of a contact point that is the same in every account, so that the desk finds whose it is.
ALTER TABLE contact_point ADD COLUMN value_mark TEXT NOT NULL DEFAULT '';
CREATE INDEX contact_point_mark ON contact_point (value_mark) WHERE value_mark <> '';

-- A call, or a visit to an office: who of the staff, from which number, about whom once that is known.
CREATE TABLE phone_call (
  id            TEXT PRIMARY KEY,
  reference     TEXT NOT NULL UNIQUE,           -- as it is said aloud
  agent_id      TEXT NOT NULL REFERENCES account (id),
  kind          TEXT NOT NULL CHECK (kind IN ('in', 'back', 'office')),
  number_sealed BYTEA,                          -- the number that calls, or was called; none where nobody knows
  member_id     TEXT NOT NULL DEFAULT '',       -- once somebody proved who they are, or whom was called back
  tries         BIGINT NOT NULL DEFAULT 0,      -- checks that failed
  opened_at     BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX phone_call_agent ON phone_call (agent_id, opened_at);
CREATE INDEX phone_call_member ON phone_call (member_id, opened_at) WHERE member_id <> '';

-- One check of what a caller said. Facts are words such as "birth:yes zip:no": never what was said.
CREATE TABLE caller_check (
  id        TEXT PRIMARY KEY,
  call_id   TEXT NOT NULL REFERENCES phone_call (id),
  agent_id  TEXT NOT NULL,
  member_id TEXT NOT NULL DEFAULT '',           -- who was meant, '' for nobody
  script    TEXT NOT NULL,                      -- version
  facts     TEXT NOT NULL,
  passed    BOOLEAN NOT NULL,
  at        BIGINT NOT NULL
);
CREATE INDEX caller_check_call ON caller_check (call_id, at);
CREATE INDEX caller_check_member ON caller_check (member_id, at) WHERE member_id <> '';

-- Somebody proved who they are, in one call or visit, to one of the staff, for a short time.
CREATE TABLE caller_verification (
  id          TEXT PRIMARY KEY,
  call_id     TEXT NOT NULL REFERENCES phone_call (id),
  agent_id    TEXT NOT NULL,
  member_id   TEXT NOT NULL REFERENCES member (id),
  how         TEXT NOT NULL CHECK (how IN ('facts', 'call_back', 'photo_id')),
  script      TEXT NOT NULL DEFAULT '',         -- version
  document    TEXT NOT NULL DEFAULT '',         -- kind of photo ID, never its number
  office      TEXT NOT NULL DEFAULT '',
  verified_at BIGINT NOT NULL,
  ends_at     BIGINT NOT NULL
);
CREATE INDEX caller_verification_call ON caller_verification (call_id, ends_at);
CREATE INDEX caller_verification_member ON caller_verification (member_id, verified_at);

-- Notes on a member. The text is sealed and never changes; a later note may strike an earlier one through.
CREATE TABLE member_note (
  id          TEXT PRIMARY KEY,
  member_id   TEXT NOT NULL REFERENCES member (id),
  author_id   TEXT NOT NULL REFERENCES account (id),
  text_sealed BYTEA NOT NULL,
  strikes     TEXT NOT NULL DEFAULT '',         -- the note that this one strikes through
  written_at  BIGINT NOT NULL
);
CREATE INDEX member_note_member ON member_note (member_id, written_at);
CREATE UNIQUE INDEX member_note_strikes ON member_note (strikes) WHERE strikes <> '';

-- Drafts of a payer, for the desk.
CREATE INDEX draft_payer ON draft (payer_id, updated_at);

-- A page that its reader shares with the desk by a code of six digits: which page, never what is typed in it.
CREATE TABLE page_share (
  id          TEXT PRIMARY KEY,
  token_hash  TEXT NOT NULL UNIQUE,              -- of the cookie of the browser that shares
  code_index  TEXT NOT NULL,                     -- blind index of the code
  account_id  TEXT NOT NULL DEFAULT '',          -- signed in there, '' for nobody
  member_id   TEXT NOT NULL DEFAULT '',          -- the first one whose bills the browser sees
  page        TEXT NOT NULL DEFAULT '',          -- which page it is on, as a route: no id, no token
  title       TEXT NOT NULL DEFAULT '',
  paged_at    BIGINT NOT NULL DEFAULT 0,
  viewer_id   TEXT NOT NULL DEFAULT '',          -- of the staff who looks
  looked_at   BIGINT NOT NULL DEFAULT 0,
  looked_page TEXT NOT NULL DEFAULT '',          -- the page that was noted down last
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX page_share_code ON page_share (code_index, expires_at);

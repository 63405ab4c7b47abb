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

-- +goose Up

-- Conversations with a person: between a member or guest and the desk. last is the number of its last message; whoever
-- adds one touches this row first, so the numbers of a conversation have no hole and no double.
CREATE TABLE chat (
  id             TEXT PRIMARY KEY,
  account_id     TEXT NOT NULL DEFAULT '',   -- of a member who was signed in, '' for a guest
  member_id      TEXT NOT NULL DEFAULT '',   -- whom it is linked to, '' while nobody has been verified
  linked_by      TEXT NOT NULL DEFAULT '',   -- account of the staff who verified, or of the member
  linked_at      BIGINT NOT NULL DEFAULT 0,
  name_sealed    BYTEA,                      -- what a guest calls themselves
  email_sealed   BYTEA,                      -- where a guest wants the answer
  language       TEXT NOT NULL,
  start_key      TEXT NOT NULL UNIQUE,       -- of the form that began it, as a digest
  by_mail        BOOLEAN NOT NULL DEFAULT FALSE, -- answered by e-mail: nobody sits and waits
  state          TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'closed')),
  agent_id       TEXT NOT NULL DEFAULT '',
  agent_name     TEXT NOT NULL DEFAULT '',   -- the first name that the member reads
  last           BIGINT NOT NULL DEFAULT 0,
  member_read    BIGINT NOT NULL DEFAULT 0,  -- number of the last message the member has seen
  agent_read     BIGINT NOT NULL DEFAULT 0,
  created_at     BIGINT NOT NULL,
  waiting_since  BIGINT NOT NULL DEFAULT 0,
  assigned_at    BIGINT NOT NULL DEFAULT 0,
  waited         BIGINT NOT NULL DEFAULT 0,  -- of a live one: microseconds until somebody took it first
  last_at        BIGINT NOT NULL,
  unread_since   BIGINT NOT NULL DEFAULT 0,  -- since when an answer waits unread of which no e-mail told, 0 for none
  told_at        BIGINT NOT NULL DEFAULT 0,  -- when an e-mail last told of an answer
  closed_at      BIGINT NOT NULL DEFAULT 0,
  closed_by      TEXT NOT NULL DEFAULT '' CHECK (closed_by IN ('', 'member', 'agent', 'desk')),
  rating         BIGINT NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
  comment_sealed BYTEA,
  version        BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX chat_waiting ON chat (by_mail, waiting_since) WHERE state = 'waiting';
CREATE INDEX chat_open ON chat (agent_id, last_at) WHERE state = 'open';
CREATE INDEX chat_account ON chat (account_id, created_at) WHERE account_id <> '';
CREATE INDEX chat_member ON chat (member_id, created_at) WHERE member_id <> '';
CREATE INDEX chat_unread ON chat (unread_since) WHERE unread_since > 0;
CREATE INDEX chat_assigned ON chat (assigned_at) WHERE waited > 0;
CREATE INDEX chat_closed ON chat (closed_at) WHERE state = 'closed';

-- What was said and what happened, numbered. A note is for staff alone.
CREATE TABLE chat_message (
  id          TEXT PRIMARY KEY,
  chat_id     TEXT NOT NULL REFERENCES chat (id),
  number      BIGINT NOT NULL,
  side        TEXT NOT NULL CHECK (side IN ('member', 'agent', 'note', 'desk')),
  kind        TEXT NOT NULL,               -- 'text', 'file', 'joined', 'moved', 'queued', 'by_mail', 'card', 'linked', 'closed', 'left'
  author_id   TEXT NOT NULL DEFAULT '',    -- account of the staff who wrote it
  author      TEXT NOT NULL DEFAULT '',    -- their first name
  key         TEXT NOT NULL,               -- the sender's own, so that a repeated send is one message
  text_sealed BYTEA,
  at          BIGINT NOT NULL,
  UNIQUE (chat_id, number)
);
CREATE UNIQUE INDEX chat_message_key ON chat_message (chat_id, side, key);

-- Files that were sent, one a message, in pieces that are sealed each.
CREATE TABLE chat_file (
  id          TEXT PRIMARY KEY,
  message_id  TEXT NOT NULL UNIQUE REFERENCES chat_message (id),
  chat_id     TEXT NOT NULL REFERENCES chat (id),
  name_sealed BYTEA NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('application/pdf', 'image/png', 'image/jpeg')),
  size        BIGINT NOT NULL
);
CREATE INDEX chat_file_chat ON chat_file (chat_id);
CREATE TABLE chat_file_piece (
  id          TEXT PRIMARY KEY,            -- the file's id, a dot and the piece's number
  file_id     TEXT NOT NULL REFERENCES chat_file (id),
  n           BIGINT NOT NULL,
  data_sealed BYTEA NOT NULL,
  UNIQUE (file_id, n)
);

-- What lets a browser without an account into a conversation: its cookie, or the link of an e-mail. Both kept as digests.
CREATE TABLE chat_key (
  digest     TEXT NOT NULL,
  chat_id    TEXT NOT NULL REFERENCES chat (id),
  kind       TEXT NOT NULL CHECK (kind IN ('browser', 'link')),
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (digest, chat_id)
);
CREATE INDEX chat_key_chat ON chat_key (chat_id);
CREATE INDEX chat_key_expires ON chat_key (expires_at);

-- Who of the staff takes chats now. Somebody who was not seen for a while does not.
CREATE TABLE chat_duty (
  account_id TEXT PRIMARY KEY,
  since      BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);

-- Answers that are ready to be used, in both languages.
CREATE TABLE chat_reply (
  id         TEXT PRIMARY KEY,
  title      TEXT NOT NULL,
  text_en    TEXT NOT NULL,
  text_es    TEXT NOT NULL,
  changed_by TEXT NOT NULL DEFAULT '',
  changed_at BIGINT NOT NULL
);
INSERT INTO chat_reply (id, title, text_en, text_es, changed_at) VALUES
 ('rpl_greeting', 'Hello', 'Hello, and thank you for writing. How can I help you today?', 'Hola, y gracias por escribirnos. ¿En qué puedo ayudarle hoy?', 0),
 ('rpl_moment', 'One moment', 'Let me look into this. It will take me a few minutes. You can stay on this page or come back to it.', 'Permítame revisarlo. Me tomará unos minutos. Puede quedarse en esta página o volver a ella.', 0),
 ('rpl_posting', 'When a payment shows', 'A card payment shows on your bill right away. A payment from a bank account takes 2 to 3 business days to arrive. You do not need to pay again.', 'Un pago con tarjeta se refleja en su factura de inmediato. Un pago desde una cuenta bancaria tarda de 2 a 3 días hábiles en llegar. No necesita volver a pagar.', 0),
 ('rpl_no_card', 'No card numbers here', 'Please do not write card or bank numbers here. You can pay safely on our payment page, or I can send you a link.', 'Por favor, no escriba aquí números de tarjeta ni de cuenta bancaria. Puede pagar de forma segura en nuestra página de pagos, o puedo enviarle un enlace.', 0),
 ('rpl_verify', 'Who am I writing with', 'I can see a bill only after I know who I am writing with. If you have an account, please sign in on this page and connect this chat. If not, please call us, and we will check it by phone.', 'Solo puedo ver una factura cuando sé con quién me comunico. Si tiene una cuenta, inicie sesión en esta página y conecte este chat. Si no la tiene, llámenos y lo verificaremos por teléfono.', 0),
 ('rpl_goodbye', 'Goodbye', 'Is there anything else I can do for you? If not, I will close this chat. You can have a copy sent to your email.', '¿Hay algo más en lo que pueda ayudarle? Si no es así, cerraré este chat. Puede recibir una copia en su correo electrónico.', 0);

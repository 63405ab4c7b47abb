-- The least transaction that could count as a payment: who is asking, the payment under its key, two postings, an audit
-- line, a job, and two balances; one round trip, no row that everybody updates (64 shards take the organisation's side).
CREATE SCHEMA least;
CREATE TABLE least.balance (
  id      BIGINT PRIMARY KEY,
  cents   BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE least.session (
  token   BYTEA PRIMARY KEY,
  payer   BIGINT NOT NULL,
  expires TIMESTAMPTZ NOT NULL
);
CREATE TABLE least.payment (
  id    UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  key   TEXT NOT NULL UNIQUE,
  payer BIGINT NOT NULL,
  bill  BIGINT NOT NULL,
  cents BIGINT NOT NULL,
  state SMALLINT NOT NULL DEFAULT 1,
  at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE least.posting (
  id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment UUID NOT NULL,
  account BIGINT NOT NULL,
  cents   BIGINT NOT NULL,
  at      TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE least.audit (
  id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  who     BIGINT NOT NULL,
  what    TEXT NOT NULL,
  payment UUID NOT NULL,
  detail  JSONB NOT NULL,
  at      TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE TABLE least.job (
  id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind  TEXT NOT NULL,
  body  JSONB NOT NULL,
  due   TIMESTAMPTZ NOT NULL DEFAULT now(),
  tries SMALLINT NOT NULL DEFAULT 0
);
INSERT INTO least.balance (id) SELECT n FROM generate_series(-64, 100000) AS n WHERE n <> 0;
INSERT INTO least.session SELECT decode(md5(n::text), 'hex'), n, now() + interval '1 day' FROM generate_series(1, 100000) AS n;

CREATE FUNCTION least.pay(a_token BYTEA, a_key TEXT, a_bill BIGINT, a_cents BIGINT, a_shard BIGINT) RETURNS UUID LANGUAGE plpgsql AS $$
DECLARE
  who  BIGINT;
  made UUID;
BEGIN
  SELECT payer INTO who FROM least.session WHERE token = a_token AND expires > now();
  IF who IS NULL THEN RETURN NULL; END IF;
  INSERT INTO least.payment (key, payer, bill, cents) VALUES (a_key, who, a_bill, a_cents) ON CONFLICT (key) DO NOTHING RETURNING id INTO made;
  IF made IS NULL THEN
    SELECT id INTO made FROM least.payment WHERE key = a_key;
    RETURN made;
  END IF;
  INSERT INTO least.posting (payment, account, cents) VALUES (made, who, -a_cents), (made, a_shard, a_cents);
  INSERT INTO least.audit (who, what, payment, detail) VALUES (who, 'pay', made, jsonb_build_object('bill', a_bill, 'cents', a_cents));
  INSERT INTO least.job (kind, body) VALUES ('receipt', jsonb_build_object('payment', made));
  UPDATE least.balance SET cents = cents - a_cents, version = version + 1 WHERE id = who;
  UPDATE least.balance SET cents = cents + a_cents, version = version + 1 WHERE id = a_shard;
  RETURN made;
END $$;

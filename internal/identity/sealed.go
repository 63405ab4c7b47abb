package identity

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	accountEmail = seal.Column{Table: "account", Key: "id", Name: "email_sealed"}
	pointValue   = seal.Column{Table: "contact_point", Key: "id", Name: "value_sealed"}
	totpSecret   = seal.Column{Table: "totp", Key: "account_id", Name: "secret_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{accountEmail, pointValue, totpSecret}

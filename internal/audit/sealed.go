package audit

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	keySecret = seal.Column{Table: "audit_key", Key: "name", Name: "secret_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{keySecret}

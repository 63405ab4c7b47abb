package audit

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "audit_key", Key: "name", Name: "secret_sealed"},
}

package staff

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "staff_invitation", Key: "id", Name: "email_sealed"},
	{Table: "sso_attempt", Key: "state_hash", Name: "verifier_sealed"},
}

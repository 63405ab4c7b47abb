package staff

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	invitationEmail = seal.Column{Table: "staff_invitation", Key: "id", Name: "email_sealed"}
	attemptVerifier = seal.Column{Table: "sso_attempt", Key: "state_hash", Name: "verifier_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{invitationEmail, attemptVerifier}

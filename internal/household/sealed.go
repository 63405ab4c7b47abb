package household

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	requestAsked = seal.Column{Table: "member_id_request", Key: "id", Name: "asked_sealed"}
	helpEmail    = seal.Column{Table: "help", Key: "id", Name: "email_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{requestAsked, helpEmail}

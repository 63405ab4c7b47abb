package callrequest

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	requestName  = seal.Column{Table: "call_request", Key: "id", Name: "name_sealed"}
	requestPhone = seal.Column{Table: "call_request", Key: "id", Name: "phone_sealed"}
	requestEmail = seal.Column{Table: "call_request", Key: "id", Name: "email_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{requestName, requestPhone, requestEmail}

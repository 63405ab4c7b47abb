package cases

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	caseEmail   = seal.Column{Table: "bill_case", Key: "id", Name: "email_sealed"}
	messageText = seal.Column{Table: "bill_case_message", Key: "id", Name: "text_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{caseEmail, messageText}

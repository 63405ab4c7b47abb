package nacha

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	entryAccount   = seal.Column{Table: "ach_entry", Key: "payment_id", Name: "account_sealed"}
	fileContent    = seal.Column{Table: "ach_file", Key: "id", Name: "content_sealed"}
	inboundContent = seal.Column{Table: "ach_inbound", Key: "sha256", Name: "content_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{entryAccount, fileContent, inboundContent}

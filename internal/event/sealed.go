package event

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	outboxRecipient = seal.Column{Table: "outbox", Key: "id", Name: "recipient_sealed"}
	outboxData      = seal.Column{Table: "outbox", Key: "id", Name: "data_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{outboxRecipient, outboxData}

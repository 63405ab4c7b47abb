package payment

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	draftSealed   = seal.Column{Table: "draft", Key: "id", Name: "sealed"}
	refundNote    = seal.Column{Table: "refund", Key: "id", Name: "note_sealed"}
	refundAnswer  = seal.Column{Table: "refund", Key: "id", Name: "answer_sealed"}
	exceptionNote = seal.Column{Table: "exception_step", Key: "id", Name: "note_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{draftSealed, refundNote, refundAnswer, exceptionNote}

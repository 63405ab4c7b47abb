package recovery

import "memberpay/internal/seal"

// The columns in which this package keeps sealed values.
var (
	askedEmail = seal.Column{Table: "recovery", Key: "id", Name: "email_sealed"}
	reached    = seal.Column{Table: "recovery", Key: "id", Name: "reached_sealed"}
	newEmail   = seal.Column{Table: "recovery", Key: "id", Name: "new_email_sealed"}
	undoOld    = seal.Column{Table: "undo", Key: "id", Name: "old_sealed"}
)

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{askedEmail, reached, newEmail, undoOld}

package help

import "memberpay/internal/seal"

// The column in which this package keeps sealed values.
var feedbackComment = seal.Column{Table: "help_feedback", Key: "id", Name: "comment_sealed"}

// SealedColumns are all of them: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{feedbackComment}

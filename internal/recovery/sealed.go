package recovery

import "memberpay/internal/seal"

// SealedColumns are the columns of this package that hold sealed values.
var SealedColumns = []seal.Column{{Table: "recovery", Key: "id", Name: "email_sealed"}}

package caller

import "memberpay/internal/seal"

// callNumber is the number that called or was called.
var callNumber = seal.Column{Table: "phone_call", Key: "id", Name: "number_sealed"}

// SealedColumns are all columns in which this package keeps sealed values: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{callNumber}

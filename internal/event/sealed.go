package event

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "outbox", Key: "id", Name: "recipient_sealed"},
	{Table: "outbox", Key: "id", Name: "data_sealed"},
}

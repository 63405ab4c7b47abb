package nacha

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "ach_entry", Key: "payment_id", Name: "account_sealed"},
	{Table: "ach_file", Key: "id", Name: "content_sealed"},
	{Table: "ach_inbound", Key: "sha256", Name: "content_sealed"},
}

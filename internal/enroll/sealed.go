package enroll

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "enrollment", Key: "id", Name: "reached_sealed"},
	{Table: "enrollment", Key: "id", Name: "email_sealed"},
	{Table: "enrollment", Key: "id", Name: "codes_sealed"},
}

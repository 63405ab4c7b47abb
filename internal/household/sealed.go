package household

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "member_id_request", Key: "id", Name: "asked_sealed"},
	{Table: "help", Key: "id", Name: "email_sealed"},
}

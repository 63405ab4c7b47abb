package identity

import "memberpay/internal/seal"

// SealedColumns are the columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{
	{Table: "account", Key: "id", Name: "email_sealed"},
	{Table: "contact_point", Key: "id", Name: "value_sealed"},
	{Table: "totp", Key: "account_id", Name: "secret_sealed"},
}

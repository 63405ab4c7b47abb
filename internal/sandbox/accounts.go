package sandbox

import "strings"

// AccountScript is one test bank account and what a debit from it does. It is printed in the demo card.
type AccountScript struct {
	Routing    string // nine digits with a right check digit
	Account    string
	Label      string // a few words
	Does       string // one sentence
	ReturnCode string // "" where the debit settles for good

	late bool // settles first and is returned afterwards
}

// testRouting passes the check digit rule and belongs to no bank that could be meant.
const testRouting = "110000000"

// BankAccounts returns the account numbers that behave in a special way. A debit from any other account settles.
// Only the account number counts: it does the same at every routing number.
func BankAccounts() []AccountScript { return append([]AccountScript(nil), accountTable...) }

var accountTable = []AccountScript{
	{Routing: testRouting, Account: "000123456789", Label: "Good account", Does: "The payment settles."},
	{Routing: testRouting, Account: "000111111101", Label: "Not enough money", Does: "The bank returns the payment: insufficient funds (R01).", ReturnCode: "R01"},
	{Routing: testRouting, Account: "000222222202", Label: "Closed account", Does: "The bank returns the payment: account closed (R02).", ReturnCode: "R02"},
	{Routing: testRouting, Account: "000333333303", Label: "No such account", Does: "The bank returns the payment: no account found (R03).", ReturnCode: "R03"},
	{Routing: testRouting, Account: "000292929229", Label: "Business account", Does: "The bank returns the payment: not authorized by the business (R29).", ReturnCode: "R29"},
	{Routing: testRouting, Account: "000444444401", Label: "Settles, then returned", Does: "The payment settles and is returned afterwards: insufficient funds (R01).", ReturnCode: "R01", late: true},
}

// accountScript is what a debit from an account does.
func accountScript(account string) AccountScript {
	account = strings.TrimSpace(account)
	for _, a := range accountTable {
		if a.Account == account {
			return a
		}
	}
	return AccountScript{Account: account}
}

// Package bankform reads the form of a bank account, as a payer fills it in and as an agent types what a caller reads out.
package bankform

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// maxHolder is the longest name on an account that is taken, in characters.
const maxHolder = 60

// bankWords are the sentences for what the bank rail finds wrong.
var bankWords = map[error]string{
	nacha.ErrNameEmpty: "error.name.required", nacha.ErrNameLong: "error.name.long", nacha.ErrNameLetters: "error.name.format",
	nacha.ErrRoutingEmpty: "error.routing.required", nacha.ErrRoutingDigits: "error.routing.digits",
	nacha.ErrRoutingLength: "error.routing.digits", nacha.ErrRoutingUnknown: "error.routing.checksum",
	nacha.ErrRoutingChecksum: "error.routing.checksum",
	nacha.ErrAccountEmpty:    "error.account.required", nacha.ErrAccountDigits: "error.account.digits",
	nacha.ErrAccountShort: "error.account.length", nacha.ErrAccountLong: "error.account.length",
}

// Form is the form of a bank account as it was sent.
type Form struct {
	Name, Routing, Number, Confirm, Type string
	// Kept is the routing number of the account that was given before, "" for none: empty fields keep its number.
	Kept string
}

// Read checks the form, all fields at once. It returns what is wrong, or the account; keep says that its number is the one
// given before. It tidies the routing number and takes the account number out of the form, so that no page shows it again,
// and never returns a number that is not complete.
//
// words: error.*
func Read(c *web.Context, f *Form) (bank payment.BankAccount, keep bool, problems []ui.Problem) {
	wrong := func(field, key string) { problems = append(problems, ui.Problem{Field: field, Text: c.T(key)}) }
	f.Routing = Joined(f.Routing)
	number, again := Joined(f.Number), Joined(f.Confirm)
	f.Number, f.Confirm = "", ""
	keep = number == "" && again == "" && f.Kept != "" && f.Routing == f.Kept
	named := func(field string, err error) bool {
		if err == nil {
			return true
		}
		wrong(field, bankWords[err])
		return false
	}
	named("name", holderName(f.Name))
	named("routing", nacha.ValidRouting(f.Routing))
	if !keep {
		digits, err := nacha.ValidAccount(number)
		switch {
		case !named("account", err):
		case strings.Trim(digits, "0") == "":
			wrong("account", "error.account.zeros")
		case cardNumber(digits):
			wrong("account", "error.account.card")
		case again == "":
			wrong("confirm", "error.confirm.required")
		case !sameNumber(digits, again):
			wrong("confirm", "error.confirm.mismatch")
		}
		number = digits
	}
	if f.Type != string(nacha.Checking) && f.Type != string(nacha.Savings) {
		wrong("type", "error.type.required")
	}
	switch {
	case len(problems) > 0 && !keep && number != "" && !concerns(problems, "account", "confirm"):
		wrong("account", "error.account.again") // it is not shown again, and not kept for a bank that is not right
		return payment.BankAccount{}, false, problems
	case len(problems) > 0:
		return payment.BankAccount{}, false, problems
	}
	return payment.BankAccount{Name: strings.TrimSpace(f.Name), Routing: f.Routing, Number: number, Type: f.Type}, keep, nil
}

// holderName reports what is wrong with a name on an account, or nil. Signs that are in no name are refused here, before
// the bank rail drops them.
func holderName(s string) error {
	if utf8.RuneCountInString(s) > maxHolder {
		return nacha.ErrNameLong
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune(" .,-'’&", r) {
			return nacha.ErrNameLetters
		}
	}
	return nacha.ValidName(s)
}

func concerns(problems []ui.Problem, fields ...string) bool {
	for _, p := range problems {
		for _, f := range fields {
			if p.Field == f {
				return true
			}
		}
	}
	return false
}

func sameNumber(digits, again string) bool {
	other, err := nacha.ValidAccount(again)
	return err == nil && other == digits
}

// Joined drops the spaces and dashes that people write between groups of digits. Other signs stay, for the check to find;
// so do digits of other scripts, which no bank prints.
func Joined(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// cardNumber reports whether digits look like the number of a payment card, which has no place here.
func cardNumber(digits string) bool {
	n := len(digits)
	switch {
	case n == 16 && (digits[0] == '4' || digits[0] == '5' || digits[0] == '2' || digits[0] == '6'):
	case n == 15 && (strings.HasPrefix(digits, "34") || strings.HasPrefix(digits, "37")):
	default:
		return false
	}
	sum := 0
	for i := range n {
		v := int(digits[n-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

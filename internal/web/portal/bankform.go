package portal

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

// readBank checks the form of a bank account, all fields at once. It never keeps a number that is not complete.
//
// words: error.*
func (p *Portal) readBank(c *web.Context, d payment.Draft, f *methodForm) (problems []ui.Problem, answer func(*payment.Draft) error, err error) {
	wrong := func(field, key string) { problems = append(problems, ui.Problem{Field: field, Text: c.T(key)}) }
	f.bank.Routing = joined(f.bank.Routing)
	number, again := joined(f.bank.Number), joined(f.confirm)
	f.bank.Number, f.confirm = "", ""
	keep := number == "" && again == "" && d.Answers.Rail == payment.Bank && f.bank.Routing == d.Answers.BankRouting
	named := func(field string, err error) bool {
		if err == nil {
			return true
		}
		wrong(field, bankWords[err])
		return false
	}
	named("name", holderName(f.bank.Name))
	named("routing", nacha.ValidRouting(f.bank.Routing))
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
	if f.bank.Type != string(nacha.Checking) && f.bank.Type != string(nacha.Savings) {
		wrong("type", "error.type.required")
	}
	switch {
	case len(problems) > 0 && !keep && number != "" && !concerns(problems, "account", "confirm"):
		wrong("account", "error.account.again") // it is not shown again, and not kept for a bank that is not right
		return problems, nil, nil
	case len(problems) > 0:
		return problems, nil, nil
	}
	bank := payment.BankAccount{Name: strings.TrimSpace(f.bank.Name), Routing: f.bank.Routing, Number: number, Type: f.bank.Type}
	return nil, func(d *payment.Draft) error {
		if keep {
			d.Answers.BankName, d.Answers.BankType = bank.Name, bank.Type
			return nil
		}
		return d.SetBank(p.Seal, bank)
	}, nil
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

// joined drops the spaces and dashes that people write between groups of digits. Other signs stay, for the check to find;
// so do digits of other scripts, which no bank prints.
func joined(s string) string {
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

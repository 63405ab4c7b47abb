package nacha

import (
	"errors"
	"fmt"
	"strings"
)

// Originator is how one payee presents itself to the banks. Payees with the same bank and origin share a file; each
// has its own batch in it.
type Originator struct {
	CompanyName        string // on the payer's statement; at most 16 characters
	CompanyID          string // 10 characters, given by our bank
	EntryDescription   string // on the payer's statement; at most 10 characters, for instance "MED BILL"
	ODFIRouting        string // our bank
	DestinationRouting string // whom the file is for; our bank or its operator. "" means ODFIRouting
	DestinationName    string // at most 23 characters
	Origin             string // who made the file: 9 digits or 10 characters, as our bank says. "" means CompanyID
	OriginName         string // at most 23 characters
}

// reserved are entry descriptions that the rules keep for other kinds of entries.
var reserved = map[string]bool{
	"PURCHASE": true, "REVERSAL": true, "PAYROLL": true, "RECLAIM": true, "RETRY PYMT": true, "RETURN FEE": true,
	"ACCTVERIFY": true, "NONSETTLED": true, "AUTOENROLL": true, "REDEPCHECK": true, "NO CHECK": true,
	"HCCLAIMPMT": true,
}

// complete fills what may be left out and reports everything that is wrong, one line each.
func (o Originator) complete(payee string) (Originator, error) {
	if o.DestinationRouting == "" {
		o.DestinationRouting = o.ODFIRouting
	}
	if o.Origin == "" {
		o.Origin = o.CompanyID
	}
	o.EntryDescription = strings.ToUpper(o.EntryDescription)
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("bank details of payee %q: "+format, append([]any{payee}, args...)...))
	}
	text := func(what, value string, most int) {
		if value == "" || len(value) > most || strings.TrimSpace(value) != value || !printable(value) {
			wrong("%s %q: write 1 to %d plain characters", what, value, most)
		}
	}
	text("company name", o.CompanyName, 16)
	text("entry description", o.EntryDescription, 10)
	text("destination name", o.DestinationName, 23)
	text("origin name", o.OriginName, 23)
	if reserved[o.EntryDescription] {
		wrong("entry description %q is reserved by the rules for another kind of entry; use for instance MED BILL",
			o.EntryDescription)
	}
	if len(o.CompanyID) != 10 || !alphanumeric(o.CompanyID) {
		wrong("company id %q: write the 10 letters or digits the bank gave you", o.CompanyID)
	}
	if n := len(o.Origin); n != 9 && n != 10 || !alphanumeric(o.Origin) {
		wrong("origin %q: write 9 digits or 10 letters or digits, as the bank says", o.Origin)
	}
	if err := ValidRouting(o.ODFIRouting); err != nil {
		wrong("the bank's routing number %q: %w", o.ODFIRouting, err)
	}
	if err := ValidRouting(o.DestinationRouting); err != nil {
		wrong("the destination's routing number %q: %w", o.DestinationRouting, err)
	}
	return o, errors.Join(errs...)
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func alphanumeric(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

package recovery

import (
	"slices"

	"memberpay/internal/identity"
)

// Proof is something that somebody has shown of an account.
type Proof string

// The proofs. Contact and Posted come with facts of somebody the account acts for: a number on a bill, date of birth and
// ZIP code.
const (
	Mailbox Proof = "mailbox" // a code sent to the sign-in address
	Contact Proof = "contact" // a code sent to another address or phone that the plan has on file
	Posted  Proof = "posted"  // a code in a letter to the home address that the plan has on file
	Phone   Proof = "phone"   // a code sent to the phone that the account has verified
	App     Proof = "app"     // a code of the authenticator app
	Code    Proof = "code"    // one of the recovery codes
)

// level is how well an account is kept.
type level int

const (
	plain  level = iota // a password is all there is
	second              // and a code that is sent
	strong              // an authenticator app or a passkey
)

func levelOf(f identity.Factors) level {
	switch {
	case f.TOTP || len(f.Passkeys) > 0:
		return strong
	case f.SecondFactor != identity.NoFactor:
		return second
	}
	return plain
}

// enough is the table of what proofs open an account of a level. The proofs of a line do not depend on each other: whoever
// stole a mailbox, a phone number or the papers of the household has one of them and not the other.
var enough = map[level][][]Proof{
	plain:  {{Mailbox}, {Contact}, {Posted}},
	second: {{Mailbox, Code}, {Mailbox, Phone}, {Mailbox, Contact}, {Mailbox, Posted}, {Contact, Code}, {Contact, Phone}, {Contact, Posted}, {Posted, Code}, {Posted, Phone}},
	strong: {{Mailbox, Code}, {Mailbox, App}, {Mailbox, Contact}, {Mailbox, Posted}, {Contact, Code}, {Contact, App}, {Contact, Posted}, {Posted, Code}, {Posted, App}},
}

// Enough reports whether proofs open an account.
func Enough(f identity.Factors, proofs []Proof) bool {
	return slices.ContainsFunc(enough[levelOf(f)], func(line []Proof) bool {
		return !slices.ContainsFunc(line, func(p Proof) bool { return !slices.Contains(proofs, p) })
	})
}

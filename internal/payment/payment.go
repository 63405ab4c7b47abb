package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Rail is how the money travels.
type Rail string

const (
	Card Rail = "card"
	Bank Rail = "bank"
)

// Payment is one intent to pay and what became of it.
type Payment struct {
	ID            string
	Confirmation  string // ten characters; id.Grouped writes it for people
	Key           string // the payer's idempotency key
	PayerID       string // member row id
	AccountID     string
	SessionID     string
	Payee         string
	Rail          Rail
	Brand         string // card brand, or "checking" or "savings"
	Last4         string
	Amount        money.Cents
	State         State
	Reason        string // decline reason or return code
	CanRetry      bool
	ActionURL     string
	Email         string
	Language      string
	Authorization string // the exact words the payer agreed to
	SubmittedAt   time.Time
	UpdatedAt     time.Time
	SettledAt     time.Time
	Refunded      money.Cents // what refunds gave back of Amount
	requestHash   string
}

// CardMinimum is the smallest amount card processors take. Smaller ones go by bank.
const CardMinimum money.Cents = 50

// Line asks for part of a payment to go to one bill.
type Line struct {
	BillID string
	Amount money.Cents
}

// Method is how a payer pays: exactly one of the card fields or Bank is set.
type Method struct {
	CardToken string         // one-time token of the processor's frame
	SavedCard string         // id of a saved card
	SaveCard  bool           // keep the card; needs an account
	Card      processor.Card // what may be shown of it
	Bank      *BankAccount
}

// BankAccount is an account to debit. It is sealed before it is stored and never logged.
type BankAccount struct {
	Name    string
	Routing string
	Number  string
	Type    string // "checking" or "savings"
}

// Rail returns the rail of the method.
func (m Method) Rail() Rail {
	if m.Bank != nil {
		return Bank
	}
	return Card
}

// Request asks for one payment. The caller has checked that the payer may pay these bills.
type Request struct {
	Key           string // one intent to pay, one key; at least 16 characters
	PayerID       string
	AccountID     string
	SessionID     string
	Payee         string
	Lines         []Line
	Method        Method
	Email         string // for the receipt, may be ""
	Language      string
	Authorization string
	Address       string  // network address of the payer, for the authorization record
	Role          string  // in which the payer acts, for the audit log; a member or a guest where ""
	ReturnURL     string  // where a challenge sends the payer back, "{ref}" stands for the confirmation number
	Helping       Helping // by whose permission; the zero Helping where the payer needs none
	Call          string  // the call in which it was begun, "" for none
	Spoken        *Spoken // the consent to a debit that was given by telephone, nil for none
}

// Total is the sum of the lines.
func (r Request) Total() money.Cents {
	var sum money.Cents
	for _, l := range r.Lines {
		sum += l.Amount
	}
	return sum
}

// payer is who pays, for the audit log.
func (r Request) payer() audit.Who {
	w := audit.Who{Actor: r.AccountID, Role: r.Role, From: r.Address}
	if r.Spoken != nil {
		w.Actor = r.Spoken.AgentID
	}
	if w.Actor == "" && r.SessionID != "" {
		w.Actor = audit.GuestActor(r.SessionID)
	}
	switch {
	case w.Role != "":
	case r.AccountID != "":
		w.Role = audit.Member
	default:
		w.Role = audit.Guest
	}
	return w
}

// hash identifies what is asked: the same key with another hash is a different wish. Of an account number only the last
// four digits count: whoever reads the hash could find the others by trying.
func (r Request) hash() string {
	if r.Method.Bank != nil {
		account := *r.Method.Bank
		account.Number = last4(account.Number)
		r.Method.Bank = &account
	}
	text, _ := json.Marshal(struct { // plain values only: cannot fail
		Payer, Account, Payee string
		Lines                 []Line
		Method                Method
		Email                 string
		Help                  string `json:",omitempty"`
	}{r.PayerID, r.AccountID, r.Payee, r.Lines, r.Method, r.Email, r.Helping.HelpID})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// check refuses requests that no page of ours sends.
func (r Request) check() error {
	switch {
	case len(r.Key) < 16:
		return fault.New(fault.Invalid, "payment.key")
	case len(r.Lines) == 0:
		return fault.Field("bills", "payment.no_bills")
	case r.PayerID == "" || r.Payee == "":
		return fault.New(fault.Invalid, "payment.payer")
	case r.Authorization == "":
		return fault.New(fault.Invalid, "payment.authorization")
	case r.Method.SaveCard && r.AccountID == "":
		return fault.New(fault.Invalid, "payment.save_needs_account")
	}
	if err := r.checkSpoken(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range r.Lines {
		if l.Amount <= 0 || l.Amount > money.Max || seen[l.BillID] {
			return fault.Field("amount", "payment.amount")
		}
		seen[l.BillID] = true
	}
	if r.Total() > money.Max {
		return fault.Field("amount", "amount.too_large")
	}
	return nil
}

// Scope is whose payments may be seen. Whoever made a payment sees it: by their account, or by their session. Somebody
// signed in sees every payment on the bills of Members. A guest who found Members sees what guests paid on them, and
// nothing that was paid from an account.
type Scope struct {
	bill.Scope
	AccountID  string
	SessionIDs []string // the session and those it continues
}

func (s Scope) in(p Payment) bool {
	if p.MadeBy(s) {
		return true
	}
	if s.AccountID == "" && p.AccountID != "" {
		return false
	}
	for _, m := range s.Members {
		if m == p.PayerID {
			return true
		}
	}
	return false
}

// MadeBy reports whether the payment was made by whoever asks: only they may cancel it and see who paid from where.
func (p Payment) MadeBy(s Scope) bool {
	if p.AccountID != "" {
		return s.AccountID == p.AccountID
	}
	return p.SessionID != "" && slices.Contains(s.SessionIDs, p.SessionID)
}

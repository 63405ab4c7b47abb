package bill

import (
	"time"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// Kind is the kind of bill. The kinds follow different law and never share a payment.
type Kind string

const (
	Medical Kind = "medical"
	Premium Kind = "premium"
)

// State is where a bill stands.
type State string

const (
	Open       State = "open"        // something is still to pay
	Paid       State = "paid"        // everything has been paid
	NothingDue State = "nothing_due" // the plan or the patient had settled it before it came here
	Void       State = "void"        // the source took it back
)

// Line is one service on a bill, for people to read. Lines explain a bill; its amounts are what counts.
type Line struct {
	Text       string      `json:"text"`
	Date       day.Date    `json:"date,omitzero"`
	Charged    money.Cents `json:"charged"`
	PlanPaid   money.Cents `json:"plan_paid"`
	Adjustment money.Cents `json:"adjustment"`
	Share      money.Cents `json:"share"`
}

// Bill is what one person owes one payee for one claim or one month of coverage.
type Bill struct {
	ID             string
	ClaimKey       string // the source's own key: one claim, one bill
	Source         string // "fhir", "csv" or "seed"
	EOBID          string
	Kind           Kind
	Payee          string // key of the billing entity
	Number         string // as printed
	PayCode        string
	PatientID      string // member row id
	GuarantorID    string // member row id of who owes
	Visit          string // bills of one visit share it, "" for none
	Provider       string
	Insurer        string
	ServiceDate    day.Date
	DueDate        day.Date
	Charged        money.Cents
	PlanPaid       money.Cents
	Adjustment     money.Cents
	Responsibility money.Cents // the patient's share
	PriorPaid      money.Cents // paid elsewhere before the bill came here
	Applied        money.Cents // paid here
	Pending        money.Cents // on its way here
	State          State
	Lines          []Line
	AsOf           time.Time // when the source said so
	CreatedAt      time.Time
	Version        int64
}

// Open is what is still owed, whether or not something is on its way. It is never negative.
func (b Bill) Open() money.Cents { return max(0, b.Responsibility-b.PriorPaid-b.Applied) }

// Due is what can be paid now: Open less what is on its way. It is never negative.
func (b Bill) Due() money.Cents {
	if b.State != Open {
		return 0
	}
	return max(0, b.Open()-b.Pending)
}

// PaidTotal is all that has been paid, here and before.
func (b Bill) PaidTotal() money.Cents { return b.PriorPaid + b.Applied }

// Payable reports whether the bill can be paid now.
func (b Bill) Payable() bool { return b.Due() > 0 }

// Overdue reports whether the bill should have been paid before today.
func (b Bill) Overdue(today day.Date) bool {
	return b.Payable() && !b.DueDate.IsZero() && b.DueDate.Before(today)
}

// settle is the state that follows from the amounts of a bill that is not void.
func (b Bill) settle() State {
	switch {
	case b.Open() > 0:
		return Open
	case b.Applied > 0:
		return Paid
	}
	return NothingDue
}

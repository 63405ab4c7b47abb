package payment

import "memberpay/internal/ledger"

// State is where a payment stands.
type State string

const (
	Submitted      State = "submitted"
	ActionRequired State = "action_required"
	Unknown        State = "unknown"
	Pending        State = "pending" // a bank debit that was accepted and is not yet good money
	Succeeded      State = "succeeded"
	Failed         State = "failed"
	Canceled       State = "canceled"
	Returned       State = "returned"
	Disputed       State = "disputed"
	ChargedBack    State = "charged_back"
)

// States are all states, in the order in which a payment may meet them.
var States = []State{Submitted, ActionRequired, Unknown, Pending, Succeeded, Failed, Canceled, Returned, Disputed, ChargedBack}

// effect is what a change of state does to the bills and the book.
type effect int

const (
	nothing   effect = iota
	apply            // the money is good: reservations become payments
	release          // no money moved: reservations are given back
	reopen           // the money went back: the same bills are owed again
	dispute          // the cardholder's bank holds the money while it decides
	undispute        // it decided for us
	reopenDisputed
)

// transitions is the state machine: from, to, and what the change does. What does not stand here cannot happen.
var transitions = map[State]map[State]effect{
	Submitted:      {ActionRequired: nothing, Unknown: nothing, Pending: nothing, Succeeded: apply, Failed: release, Canceled: release},
	ActionRequired: {Succeeded: apply, Pending: nothing, Failed: release, Unknown: nothing, Canceled: release},
	Unknown:        {Succeeded: apply, Pending: nothing, Failed: release},
	Pending:        {Succeeded: apply, Returned: release, Canceled: release},
	Succeeded:      {Returned: reopen, Disputed: dispute},
	Disputed:       {Succeeded: undispute, ChargedBack: reopenDisputed},
}

// CanBecome reports whether a payment may go from one state to another.
func (s State) CanBecome(to State) bool {
	_, ok := transitions[s][to]
	return ok
}

// Final reports whether nothing more is expected: no state follows, or only what the outside world may still undo.
func (s State) Final() bool {
	switch s {
	case Succeeded, Failed, Canceled, Returned, ChargedBack:
		return true
	}
	return false
}

// Holds reports whether a payment in this state holds a reservation on its bills.
func (s State) Holds() bool {
	switch s {
	case Submitted, ActionRequired, Unknown, Pending:
		return true
	}
	return false
}

// Good reports whether the money of a payment in this state counts on its bills.
func (s State) Good() bool { return s == Succeeded || s == Disputed }

// account is where the money of a rail stands while it is good.
func (r Rail) account() ledger.Account {
	if r == Bank {
		return ledger.BankTransit
	}
	return ledger.CardClearing
}

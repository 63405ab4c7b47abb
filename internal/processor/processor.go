// Package processor is what the payment feature asks of the outside world: take a charge, and tell what became of it.
// An implementation talks to one card processor; it knows nothing of bills and keeps no state of its own.
package processor

import (
	"context"
	"errors"

	"memberpay/internal/money"
)

// Status is what is known of a charge.
type Status string

const (
	Succeeded      Status = "succeeded"       // the money is ours
	ActionRequired Status = "action_required" // the payer's bank wants to see the payer; ActionURL says where
	Declined       Status = "declined"        // no money moved and none will; Reason says why
	Unknown        Status = "unknown"         // no answer: ask again by Status, never charge again
	Pending        Status = "pending"         // a refund that was taken and is not at the payer's bank yet
)

// Reason is why a charge was declined, in our words. Each has a translation "decline.<reason>".
type Reason string

const (
	ReasonGeneric           Reason = "generic"
	ReasonInsufficientFunds Reason = "insufficient_funds"
	ReasonLost              Reason = "lost"
	ReasonStolen            Reason = "stolen"
	ReasonExpired           Reason = "expired"
	ReasonSecurityCode      Reason = "security_code"
	ReasonZIP               Reason = "zip"
	ReasonProcessing        Reason = "processing"
	ReasonNumber            Reason = "number"
	ReasonVelocity          Reason = "velocity"
	ReasonFraud             Reason = "fraud"
	ReasonNotPermitted      Reason = "not_permitted"
	ReasonAuthentication    Reason = "authentication" // the 3-D Secure challenge failed
	ReasonAbandoned         Reason = "abandoned"      // the challenge was never finished
	ReasonUnreachable       Reason = "unreachable"    // we could not reach the processor; nothing was sent
	ReasonCanceled          Reason = "canceled"
)

// Card is what may be shown of a card. No number, expiry or security code exists here.
type Card struct {
	Brand   string // "visa", "mastercard", ...
	Last4   string
	Funding string // "credit", "debit", "prepaid" or ""
	HSA     bool   // health savings or flexible spending card
}

// Charge asks for money once. Reference is ours (the attempt id); the processor must treat a second Charge with the
// same Reference as the first.
type Charge struct {
	Reference  string
	PaymentID  string
	Amount     money.Cents
	Token      string // one-time card token from the processor's own frame, or
	SavedCard  string // a saved card's processor id with
	Customer   string // its customer id
	Save       bool   // keep the card for this Customer
	Descriptor string // what the card statement says, at most 22 characters
	ReturnURL  string // where the payer's bank sends the payer back
}

// Outcome is the processor's answer.
type Outcome struct {
	Status       Status
	Reason       Reason // Declined only
	CanRetry     bool   // Declined only: another try, perhaps with another card, may work
	ProcessorRef string // the processor's id of the charge, once there is one
	ActionURL    string // ActionRequired only
	Amount       money.Cents
	Card         Card
	SavedCard    string // processor id of the card, where Charge.Save was set and it worked
}

// Refund asks for money of a charge to be given back once. Reference is ours (the refund's id); the processor must treat a
// second Refund with the same Reference as the first.
type Refund struct {
	Reference string
	Charge    string // the processor's id of the charge
	Amount    money.Cents
}

// Refunded is what the processor says of a refund.
type Refunded struct {
	Reference    string // ours, "" for one that was made at the processor itself
	ProcessorRef string // the processor's id, "" where it has none
	Status       Status // Succeeded, Pending, Declined (no money goes back, or it came back to us) or Unknown
	Reason       string // Declined only: why, in the processor's own word
	Amount       money.Cents
}

// Cards charges cards.
//
// A charge is made in two calls so that a lost answer never leaves money unaccounted for: Prepare opens the charge
// and moves nothing; the caller stores its id durably; Confirm moves the money.
type Cards interface {
	// Prepare opens a charge and returns its processor id. No money moves. An error means that no charge exists
	// that could ever move money.
	Prepare(ctx context.Context, c Charge) (ref string, err error)
	// Confirm moves the money of a prepared charge. A lost or late answer is Outcome{Status: Unknown}, not an error.
	Confirm(ctx context.Context, ref string, c Charge) Outcome
	// Status tells what became of a prepared charge. It never moves money. A charge that was prepared but not yet
	// confirmed is Unknown. An unreachable processor is an error.
	Status(ctx context.Context, ref string) (Outcome, error)
	// Cancel makes sure that a charge that has not succeeded never will, and returns the final truth, which may be
	// Succeeded if the money moved first.
	Cancel(ctx context.Context, ref string) (Outcome, error)
	// Refund gives money of a charge back. A lost or late answer is Refunded{Status: Unknown}, not an error: look for it
	// in Refunds, and ask again with the same Reference where it is not there.
	Refund(ctx context.Context, r Refund) Refunded
	// Refunds returns every refund of a charge, also those that were made at the processor itself. An unreachable
	// processor is an error.
	Refunds(ctx context.Context, charge string) ([]Refunded, error)
	// Look describes the card behind a one-time token. ErrToken where the token is unknown, used or expired.
	Look(ctx context.Context, token string) (Card, error)
	// NewCustomer makes a customer to keep saved cards under. reference is ours.
	NewCustomer(ctx context.Context, reference string) (string, error)
	// Forget removes a saved card.
	Forget(ctx context.Context, savedCard string) error
	// Callback checks the signature of a callback body and returns what it tells, or ErrSignature.
	// An event that is none of our business returns Event{} with Kind "".
	Callback(body []byte, signature string) (Event, error)
}

// Event is what a callback tells. It is a hint to ask Status: its own words are never taken as the truth.
type Event struct {
	ID           string // the processor's event id, for once-only handling
	Kind         string // "charge", "dispute" or "refund", "" for none of ours
	ProcessorRef string // of the charge
	PaymentID    string
	Dispute      string // dispute only: "opened", "won", "lost"
}

// Errors of Cards.
var (
	ErrToken     = errors.New("processor: the card token is unknown, used or expired")
	ErrSignature = errors.New("processor: the callback's signature is wrong")
)

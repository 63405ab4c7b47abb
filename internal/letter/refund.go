package letter

import (
	"time"

	"memberpay/internal/money"
)

// KindRefundNews is the kind of RefundNews.
const KindRefundNews = "refund_news"

// RefundEvent is what happened to a refund.
type RefundEvent string

// The events that are told. Each has its sentences in the catalogs, "letter.refund.EVENT".
const (
	RefundToCard  RefundEvent = "card"          // it is on its way to the card
	RefundByCheck RefundEvent = "check"         // its check was written
	RefundBack    RefundEvent = "back"          // the card's bank sent it back to us, and it is the payer's credit
	CheckStopped  RefundEvent = "check_stopped" // its check did not arrive, and it is the payer's credit
)

// RefundNews tells who paid that money of a payment goes back to them, or came back to us.
type RefundNews struct {
	What         RefundEvent `json:"what"`
	Amount       money.Cents `json:"amount"`
	Confirmation string      `json:"confirmation"` // of the payment
	Last4        string      `json:"last4"`        // of the card; "" for a check
	Check        string      `json:"check"`        // number of the check; "" for a card
}

func (RefundNews) kind() string     { return KindRefundNews }
func (RefundNews) until() time.Time { return time.Time{} }

package sandbox

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// BookCharge is one charge that moved money, as GET /book/charges tells it. Amounts are cents.
type BookCharge struct {
	PaymentIntent string    `json:"payment_intent"`
	Charge        string    `json:"charge"`
	Amount        int64     `json:"amount"`
	PaymentID     string    `json:"payment_id"` // metadata of the intent
	Reference     string    `json:"reference"`  // metadata of the intent
	Status        string    `json:"status"`     // always "succeeded"
	Created       time.Time `json:"created"`
	Refunded      int64     `json:"refunded"`
	Disputed      bool      `json:"disputed"`
}

// BookSummary is the whole card book in a few numbers, as GET /book/summary tells it. Amounts are cents.
type BookSummary struct {
	Charges   int            `json:"charges"` // that moved money
	Amount    int64          `json:"amount"`
	Refunded  int64          `json:"refunded"`
	Declined  int            `json:"declined"`
	Disputed  int            `json:"disputed"`
	Intents   map[string]int `json:"intents"`   // count by status
	Callbacks int            `json:"callbacks"` // not delivered yet
	Mail      int            `json:"mail"`
}

// Charges returns every charge that moved money, oldest first.
func (s *Sandbox) Charges() ([]BookCharge, error) {
	out := []BookCharge{}
	err := s.eachCharge(func(ch *charge) {
		if ch.Paid {
			out = append(out, BookCharge{PaymentIntent: ch.PaymentIntent, Charge: ch.ID, Amount: ch.Amount,
				PaymentID: ch.Metadata["payment_id"], Reference: ch.Metadata["reference"], Status: ch.Status,
				Created: time.Unix(ch.Created, 0).UTC(), Refunded: ch.AmountRefunded, Disputed: ch.Disputed})
		}
	})
	return out, err
}

func (s *Sandbox) eachCharge(fn func(*charge)) error {
	return s.store.read(func(t *tx) error {
		return t.all(kindCharge, func(body []byte) error {
			var ch charge
			if err := json.Unmarshal(body, &ch); err != nil {
				return err
			}
			fn(&ch)
			return nil
		})
	})
}

// Summary counts the card book.
func (s *Sandbox) Summary() (BookSummary, error) {
	sum := BookSummary{Intents: map[string]int{}}
	err := s.eachCharge(func(ch *charge) {
		if !ch.Paid {
			sum.Declined++
			return
		}
		sum.Charges++
		sum.Amount += ch.Amount
		sum.Refunded += ch.AmountRefunded
		sum.Disputed += btoi(ch.Disputed)
	})
	if err != nil {
		return sum, err
	}
	rows, err := s.store.r.Query(`SELECT json_extract(body, '$.status'), COUNT(*) FROM object WHERE kind = $1 GROUP BY 1`, kindIntent)
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	for rows.Next() {
		var status string
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return sum, err
		}
		sum.Intents[status] = n
	}
	if err := rows.Err(); err != nil {
		return sum, err
	}
	return sum, s.store.r.QueryRow(`SELECT (SELECT COUNT(*) FROM delivery WHERE done = 0), (SELECT COUNT(*) FROM mail)`).
		Scan(&sum.Callbacks, &sum.Mail)
}

func (s *Sandbox) bookCharges(w http.ResponseWriter, _ *http.Request) {
	v, err := s.Charges()
	send(w, s.answer(v, err))
}

func (s *Sandbox) bookSummary(w http.ResponseWriter, _ *http.Request) {
	v, err := s.Summary()
	send(w, s.answer(v, err))
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

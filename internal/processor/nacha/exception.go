package nacha

import (
	"context"
	"encoding/json"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Kinds of exceptions: what the bank said that a person has to look at.
const (
	UnknownTrace      = "ach.unknown_trace"      // an answer to an entry we never sent
	AmountMismatch    = "ach.amount_mismatch"    // an answer with another amount than we sent
	IdentityMismatch  = "ach.identity_mismatch"  // an answer with another confirmation number than we sent
	SecondReturn      = "ach.second_return"      // a returned entry is returned again for another reason
	ReturnDispute     = "ach.return_dispute"     // a dishonored or contested return: banks disagree about one
	ChangeNotice      = "ach.change_notice"      // the bank corrects account details (NOC)
	ChangeRefused     = "ach.change_refused"     // a correction of ours was refused
	OtherEntries      = "ach.other_entries"      // a file from the bank has entries that are no answers
	FileIncomplete    = "ach.file_incomplete"    // a file without its control records was taken
	UnreadableEntry   = "ach.unreadable_entry"   // a sealed account number does not open; the entry waits
	DeliveryUncertain = "ach.delivery_uncertain" // a file was taken before we had noted its delivery, or it was lost
)

// detail is what an exception says, as JSON. Empty fields are left out. It holds no name and no whole account number.
type detail struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Trace     string `json:"trace,omitempty"`
	Code      string `json:"code,omitempty"`
	Amount    int64  `json:"amount_cents,omitempty"`
	Sent      int64  `json:"sent_cents,omitempty"`
	Before    string `json:"before,omitempty"` // the code of the return there was before
	Corrected string `json:"corrected,omitempty"`
	PaymentID string `json:"payment_id,omitempty"`
	Count     int    `json:"count,omitempty"`
}

// raise opens an exception once: the same kind, subject and detail a second time changes nothing.
func (r *Rail) raise(ctx context.Context, tx *db.Tx, kind, subject string, d detail) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("exception %s: %w", kind, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exception (id, kind, subject, detail, opened_at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (kind, subject, detail) DO NOTHING`, id.New("exc"), kind, subject, string(text), db.Micros(r.clock()))
	if err != nil {
		return fmt.Errorf("exception %s: %w", kind, err)
	}
	return nil
}

package nacha

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/money"
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

// Told is what an exception of this package says, taken apart.
type Told struct {
	File      string // name of a bank file, "" for none
	Trace     string
	Code      string      // of a return or a notice of change; see Lookup
	Before    string      // code of the return there was before
	Amount    money.Cents // what the bank says
	Sent      money.Cents // what we sent
	Corrected string      // all but the last characters of each word hidden
	PaymentID string
	Count     int // entries
}

// Tell takes the text of an exception of this package apart; ok is false where it is none.
func Tell(text string) (t Told, ok bool) {
	var d detail
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return Told{}, false
	}
	return Told{File: d.File, Trace: d.Trace, Code: d.Code, Before: d.Before, Amount: money.Cents(d.Amount), Sent: money.Cents(d.Sent),
		Corrected: d.Corrected, PaymentID: d.PaymentID, Count: d.Count}, true
}

// StillAfter is how long after it was closed an exception opens again whose cause is found as it was at every sweep.
const StillAfter = 7 * 24 * time.Hour

// raise opens an exception: once for the same kind, subject and detail. cause is the file from the bank that tells of it, by
// its SHA-256. The same file read another time changes nothing; another file that says the same is noted, and opens what was
// closed again. Without a cause the same is found at every sweep: it opens again StillAfter it was closed.
func (r *Rail) raise(ctx context.Context, tx *db.Tx, kind, subject, cause string, d detail) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("exception %s: %w", kind, err)
	}
	now, fresh, step := r.clock(), id.New("exc"), "again"
	var known string
	var closed, n int64
	var heard bool
	err = tx.QueryRowContext(ctx, `INSERT INTO exception (id, kind, subject, detail, opened_at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (kind, subject, detail) DO UPDATE SET detail = excluded.detail RETURNING id, closed_at`, fresh, kind, subject, string(text),
		db.Micros(now)).Scan(&known, &closed)
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT CAST(COALESCE(MAX(n), 0) AS BIGINT), COALESCE(MAX(CASE WHEN cause <> '' AND cause = $2 THEN 1 ELSE 0 END), 0) = 1
 FROM exception_step WHERE exception_id = $1`, known, cause).Scan(&n, &heard)
	}
	if err != nil {
		return fmt.Errorf("exception %s: %w", kind, err)
	}
	switch {
	case heard:
		return nil
	case known == fresh:
		step = "opened"
	case cause == "":
		if step = "still"; closed == 0 || now.Sub(db.Time(closed)) < StillAfter {
			return nil
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exception_step (id, exception_id, n, step, cause, noted_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		fmt.Sprintf("%s/%d", known, n+1), known, n+1, step, cause, db.Micros(now))
	if err == nil && closed > 0 {
		_, err = tx.ExecContext(ctx, "UPDATE exception SET closed_at = 0, closed_by = '', reopened_at = $2 WHERE id = $1", known, db.Micros(now))
	}
	if err != nil {
		return fmt.Errorf("exception %s: %w", kind, err)
	}
	return nil
}

// InboundNames returns the names under which files from the bank came, by the SHA-256 of each; what is none is left out.
func InboundNames(ctx context.Context, q db.Queryer, sums []string) (map[string]string, error) {
	out := map[string]string{}
	if len(sums) == 0 {
		return out, nil
	}
	err := db.Each(ctx, q, "SELECT sha256, name FROM ach_inbound WHERE sha256 IN "+db.In(1, len(sums)), db.Args(sums), func(rows *sql.Rows) error {
		var sum, name string
		err := rows.Scan(&sum, &name)
		out[sum] = name
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("names of files from the bank: %w", err)
	}
	return out, nil
}

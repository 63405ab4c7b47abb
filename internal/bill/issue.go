package bill

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

// Incoming is a bill as a source names it. PatientID and GuarantorID are member row ids.
type Incoming struct {
	ClaimKey       string
	Source         string
	EOBID          string
	Kind           Kind
	Payee          string
	Number         string
	PatientID      string
	GuarantorID    string
	Visit          string
	Provider       string
	Insurer        string
	ServiceDate    day.Date
	DueDate        day.Date
	Charged        money.Cents
	PlanPaid       money.Cents
	Adjustment     money.Cents
	Responsibility money.Cents
	PriorPaid      money.Cents
	Lines          []Line
	Silent         Silent    // what the source does not speak of
	AsOf           time.Time // zero where the source does not say; an older AsOf than the bill's changes nothing
	Void           bool      // the source took the bill back
}

// Silent names what a source has no word for, as a balance file does that lacks a column. What is known of a bill stays
// then; an empty word, on the other hand, is a word.
type Silent struct {
	ServiceDate, DueDate, Provider, Insurer, Visit, Lines bool
	Charges                                               bool // charged, plan paid and adjustment
	PriorPaid                                             bool
}

// fill completes what a source says with what is known.
func (in *Incoming) fill(known Bill) {
	s := in.Silent
	if s.ServiceDate {
		in.ServiceDate = known.ServiceDate
	}
	if s.DueDate {
		in.DueDate = known.DueDate
	}
	if s.Provider {
		in.Provider = known.Provider
	}
	if s.Insurer {
		in.Insurer = known.Insurer
	}
	if s.Visit {
		in.Visit = known.Visit
	}
	if s.Charges {
		in.Charged, in.PlanPaid, in.Adjustment = known.Charged, known.PlanPaid, known.Adjustment
	}
	if s.PriorPaid {
		in.PriorPaid = known.PriorPaid
	}
}

// Verdict tells what became of an Incoming.
type Verdict string

const (
	Issued    Verdict = "new"
	Updated   Verdict = "updated"
	Unchanged Verdict = "unchanged"
	Stale     Verdict = "stale"   // the source had already said something newer
	Voided    Verdict = "voided"  // taken back
	Absent    Verdict = "unknown" // taken back, but never seen
)

// Imported is the answer for one Incoming. BillID is "" for Absent.
type Imported struct {
	BillID  string
	Verdict Verdict
	State   State
}

// LockImports makes imports wait for each other, for the rest of the transaction.
func LockImports(ctx context.Context, tx *db.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO counter (name, next) VALUES ('pay_code', 0)
		ON CONFLICT (name) DO UPDATE SET next = counter.next`)
	return err
}

// ImportBatch issues new bills and brings known ones up to date, keyed by ClaimKey: the same batch again changes
// nothing. New bills take a few statements however many there are. The caller has called LockImports.
func ImportBatch(ctx context.Context, tx *db.Tx, now time.Time, incoming []Incoming) ([]Imported, error) {
	out := make([]Imported, len(incoming))
	keys := make([]string, len(incoming))
	for i, in := range incoming {
		keys[i] = in.ClaimKey
	}
	known, err := byClaimKey(ctx, tx, keys)
	if err != nil {
		return nil, err
	}
	var fresh []Bill
	var hashes []string
	var again []int // known bills, and second mentions within this batch
	last, issuedFirst := lastWords(incoming, known)
	for i, in := range incoming {
		_, isKnown := known[in.ClaimKey]
		switch first, ok := issuedFirst[in.ClaimKey]; {
		case last[in.ClaimKey] == i && (isKnown || ok):
			again = append(again, i)
			continue
		case last[in.ClaimKey] == i && in.Void:
			out[i] = Imported{Verdict: Absent}
			continue
		case last[in.ClaimKey] != i && (!ok || first != i):
			continue
		}
		b := in.bill(now)
		out[i] = Imported{BillID: b.ID, Verdict: Issued, State: b.State}
		known[in.ClaimKey] = stored{b.ID, in.hash(), b.AsOf}
		fresh, hashes = append(fresh, b), append(hashes, in.hash())
	}
	if err := issue(ctx, tx, now, fresh, hashes); err != nil {
		return nil, err
	}
	confirmed := map[string]time.Time{} // bills of which the source said the same again, later
	for _, i := range again {
		in := incoming[i]
		was, hash := known[in.ClaimKey], in.hash()
		if was.hash == hash {
			out[i] = Imported{BillID: was.billID, Verdict: Unchanged}
			if in.AsOf.After(was.asOf) {
				was.asOf = in.AsOf
				confirmed[was.billID] = in.AsOf
			}
		} else {
			if out[i], err = revise(ctx, tx, now, was, in, hash); err != nil {
				return nil, err
			}
			if v := out[i].Verdict; v == Updated || v == Voided {
				was.hash, was.asOf = hash, in.asOf(now)
			}
		}
		known[in.ClaimKey] = was
	}
	for i, in := range incoming {
		if out[i].Verdict == "" { // a later record of the same batch speaks for the bill
			out[i] = Imported{BillID: known[in.ClaimKey].billID, Verdict: Unchanged}
		}
	}
	return out, confirm(ctx, tx, confirmed)
}

// lastWords finds, for every claim, the record of a batch that speaks for it: the one that is true the longest, the later
// one of two. Importing the others too would only write a history that the same batch would write again the next time.
// Where the last word on a claim that is not known is to take it back, issued has the record to issue first, so that the
// bill exists and is void.
func lastWords(incoming []Incoming, known map[string]stored) (last, issued map[string]int) {
	last, issued = make(map[string]int, len(incoming)), map[string]int{}
	for i, in := range incoming {
		if was, ok := last[in.ClaimKey]; !ok || !in.AsOf.Before(incoming[was].AsOf) {
			last[in.ClaimKey] = i
		}
	}
	for i, in := range incoming {
		if _, ok := known[in.ClaimKey]; !ok && !in.Void && incoming[last[in.ClaimKey]].Void {
			issued[in.ClaimKey] = i
		}
	}
	return last, issued
}

// asOf is when the source said so, as far as it says.
func (in Incoming) asOf(now time.Time) time.Time {
	if in.AsOf.IsZero() {
		return now
	}
	return in.AsOf
}

// confirm notes until when the words of bills are known to be true, so that older ones do not replace them.
func confirm(ctx context.Context, tx *db.Tx, until map[string]time.Time) error {
	const most = 200
	bills := slices.Sorted(maps.Keys(until))
	for len(bills) > 0 {
		n := min(len(bills), most)
		args := make([]any, 0, n*2)
		for _, billID := range bills[:n] {
			args = append(args, billID, db.Micros(until[billID]))
		}
		if _, err := tx.ExecContext(ctx, "WITH said (bill_id, at) AS (VALUES "+db.TypedValues(n, "TEXT", "BIGINT")+`)
			UPDATE bill SET as_of = said.at FROM said WHERE bill.id = said.bill_id AND bill.as_of < said.at`, args...); err != nil {
			return fmt.Errorf("confirm bills: %w", err)
		}
		bills = bills[n:]
	}
	return nil
}

func (in Incoming) bill(now time.Time) Bill {
	b := Bill{ID: id.New("bill"), CreatedAt: now, Version: 1}
	in.describe(&b, now)
	b.State = b.settle()
	return b
}

// describe copies what the source says, and never what was paid here.
func (in Incoming) describe(b *Bill, now time.Time) {
	b.ClaimKey, b.Source, b.EOBID, b.Kind, b.Payee, b.Number = in.ClaimKey, in.Source, in.EOBID, in.Kind, in.Payee, in.Number
	b.PatientID, b.GuarantorID, b.Visit, b.Provider, b.Insurer = in.PatientID, in.GuarantorID, in.Visit, in.Provider, in.Insurer
	b.ServiceDate, b.DueDate, b.Lines = in.ServiceDate, in.DueDate, in.Lines
	b.Charged, b.PlanPaid, b.Adjustment = in.Charged, in.PlanPaid, in.Adjustment
	b.Responsibility, b.PriorPaid = in.Responsibility, min(in.PriorPaid, in.Responsibility)
	b.AsOf = in.asOf(now)
}

// hash identifies what the source says, so that the same words again are known at a glance.
func (in Incoming) hash() string {
	in.AsOf = time.Time{}
	text, _ := json.Marshal(in) // plain values only: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// stored is what is known of a bill: what the source said last, and until when that is known to be true.
type stored struct {
	billID, hash string
	asOf         time.Time
}

func byClaimKey(ctx context.Context, tx *db.Tx, keys []string) (map[string]stored, error) {
	out := make(map[string]stored, len(keys))
	for len(keys) > 0 {
		n := min(len(keys), 500)
		err := db.Each(ctx, tx, "SELECT claim_key, id, source_hash, as_of FROM bill WHERE claim_key IN "+db.In(1, n), db.Args(keys[:n]), func(rows *sql.Rows) error {
			var key string
			var s stored
			var asOf int64
			err := rows.Scan(&key, &s.billID, &s.hash, &asOf)
			s.asOf = db.Time(asOf)
			out[key] = s
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look up bills: %w", err)
		}
		keys = keys[n:]
	}
	return out, nil
}

// issue writes new bills, their entries in the book and their events.
func issue(ctx context.Context, tx *db.Tx, now time.Time, bills []Bill, hashes []string) error {
	if len(bills) == 0 {
		return nil
	}
	if err := giveCodes(ctx, tx, bills); err != nil {
		return err
	}
	if err := insert(ctx, tx, now, bills, hashes); err != nil {
		return err
	}
	var entries []ledger.Entry
	events := make([]event.Event, len(bills))
	for i, b := range bills {
		if open := b.Open(); open > 0 {
			entries = append(entries, ledger.Entry{At: now, Kind: "bill.issued", Payee: b.Payee,
				Postings: []ledger.Posting{{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: open, BillID: b.ID}}})
		}
		events[i] = event.Event{At: now, Kind: "bill.issued", Subject: b.ID}
	}
	if err := ledger.Append(ctx, tx, entries...); err != nil {
		return err
	}
	return event.Append(ctx, tx, events...)
}

func insert(ctx context.Context, tx *db.Tx, now time.Time, bills []Bill, hashes []string) error {
	const columns = 29
	for len(bills) > 0 {
		n := min(len(bills), 250)
		args := make([]any, 0, n*columns)
		for i, b := range bills[:n] {
			lines, err := json.Marshal(b.Lines)
			if err != nil {
				return fmt.Errorf("lines of bill %s: %w", b.ClaimKey, err)
			}
			if b.Lines == nil {
				lines = []byte("[]")
			}
			args = append(args, b.ID, b.ClaimKey, b.Source, b.EOBID, string(b.Kind), b.Payee, b.Number, id.Fold(b.Number), b.PayCode,
				b.PatientID, b.GuarantorID, b.Visit, b.Provider, b.Insurer, b.ServiceDate, b.DueDate,
				int64(b.Charged), int64(b.PlanPaid), int64(b.Adjustment), int64(b.Responsibility), int64(b.PriorPaid),
				int64(b.Applied), string(b.State), string(lines), hashes[i], db.Micros(b.AsOf), db.Micros(now), db.Micros(now), 1)
		}
		if err := tx.Later(ctx, "insert bills", `INSERT INTO bill (id, claim_key, source, eob_id, kind, payee, number, number_folded, pay_code,
			patient_id, guarantor_id, visit, provider, insurer, service_date, due_date, charged_cents, plan_paid_cents,
			adjustment_cents, responsibility_cents, prior_paid_cents, applied_cents, state, lines, source_hash, as_of,
			created_at, updated_at, version) VALUES `+db.Values(n, columns), args...); err != nil {
			return err
		}
		bills, hashes = bills[n:], hashes[n:]
	}
	return nil
}

// giveCodes takes a block of numbers and turns each into a pay code.
func giveCodes(ctx context.Context, tx *db.Tx, bills []Bill) error {
	key, err := PayCodeKey(ctx, tx)
	if err != nil {
		return err
	}
	var next int64
	err = tx.QueryRowContext(ctx, `INSERT INTO counter (name, next) VALUES ('pay_code', $1)
		ON CONFLICT (name) DO UPDATE SET next = counter.next + $1 RETURNING next`, len(bills)).Scan(&next)
	if err != nil {
		return fmt.Errorf("take pay codes: %w", err)
	}
	for i := range bills {
		bills[i].PayCode = id.PayCode(key, uint64(next)-uint64(len(bills))+uint64(i))
	}
	return nil
}

// PayCodeKey reads the key of this installation's pay codes, and makes it the first time.
func PayCodeKey(ctx context.Context, tx *db.Tx) (key [32]byte, err error) {
	var text string
	err = tx.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = 'pay_code_key'").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		rand.Read(key[:])
		err = tx.QueryRowContext(ctx, `INSERT INTO setting (name, value) VALUES ('pay_code_key', $1)
			ON CONFLICT (name) DO UPDATE SET value = setting.value RETURNING value`, hex.EncodeToString(key[:])).Scan(&text)
	}
	if err != nil {
		return key, fmt.Errorf("pay code key: %w", err)
	}
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("setting pay_code_key is damaged; restore it from a backup")
	}
	copy(key[:], raw)
	return key, nil
}

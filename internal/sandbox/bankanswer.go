package sandbox

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/moov-io/ach"
)

// bankEntry is a booked entry, as far as answering it needs.
type bankEntry struct {
	file, batch, sec, companyID, company, purpose, origin, dest        string
	trace, routing, account, individualID, person, outcome, returnCode string
	seq, code                                                          int
	amount                                                             int64
}

// answerDue writes the settlements and returns whose time has come. Each answer covers one file that was read. The
// answer is written before it is booked, so a stop in between delivers it again under the same name.
func (b *Bank) answerDue(now time.Time) error {
	settled, err := b.due("settle_at", now)
	if err != nil {
		return err
	}
	var errs []error // one file that cannot be answered does not hold up the others
	for _, hash := range sortedKeys(settled) {
		errs = append(errs, b.settle(hash, settled[hash], now))
	}
	returned, err := b.due("return_at", now)
	if err != nil {
		return err
	}
	for _, hash := range sortedKeys(returned) {
		var plain, late []bankEntry
		for _, e := range returned[hash] {
			if e.outcome == "settled" {
				late = append(late, e)
			} else {
				plain = append(plain, e)
			}
		}
		errs = append(errs, b.giveBack("return-", hash, plain, now), b.giveBack("late-return-", hash, late, now))
	}
	return errors.Join(errs...)
}

// due returns the entries whose column (settle_at or return_at) has passed, by file.
func (b *Bank) due(column string, now time.Time) (map[string][]bankEntry, error) {
	rows, err := b.s.store.r.Query(`SELECT file, seq, batch, sec, company_id, company, purpose, origin, dest, code, trace, amount, routing,
account, individual_id, person, outcome, return_code FROM bank_entry WHERE `+column+` <= $1 ORDER BY file, seq`, now.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]bankEntry{}
	for rows.Next() {
		var e bankEntry
		err := rows.Scan(&e.file, &e.seq, &e.batch, &e.sec, &e.companyID, &e.company, &e.purpose, &e.origin, &e.dest, &e.code, &e.trace,
			&e.amount, &e.routing, &e.account, &e.individualID, &e.person, &e.outcome, &e.returnCode)
		if err != nil {
			return nil, err
		}
		out[e.file] = append(out[e.file], e)
	}
	return out, rows.Err()
}

func (b *Bank) settle(hash string, entries []bankEntry, now time.Time) error {
	day := now.In(b.zone).Format("2006-01-02")
	var body bytes.Buffer
	w := csv.NewWriter(&body)
	w.Write([]string{"trace_number", "amount_cents", "settled_on"})
	for _, e := range entries {
		if e.amount > 0 { // a test entry without money has nothing to settle
			w.Write([]string{e.trace, strconv.FormatInt(e.amount, 10), day})
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	if err := b.deposit("settlement-"+hash[:16]+".csv", body.Bytes()); err != nil {
		return err
	}
	return b.s.store.write(func(t *tx) error {
		for _, e := range entries {
			if _, err := t.q.Exec(`UPDATE bank_entry SET settle_at = NULL, settled_on = $1, outcome = 'settled' WHERE file = $2 AND seq = $3`,
				day, hash, e.seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// giveBack writes one return file for entries of one file that was read. No entries, no file.
func (b *Bank) giveBack(prefix, hash string, entries []bankEntry, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	body, err := returnFile(entries, now.In(b.zone))
	if err != nil {
		return fmt.Errorf("make return file for %s: %w", hash[:16], err)
	}
	if err := b.deposit(prefix+hash[:16]+".ach", body); err != nil {
		return err
	}
	outcome := "returned"
	if entries[0].outcome == "settled" {
		outcome = "settled, then returned"
	}
	return b.s.store.write(func(t *tx) error {
		for _, e := range entries {
			if _, err := t.q.Exec(`UPDATE bank_entry SET return_at = NULL, outcome = $1 WHERE file = $2 AND seq = $3`, outcome, hash, e.seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// returnFile writes the returns of entries as the receiving bank sends them: origin and destination swapped, the
// original trace number in addenda 99, and a trace number of the bank's own.
func returnFile(entries []bankEntry, now time.Time) ([]byte, error) {
	f := ach.NewFile()
	h := ach.NewFileHeader()
	h.ImmediateOrigin, h.ImmediateDestination = entries[0].dest, entries[0].origin
	if ach.CheckRoutingNumber(h.ImmediateDestination) != nil {
		h.ImmediateDestination = entries[0].dest // the originator named itself by its company id, not by a bank
	}
	h.ImmediateOriginName, h.ImmediateDestinationName = "SANDBOX BANK", "ORIGINATOR"
	h.FileCreationDate, h.FileCreationTime = now.Format("060102"), now.Format("1504")
	h.FileIDModifier = "A"
	f.SetHeader(h)
	byBatch := map[string][]bankEntry{}
	for _, e := range entries {
		byBatch[e.batch+"/"+e.companyID] = append(byBatch[e.batch+"/"+e.companyID], e)
	}
	for n, key := range sortedKeys(byBatch) {
		batch, err := returnBatch(byBatch[key], n+1, now)
		if err != nil {
			return nil, err
		}
		f.AddBatch(batch)
	}
	if err := f.Create(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := ach.NewWriter(&out).Write(f); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func returnBatch(entries []bankEntry, number int, now time.Time) (ach.Batcher, error) {
	first := entries[0]
	bank := first.routing[:8]
	bh := ach.NewBatchHeader()
	bh.ServiceClassCode = ach.MixedDebitsAndCredits
	bh.CompanyName, bh.CompanyIdentification, bh.CompanyEntryDescription = first.company, first.companyID, first.purpose
	bh.StandardEntryClassCode = first.sec
	bh.EffectiveEntryDate = now.Format("060102")
	bh.ODFIIdentification, bh.OriginatorStatusCode, bh.BatchNumber = bank, 1, number
	batch, err := ach.NewBatch(bh)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		entry := ach.NewEntryDetail()
		entry.TransactionCode = returnCode(e.code)
		entry.SetRDFI(e.routing)
		entry.DFIAccountNumber, entry.Amount = e.account, int(e.amount)
		entry.IdentificationNumber, entry.IndividualName = e.individualID, e.person
		entry.DiscretionaryData = "S"
		entry.SetTraceNumber(bank, e.seq+1)
		entry.AddendaRecordIndicator, entry.Category = 1, ach.CategoryReturn
		add := ach.NewAddenda99()
		add.ReturnCode, add.OriginalTrace, add.OriginalDFI = e.returnCode, e.trace, e.routing[:8]
		add.TraceNumber = entry.TraceNumber
		entry.Addenda99 = add
		batch.AddEntry(entry)
	}
	return batch, batch.Create()
}

// returnCode is the transaction code of a returned entry: checking 21 and 26, savings 31 and 36, for what was a
// credit or a debit. Other codes stay as they are.
func returnCode(code int) int {
	switch code {
	case 22, 23, 24:
		return 21
	case 27, 28, 29:
		return 26
	case 32, 33, 34:
		return 31
	case 37, 38, 39:
		return 36
	}
	return code
}

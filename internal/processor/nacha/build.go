package nacha

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/moov-io/ach"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// maxFileTotal is the largest total the twelve digits of a control record hold.
const maxFileTotal money.Cents = 999_999_999_999

// head is what distinguishes one file from every other.
type head struct {
	destination, destinationName string
	origin, originName           string
	created                      time.Time // in the rail's location
	modifier                     byte
	effective                    day.Date
}

// batch is the entries of one payee and one entry class, in ascending order of their traces.
type batch struct {
	originator Originator
	sec        SEC
	entries    []line
}

// line is one entry as the file has it. The whole account number is in it: it never leaves the cut.
type line struct {
	paymentID    string
	individualID string
	name         string
	routing      string
	account      string
	accountType  AccountType
	amount       money.Cents
	trace        string
}

// name is the file's name: unique, and in the order in which files were made.
func (h head) name() string {
	return fmt.Sprintf("%s-%s-%s-%c.ach", h.destination, h.origin, h.created.Format("20060102-1504"), h.modifier)
}

// buildFile writes a NACHA file. The same arguments give the same bytes. Every batch is WEB (authorized online) or TEL (by
// telephone), debits only, each entry a single payment.
func buildFile(h head, batches []batch) ([]byte, error) {
	file := ach.NewFile()
	header := ach.NewFileHeader()
	header.ImmediateDestination, header.ImmediateDestinationName = h.destination, h.destinationName
	header.ImmediateOrigin, header.ImmediateOriginName = h.origin, h.originName
	header.FileCreationDate, header.FileCreationTime = h.created.Format("060102"), h.created.Format("1504")
	header.FileIDModifier = string(h.modifier)
	header.SetValidation(originOptions())
	file.SetHeader(header)
	for i, b := range batches {
		bh := ach.NewBatchHeader()
		bh.ServiceClassCode = ach.DebitsOnly
		bh.StandardEntryClassCode = string(b.sec)
		bh.CompanyName, bh.CompanyIdentification = b.originator.CompanyName, b.originator.CompanyID
		bh.CompanyEntryDescription = b.originator.EntryDescription
		bh.EffectiveEntryDate = h.effective.At(0, 0, time.UTC).Format("060102")
		bh.ODFIIdentification = b.originator.ODFIRouting[:8]
		bh.BatchNumber = i + 1
		nb, err := ach.NewBatch(bh)
		if err != nil {
			return nil, fmt.Errorf("batch %d: %w", i+1, err)
		}
		for _, l := range b.entries {
			nb.AddEntry(l.detail())
		}
		if err := nb.Create(); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i+1, err)
		}
		file.AddBatch(nb)
	}
	if err := file.Create(); err != nil {
		return nil, fmt.Errorf("file control: %w", err)
	}
	var out bytes.Buffer
	if err := ach.NewWriter(&out).Write(file); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	return out.Bytes(), nil
}

// originOptions let an origin be ten characters, as banks ask for: a company id rather than a routing number.
func originOptions() *ach.ValidateOpts { return &ach.ValidateOpts{BypassOriginValidation: true} }

// Transaction codes of debits.
const (
	debitChecking = ach.CheckingDebit
	debitSavings  = ach.SavingsDebit
)

func (l line) code() int {
	if l.accountType == Savings {
		return debitSavings
	}
	return debitChecking
}

func (l line) detail() *ach.EntryDetail {
	e := ach.NewEntryDetail()
	e.TransactionCode = l.code()
	e.SetRDFI(l.routing)
	e.DFIAccountNumber = l.account
	e.Amount = int(l.amount)
	e.IdentificationNumber = l.individualID
	e.IndividualName = individualName(l.name)
	e.SetPaymentType("S")
	e.TraceNumber = l.trace
	e.Category = ach.CategoryForward
	return e
}

// checkFile reads a finished file again and compares it with what should be in it: each entry, and counts, hash and
// totals worked out anew. An error means that the file must not leave.
func checkFile(content []byte, h head, batches []batch) error {
	reader := ach.NewReader(bytes.NewReader(content))
	reader.SetValidation(originOptions())
	file, err := reader.Read()
	if err != nil {
		return fmt.Errorf("read again: %w", err)
	}
	if err := file.ValidateWith(originOptions()); err != nil {
		return fmt.Errorf("read again: %w", err)
	}
	if len(file.Batches) != len(batches) {
		return fmt.Errorf("read again: %d batches, not %d", len(file.Batches), len(batches))
	}
	if got := file.Header.FileIDModifier; got != string(h.modifier) {
		return fmt.Errorf("read again: file id modifier %q, not %q", got, h.modifier)
	}
	count, hash, total := 0, 0, 0
	for i, b := range batches {
		bh := file.Batches[i].GetHeader()
		if bh.CompanyIdentification != b.originator.CompanyID || bh.ServiceClassCode != ach.DebitsOnly ||
			bh.StandardEntryClassCode != string(b.sec) || bh.ODFIIdentification != b.originator.ODFIRouting[:8] ||
			bh.EffectiveEntryDate != h.effective.At(0, 0, time.UTC).Format("060102") {
			return fmt.Errorf("read again: batch %d has another header than it was given", i+1)
		}
		got := file.Batches[i].GetEntries()
		if len(got) != len(b.entries) {
			return fmt.Errorf("read again: batch %d has %d entries, not %d", i+1, len(got), len(b.entries))
		}
		for j, want := range b.entries {
			if err := want.same(got[j]); err != nil {
				return fmt.Errorf("read again: batch %d: %w", i+1, err)
			}
			count++
			hash += atoi(want.routing[:8])
			total += int(want.amount)
		}
	}
	c := file.Control
	if c.EntryAddendaCount != count || c.EntryHash != hash%10_000_000_000 ||
		c.TotalDebitEntryDollarAmountInFile != total || c.TotalCreditEntryDollarAmountInFile != 0 {
		return fmt.Errorf("read again: control says %d entries, hash %d, debits %d, credits %d; it should be %d, %d, %d, 0",
			c.EntryAddendaCount, c.EntryHash, c.TotalDebitEntryDollarAmountInFile, c.TotalCreditEntryDollarAmountInFile,
			count, hash%10_000_000_000, total)
	}
	return nil
}

// same reports where an entry of the file is not the one it was made from. It names no account.
func (l line) same(e *ach.EntryDetail) error {
	text := func(field string) string { return strings.TrimRight(field, " ") } // the reader keeps the padding
	switch {
	case e.TraceNumber != l.trace, e.Amount != int(l.amount), e.TransactionCode != l.code(),
		e.RDFIIdentification+e.CheckDigit != l.routing, text(e.DFIAccountNumber) != l.account,
		text(e.IdentificationNumber) != l.individualID, text(e.IndividualName) != individualName(l.name),
		text(e.DiscretionaryData) != "S", e.AddendaRecordIndicator != 0:
		return fmt.Errorf("trace %s is not the entry it was made from", l.trace)
	}
	return nil
}

// atoi reads digits that were checked before.
func atoi(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/moov-io/ach"
)

// maxBankFile is the largest NACHA file the bank reads: 64 MiB, about 680,000 lines.
const maxBankFile = 64 << 20

// Bank reads NACHA files from the outbound folder and answers in the inbound folder:
//
//   - settlement-<hash>.csv with the header trace_number,amount_cents,settled_on (a date, YYYY-MM-DD): one line for
//     every entry of a file that settled;
//   - return-<hash>.ach and late-return-<hash>.ach: NACHA files with an addenda 99 for every entry of a file that was
//     returned at once, or after it had settled.
//
// <hash> is the first 16 hexadecimal digits of the SHA-256 of the file that was read. A file is known by its content:
// the same content under another name is not read twice. Answers are delivered at least once, under the same name.
type Bank struct {
	s    *Sandbox
	zone *time.Location
	seen map[string]time.Time // path -> modification time of files already read
}

func newBank(s *Sandbox) (*Bank, error) {
	for _, dir := range []string{s.cfg.OutboundDir, s.cfg.InboundDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("sandbox: make bank folder: %w", err)
		}
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		zone = time.UTC
	}
	return &Bank{s: s, zone: zone, seen: map[string]time.Time{}}, nil
}

// run looks into the folder and answers what is due until ctx ends.
func (b *Bank) run(ctx context.Context) {
	every(ctx, nil, func() time.Duration {
		if err := b.readFolder(); err != nil {
			b.s.cfg.Log.Error("sandbox: bank reads its folder", "error", err)
		}
		if err := b.answerDue(time.Now()); err != nil {
			b.s.cfg.Log.Error("sandbox: bank answers", "error", err)
		}
		return b.s.cfg.Pace.Poll
	})
}

func (b *Bank) readFolder() error {
	files, err := os.ReadDir(b.s.cfg.OutboundDir)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := f.Name()
		if !f.Type().IsRegular() || strings.HasPrefix(name, ".") || !strings.EqualFold(filepath.Ext(name), ".ach") {
			continue
		}
		info, err := f.Info()
		if err != nil {
			continue // taken away meanwhile
		}
		path := filepath.Join(b.s.cfg.OutboundDir, name)
		if at, ok := b.seen[path]; ok && at.Equal(info.ModTime()) {
			continue
		}
		if err := b.readFile(path, name, info); err != nil {
			return err
		}
		b.seen[path] = info.ModTime()
	}
	return nil
}

// readFile takes one file into the book. A file that cannot be understood is booked as rejected, with the reason.
func (b *Bank) readFile(path, name string, info fs.FileInfo) error {
	var body []byte
	reason := ""
	if info.Size() > maxBankFile {
		reason = fmt.Sprintf("the file has %d bytes, more than %d", info.Size(), maxBankFile)
	} else {
		var err error
		if body, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	var file *ach.File
	if reason == "" {
		file, reason = parseACH(body)
	}
	return b.s.store.write(func(t *tx) error {
		outcome := "accepted"
		if reason != "" {
			outcome = "rejected"
		}
		res, err := t.q.Exec(`INSERT INTO bank_file (hash, name, received, outcome, reason) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (hash) DO NOTHING`,
			hash, name, time.Now().UnixMicro(), outcome, reason)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 || reason != "" {
			return err
		}
		return b.bookEntries(t, hash, file)
	})
}

// parseACH reads and validates a NACHA file. A reader that panics on hostile bytes is a rejection, not a crash.
func parseACH(body []byte) (file *ach.File, reason string) {
	defer func() {
		if p := recover(); p != nil {
			file, reason = nil, fmt.Sprintf("the file broke the reader: %v", p)
		}
	}()
	f, err := ach.NewReader(bytes.NewReader(body)).Read()
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return nil, firstLine(err.Error())
	}
	if len(f.IATBatches) > 0 || f.IsADV() {
		return nil, "international and advice batches are not taken"
	}
	return &f, ""
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 300)]
}

// bookEntries notes every entry of a file and when it will be answered.
func (b *Bank) bookEntries(t *tx, hash string, f *ach.File) error {
	at := time.Now().Add(b.s.cfg.Pace.Settle)
	late := at.Add(b.s.cfg.Pace.Settle)
	seq := 0
	for _, batch := range f.Batches {
		h := batch.GetHeader()
		for _, e := range batch.GetEntries() {
			script := accountScript(e.DFIAccountNumber)
			var settle, back any
			switch {
			case script.ReturnCode == "":
				settle = at.UnixMicro()
			case script.late:
				settle, back = at.UnixMicro(), late.UnixMicro()
			default:
				back = at.UnixMicro()
			}
			_, err := t.q.Exec(`INSERT INTO bank_entry (file, seq, batch, sec, company_id, company, purpose, origin, dest, code, trace,
amount, routing, account, individual_id, person, outcome, settle_at, return_at, return_code)
VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,'received',$17,$18,$19)`,
				hash, seq, strconv.Itoa(h.BatchNumber), h.StandardEntryClassCode, h.CompanyIdentification, h.CompanyName,
				h.CompanyEntryDescription, f.Header.ImmediateOrigin, f.Header.ImmediateDestination, e.TransactionCode,
				e.TraceNumber, e.Amount, e.RDFIIdentification+e.CheckDigit, strings.TrimSpace(e.DFIAccountNumber),
				strings.TrimSpace(e.IdentificationNumber), strings.TrimSpace(e.IndividualName), settle, back, script.ReturnCode)
			if err != nil {
				return err
			}
			seq++
		}
	}
	return nil
}

// deposit writes a file so that a reader of the folder never sees half of it.
func (b *Bank) deposit(name string, body []byte) error {
	tmp := filepath.Join(b.s.cfg.InboundDir, "."+name+".tmp")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	return os.Rename(tmp, filepath.Join(b.s.cfg.InboundDir, name))
}

// BookEntry is one entry the bank has seen, as GET /book/bank tells it. Amount is cents.
type BookEntry struct {
	Trace        string `json:"trace"`
	Amount       int64  `json:"amount"`
	Routing      string `json:"routing"`
	AccountLast4 string `json:"account_last4"`
	IndividualID string `json:"individual_id"`
	File         string `json:"file"`    // name of the file it came in
	Outcome      string `json:"outcome"` // "received", "settled", "returned" or "settled, then returned"
	ReturnCode   string `json:"return_code"`
	SettledOn    string `json:"settled_on"` // date, "" where it did not settle
}

// BookFile is one file the bank has seen.
type BookFile struct {
	Name    string `json:"name"`
	Hash    string `json:"hash"`
	Outcome string `json:"outcome"` // "accepted" or "rejected"
	Reason  string `json:"reason"`
}

// BankBook is everything the bank has seen, as GET /book/bank tells it.
type BankBook struct {
	Entries []BookEntry `json:"entries"`
	Files   []BookFile  `json:"files"`
}

// BankBook returns all entries and files, oldest first. It is empty without a bank.
func (s *Sandbox) BankBook() (BankBook, error) {
	book := BankBook{Entries: []BookEntry{}, Files: []BookFile{}}
	files, err := s.store.r.Query(`SELECT name, hash, outcome, reason FROM bank_file ORDER BY received, hash`)
	if err != nil {
		return book, err
	}
	defer files.Close()
	for files.Next() {
		var f BookFile
		if err := files.Scan(&f.Name, &f.Hash, &f.Outcome, &f.Reason); err != nil {
			return book, err
		}
		book.Files = append(book.Files, f)
	}
	if err := files.Err(); err != nil {
		return book, err
	}
	rows, err := s.store.r.Query(`SELECT e.trace, e.amount, e.routing, e.account, e.individual_id, f.name, e.outcome, e.return_code, e.settled_on
FROM bank_entry e JOIN bank_file f ON f.hash = e.file ORDER BY f.received, e.file, e.seq`)
	if err != nil {
		return book, err
	}
	defer rows.Close()
	for rows.Next() {
		var e BookEntry
		if err := rows.Scan(&e.Trace, &e.Amount, &e.Routing, &e.AccountLast4, &e.IndividualID, &e.File, &e.Outcome, &e.ReturnCode, &e.SettledOn); err != nil {
			return book, err
		}
		e.AccountLast4 = e.AccountLast4[max(0, len(e.AccountLast4)-4):]
		book.Entries = append(book.Entries, e)
	}
	return book, rows.Err()
}

func (s *Sandbox) bookBank(w http.ResponseWriter, _ *http.Request) {
	v, err := s.BankBook()
	send(w, s.answer(v, err))
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

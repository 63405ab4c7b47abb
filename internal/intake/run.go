package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
)

// Runner imports files into the database. Use one for one run; it is not safe for concurrent use.
type Runner struct {
	DB *db.DB

	// Since leaves out bills whose service date is earlier; the zero Date leaves out none.
	Since day.Date
	// Payee gives the key of the payee for a bill of kind "medical" or "premium" and the name that the file has for the
	// payee, "" for none; false refuses the row. Nil means: the kind itself is the key, and no other name is known.
	Payee func(kind, name string) (key string, ok bool)
	// Line is called for every record that made no bill, in file order, after its batch is stored. Nil ignores them.
	Line func(ReportLine)
	// Progress is called after every batch. Nil ignores it.
	Progress func(Report)
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	report  Report
	started time.Time
	runID   string
	seen    map[uint64]struct{} // claim keys of this run, hashed
	payees  map[string]bool     // csv: payees of the file
	holders map[string]holder   // csv: whom the file names first, by member ID
}

const (
	batchRecords = 500
	batchBytes   = 8 << 20 // of records as they were read
)

// batch is what one transaction stores: up to batchRecords records of one file.
type batch struct {
	file     *source
	work     []work
	upTo     int  // the last record of the file that this batch settles
	finished bool // it ends the file
	bytes    int
	tally    tally
}

// tally counts what needs no database.
type tally struct {
	records, resumed int
	other            map[string]int
}

// source is a file of the run and how far an earlier, interrupted run got with it.
type source struct {
	path        string
	fingerprint string
	done        int
}

// FHIR imports files and folders of FHIR R4 data. The same import again changes nothing; an interrupted one is
// continued where it stopped. The error is for what ended the run (a missing path, the database, ctx); trouble with
// records and files is in the report.
func (r *Runner) FHIR(ctx context.Context, paths []string) (Report, error) {
	files, err := Expand(paths)
	if err != nil {
		return newReport("fhir"), err
	}
	return r.run(ctx, "fhir", files, r.produceFHIR)
}

// CSV imports one balance file. Open bills that earlier balance files had for the same payees and this one does not
// are reported as absent and left as they are.
func (r *Runner) CSV(ctx context.Context, path string) (Report, error) {
	if _, err := os.Stat(path); err != nil {
		return newReport("csv"), fmt.Errorf("cannot read %s: %w", path, err)
	}
	whole := false
	_, err := r.run(ctx, "csv", []string{path}, func(ctx context.Context, s *source, d *decoder, out chan<- batch) error {
		var err error
		whole, err = r.produceCSV(ctx, s, d, out)
		return err
	})
	if err != nil || !whole {
		return r.report, err
	}
	if err := r.absent(ctx, path); err != nil {
		return r.report, err
	}
	return r.report, r.closeRun(ctx)
}

// producer reads one file and sends its batches.
type producer func(ctx context.Context, s *source, d *decoder, out chan<- batch) error

// run lets one goroutine read and decode while this one stores.
func (r *Runner) run(ctx context.Context, kind string, files []string, produce producer) (Report, error) {
	r.begin(kind)
	if err := r.openRun(ctx, kind); err != nil {
		return r.report, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make(chan batch, 2)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		failed <- r.produceAll(ctx, files, produce, out)
	}()
	var storing error
	for b := range out {
		if storing != nil {
			continue // the producer is being told to stop
		}
		if storing = r.store(ctx, b); storing != nil {
			cancel()
		}
	}
	reading := <-failed
	r.report.finish(r.now().Sub(r.started))
	if storing != nil {
		return r.report, storing
	}
	if reading != nil {
		return r.report, reading
	}
	return r.report, r.closeRun(ctx)
}

func (r *Runner) begin(kind string) {
	r.report, r.started = newReport(kind), r.now()
	r.seen, r.payees, r.holders = map[uint64]struct{}{}, map[string]bool{}, map[string]holder{}
}

func (r *Runner) produceAll(ctx context.Context, files []string, produce producer, out chan<- batch) error {
	d := &decoder{since: r.Since}
	for _, f := range files {
		s, err := r.checkpoint(ctx, f)
		if err != nil {
			return err
		}
		if err := produce(ctx, s, d, out); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) produceFHIR(ctx context.Context, s *source, d *decoder, out chan<- batch) error {
	b := newBatch(s)
	err := ReadFHIR(ctx, s.path, func(rec Record) error {
		seen := rec.Seq <= s.done
		w, take := d.fhir(rec, seen)
		b.tally.records++
		switch {
		case seen:
			b.tally.resumed++
		case take:
			b.add(w)
		default:
			b.tally.other[rec.Type]++
		}
		b.upTo = rec.Seq
		return b.sendFull(ctx, out)
	})
	if err != nil {
		return err
	}
	return b.sendLast(ctx, out)
}

func (r *Runner) produceCSV(ctx context.Context, s *source, d *decoder, out chan<- batch) (whole bool, err error) {
	b := newBatch(s)
	whole, err = ReadBalances(ctx, s.path, func(rec BalanceRecord) error {
		b.tally.records++
		w := r.ownRow(d.csv(rec), rec)
		if rec.Seq <= s.done {
			b.tally.resumed++
		} else {
			b.add(w)
		}
		b.upTo = rec.Seq
		return b.sendFull(ctx, out)
	})
	if err != nil {
		return false, err
	}
	return whole, b.sendLast(ctx, out)
}

// ownRow gives a row its payee and refuses a bill number that the file had before. A bill whose row is refused is noted
// all the same: it is not absent from the file.
func (r *Runner) ownRow(w work, rec BalanceRecord) work {
	if w.balance == nil {
		b := rec.Balance
		if key, ok := r.payee(b.Kind, b.Payee); ok && b.BillNumber != "" {
			b.Payee = key
			r.repeated(b.key())
		}
		return w
	}
	key, ok := r.payee(w.balance.Kind, w.balance.Payee)
	switch {
	case !ok:
		w.refused = refuse("payee", "the payee %q is not known for a %s bill", cut(w.balance.Payee, 60), w.balance.Kind)
	default:
		w.balance.Payee = key
		r.payees[key] = true
		switch {
		case r.repeated(w.balance.key()):
			w.refused = refuse("duplicate", "the bill number stands in the file twice; the first row was taken")
		case w.balance.AsOf.After(r.now().Add(36 * time.Hour)):
			w.refused = refuse("as_of_future", "as_of is %s, which has not come yet; write the day the amounts are from",
				w.balance.AsOf.Format(time.DateOnly))
		case r.otherBirth(w.balance.Person):
			w.refused = refuse("person_conflict", "the file has another date of birth for member %s in an earlier row; one of the two rows names somebody else",
				cut(w.balance.Person.MemberID, 64))
		}
	}
	if w.refused != nil {
		w.balance, w.people = nil, nil
	}
	return w
}

// holder is who has a member ID in a balance file.
type holder struct {
	given string
	birth day.Date
}

// otherBirth reports whether an earlier row of the file gave this member another date of birth. Two people under one
// number would see each other's bills. Another first name beside it makes it plain that there are two; package member
// keeps them apart.
func (r *Runner) otherBirth(p Person) bool {
	if p.BirthDate.IsZero() {
		return false
	}
	first, known := r.holders[p.MemberID]
	if !known {
		r.holders[p.MemberID] = holder{p.Given, p.BirthDate}
		return false
	}
	two := first.given != "" && p.Given != "" && !strings.EqualFold(first.given, p.Given)
	return first.birth != p.BirthDate && !two
}

func newBatch(s *source) *batch {
	return &batch{file: s, upTo: s.done, work: make([]work, 0, batchRecords), tally: tally{other: map[string]int{}}}
}

func (b *batch) add(w work) {
	b.work = append(b.work, w)
	b.bytes += len(w.raw)
}

// sendFull sends the batch when it is large enough, and begins the next.
func (b *batch) sendFull(ctx context.Context, out chan<- batch) error {
	if len(b.work) < batchRecords && b.bytes < batchBytes && b.tally.records < 20*batchRecords {
		return nil
	}
	return b.send(ctx, out)
}

func (b *batch) sendLast(ctx context.Context, out chan<- batch) error {
	b.finished = true
	return b.send(ctx, out)
}

func (b *batch) send(ctx context.Context, out chan<- batch) error {
	select {
	case out <- *b:
	case <-ctx.Done():
		return ctx.Err()
	}
	upTo := b.upTo
	*b = *newBatch(b.file)
	b.upTo = upTo
	return nil
}

// repeated notes the claim key and reports whether this run had it before. It keeps eight bytes a claim.
func (r *Runner) repeated(key string) bool {
	if r.had(key) {
		return true
	}
	r.seen[hash(key)] = struct{}{}
	return false
}

// had reports whether this run has met the claim key.
func (r *Runner) had(key string) bool {
	_, was := r.seen[hash(key)]
	return was
}

func hash(key string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, key)
	return h.Sum64()
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Runner) payee(kind, name string) (string, bool) {
	if r.Payee != nil {
		return r.Payee(kind, name)
	}
	return kind, name == "" || name == kind
}

// fingerprint identifies a file's content well enough to continue it: path, size, time of change, and the hash of its
// first and last bytes.
func fingerprint(path string, since day.Date) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n%d\n%s\n", full, info.Size(), info.ModTime().UnixNano(), since)
	const part = 64 << 10
	if _, err := io.CopyN(h, f, part); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if info.Size() > 2*part {
		if _, err := io.Copy(h, io.NewSectionReader(f, info.Size()-part, part)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

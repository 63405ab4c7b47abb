package nacha

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/money"
)

// CutReport says what a cut did.
type CutReport struct {
	Window    time.Time    // the window that was due; zero for a cut by hand
	Files     []FileReport // none where nothing waited
	Delivered []string     // names of the files that this call wrote into the outbound folder, older ones included
	Waiting   int          // entries no cut can send: their payee has no bank details, or they are unreadable
}

// FileReport is one file.
type FileReport struct {
	ID, Name    string
	Entries     int
	Total       money.Cents
	EffectiveOn day.Date
	SHA256      string
}

// Entries returns how many entries were put into files.
func (c CutReport) Entries() int {
	n := 0
	for _, f := range c.Files {
		n += f.Entries
	}
	return n
}

// Total returns the sum of all files.
func (c CutReport) Total() money.Cents {
	var n money.Cents
	for _, f := range c.Files {
		n += f.Total
	}
	return n
}

// Cut puts every entry that is queued now into files, stores them, and delivers them, together with files that an
// earlier call could not deliver. With nothing to send the report has no files. Where files were stored but not
// delivered, the report has them and the error says why; the next call tries again.
func (r *Rail) Cut(ctx context.Context) (CutReport, error) { return r.cut(ctx, time.Time{}) }

// CutDue is Cut where a window has passed since the last one, whoever cut that, and otherwise only delivers what is left
// over. Call it every minute, in every process: a window is cut once, late where nobody ran at its time.
func (r *Rail) CutDue(ctx context.Context) (CutReport, error) {
	window := r.slotBefore(r.clock()).at
	var done int64
	err := db.Each(ctx, r.db.Read(), "SELECT until FROM lease WHERE name = $1", []any{cutLease},
		func(rows *sql.Rows) error { return rows.Scan(&done) })
	if err != nil {
		return CutReport{}, fmt.Errorf("cut: %w", err)
	}
	if done < db.Micros(window) {
		return r.cut(ctx, window)
	}
	names, err := r.Deliver(ctx)
	return CutReport{Delivered: names}, err
}

// cutLease is the row that a cut locks, so that one process cuts at a time. Its "until" is the last window cut.
const cutLease = "ach.cut"

func (r *Rail) cut(ctx context.Context, window time.Time) (CutReport, error) {
	report := CutReport{Window: window}
	start := r.clock()
	for more := true; more; {
		var got round
		err := r.db.Write(ctx, func(tx *db.Tx) (err error) {
			if got, err = r.cutOnce(ctx, tx, window, start); err != nil {
				return err
			}
			return r.at("cut.before-commit")
		})
		if err != nil {
			return report, fmt.Errorf("cut: %w", err)
		}
		report.Files = append(report.Files, got.made...)
		more, report.Waiting = got.more, got.broken
		if err := r.at("cut.committed"); err != nil {
			return report, err
		}
	}
	for _, f := range report.Files {
		r.log.Info("bank file cut", "file", f.Name, "entries", f.Entries, "total_cents", int64(f.Total),
			"effective_on", f.EffectiveOn.String())
	}
	var err error
	report.Delivered, err = r.Deliver(ctx)
	return report, errors.Join(err, r.countWaiting(ctx, &report))
}

// countWaiting counts the entries that no cut can send.
func (r *Rail) countWaiting(ctx context.Context, report *CutReport) error {
	var stray int
	err := r.db.Read().QueryRowContext(ctx,
		"SELECT CAST(COUNT(*) AS BIGINT) FROM ach_entry WHERE state = 'queued' AND payee NOT IN "+db.In(1, len(r.payees)),
		db.Args(r.payees)...).Scan(&stray)
	if err != nil {
		return fmt.Errorf("count waiting entries: %w", err)
	}
	if report.Waiting += stray; report.Waiting > 0 {
		r.log.Error("bank debits wait though a cut was made: their payee has no bank details, or their account number "+
			"cannot be opened", "no_bank_details", stray, "unreadable", report.Waiting-stray)
	}
	return nil
}

// round is what one transaction of a cut did.
type round struct {
	made   []FileReport
	more   bool // entries may be left
	broken int  // entries whose account number does not open
}

// cutOnce makes the files of at most perFile entries.
func (r *Rail) cutOnce(ctx context.Context, tx *db.Tx, window, start time.Time) (round, error) {
	done, err := lockCut(ctx, tx)
	if err != nil {
		return round{}, err
	}
	if !window.IsZero() && done >= db.Micros(window) {
		return round{}, nil // another process was faster
	}
	list, broken, err := r.queued(ctx, tx, start)
	if err != nil {
		return round{}, err
	}
	got := round{broken: broken}
	fit, rest := split(list)
	for _, g := range r.group(fit) {
		f, err := r.file(ctx, tx, g, start)
		if err != nil {
			return round{}, err
		}
		got.made = append(got.made, f)
	}
	got.more = len(got.made) > 0 && (len(list)+broken == r.perFile || rest)
	if !got.more && !window.IsZero() {
		_, err = tx.ExecContext(ctx, "UPDATE lease SET until = $2 WHERE name = $1", cutLease, db.Micros(window))
	}
	return got, err
}

// lockCut locks the lease row until the transaction ends and returns the last window that was cut.
func lockCut(ctx context.Context, tx *db.Tx) (int64, error) {
	_, err := tx.ExecContext(ctx,
		"INSERT INTO lease (name, holder, until) VALUES ($1, '', 0) ON CONFLICT (name) DO NOTHING", cutLease)
	if err != nil {
		return 0, fmt.Errorf("lock: %w", err)
	}
	var done int64
	err = tx.QueryRowContext(ctx, "UPDATE lease SET holder = '' WHERE name = $1 RETURNING until", cutLease).Scan(&done)
	if err != nil {
		return 0, fmt.Errorf("lock: %w", err)
	}
	return done, nil
}

// queuedLine is a line and whose it is.
type queuedLine struct {
	line
	payee string
	sec   SEC
}

// queued locks and reads the entries to send, oldest first, without those by telephone whose consent is not on record, and counts those whose account number does not open. It waits
// for an entry that somebody else changes just now (a cancellation, an account number that is sealed again) and then sees
// what became of it: one that was passed by would miss this window.
func (r *Rail) queued(ctx context.Context, tx *db.Tx, start time.Time) ([]queuedLine, int, error) {
	args := append([]any{db.Micros(start), r.perFile}, db.Args(r.payees)...)
	query := `SELECT payment_id, individual_id, payee, name, routing, account_sealed, account_type, amount_cents, sec
 FROM ach_entry WHERE state = 'queued' AND (sec = 'WEB' OR cleared_at > 0) AND queued_at <= $1 AND payee IN ` + db.In(3, len(r.payees)) +
		` ORDER BY queued_at, payment_id LIMIT $2` + tx.Engine.ForUpdate()
	var list []queuedLine
	var broken []string
	err := db.Each(ctx, tx, query, args, func(rows *sql.Rows) error {
		var l queuedLine
		var sealed []byte
		if err := rows.Scan(&l.paymentID, &l.individualID, &l.payee, &l.name, &l.routing, &sealed, &l.accountType,
			&l.amount, &l.sec); err != nil {
			return err
		}
		account, err := r.seal.Open(sealed, place(l.paymentID))
		if err != nil {
			broken = append(broken, l.paymentID)
			return nil
		}
		l.account = string(account)
		list = append(list, l)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read queued entries: %w", err)
	}
	for _, paymentID := range broken {
		if err := r.raise(ctx, tx, UnreadableEntry, paymentID, "", detail{PaymentID: paymentID}); err != nil {
			return nil, 0, err
		}
	}
	return list, len(broken), nil
}

// split returns the entries whose total fits into a file, and whether any are left over.
func split(list []queuedLine) (fit []queuedLine, rest bool) {
	var total money.Cents
	for i, l := range list {
		if total += l.amount; total > maxFileTotal {
			return list[:i], true
		}
	}
	return list, false
}

// file builds, checks and stores one file and moves its entries to filed.
func (r *Rail) file(ctx context.Context, tx *db.Tx, g group, start time.Time) (FileReport, error) {
	h := g.head
	h.created, h.effective = start.In(r.location), r.effective(start)
	var err error
	if h.modifier, err = modifier(ctx, tx, h); err != nil {
		return FileReport{}, err
	}
	for i, b := range g.batches {
		traces, err := takeTraces(ctx, tx, b.originator.ODFIRouting, len(b.entries), start)
		if err != nil {
			return FileReport{}, err
		}
		for j := range b.entries {
			g.batches[i].entries[j].trace = traces[j]
		}
	}
	content, err := buildFile(h, g.batches)
	if err != nil {
		return FileReport{}, fmt.Errorf("file %s: %w", h.name(), err)
	}
	if err := checkFile(content, h, g.batches); err != nil {
		return FileReport{}, fmt.Errorf("file %s: %w", h.name(), err)
	}
	f := FileReport{ID: id.New("achf"), Name: h.name(), EffectiveOn: h.effective, SHA256: hash(content)}
	for _, b := range g.batches {
		for _, l := range b.entries {
			f.Entries++
			f.Total += l.amount
		}
	}
	if err := r.storeFile(ctx, tx, f, h, content, start); err != nil {
		return FileReport{}, err
	}
	return f, moveToFiled(ctx, tx, f, g.batches, start)
}

func (r *Rail) storeFile(ctx context.Context, tx *db.Tx, f FileReport, h head, content []byte, at time.Time) error {
	sealed, err := r.seal.Seal(content, filePlace(f.ID))
	if err != nil {
		return fmt.Errorf("seal file %s: %w", f.Name, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO ach_file (id, name, origin, destination, created_on, created_time, modifier,
 effective_on, entries, total_cents, sha256, content_sealed, state, cut_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'filed', $13)`,
		f.ID, f.Name, h.origin, h.destination, h.created.Format(time.DateOnly), h.created.Format("1504"),
		string(h.modifier), h.effective.String(), f.Entries, int64(f.Total), f.SHA256, sealed, db.Micros(at))
	if err != nil {
		return fmt.Errorf("store file %s: %w", f.Name, err)
	}
	if err := event.Append(ctx, tx, event.Event{At: at, Kind: "ach.filed", Subject: f.ID,
		Data: map[string]any{"file": f.Name, "entries": f.Entries, "total_cents": int64(f.Total)}}); err != nil {
		return err
	}
	return audit.Append(ctx, tx, audit.Program.Did(at, "bank_file.cut", f.ID, ""))
}

// moveToFiled writes the traces and moves the entries, which this transaction has locked, to filed.
func moveToFiled(ctx context.Context, tx *db.Tx, f FileReport, batches []batch, at time.Time) error {
	const most = 1000
	for _, b := range batches {
		for entries := b.entries; len(entries) > 0; {
			n := min(len(entries), most)
			args := make([]any, 0, n*2+3)
			for _, l := range entries[:n] {
				args = append(args, l.paymentID, l.trace)
			}
			args = append(args, f.ID, f.EffectiveOn.String(), db.Micros(at))
			res, err := tx.ExecContext(ctx, fmt.Sprintf(`WITH v (payment_id, trace) AS (VALUES %s)
 UPDATE ach_entry SET state = 'filed', trace = v.trace, file_id = $%d, effective_on = $%d,
 filed_at = CAST($%d AS BIGINT), updated_at = CAST($%d AS BIGINT)
 FROM v WHERE ach_entry.payment_id = v.payment_id AND ach_entry.state = 'queued'`,
				db.TypedValues(n, "TEXT", "TEXT"), 2*n+1, 2*n+2, 2*n+3, 2*n+3), args...)
			if err != nil {
				return fmt.Errorf("file entries: %w", err)
			}
			if moved, err := res.RowsAffected(); err != nil {
				return fmt.Errorf("file entries: %w", err)
			} else if moved != int64(n) {
				return fmt.Errorf("file entries: only %d of %d were still queued", moved, n)
			}
			entries = entries[n:]
		}
	}
	return nil
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// filePlace is what the sealed content of a file for the bank is bound to.
func filePlace(fileID string) string { return fileContent.Place(fileID) }

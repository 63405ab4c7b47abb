package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/id"
)

// openRun writes the row of this run.
func (r *Runner) openRun(ctx context.Context, kind string) error {
	r.runID = id.New("import")
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO import_run (id, kind, started_at) VALUES ($1, $2, $3)",
			r.runID, kind, db.Micros(r.started))
		if err != nil {
			return fmt.Errorf("begin the import: %w", err)
		}
		return audit.Append(ctx, tx, audit.CommandLine.Did(r.started, "import.started", r.runID, ""))
	})
}

// closeRun keeps the report.
func (r *Runner) closeRun(ctx context.Context) error {
	text, err := json.Marshal(r.report)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE import_run SET finished_at = $2, report = $3 WHERE id = $1",
			r.runID, db.Micros(r.now()), string(text))
		if err != nil {
			return fmt.Errorf("keep the report: %w", err)
		}
		return audit.Append(ctx, tx, audit.CommandLine.Did(r.now(), "import.finished", r.runID, ""))
	})
}

// checkpoint returns how far an unfinished earlier run got with the file. A finished one starts from the beginning:
// storing again is harmless, and its report is then complete.
func (r *Runner) checkpoint(ctx context.Context, path string) (*source, error) {
	s := &source{path: path}
	print, err := fingerprint(path, r.Since)
	if err != nil {
		return s, nil // reading it will say what is wrong
	}
	s.fingerprint = print
	var finished bool
	err = r.DB.Read().QueryRowContext(ctx, "SELECT entries, finished FROM import_progress WHERE fingerprint = $1", print).
		Scan(&s.done, &finished)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("look up how far %s was imported: %w", path, err)
	case finished:
		s.done = 0
	}
	return s, nil
}

// saveProgress stands in the same transaction as the records it speaks of.
func saveProgress(ctx context.Context, tx *db.Tx, now int64, s *source, upTo int, finished bool) error {
	if s.fingerprint == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO import_progress (fingerprint, path, entries, finished, updated_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (fingerprint) DO UPDATE
		SET entries = EXCLUDED.entries, finished = EXCLUDED.finished, updated_at = EXCLUDED.updated_at`,
		s.fingerprint, s.path, upTo, finished, now)
	if err != nil {
		return fmt.Errorf("save how far %s was imported: %w", s.path, err)
	}
	return nil
}

// kept is a row of import_record: a refused record with all its bytes, or a claim that a person has to look at.
type kept struct {
	key, verdict, reason, detail, path string
	entry                              int
	content                            []byte
}

// keep stores records for a person. The same record again stays as it is, closed ones too, unless its content changed.
func keep(ctx context.Context, tx *db.Tx, now int64, list []kept) error {
	const columns = 8
	list = lastOfKey(list)
	for len(list) > 0 {
		n := min(len(list), 100) // SQLite takes quadratic time over the parameters of one statement
		args := make([]any, 0, n*columns)
		for _, k := range list[:n] {
			content := k.content
			if content == nil {
				content = []byte{}
			}
			args = append(args, k.key, k.verdict, k.reason, k.detail, k.path, k.entry, content, now)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO import_record (key, verdict, reason, detail, path, entry, content, opened_at) VALUES `+
			db.Values(n, columns)+` ON CONFLICT (key) DO UPDATE SET reason = EXCLUDED.reason, detail = EXCLUDED.detail,
			path = EXCLUDED.path, entry = EXCLUDED.entry, content = EXCLUDED.content,
			closed_at = CASE WHEN import_record.content = EXCLUDED.content AND import_record.reason = EXCLUDED.reason
				THEN import_record.closed_at ELSE 0 END`, args...)
		if err != nil {
			return fmt.Errorf("keep records for review: %w", err)
		}
		list = list[n:]
	}
	return nil
}

// lastOfKey leaves one row a key, the last: one statement may not touch a row twice.
func lastOfKey(list []kept) []kept {
	at := make(map[string]int, len(list))
	out := list[:0:0]
	for _, k := range list {
		if i, ok := at[k.key]; ok {
			out[i] = k
			continue
		}
		at[k.key] = len(out)
		out = append(out, k)
	}
	return out
}

// settle closes the work-list rows of claims that have become bills.
func settle(ctx context.Context, tx *db.Tx, now int64, keys []string) error {
	for len(keys) > 0 {
		n := min(len(keys), 500)
		args := append([]any{now}, db.Args(keys[:n])...)
		_, err := tx.ExecContext(ctx, "UPDATE import_record SET closed_at = $1 WHERE closed_at = 0 AND key IN "+db.In(2, n), args...)
		if err != nil {
			return fmt.Errorf("close reviewed records: %w", err)
		}
		keys = keys[n:]
	}
	return nil
}

package intake

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"memberpay/internal/db"
)

// Retry takes every refused record that was kept and is still open through the import again, for when the reason is
// gone: a payee was configured, the program learned something, the database has room. What is taken now is closed; what
// is refused again stays open. Records that were too large or unreadable to be kept are not there to be tried.
func (r *Runner) Retry(ctx context.Context) (Report, error) {
	r.begin("retry")
	if err := r.openRun(ctx, "retry"); err != nil {
		return r.report, err
	}
	d := &decoder{since: r.Since}
	for last := ""; ; {
		keys, err := r.openRefusals(ctx, last)
		if err != nil {
			return r.report, err
		}
		if len(keys) == 0 {
			break
		}
		for _, key := range keys {
			if err := r.retryOne(ctx, d, key); err != nil {
				return r.report, err
			}
		}
		last = keys[len(keys)-1]
	}
	r.report.finish(r.now().Sub(r.started))
	return r.report, r.closeRun(ctx)
}

func (r *Runner) openRefusals(ctx context.Context, after string) ([]string, error) {
	var keys []string
	err := db.Each(ctx, r.DB.Read(), `SELECT key FROM import_record WHERE verdict = 'refused' AND closed_at = 0 AND key > $1
		ORDER BY key LIMIT 500`, []any{after}, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list refused records: %w", err)
	}
	return keys, nil
}

func (r *Runner) retryOne(ctx context.Context, d *decoder, key string) error {
	var path string
	var content []byte
	err := r.DB.Read().QueryRowContext(ctx, "SELECT path, content FROM import_record WHERE key = $1", key).Scan(&path, &content)
	if err != nil {
		return fmt.Errorf("read the refused record %s: %w", key, err)
	}
	if len(content) == 0 {
		return nil
	}
	b := newBatch(&source{path: path})
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		err = r.again(ctx, d, path, content, b)
	} else {
		_, err = readBalances(ctx, path, bytes.NewReader(content), func(rec BalanceRecord) error {
			b.add(r.ownRow(d.csv(rec), rec))
			return nil
		})
	}
	if err != nil {
		return err
	}
	for i := range b.work {
		w := &b.work[i]
		w.at.Place = "kept record"
		w.closes, w.raw = key, content // refused again, it is the same record again
	}
	b.tally.records = len(b.work)
	return r.store(ctx, *b)
}

// again decodes a kept FHIR record: a resource, or an entry of a bundle, which is given a bundle around it.
func (r *Runner) again(ctx context.Context, d *decoder, path string, content []byte, b *batch) error {
	if _, err := resourceType(bytes.TrimSpace(content)); err != nil {
		content = bytes.Join([][]byte{[]byte(`{"resourceType":"Bundle","entry":[`), content, []byte("]}")}, nil)
	}
	reader := &documents{file: path, ctx: ctx, each: func(rec Record) error {
		if w, take := d.fhir(rec, false); take {
			b.add(w)
		}
		return nil
	}}
	return reader.read(bytes.NewReader(content), path)
}

package nacha

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
)

// outFile is a stored file that is not known to be delivered.
type outFile struct {
	id, name, sha, staged string
	sealed                []byte
}

// Deliver writes every stored file that is not delivered yet into the outbound folder and returns their names. Call it
// at start, too: it finishes what a crash left. One that cannot be written does not hold up the others; the error names
// each.
//
// A file appears in the folder whole or not at all, under a name that was never there before with other content. It
// appears once, even where the bank takes files away: the content is first written to a hidden temporary file, that
// file's name is noted in the database, and then it is renamed. A noted temporary file that is gone has been renamed.
func (r *Rail) Deliver(ctx context.Context) ([]string, error) {
	var open []outFile
	err := db.Each(ctx, r.db.Read(), `SELECT id, name, sha256, staged, content_sealed FROM ach_file
 WHERE state <> 'delivered' ORDER BY cut_at, id`, nil, func(rows *sql.Rows) error {
		var f outFile
		if err := rows.Scan(&f.id, &f.name, &f.sha, &f.staged, &f.sealed); err != nil {
			return err
		}
		open = append(open, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files to deliver: %w", err)
	}
	var names []string
	var errs []error
	for _, f := range open {
		if err := ctx.Err(); err != nil {
			return names, errors.Join(append(errs, err)...)
		}
		if err := r.deliver(ctx, f); err != nil {
			r.log.Error("bank file not delivered; it is tried again", "file", f.name, "error", err)
			errs = append(errs, fmt.Errorf("deliver %s: %w", f.name, err))
			continue
		}
		r.log.Info("bank file delivered", "file", f.name)
		names = append(names, f.name)
	}
	return names, errors.Join(errs...)
}

func (r *Rail) deliver(ctx context.Context, f outFile) error {
	content, err := r.seal.Open(f.sealed, filePlace(f.id))
	if err != nil {
		return err
	}
	if hash(content) != f.sha {
		return errors.New("the stored file is damaged: its SHA-256 is another; restore the database from a backup")
	}
	final := filepath.Join(r.outbound, f.name)
	switch same, err := holds(final, content); {
	case err != nil:
		return err
	case same:
		return r.delivered(ctx, f, false)
	}
	if f.staged == "" {
		if f.staged, err = r.stage(ctx, f, content); err != nil {
			return err
		}
	}
	switch err := os.Rename(filepath.Join(r.outbound, f.staged), final); {
	case errors.Is(err, fs.ErrNotExist):
		// It was renamed before, and the bank has taken it. To write it again could debit everybody twice.
		same, err := holds(final, content)
		if err != nil {
			return err
		}
		return r.delivered(ctx, f, !same)
	case err != nil:
		return err
	}
	if err := syncDir(r.outbound); err != nil {
		return err
	}
	if err := r.at("deliver.renamed"); err != nil {
		return err
	}
	return r.delivered(ctx, f, false)
}

// stage writes the temporary file, makes it durable and notes its name. It returns the name that is noted in the end:
// where two processes stage one file, only one is used.
func (r *Rail) stage(ctx context.Context, f outFile, content []byte) (string, error) {
	staged := "." + f.name + ".tmp-" + id.New("s")
	path := filepath.Join(r.outbound, staged)
	if err := writeDurably(path, content); err != nil {
		os.Remove(path)
		return "", err
	}
	if err := r.at("deliver.written"); err != nil {
		return "", err
	}
	var noted string
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx,
			"UPDATE ach_file SET state = 'staged', staged = $2 WHERE id = $1 AND state = 'filed'", f.id, staged)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT staged FROM ach_file WHERE id = $1", f.id).Scan(&noted)
	})
	if err != nil {
		return "", fmt.Errorf("note the temporary file: %w", err) // it may be noted: leave it where it is
	}
	if noted != staged {
		os.Remove(path)
	}
	return noted, r.at("deliver.staged")
}

// delivered notes the delivery. uncertain opens an exception: nobody saw the file in the folder after it was staged.
func (r *Rail) delivered(ctx context.Context, f outFile, uncertain bool) error {
	at := r.clock()
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		res, err := tx.ExecContext(ctx,
			"UPDATE ach_file SET state = 'delivered', delivered_at = $2 WHERE id = $1 AND state <> 'delivered'",
			f.id, db.Micros(at))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if uncertain {
			if err := r.raise(ctx, tx, DeliveryUncertain, f.id, "", detail{File: f.name}); err != nil {
				return err
			}
		}
		return event.Append(ctx, tx, event.Event{At: at, Kind: "ach.delivered", Subject: f.id,
			Data: map[string]any{"file": f.name}})
	})
	if err != nil {
		return fmt.Errorf("note the delivery: %w", err)
	}
	if err := r.at("deliver.noted"); err != nil {
		return err
	}
	return r.sweep(f)
}

// sweep removes temporary files that a crash left behind.
func (r *Rail) sweep(f outFile) error {
	left, err := filepath.Glob(filepath.Join(r.outbound, "."+f.name+".tmp-*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// holds reports whether a file is there with this content. One with another content is an error.
func holds(path string, content []byte) (bool, error) {
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !bytes.Equal(there, content):
		return false, fmt.Errorf("%s is already there with other content; find out whose it is and move it away", path)
	}
	return true, nil
}

// writeDurably writes a new file and returns once it is on disk.
func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

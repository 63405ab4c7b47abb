package nacha

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/money"
)

// Result is what the bank says became of a debit.
type Result struct {
	PaymentID string
	Kind      State       // Settled or Returned
	Code      string      // Returned only, for instance "R01"; see Lookup
	Amount    money.Cents // always the amount that was sent
	On        day.Date    // when the money moved, or moved back
}

// Apply takes one Result. It runs in the transaction in which the entry changes its state, so both happen or neither
// does, and once for each change. An error leaves the entry as it was; it is tried again with the next Receive.
type Apply func(ctx context.Context, tx *db.Tx, result Result) error

// FileError is a file from the bank that was not taken, or not wholly.
type FileError struct {
	Name  string
	cause error // names line and remedy
}

func (e *FileError) Error() string { return fmt.Sprintf("file from the bank %q: %v", e.Name, e.cause) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.cause }

// maxInbound is the largest file that is read: about 700,000 records.
const maxInbound = 64 << 20

// Receive reads every file in the inbound folder and returns how many entries changed their state. A file is first
// stored whole, then its entries are applied one by one, then it is moved into the folder "done". Wherever that is
// interrupted, the next call goes on; a file, or an answer, that was there before changes nothing.
//
// A file that is damaged stays where it is, the database keeps it and the reason, and the others are still read. The
// error joins a *FileError for each such file.
func (r *Rail) Receive(ctx context.Context, apply Apply) (int, error) {
	entries, err := os.ReadDir(r.inbound) // sorted by name
	if err != nil {
		return 0, fmt.Errorf("inbound folder: %w", err)
	}
	total := 0
	var errs []error
	for _, e := range entries {
		if !e.Type().IsRegular() || unfinished(e.Name()) {
			continue
		}
		n, err := r.receiveFile(ctx, e.Name(), apply)
		total += n
		if ctx.Err() != nil {
			return total, errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil {
			errs = append(errs, &FileError{e.Name(), err})
		}
	}
	return total, errors.Join(errs...)
}

// unfinished reports whether a name is that of a file which is still being written.
func unfinished(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".tmp", ".part", ".partial", ".filepart", ".crdownload":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~")
}

func (r *Rail) receiveFile(ctx context.Context, name string, apply Apply) (int, error) {
	content, err := readLimited(filepath.Join(r.inbound, name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // another process has moved it
	}
	if err != nil {
		r.log.Error("file from the bank not read", "file", name, "error", err)
		return 0, err
	}
	sum := hash(content)
	stored, err := r.storeInbound(ctx, name, sum, content)
	if err != nil {
		return 0, err
	}
	if err := r.at("receive.stored"); err != nil {
		return 0, err
	}
	if stored.done {
		r.log.Info("file from the bank was here before; nothing changes", "file", name)
		return 0, r.moveDone(name, sum, content)
	}
	found, bad := read(content, day.Of(r.clock(), r.location), r.incomplete)
	if bad != nil {
		return 0, r.refuse(ctx, name, sum, stored.problem, bad)
	}
	n, err := r.applyAll(ctx, sum, found, apply)
	if err != nil {
		return n, r.refuse(ctx, name, sum, stored.problem, err)
	}
	if err := r.at("receive.applied"); err != nil {
		return n, err
	}
	if err := r.finishInbound(ctx, name, sum, found); err != nil {
		return n, err
	}
	if err := r.at("receive.done"); err != nil {
		return n, err
	}
	r.log.Info("file from the bank read", "file", name, "answers", len(found.list), "changed", n)
	return n, r.moveDone(name, sum, content)
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxInbound+1))
	if err == nil && len(content) > maxInbound {
		err = fmt.Errorf("it is larger than %d MB; %s", maxInbound>>20, wrongPlace)
	}
	return content, err
}

// inboundState is what is known of a file's content.
type inboundState struct {
	done    bool
	problem string
}

func (r *Rail) storeInbound(ctx context.Context, name, sum string, content []byte) (inboundState, error) {
	state, there, err := r.inboundState(ctx, sum)
	if err != nil || there {
		return state, err
	}
	sealed, err := r.seal.Seal(content, inboundContent.Place(sum))
	if err != nil {
		return inboundState{}, fmt.Errorf("seal: %w", err)
	}
	err = r.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO ach_inbound (sha256, name, content_sealed, received_at)
 VALUES ($1, $2, $3, $4) ON CONFLICT (sha256) DO NOTHING`, sum, storable(name), sealed, db.Micros(r.clock()))
		return err
	})
	if err != nil {
		return inboundState{}, fmt.Errorf("store: %w", err)
	}
	return inboundState{}, nil
}

// storable makes a file name text that every database takes.
func storable(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "\x00", "?")
}

func (r *Rail) inboundState(ctx context.Context, sum string) (state inboundState, there bool, err error) {
	var done int64
	err = r.db.Read().QueryRowContext(ctx, "SELECT done_at, problem FROM ach_inbound WHERE sha256 = $1", sum).
		Scan(&done, &state.problem)
	if errors.Is(err, sql.ErrNoRows) {
		return inboundState{}, false, nil
	}
	if err != nil {
		return inboundState{}, false, fmt.Errorf("stored files: %w", err)
	}
	state.done = done > 0
	return state, true, nil
}

// refuse keeps the reason with the stored file and logs it once.
func (r *Rail) refuse(ctx context.Context, name, sum, before string, reason error) error {
	if ctx.Err() != nil || reason.Error() == before {
		return reason
	}
	r.log.Error("file from the bank not taken", "file", name, "problem", reason.Error())
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE ach_inbound SET problem = $2 WHERE sha256 = $1 AND done_at = 0",
			sum, storable(reason.Error()))
		return err
	})
	if err != nil {
		return errors.Join(reason, fmt.Errorf("keep the reason: %w", err))
	}
	return reason
}

func (r *Rail) finishInbound(ctx context.Context, name, sum string, found answers) error {
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		if found.other > 0 {
			d := detail{File: storable(name), Count: found.other}
			if err := r.raise(ctx, tx, OtherEntries, sum, sum, d); err != nil {
				return err
			}
		}
		if found.incomplete {
			if err := r.raise(ctx, tx, FileIncomplete, sum, sum, detail{File: storable(name)}); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE ach_inbound SET problem = '', done_at = $2 WHERE sha256 = $1",
			sum, db.Micros(r.clock()))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that it is done: %w", err)
	}
	return nil
}

// moveDone moves a file out of the way. Another process may have done it.
func (r *Rail) moveDone(name, sum string, content []byte) error {
	folder := filepath.Join(r.inbound, "done")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	target := filepath.Join(folder, name)
	if _, err := holds(target, content); err != nil {
		target = filepath.Join(folder, sum[:12]+"-"+name) // the bank used the name before, for other content
	}
	err := os.Rename(filepath.Join(r.inbound, name), target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Tx is a transaction that may write. Inside Write, only the Tx is used: on SQLite a second connection would wait for
// it. It belongs to one goroutine.
type Tx struct {
	Engine Engine

	run   Queryer
	conn  *sql.Conn // PostgreSQL only
	later pgx.Batch // statements that wait to be sent together
	whats []string  // what each of them does, for its error
	first error     // of the statements that were sent together
	notes []note    // SQLite only: what is told after the commit
	mark  func([]byte) []byte
}

// ExecContext runs a statement in the engine's spelling.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	return t.run.ExecContext(ctx, t.Engine.spell(query), args...)
}

// QueryContext runs a query in the engine's spelling.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	return t.run.QueryContext(ctx, t.Engine.spell(query), args...)
}

// QueryRowContext runs a query that returns at most one row.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = t.send(ctx) // where it fails, the database refuses this statement too, and Write returns the first error
	return t.run.QueryRowContext(ctx, query, args...)
}

// Mark returns the mark of what is written, by the function that UseMark gave; nil where it gave none.
func (t *Tx) Mark(b []byte) []byte {
	if t.mark == nil {
		return nil
	}
	return t.mark(b)
}

// Later runs a statement whose result nobody looks at. On PostgreSQL it waits for the next statement that is run at
// once, or for the commit, and everything that waits goes out in one round trip; SQLite runs it at once. what begins its
// error, which may come from Later, from a later statement or from Write.
func (t *Tx) Later(ctx context.Context, what, query string, args ...any) error {
	if t.conn == nil {
		if _, err := t.run.ExecContext(ctx, t.Engine.spell(query), args...); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	t.later.Queue(query, args...)
	t.whats = append(t.whats, what)
	return nil
}

// send sends what waits.
func (t *Tx) send(ctx context.Context) error {
	if len(t.whats) == 0 {
		return nil
	}
	whats, batch := t.whats, t.later
	t.whats, t.later = nil, pgx.Batch{}
	err := t.conn.Raw(func(driver any) error {
		results := driver.(*stdlib.Conn).Conn().SendBatch(ctx, &batch)
		for _, what := range whats {
			tag, err := results.Exec()
			if err == nil && tag.String() == "ROLLBACK" {
				err = errFailedBefore
			}
			if err != nil {
				results.Close()
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return results.Close()
	})
	if t.first == nil {
		t.first = err
	}
	return err
}

// errFailedBefore means that a statement had failed and its error was not heeded. PostgreSQL answers the commit of such a
// transaction with a rollback, and with no error of its own.
var errFailedBefore = errors.New("a statement of the transaction had failed: nothing was kept")

// commit sends what waits and the commit behind it.
func (t *Tx) commit(ctx context.Context) error {
	t.later.Queue("commit")
	t.whats = append(t.whats, "commit")
	return t.send(ctx)
}

// writeSQLite runs fn once in a transaction on the one writing connection.
func (d *DB) writeSQLite(ctx context.Context, fn func(tx *Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	t := &Tx{run: tx, Engine: d.Engine, mark: d.marker()}
	if err := fn(t); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	d.board.tell(t.notes...)
	return nil
}

// writePostgres runs fn once in a transaction. The connection's own transaction is used rather than a sql.Tx, so that
// the commit can travel with the last statements. A connection on which that went wrong does not return to the pool.
func (d *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "begin"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			conn.ExecContext(ctx, "rollback") // where it fails, the pool sees the open transaction and closes the connection
		}
	}()
	t := &Tx{run: conn, conn: conn, Engine: d.Engine, mark: d.marker()}
	if err := fn(t); err != nil {
		if t.first != nil {
			return t.first // what fn saw may only be its echo
		}
		return err
	}
	if err := t.commit(ctx); err != nil {
		return err
	}
	done = true
	return nil
}

package sandbox

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver of sandbox.db
)

//go:embed schema.sql
var schema string

// errMissing says that no object has the id.
var errMissing = errors.New("sandbox: no such object")

// store keeps the book. Writes go through one goroutine that shares a commit between callers waiting at the same
// time, so that several hundred durable writes a second are possible on one disk.
type store struct {
	w, r *sql.DB
	jobs chan *job
	stop chan struct{}
	done sync.WaitGroup
}

type job struct {
	fn  func(*tx) error
	err error
	ok  chan struct{}
}

const sharedCommit = 64 // most writes that share one commit

func openStore(dir string) (*store, error) {
	file := filepath.Join(dir, "sandbox.db")
	open := func(extra string) (*sql.DB, error) {
		q := "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)"
		return sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+q+extra)
	}
	w, err := open("")
	if err != nil {
		return nil, fmt.Errorf("sandbox: open %s: %w", file, err)
	}
	w.SetMaxOpenConns(1)
	if _, err := w.Exec(schema); err != nil {
		w.Close()
		return nil, fmt.Errorf("sandbox: prepare %s: %w", file, err)
	}
	r, err := open("&_pragma=query_only(1)")
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("sandbox: open %s: %w", file, err)
	}
	r.SetMaxOpenConns(4)
	s := &store{w: w, r: r, jobs: make(chan *job, sharedCommit), stop: make(chan struct{})}
	s.done.Add(1)
	go s.loop()
	return s, nil
}

func (s *store) close() error {
	close(s.stop)
	s.done.Wait()
	return errors.Join(s.r.Close(), s.w.Close())
}

// write runs fn in a transaction and returns once it is durable. fn's changes are dropped where it returns an error.
func (s *store) write(fn func(*tx) error) error {
	j := &job{fn: fn, ok: make(chan struct{})}
	select {
	case s.jobs <- j:
	case <-s.stop:
		return errClosed
	}
	select {
	case <-j.ok:
		return j.err
	case <-s.stop:
		s.done.Wait()
		select {
		case <-j.ok:
			return j.err
		default:
			return errClosed
		}
	}
}

var errClosed = errors.New("sandbox: closed")

func (s *store) loop() {
	defer s.done.Done()
	for {
		select {
		case <-s.stop:
			return
		case j := <-s.jobs:
			batch := []*job{j}
			for len(batch) < sharedCommit {
				select {
				case next := <-s.jobs:
					batch = append(batch, next)
					continue
				default:
				}
				break
			}
			s.commit(batch)
		}
	}
}

// commit runs each job in a savepoint of one transaction: a job that fails drops only its own changes.
func (s *store) commit(batch []*job) {
	err := func() error {
		t, err := s.w.Begin()
		if err != nil {
			return err
		}
		defer t.Rollback()
		for _, j := range batch {
			if _, err := t.Exec("SAVEPOINT one"); err != nil {
				return err
			}
			j.err = safely(j.fn, &tx{t})
			end := "RELEASE one"
			if j.err != nil {
				end = "ROLLBACK TO one; RELEASE one"
			}
			if _, err := t.Exec(end); err != nil {
				return err
			}
		}
		return t.Commit()
	}()
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
		close(j.ok)
	}
}

// safely turns a panic of one request into its error, so that the writer goes on for the others.
func safely(fn func(*tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sandbox: %v", p)
		}
	}()
	return fn(t)
}

// read runs fn on the read-only pool.
func (s *store) read(fn func(*tx) error) error { return fn(&tx{s.r}) }

// tx is what a request may do to the book, within its transaction.
type tx struct {
	q interface {
		Exec(string, ...any) (sql.Result, error)
		Query(string, ...any) (*sql.Rows, error)
		QueryRow(string, ...any) *sql.Row
	}
}

// record is one stored object: its public JSON, what it belongs to, and which card script it follows.
type record struct {
	ID, Kind, Parent, Script string
	Created                  int64
	Body                     any // a pointer to the object's struct
}

func (t *tx) put(r record) error {
	body, err := json.Marshal(r.Body)
	if err != nil {
		return fmt.Errorf("sandbox: write %s: %w", r.ID, err)
	}
	_, err = t.q.Exec(`INSERT INTO object (id, kind, parent, script, created, body) VALUES ($1,$2,$3,$4,$5,$6)
ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, script = excluded.script, body = excluded.body`,
		r.ID, r.Kind, r.Parent, r.Script, r.Created, string(body))
	return err
}

// get reads the object into r.Body and fills the rest of r. It returns errMissing where there is none of this kind.
func (t *tx) get(kind, id string, r *record) error {
	var body []byte
	err := t.q.QueryRow(`SELECT parent, script, created, body FROM object WHERE id = $1 AND kind = $2`, id, kind).
		Scan(&r.Parent, &r.Script, &r.Created, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return errMissing
	}
	if err != nil {
		return err
	}
	r.ID, r.Kind = id, kind
	return json.Unmarshal(body, r.Body)
}

// list returns the bodies of a kind, newest first. parent "" means any; after is the id to go on from.
func (t *tx) list(kind, parent, after string, limit int) (bodies []json.RawMessage, more bool, err error) {
	q := `SELECT body FROM object WHERE kind = $1 AND ($2 = '' OR parent = $2)
AND ($3 = '' OR rowid < (SELECT rowid FROM object WHERE id = $3)) ORDER BY rowid DESC LIMIT $4`
	rows, err := t.q.Query(q, kind, parent, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	bodies = []json.RawMessage{}
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, false, err
		}
		bodies = append(bodies, b)
	}
	if len(bodies) > limit {
		bodies, more = bodies[:limit], true
	}
	return bodies, more, rows.Err()
}

// all calls fn with every body of a kind, oldest first.
func (t *tx) all(kind string, fn func(body []byte) error) error {
	rows, err := t.q.Query(`SELECT body FROM object WHERE kind = $1 ORDER BY rowid`, kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return rows.Err()
}

// alarm asks that verb be done to target at a time; it survives a restart.
func (t *tx) alarm(at time.Time, verb, target string) error {
	_, err := t.q.Exec(`INSERT INTO alarm (due, verb, target) VALUES ($1,$2,$3)`, at.UnixMicro(), verb, target)
	return err
}

// every calls fn at once, after each signal and after each wait that fn returns, until ctx ends. A wait of zero or
// less means that only a signal can bring work.
func every(ctx context.Context, signal <-chan struct{}, fn func() time.Duration) {
	for {
		wait := fn()
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-signal:
		case <-timer:
		}
	}
}

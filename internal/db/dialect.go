package db

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Engine is one of the two database engines.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// SkipLocked ends a SELECT that claims rows: concurrent claimers pass each other by. SQLite has one writer and needs none.
func (e Engine) SkipLocked() string {
	if e == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// ForUpdate ends a SELECT that locks rows and waits for those that others hold. SQLite has one writer and needs none.
func (e Engine) ForUpdate() string {
	if e == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// Unique reports whether err is a violated UNIQUE or PRIMARY KEY constraint.
func Unique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) &&
		(lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// Retryable reports whether the same transaction may succeed when it is run again: a deadlock, a serialization failure,
// or a SQLite file that another process held for too long.
func Retryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// listLength is where a statement is long enough that its placeholders matter.
const listLength = 400

// spell writes the placeholders of long lists the way the engine reads them fast. SQLite looks every $N up among all
// that came before, which is quadratic; where they stand in order, each once, "?" means the same and is looked up nowhere.
func (e Engine) spell(query string) string {
	if e != SQLite || len(query) < listLength {
		return query
	}
	out := make([]byte, 0, len(query))
	for i, want := 0, 1; i < len(query); {
		if query[i] != '$' {
			out = append(out, query[i])
			i++
			continue
		}
		n, j := 0, i+1
		for ; j < len(query) && query[j] >= '0' && query[j] <= '9'; j++ {
			n = n*10 + int(query[j]-'0')
		}
		if n != want {
			return query
		}
		out = append(out, '?')
		i, want = j, want+1
	}
	return string(out)
}

// WithWords is the condition that finds the rows of a table with an index of words by the query in a parameter ("$2"),
// which AnyWord wrote.
func (e Engine) WithWords(table, param string) string {
	if e == Postgres {
		return table + ".words @@ to_tsquery('simple', " + param + ")"
	}
	return table + " MATCH " + param
}

// ByWords orders such rows, the best first.
func (e Engine) ByWords(table, param string) string {
	if e == Postgres {
		return "ts_rank(" + table + ".words, to_tsquery('simple', " + param + ")) DESC"
	}
	return "rank"
}

// AnyWord writes the query for rows with any of the words. Words are small letters and digits and nothing else: no
// operator of either engine can be made of them. Others are left out; of no words it returns "".
func (e Engine) AnyWord(words []string) string {
	or, quote := " OR ", `"`
	if e == Postgres {
		or, quote = " | ", "'"
	}
	var out []string
	for _, w := range words {
		if w != "" && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
			out = append(out, quote+w+quote)
		}
	}
	return strings.Join(out, or)
}

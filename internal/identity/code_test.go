package identity_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// codes is a world of codes: make makes one, check tries one.
type codes struct {
	t *testing.T
	d *db.DB
	a *identity.Accounts
}

func (c codes) make(now time.Time, purpose, subject string) (code string) {
	c.t.Helper()
	err := c.d.Write(c.t.Context(), func(tx *db.Tx) (err error) {
		code, err = c.a.NewCode(c.t.Context(), tx, now, purpose, subject, 10*time.Minute)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return code
}

func (c codes) check(now time.Time, purpose, subject, code string) (answer error) {
	c.t.Helper()
	err := c.d.Write(c.t.Context(), func(tx *db.Tx) error {
		answer = c.a.CheckCode(c.t.Context(), tx, now, purpose, subject, code)
		if errors.Is(answer, identity.ErrCode) || errors.Is(answer, identity.ErrCodeOver) {
			return nil
		}
		return answer
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// wrong is another code.
func wrong(code string) string {
	return strings.Map(func(r rune) rune { return '0' + ('9' - r) }, code)
}

func TestCodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		c := codes{t, d, identity.New(d, box, 1)}
		at := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		c.make(at, "join", "a")
		code := c.make(at.Add(time.Second), "join", "a")
		other := c.make(at, "join", "b")
		c.make(at, "recover", "a")
		for _, row := range []struct {
			name, purpose, subject, code string
			after                        time.Duration
			want                         error
		}{
			{"nobody's", "join", "c", code, 0, identity.ErrCodeOver},
			{"another's", "join", "b", wrong(other), 0, identity.ErrCode},
			{"of another purpose", "recover", "a", wrong(code), 0, identity.ErrCode},
			{"words", "join", "a", "six digits", 0, identity.ErrCode},
			{"nothing", "join", "a", "", 0, identity.ErrCode},
			{"run out", "join", "a", code, 10*time.Minute + time.Second, identity.ErrCodeOver},
			{"right, with a space", "join", "a", code[:3] + " " + code[3:], time.Minute, nil},
			{"twice", "join", "a", code, time.Minute, identity.ErrCodeOver},
		} {
			if err := c.check(at.Add(row.after), row.purpose, row.subject, row.code); !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		c.make(at, "join", "a")
		second := c.make(at.Add(time.Second), "join", "a")
		for i := range 5 {
			if err := c.check(at.Add(time.Minute), "join", "a", wrong(second)); errors.Is(err, identity.ErrCodeOver) != (i == 4) {
				t.Errorf("wrong try %d: %v", i+1, err)
			}
		}
		if err := c.check(at.Add(time.Minute), "join", "a", second); !errors.Is(err, identity.ErrCodeOver) {
			t.Errorf("the right code after five wrong ones: %v", err)
		}
	})
}

// TestOneCodeOnce: of many who send the same right code at once, one is let in.
func TestOneCodeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		c := codes{t, d, identity.New(d, box, 1)}
		now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		code := c.make(now, "join", "a")
		var in sync.Map
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				if c.check(now, "join", "a", code) == nil {
					in.Store(i, true)
				}
			})
		}
		all.Wait()
		n := 0
		in.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d were let in with one code", n)
		}
	})
}

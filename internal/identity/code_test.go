package identity_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
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

// TestCodesAreLimited: nobody is flooded with codes, a refusal leaves the last one good, and the day after there are new ones.
func TestCodesAreLimited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		c := codes{t, d, identity.New(d, box, 1)}
		now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		try := func(now time.Time) (code string, err error) {
			err = d.Write(t.Context(), func(tx *db.Tx) (err error) {
				code, err = c.a.NewCode(t.Context(), tx, now, "join", "a", 10*time.Minute)
				return err
			})
			return code, err
		}
		var last string
		made := 0
		for at := now; at.Before(now.Add(23 * time.Hour)); at = at.Add(3 * time.Minute) {
			code, err := try(at)
			switch {
			case err == nil:
				made++
				last = code
			case !fault.Is(err, fault.Busy):
				t.Fatal(err)
			case made == 5 && last != "":
				if err := c.check(at, "join", "a", last); err != nil {
					t.Errorf("the code before the refusal: %v", err)
				}
				last = ""
			}
		}
		if made != 20 {
			t.Errorf("%d codes in a day, want 20", made)
		}
		c.make(now.Add(23*time.Hour), "join", "b")
		c.make(now.Add(23*time.Hour), "recover", "a")
		c.make(now.Add(25*time.Hour), "join", "a")
	})
}

// TestCodesAreKeptHashed: the database alone does not tell a code, although there are only a million.
func TestCodesAreKeptHashed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		c := codes{t, d, identity.New(d, box, 1)}
		now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		code := c.make(now, "join", "a")
		var codeID, stored string
		if err := d.Read().QueryRowContext(t.Context(), "SELECT id, code_hash FROM one_time_code").Scan(&codeID, &stored); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(stored, code) || len(stored) != 64 {
			t.Errorf("kept as %q", stored)
		}
		other, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		if elsewhere := (codes{t, d, identity.New(d, other, 1)}); !errors.Is(elsewhere.check(now, "join", "a", code), identity.ErrCode) {
			t.Error("another key finds the code")
		}
	})
}

// TestCodesAreUniform: every figure stands in every place about equally often.
func TestCodesAreUniform(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	a := identity.New(d, box, 1)
	const n = 3000
	var seen [6][10]int
	err = d.Write(t.Context(), func(tx *db.Tx) error {
		for i := range n {
			code, err := a.NewCode(t.Context(), tx, evening, "test", strconv.Itoa(i), time.Minute)
			if err != nil || len(code) != 6 {
				return fmt.Errorf("%q: %w", code, err)
			}
			for place, figure := range code {
				seen[place][figure-'0']++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, counts := range seen {
		sum := 0.0 // chi-squared with 9 degrees of freedom: above 40 once in 100,000 runs
		for _, c := range counts {
			sum += (float64(c) - n/10) * (float64(c) - n/10) / (n / 10)
		}
		if sum > 40 {
			t.Errorf("place %d: %v", place, counts)
		}
	}
}

// FuzzCode: whatever is typed, only the code itself opens, and nothing breaks.
func FuzzCode(f *testing.F) {
	d := dbtest.Open(f, db.SQLite)
	box, err := seal.New()
	if err != nil {
		f.Fatal(err)
	}
	a := identity.New(d, box, 1)
	for _, s := range []string{"", "000000", " 1 2-3\u00a0456", "１２３４５６", "12345\x00", "\xff\xfe", strings.Repeat("1", 1000), "123456789"} {
		f.Add(s)
	}
	now := evening
	f.Fuzz(func(t *testing.T, typed string) {
		now = now.Add(time.Hour)
		subject := id.New("s")
		var code string
		if err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
			code, err = a.NewCode(t.Context(), tx, now, "fuzz", subject, time.Minute)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		figures := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -\u00a0", r) {
				return -1
			}
			return r
		}, typed)
		err := codes{t, d, a}.check(now, "fuzz", subject, typed)
		if (err == nil) != (figures == code) || err != nil && !errors.Is(err, identity.ErrCode) {
			t.Errorf("%q for %q: %v", typed, code, err)
		}
	})
}

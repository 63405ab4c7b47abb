package identity_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
)

// app is an authenticator app: it shows the code of a moment.
func app(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (k keys) factors(accountID string) identity.Factors {
	k.Helper()
	f, err := k.a.Factors(k.Context(), accountID)
	k.must(err)
	return f
}

func TestTOTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("hash")
		first, err := k.a.BeginTOTP(t.Context(), evening.Add(-time.Hour), mine, "Larkspur: Health", "maya+pay@members.example")
		k.must(err)
		u, err := url.Parse(first.URI)
		k.must(err)
		q := u.Query()
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Larkspur  Health:maya+pay@members.example" || q.Get("issuer") != "Larkspur  Health" ||
			q.Get("secret") != strings.ReplaceAll(first.Secret, " ", "") || q.Get("algorithm") != "SHA1" || q.Get("digits") != "6" || q.Get("period") != "30" {
			t.Errorf("the picture says %s", first.URI)
		}
		if len(first.Secret) != 32+7 || strings.Count(first.Secret, " ") != 7 {
			t.Errorf("the secret for typing is %q", first.Secret)
		}
		if same, err := k.a.BeginTOTP(t.Context(), evening.Add(-time.Minute), mine, "Larkspur Health", "maya"); err != nil || same.Secret != first.Secret {
			t.Errorf("after a mistyped code there is another secret to scan: %v", err)
		}
		second, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya")
		k.must(err)
		if err := k.confirm(evening, mine, app(t, first.Secret, evening)); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a secret that was replaced: %v", err)
		}
		if err := k.a.CheckTOTP(t.Context(), evening, mine, app(t, second.Secret, evening)); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a secret that was not confirmed: %v", err)
		}
		if f := k.factors(mine); f.TOTP || f.SecondFactor != "" {
			t.Errorf("before it is confirmed: %+v", f)
		}
		k.must(k.confirm(evening, mine, app(t, second.Secret, evening)))
		if f := k.factors(mine); !f.TOTP || f.SecondFactor != identity.TOTPFactor {
			t.Errorf("after it is confirmed: %+v", f)
		}
		if err := k.confirm(evening, mine, app(t, second.Secret, evening.Add(30*time.Second))); !errors.Is(err, identity.ErrCode) {
			t.Errorf("confirmed twice: %v", err)
		}
		if _, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya"); !errors.Is(err, identity.ErrTOTPThere) {
			t.Errorf("a second app: %v", err)
		}
		at := evening.Add(time.Hour)
		for _, row := range []struct {
			name string
			code string
			want error
		}{
			{"used to confirm", app(t, second.Secret, evening), identity.ErrCode},
			{"two steps ago", app(t, second.Secret, at.Add(-time.Minute)), identity.ErrCode},
			{"two steps ahead", app(t, second.Secret, at.Add(time.Minute)), identity.ErrCode},
			{"nothing", "", identity.ErrCode},
			{"words", "six digits please", identity.ErrCode},
			{"a step ago, with a space", " " + app(t, second.Secret, at.Add(-30*time.Second))[:3] + " " + app(t, second.Secret, at.Add(-30*time.Second))[3:], nil},
			{"a step ago, again", app(t, second.Secret, at.Add(-30*time.Second)), identity.ErrCode},
			{"now", app(t, second.Secret, at), nil},
			{"a step ahead", app(t, second.Secret, at.Add(30*time.Second)), nil},
			{"now, after a later one", app(t, second.Secret, at), identity.ErrCode},
		} {
			if err := k.a.CheckTOTP(t.Context(), at, mine, row.code); !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		k.must(k.write(func(tx *db.Tx) error { return k.a.RemoveTOTP(t.Context(), tx, mine) }))
		if f := k.factors(mine); f.TOTP || f.SecondFactor != "" {
			t.Errorf("after it was removed: %+v", f)
		}
		if err := k.a.CheckTOTP(t.Context(), at, mine, app(t, second.Secret, at.Add(30*time.Second))); !errors.Is(err, identity.ErrCode) {
			t.Errorf("after it was removed: %v", err)
		}
		if _, err := k.a.BeginTOTP(t.Context(), evening, "acc_none", "Larkspur Health", "maya"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
	})
}

// TestTOTPGuesses: who guesses waits, and the owner is let in when the wait is over, however often somebody guessed.
func TestTOTPGuesses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("hash")
		s, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya")
		k.must(err)
		k.must(k.confirm(evening, mine, app(t, s.Secret, evening)))
		at := evening.Add(time.Hour)
		for i := range 30 {
			err := k.a.CheckTOTP(t.Context(), at, mine, wrong(app(t, s.Secret, at)))
			if busy := fault.Is(err, fault.Busy); busy != (i >= 10) || !busy && !errors.Is(err, identity.ErrCode) {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
		if err := k.a.CheckTOTP(t.Context(), at, mine, app(t, s.Secret, at)); !fault.Is(err, fault.Busy) {
			t.Errorf("the right code among guesses: %v", err)
		}
		for i := range 12 { // right ones do not add up
			at = at.Add(identity.TOTPCodes.Window + time.Duration(i)*time.Second)
			if err := k.a.CheckTOTP(t.Context(), at, mine, app(t, s.Secret, at)); err != nil {
				t.Fatalf("afterwards: %v", err)
			}
		}
	})
}

// TestOneAppCodeOnce: of many who send the same code at once, one is let in.
func TestOneAppCodeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("hash")
		s, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya")
		k.must(err)
		k.must(k.confirm(evening, mine, app(t, s.Secret, evening)))
		at := evening.Add(time.Hour)
		var in atomic.Int64
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if err := k.a.CheckTOTP(t.Context(), at, mine, app(t, s.Secret, at)); err == nil {
					in.Add(1)
				} else if !errors.Is(err, identity.ErrCode) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d were let in with one code", in.Load())
		}
	})
}

// TestTOTPIsSealed: the database alone shows no secret, and a secret moved to another account opens nothing there.
func TestTOTPIsSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open("hash"), k.open("hash")
		for _, accountID := range []string{mine, other} {
			s, err := k.a.BeginTOTP(t.Context(), evening, accountID, "Larkspur Health", "maya")
			k.must(err)
			k.must(k.confirm(evening, accountID, app(t, s.Secret, evening)))
			var sealed []byte
			k.must(d.Read().QueryRowContext(t.Context(), "SELECT secret_sealed FROM totp WHERE account_id = $1", accountID).Scan(&sealed))
			if strings.Contains(string(sealed), strings.ReplaceAll(s.Secret, " ", "")) || len(sealed) < 40 {
				t.Errorf("kept as %q", sealed)
			}
		}
		k.must(k.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE totp SET secret_sealed = (SELECT o.secret_sealed FROM totp o WHERE o.account_id = $1) WHERE account_id = $2", mine, other)
			return err
		}))
		if err := k.a.CheckTOTP(t.Context(), evening.Add(time.Hour), other, "123456"); err == nil || fault.Is(err, fault.Invalid) {
			t.Errorf("a moved secret: %v", err)
		}
	})
}

// confirm puts an authenticator app to use.
func (k keys) confirm(now time.Time, accountID, code string) error {
	return k.write(func(tx *db.Tx) error { return k.a.ConfirmTOTP(k.Context(), tx, now, accountID, code) })
}

// TestConfirmTOTPIsPartOfTheTransaction: where what belongs to it fails, the app is not in use, and its code still works.
func TestConfirmTOTPIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("hash")
		s, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya")
		k.must(err)
		broken := errors.New("the letter could not be written")
		err = k.write(func(tx *db.Tx) error {
			if err := k.a.ConfirmTOTP(t.Context(), tx, evening, mine, app(t, s.Secret, evening)); err != nil {
				return err
			}
			return broken
		})
		if f := k.factors(mine); !errors.Is(err, broken) || f.TOTP || f.SecondFactor != identity.NoFactor {
			t.Errorf("%v, %+v", err, f)
		}
		k.must(k.confirm(evening, mine, app(t, s.Secret, evening)))
	})
}

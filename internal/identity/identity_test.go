package identity

import (
	"context"
	"errors"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func person(t *testing.T, d *db.DB) string {
	t.Helper()
	var out []member.Imported
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		out, err = member.ImportBatch(t.Context(), tx, noon, []member.Incoming{{MemberID: "M1"}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out[0].ID
}

func testBox(t *testing.T) *seal.Box {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// account opens an account with an address of its own.
func account(t *testing.T, a *Accounts) string {
	t.Helper()
	var out string
	err := a.db.Write(t.Context(), func(tx *db.Tx) (err error) {
		out, err = a.Open(t.Context(), tx, noon, NewAccount{Email: id.New("x") + "@members.example", Role: Member})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, m := New(d, testBox(t), 2), person(t, d)
		const password = "a long enough password"
		made, err := a.Create(t.Context(), noon, " Maya@Members.example ", password, "en", m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.SignIn(t.Context(), "maya@members.EXAMPLE", password); err != nil || got != made {
			t.Errorf("signed in as %q, %v; want %q", got, err, made)
		}
		for _, wrong := range [][3]string{{"maya@members.example", "another password!", made}, {"nobody@members.example", password, ""}, {"", "", ""}} {
			if got, err := a.SignIn(t.Context(), wrong[0], wrong[1]); !errors.Is(err, ErrSignIn) || got != wrong[2] {
				t.Errorf("%v: %q, %v; want the one refusal, and for the log whose account it was", wrong, got, err)
			}
		}
		if _, err := a.Create(t.Context(), noon, "MAYA@members.example", password, "en", m); fault.CodeOf(err) != "account.email_taken" {
			t.Errorf("the same e-mail again: %v", err)
		}
		if _, err := a.Create(t.Context(), noon, "x@members.example", "short", "en", m); fault.CodeOf(err) != "password.short" {
			t.Errorf("a short password: %v", err)
		}
		if got, err := a.Get(t.Context(), made); err != nil || len(got.Members) != 1 || got.Members[0] != m {
			t.Errorf("account %+v, %v", got, err)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := New(d, testBox(t), 1)
		start := func() string {
			_, token, err := a.Start(t.Context(), noon, Opening{AccountID: account(t, a), Members: []string{"m1", "m2"}, How: "password"})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		find := func(token string, at time.Time) Session {
			s, err := a.Find(t.Context(), at, token)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		token := start()
		if s := find(token, noon); !s.SignedIn() || len(s.Members) != 2 {
			t.Errorf("found %+v", s)
		}
		if s := find(token+"x", noon); s.Known() {
			t.Error("another token opens the session")
		}
		for at := noon; at.Before(noon.Add(Longest)); at = at.Add(Idle - time.Minute) {
			if !find(token, at).Known() {
				t.Fatalf("a busy session ended after %v", at.Sub(noon))
			}
		}
		if find(token, noon.Add(Longest+time.Minute)).Known() {
			t.Error("a session outlives its longest life")
		}
		idle := start()
		if find(idle, noon.Add(Idle+time.Minute)).Known() {
			t.Error("an idle session goes on")
		}
		out := start()
		if err := a.End(t.Context(), find(out, noon)); err != nil || find(out, noon).Known() {
			t.Errorf("after signing out: %v", err)
		}
	})
}

func TestLimit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, l := New(d, testBox(t), 1), Limit{"test", 3, time.Minute}
		try := func(who string, at time.Time) error { return a.Allow(context.Background(), at, l, who) }
		for range 3 {
			if err := try("x", noon); err != nil {
				t.Fatal(err)
			}
		}
		if err := try("x", noon); !fault.Is(err, fault.Busy) {
			t.Errorf("the fourth try: %v", err)
		}
		if err := try("y", noon); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		if err := try("x", noon.Add(time.Minute)); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

func TestValidEmail(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"a@b.co": true, " maya+pay@members.example ": true, "ñ@ejemplo.example": true, "": false, "a": false, "@b.co": false,
		"a@b": false, "a@b@c.co": false, "a b@c.co": false, "a@b..co": false, "a@b.c": false, "a@b.co\r\nBcc: x@y.zz": false, "<a@b.co>": false} {
		if ValidEmail(s) != want {
			t.Errorf("ValidEmail(%q) = %v", s, !want)
		}
	}
}

func TestSessionRemembersWhatItContinues(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := New(d, testBox(t), 1)
		first, _, err := a.Start(t.Context(), noon, Opening{Members: []string{"m1"}})
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := a.Start(t.Context(), noon, Opening{AccountID: account(t, a), Members: []string{"m1"}, How: "password", Earlier: []string{first.ID}})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := a.Find(t.Context(), noon, token); err != nil || len(s.Earlier) != 1 || s.Earlier[0] != first.ID {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

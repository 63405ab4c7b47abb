package identity_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/seal"
)

const origin = "https://pay.larkspur.example"

var evening = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

// keys is a world of passkeys.
type keys struct {
	*testing.T
	d *db.DB
	a *identity.Accounts
}

func newKeys(t *testing.T, d *db.DB) keys {
	t.Helper()
	box, err := seal.New()
	k := keys{t, d, identity.New(d, box, 1)}
	k.must(err)
	k.must(k.a.UsePasskeys(identity.Passkeys{ID: "pay.larkspur.example", Origins: []string{origin}, Name: "Larkspur Health"}))
	return k
}

func (k keys) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k keys) write(fn func(tx *db.Tx) error) error { return k.d.Write(k.Context(), fn) }

// open opens an account.
func (k keys) open(hash string) string {
	k.Helper()
	var out string
	k.must(k.write(func(tx *db.Tx) (err error) {
		out, err = k.a.Open(k.Context(), tx, evening, identity.NewAccount{Email: id.New("x") + "@members.example", PasswordHash: hash, Role: identity.Member})
		return err
	}))
	return out
}

// make makes a passkey for an account and keeps it.
func (k keys) make(at *identitytest.Authenticator, accountID, name string) identity.Passkey {
	k.Helper()
	ceremony, options, err := k.a.BeginPasskey(k.Context(), evening, accountID, "maya@members.example", "Maya")
	k.must(err)
	response, err := at.Create(options)
	k.must(err)
	credential, err := k.a.CheckPasskey(k.Context(), evening, accountID, ceremony, response)
	k.must(err)
	var p identity.Passkey
	k.must(k.write(func(tx *db.Tx) (err error) {
		p, err = k.a.AddPasskey(k.Context(), tx, evening, accountID, name, credential)
		return err
	}))
	return p
}

// in signs in.
func (k keys) in(at *identitytest.Authenticator, now time.Time) (string, error) {
	k.Helper()
	ceremony, options, err := k.a.BeginPasskeySignIn(k.Context(), now)
	k.must(err)
	response, err := at.Get(options)
	k.must(err)
	return k.a.FinishPasskeySignIn(k.Context(), now, ceremony, response)
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open(""), k.open("")
		phone, stick := &identitytest.Authenticator{Origin: origin, Synced: true}, &identitytest.Authenticator{Origin: origin}
		first := k.make(phone, mine, "  My \n phone ")
		second := k.make(stick, mine, strings.Repeat("ñ", 80))
		k.make(&identitytest.Authenticator{Origin: origin}, other, "")
		for i, at := range []*identitytest.Authenticator{phone, stick, stick, phone, phone} {
			if got, err := k.in(at, evening.Add(time.Duration(i)*time.Hour)); err != nil || got != mine {
				t.Fatalf("sign-in %d: %q, %v", i, got, err)
			}
		}
		f, err := k.a.Factors(t.Context(), mine)
		k.must(err)
		if len(f.Passkeys) != 2 || f.Passkeys[0].Name != "My phone" || !f.Passkeys[0].Synced || f.Passkeys[1].Synced ||
			f.Passkeys[0].UsedAt != evening.Add(4*time.Hour) || f.Passkeys[1].UsedAt != evening.Add(2*time.Hour) || len([]rune(f.Passkeys[1].Name)) != 60 {
			t.Errorf("passkeys %+v", f.Passkeys)
		}
		_, options, err := k.a.BeginPasskey(t.Context(), evening, mine, "maya@members.example", "Maya")
		k.must(err)
		if _, err := phone.Create(options); !errors.Is(err, identitytest.ErrThere) {
			t.Errorf("a second passkey on the same phone: %v", err)
		}
		remove := func(accountID, passkeyID string) error {
			return k.write(func(tx *db.Tx) error { return k.a.RemovePasskey(t.Context(), tx, accountID, passkeyID) })
		}
		if err := remove(other, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another account's passkey: %v", err)
		}
		k.must(remove(mine, first.ID))
		if err := remove(mine, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if got, err := k.in(phone, evening); !errors.Is(err, identity.ErrSignIn) || got != "" {
			t.Errorf("a removed passkey: %q, %v", got, err)
		}
		if err := remove(mine, second.ID); !errors.Is(err, identity.ErrPasskeyLast) {
			t.Errorf("the only way in: %v", err)
		}
		k.must(k.write(func(tx *db.Tx) error { return k.a.SetPassword(t.Context(), tx, mine, "some hash") }))
		k.must(remove(mine, second.ID))
	})
}

// TestPasskeyBeforeTheAccount makes a passkey while joining: the account is opened with it, or never.
func TestPasskeyBeforeTheAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		at, accountID := &identitytest.Authenticator{Origin: origin}, id.New("acc")
		ceremony, options, err := k.a.BeginPasskey(t.Context(), evening, accountID, "maya@members.example", "Maya")
		k.must(err)
		response, err := at.Create(options)
		k.must(err)
		credential, err := k.a.CheckPasskey(t.Context(), evening, accountID, ceremony, response)
		k.must(err)
		if got, err := k.in(at, evening); !errors.Is(err, identity.ErrSignIn) || got != "" {
			t.Errorf("before it is kept: %q, %v", got, err)
		}
		add := func(open bool) error {
			return k.write(func(tx *db.Tx) error {
				if open {
					if _, err := k.a.Open(t.Context(), tx, evening, identity.NewAccount{ID: accountID, Email: "maya@members.example", Role: identity.Member}); err != nil {
						return err
					}
				}
				_, err := k.a.AddPasskey(t.Context(), tx, evening, accountID, "", credential)
				return err
			})
		}
		if err := add(false); !fault.Is(err, fault.NotFound) {
			t.Errorf("without an account: %v", err)
		}
		k.must(add(true))
		if got, err := k.in(at, evening); err != nil || got != accountID {
			t.Errorf("%q, %v", got, err)
		}
		if err := add(false); !errors.Is(err, identity.ErrPasskeyTaken) {
			t.Errorf("kept twice: %v", err)
		}
	})
}

// TestPasskeyRefused: what is not the answer to this question, by this person, at this address, opens nothing.
func TestPasskeyRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open(""), k.open("")
		at := &identitytest.Authenticator{Origin: origin}
		k.make(at, mine, "")
		begin := func() (string, []byte) {
			ceremony, options, err := k.a.BeginPasskey(t.Context(), evening, mine, "maya@members.example", "Maya")
			k.must(err)
			return ceremony, options
		}
		create := func(a identitytest.Authenticator, options []byte) []byte {
			response, err := a.Create(options)
			k.must(err)
			return response
		}
		ceremony, options := begin()
		older, _ := begin()
		inCeremony, inOptions, err := k.a.BeginPasskeySignIn(t.Context(), evening)
		k.must(err)
		good := create(identitytest.Authenticator{Origin: origin}, options)
		assertion, err := at.Get(inOptions)
		k.must(err)
		for _, row := range []struct {
			name              string
			account, ceremony string
			response          []byte
			after             time.Duration
			want              error
		}{
			{"another account", other, ceremony, good, 0, identity.ErrPasskeyOver},
			{"no ceremony", mine, "", good, 0, identity.ErrPasskeyOver},
			{"a made-up ceremony", mine, "bm90IG9uZQ", good, 0, identity.ErrPasskeyOver},
			{"a ceremony of signing in", mine, inCeremony, good, 0, identity.ErrPasskeyOver},
			{"too late", mine, ceremony, good, identity.CeremonyLife + time.Second, identity.ErrPasskeyOver},
			{"another ceremony", mine, older, good, 0, identity.ErrPasskey},
			{"right", mine, ceremony, good, time.Minute, nil},
			{"twice", mine, ceremony, good, time.Minute, identity.ErrPasskeyOver},
		} {
			_, err := k.a.CheckPasskey(t.Context(), evening.Add(row.after), row.account, row.ceremony, row.response)
			if !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		for name, bad := range map[string]func(options []byte) []byte{
			"another address": func(o []byte) []byte {
				return create(identitytest.Authenticator{Origin: "https://pay.larkspur.example.evil.example"}, o)
			},
			"nobody showed":        func(o []byte) []byte { return create(identitytest.Authenticator{Origin: origin, Absent: true}, o) },
			"an answer to sign in": func([]byte) []byte { return assertion },
			"nothing":              func([]byte) []byte { return nil },
			"words":                func([]byte) []byte { return []byte("passkey, please") },
			"far too much": func(o []byte) []byte {
				return append(create(identitytest.Authenticator{Origin: origin}, o), make([]byte, 1<<20)...)
			},
		} {
			ceremony, options := begin()
			if _, err := k.a.CheckPasskey(t.Context(), evening, mine, ceremony, bad(options)); !errors.Is(err, identity.ErrPasskey) {
				t.Errorf("making one with %s: %v", name, err)
			}
		}
		if got, err := k.a.FinishPasskeySignIn(t.Context(), evening, ceremony, assertion); !errors.Is(err, identity.ErrPasskeyOver) || got != "" {
			t.Errorf("signing in with a ceremony of making: %q, %v", got, err)
		}
		if got, err := k.a.FinishPasskeySignIn(t.Context(), evening, inCeremony, assertion); err != nil || got != mine {
			t.Errorf("signing in: %q, %v", got, err)
		}
		if _, err := k.a.FinishPasskeySignIn(t.Context(), evening, inCeremony, assertion); !errors.Is(err, identity.ErrPasskeyOver) {
			t.Errorf("signing in twice with one answer: %v", err)
		}
		for name, change := range map[string]func(a *identitytest.Authenticator, r map[string]any){
			"another address": func(a *identitytest.Authenticator, _ map[string]any) { a.Origin = "https://evil.example" },
			"nobody showed":   func(a *identitytest.Authenticator, _ map[string]any) { a.Absent = true },
			"another account": func(_ *identitytest.Authenticator, r map[string]any) { r["userHandle"] = "YWNjX290aGVy" },
			"no account":      func(_ *identitytest.Authenticator, r map[string]any) { delete(r, "userHandle") },
			"another hand":    func(_ *identitytest.Authenticator, r map[string]any) { r["signature"] = "MEUCIQ" },
		} {
			a := at.Copy()
			change(a, map[string]any{})
			ceremony, options, err := k.a.BeginPasskeySignIn(t.Context(), evening)
			k.must(err)
			response, err := a.Get(options)
			k.must(err)
			var all map[string]any
			k.must(json.Unmarshal(response, &all))
			change(&identitytest.Authenticator{}, all["response"].(map[string]any))
			response, err = json.Marshal(all)
			k.must(err)
			if _, err := k.a.FinishPasskeySignIn(t.Context(), evening, ceremony, response); !errors.Is(err, identity.ErrSignIn) {
				t.Errorf("signing in with %s: %v", name, err)
			}
		}
		k.must(k.write(func(tx *db.Tx) error { return k.a.Close(t.Context(), tx, evening, mine) }))
		if got, err := k.in(at, evening); !errors.Is(err, identity.ErrSignIn) || got != "" {
			t.Errorf("a closed account: %q, %v", got, err)
		}
	})
}

// TestCopiedPasskey: where the count of uses goes backwards, somebody has a copy. Neither opens the account any more, and
// its owner can see why.
func TestCopiedPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("")
		at := &identitytest.Authenticator{Origin: origin}
		k.make(at, mine, "stick")
		copied := at.Copy()
		for range 2 {
			if _, err := k.in(at, evening); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := k.in(copied, evening); !errors.Is(err, identity.ErrSignIn) || got != mine {
			t.Errorf("the copy: %q, %v; want a refusal, and for the log whose it was", got, err)
		}
		if _, err := k.in(at, evening); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("the other one afterwards: %v", err)
		}
		f, err := k.a.Factors(t.Context(), mine)
		k.must(err)
		if len(f.Passkeys) != 1 || !f.Passkeys[0].Suspect {
			t.Errorf("passkeys %+v", f.Passkeys)
		}
	})
}

// TestOneAnswerOnce: of many who send the same answer at once, one is let in; and a passkey that is on several devices
// signs in on all of them at once.
func TestOneAnswerOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("")
		phone := &identitytest.Authenticator{Origin: origin, Synced: true}
		k.make(phone, mine, "")
		ceremony, options, err := k.a.BeginPasskeySignIn(t.Context(), evening)
		k.must(err)
		response, err := phone.Get(options)
		k.must(err)
		var once, each atomic.Int64
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				if _, err := k.a.FinishPasskeySignIn(t.Context(), evening, ceremony, response); err == nil {
					once.Add(1)
				}
			})
			all.Go(func() {
				if _, err := k.in(phone.Copy(), evening.Add(time.Duration(i)*time.Second)); err == nil {
					each.Add(1)
				} else {
					t.Errorf("device %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if once.Load() != 1 || each.Load() != 4 {
			t.Errorf("%d were let in with one answer, %d of 4 devices", once.Load(), each.Load())
		}
	})
}

// TestLastPasskeys: two passkeys that are removed at once do not both go.
func TestLastPasskeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("")
		var all sync.WaitGroup
		var gone atomic.Int64
		for _, p := range []identity.Passkey{k.make(&identitytest.Authenticator{Origin: origin}, mine, "a"), k.make(&identitytest.Authenticator{Origin: origin}, mine, "b")} {
			all.Go(func() {
				err := k.write(func(tx *db.Tx) error { return k.a.RemovePasskey(t.Context(), tx, mine, p.ID) })
				if err == nil {
					gone.Add(1)
				} else if !errors.Is(err, identity.ErrPasskeyLast) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if gone.Load() != 1 {
			t.Errorf("%d of two passkeys went", gone.Load())
		}
	})
}

func TestPasskeysNeedADomain(t *testing.T) {
	t.Parallel()
	for domain, fine := range map[string]bool{"localhost": true, "pay.larkspur.example": true, "127.0.0.1": false, "": false, "https://pay.example": false} {
		if err := identity.New(nil, nil, 1).UsePasskeys(identity.Passkeys{ID: domain, Origins: []string{"http://" + domain}, Name: "Larkspur Health"}); (err == nil) != fine {
			t.Errorf("%q: %v", domain, err)
		}
	}
	ceremony, options, err := identity.New(nil, nil, 1).BeginPasskeySignIn(t.Context(), evening)
	if ceremony != "" || options != nil || err != nil {
		t.Errorf("without a domain: %q, %s, %v", ceremony, options, err)
	}
}

// phone is a new authenticator.
func (k keys) phone() *identitytest.Authenticator {
	return &identitytest.Authenticator{Origin: origin, Synced: true}
}

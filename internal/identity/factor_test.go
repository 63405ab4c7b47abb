package identity_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
)

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open("hash"), k.open("hash")
		fresh := func(accountID string) (codes []string) {
			k.must(k.write(func(tx *db.Tx) (err error) {
				codes, err = k.a.NewRecoveryCodes(t.Context(), tx, evening, accountID)
				return err
			}))
			return codes
		}
		use := func(accountID, code string) error {
			return k.write(func(tx *db.Tx) error { return k.a.UseRecoveryCode(t.Context(), tx, evening, accountID, code) })
		}
		old, codes := fresh(mine), fresh(mine)
		fresh(other)
		if slices.Sort(codes); len(codes) != 10 || len(slices.Compact(slices.Clone(codes))) != 10 || k.factors(mine).RecoveryLeft != 10 {
			t.Fatalf("codes %v, %d left", codes, k.factors(mine).RecoveryLeft)
		}
		for _, row := range []struct {
			name, account, code string
			want                error
		}{
			{"an old one", mine, old[0], identity.ErrCode},
			{"another account's", other, codes[0], identity.ErrCode},
			{"nothing", mine, "", identity.ErrCode},
			{"words", mine, "recovery code", identity.ErrCode},
			{"bytes", mine, "\x00\xff", identity.ErrCode},
			{"as it is", mine, codes[0], nil},
			{"twice", mine, codes[0], identity.ErrCode},
			{"small, with spaces", mine, " " + strings.ToLower(strings.ReplaceAll(codes[1], "-", " ")), nil},
			{"without dashes", mine, strings.ReplaceAll(codes[2], "-", ""), nil},
		} {
			if err := use(row.account, row.code); !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		if n := k.factors(mine).RecoveryLeft; n != 7 {
			t.Errorf("%d codes left, want 7", n)
		}
		var in atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if use(mine, codes[3]) == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d were let in with one recovery code", in.Load())
		}
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open("hash"), k.open("hash")
		remember := func(accountID, browser string, at time.Time) (token string) {
			k.must(k.write(func(tx *db.Tx) (err error) {
				token, err = k.a.Remember(t.Context(), tx, at, accountID, browser)
				return err
			}))
			return token
		}
		known := func(accountID, token string, at time.Time) bool {
			ok, err := k.a.Remembered(t.Context(), at, accountID, token)
			k.must(err)
			return ok
		}
		phone, desk := remember(mine, "Chrome on Android", evening), remember(mine, "Firefox on Windows", evening.Add(time.Minute))
		his := remember(other, "Safari on a Mac", evening)
		for name, row := range map[string]struct {
			account, token string
			after          time.Duration
			want           bool
		}{
			"mine": {mine, phone, time.Hour, true}, "another's": {mine, his, 0, false}, "mine in another account": {other, phone, 0, false}, "none": {mine, "", 0, false},
			"made up": {mine, phone + "x", 0, false}, "at the end": {mine, desk, 90 * 24 * time.Hour, true}, "over": {mine, phone, 90*24*time.Hour + time.Second, false},
		} {
			if got := known(row.account, row.token, evening.Add(row.after)); got != row.want {
				t.Errorf("%s: %v", name, got)
			}
		}
		list, err := k.a.Devices(t.Context(), evening, mine)
		k.must(err)
		if len(list) != 2 || list[0].Browser != "Firefox on Windows" || list[1].Browser != "Chrome on Android" || list[1].SeenAt != evening.Add(time.Hour) {
			t.Fatalf("devices %+v", list)
		}
		forget := func(accountID, deviceID string) error {
			return k.write(func(tx *db.Tx) error { return k.a.ForgetDevice(t.Context(), tx, accountID, deviceID) })
		}
		if err := forget(other, list[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another account's: %v", err)
		}
		k.must(forget(mine, list[0].ID))
		if known(mine, desk, evening) || !known(mine, phone, evening) {
			t.Error("the wrong browser was forgotten")
		}
		for i := range 25 {
			remember(mine, "Browser "+strconv.Itoa(i), evening.Add(time.Duration(i+2)*time.Hour))
		}
		if list, err = k.a.Devices(t.Context(), evening, mine); err != nil || len(list) != 20 || list[0].Browser != "Browser 24" || known(mine, phone, evening) {
			t.Errorf("%d browsers are remembered, %v", len(list), err)
		}
		k.must(k.write(func(tx *db.Tx) error { return k.a.ForgetDevices(t.Context(), tx, mine) }))
		if list, err = k.a.Devices(t.Context(), evening, mine); err != nil || len(list) != 0 || !known(other, his, evening) {
			t.Errorf("after all were forgotten: %+v, %v", list, err)
		}
	})
}

func TestContactPoints(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine, other := k.open("hash"), k.open("hash")
		add := func(accountID, kind, value string) (pointID string, err error) {
			err = k.write(func(tx *db.Tx) (err error) {
				pointID, err = k.a.AddContactPoint(t.Context(), tx, evening, accountID, kind, value)
				return err
			})
			return pointID, err
		}
		verify := func(accountID, pointID string) error {
			return k.write(func(tx *db.Tx) error {
				return k.a.VerifyContactPoint(t.Context(), tx, evening.Add(time.Hour), accountID, pointID)
			})
		}
		remove := func(accountID, pointID string) error {
			return k.write(func(tx *db.Tx) error { return k.a.RemoveContactPoint(t.Context(), tx, evening, accountID, pointID) })
		}
		second := func(kind string) error {
			return k.write(func(tx *db.Tx) error { return k.a.SetSecondFactor(t.Context(), tx, mine, kind) })
		}
		for value, want := range map[string]error{"": identity.ErrPhone, "555": identity.ErrPhone, "+44 20 7946 0958": identity.ErrPhone, "call me": identity.ErrPhone, "(103) 555-0100": identity.ErrPhone} {
			if _, err := add(mine, identity.PhonePoint, value); !errors.Is(err, want) {
				t.Errorf("phone %q: %v", value, err)
			}
		}
		if _, err := add(mine, identity.EmailPoint, "maya"); !errors.Is(err, identity.ErrEmail) {
			t.Errorf("no address: %v", err)
		}
		if _, err := add(mine, "pigeon", "coo"); !fault.Is(err, fault.Invalid) {
			t.Errorf("another kind: %v", err)
		}
		if _, err := add("acc_none", identity.PhonePoint, "503-555-0100"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
		phone, err := add(mine, identity.PhonePoint, " (503) 555-0100 ")
		k.must(err)
		if again, err := add(mine, identity.PhonePoint, "+1 503.555.0100"); err != nil || again != phone {
			t.Errorf("the same phone: %q, %v", again, err)
		}
		mail, err := add(mine, identity.EmailPoint, " Maya.Two@Members.example ")
		k.must(err)
		if again, err := add(mine, identity.EmailPoint, "maya.two@members.EXAMPLE"); err != nil || again != mail {
			t.Errorf("the same address: %q, %v", again, err)
		}
		if _, err := add(other, identity.PhonePoint, "503-555-0100"); err != nil {
			t.Errorf("the same phone in another account: %v", err)
		}
		if err := second(identity.TextFactor); !errors.Is(err, identity.ErrFactor) {
			t.Errorf("codes by text to a phone that is not verified: %v", err)
		}
		if err := verify(other, phone); !fault.Is(err, fault.NotFound) {
			t.Errorf("verified by another account: %v", err)
		}
		if k.factors(mine).Phone != "" {
			t.Error("a phone counts before it is verified")
		}
		k.must(verify(mine, phone))
		k.must(second(identity.TextFactor))
		points, err := k.a.ContactPoints(t.Context(), mine)
		k.must(err)
		if len(points) != 2 || points[0].Value != "+15035550100" || !points[0].Verified() || points[0].VerifiedAt != evening.Add(time.Hour) ||
			points[1].Value != "Maya.Two@Members.example" || points[1].Verified() || k.factors(mine).Phone != "+15035550100" {
			t.Errorf("contact points %+v", points)
		}
		if err := remove(mine, phone); !errors.Is(err, identity.ErrPointNeeded) {
			t.Errorf("the phone codes are sent to: %v", err)
		}
		if err := remove(other, mail); !fault.Is(err, fault.NotFound) {
			t.Errorf("removed by another account: %v", err)
		}
		k.must(second(identity.EmailFactor))
		k.must(remove(mine, phone))
		if err := remove(mine, phone); !fault.Is(err, fault.NotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if again, err := add(mine, identity.PhonePoint, "503-555-0100"); err != nil || again == phone || k.factors(mine).Phone != "" {
			t.Errorf("added again it is verified already: %q, %v", again, err)
		}
		for i := range 8 {
			if _, err := add(mine, identity.PhonePoint, "503-555-011"+strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		for in, want := range map[string]string{"+15035550100": "503-555-0100", "": "", "(503) 555-0100": "(503) 555-0100", "+4930123456": "+4930123456"} {
			if got := identity.GroupedPhone(in); got != want {
				t.Errorf("%q is grouped as %q, want %q", in, got, want)
			}
		}
		if _, err := add(mine, identity.PhonePoint, "503-555-0199"); !errors.Is(err, identity.ErrPoints) {
			t.Errorf("the eleventh: %v", err)
		}
	})
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("hash")
		for kind, want := range map[string]error{"": nil, identity.EmailFactor: nil, identity.TOTPFactor: identity.ErrFactor, identity.TextFactor: identity.ErrFactor, "pigeon": identity.ErrFactor} {
			err := k.write(func(tx *db.Tx) error { return k.a.SetSecondFactor(t.Context(), tx, mine, kind) })
			if !errors.Is(err, want) || (want == nil) != (err == nil) {
				t.Errorf("%q: %v, want %v", kind, err, want)
			}
		}
		if err := k.write(func(tx *db.Tx) error { return k.a.SetSecondFactor(t.Context(), tx, "acc_none", "") }); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
		if _, err := k.a.Factors(t.Context(), "acc_none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
	})
}

// TestNewPassword: after a new password, whoever knew the old one is out, and who is half way in is out too.
func TestNewPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		old, err := k.a.Hash(t.Context(), "an old password, known")
		k.must(err)
		mine, other := k.open(old), k.open(old)
		start := func(o identity.Opening) (identity.Session, string) {
			s, token, err := k.a.Start(t.Context(), evening, o)
			k.must(err)
			return s, token
		}
		here, hereToken := start(identity.Opening{AccountID: mine, How: "password"})
		there, thereToken := start(identity.Opening{AccountID: mine, How: "password", Browser: "Firefox on Linux"})
		_, halfToken := start(identity.Opening{Waiting: mine})
		_, guestToken := start(identity.Opening{Members: []string{"m1"}})
		_, otherToken := start(identity.Opening{AccountID: other, How: "password"})
		list, err := k.a.Sessions(t.Context(), evening, mine)
		k.must(err)
		if len(list) != 2 || !slices.ContainsFunc(list, func(s identity.Session) bool {
			return s.ID == there.ID && s.Browser == "Firefox on Linux" && s.Role == identity.Member
		}) {
			t.Errorf("sessions %+v", list)
		}
		if none, err := k.a.Sessions(t.Context(), evening, ""); err != nil || len(none) != 0 {
			t.Errorf("the sessions of nobody: %+v, %v", none, err)
		}
		if late, err := k.a.Sessions(t.Context(), evening.Add(identity.Longest+time.Hour), mine); err != nil || len(late) != 0 {
			t.Errorf("sessions that ended: %+v, %v", late, err)
		}
		changed, err := k.a.Hash(t.Context(), "a new password, unknown")
		k.must(err)
		k.must(k.write(func(tx *db.Tx) error {
			return errors.Join(k.a.SetPassword(t.Context(), tx, mine, changed), k.a.EndSessions(t.Context(), tx, mine, here.ID), k.a.EndSessions(t.Context(), tx, "", ""))
		}))
		for token, want := range map[string]bool{hereToken: true, thereToken: false, halfToken: false, guestToken: true, otherToken: true} {
			s, err := k.a.Find(t.Context(), evening, token)
			k.must(err)
			if (s.ID != "") != want {
				t.Errorf("a session is alive: %v, want %v: %+v", s.ID != "", want, s)
			}
		}
		end := func(accountID, sessionID string) error {
			return k.write(func(tx *db.Tx) error { return k.a.EndSession(t.Context(), tx, accountID, sessionID) })
		}
		if err := end(other, here.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another account's session: %v", err)
		}
		k.must(end(mine, here.ID))
		if s, err := k.a.Find(t.Context(), evening, hereToken); err != nil || s.ID != "" {
			t.Errorf("an ended session: %+v, %v", s, err)
		}
		if err := k.write(func(tx *db.Tx) error { return k.a.SetPassword(t.Context(), tx, "acc_none", changed) }); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
	})
}

func TestSetEmail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		hashed, err := k.a.Hash(t.Context(), "a long enough password")
		k.must(err)
		mine, other := k.open(hashed), k.open(hashed)
		set := func(accountID, email string) error {
			return k.write(func(tx *db.Tx) error { return k.a.SetEmail(t.Context(), tx, evening, accountID, email) })
		}
		k.must(set(mine, " Maya@New.example "))
		k.must(set(mine, "maya@new.EXAMPLE")) // her own
		if got, err := k.a.SignIn(t.Context(), "MAYA@new.example", "a long enough password"); err != nil || got != mine {
			t.Errorf("with the new address: %q, %v", got, err)
		}
		if err := set(other, "MAYA@new.example"); !errors.Is(err, identity.ErrEmailTaken) {
			t.Errorf("somebody else's address: %v", err)
		}
		if err := set(mine, "maya"); !errors.Is(err, identity.ErrEmail) {
			t.Errorf("no address: %v", err)
		}
		if err := set("acc_none", "x@new.example"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no account: %v", err)
		}
		var got atomic.Int64
		var all sync.WaitGroup
		for _, accountID := range []string{mine, other} {
			all.Go(func() {
				if err := set(accountID, "both@new.example"); err == nil {
					got.Add(1)
				} else if !errors.Is(err, identity.ErrEmailTaken) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got.Load() != 1 {
			t.Errorf("%d accounts have one address", got.Load())
		}
	})
}

// TestClose: nothing opens a closed account, its address is free, and nothing that was kept for its owner alone stays.
func TestClose(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		hashed, err := k.a.Hash(t.Context(), "a long enough password")
		k.must(err)
		mine := k.open(hashed)
		_, token, err := k.a.Start(t.Context(), evening, identity.Opening{AccountID: mine, How: "password"})
		k.must(err)
		s, err := k.a.BeginTOTP(t.Context(), evening, mine, "Larkspur Health", "maya")
		k.must(err)
		k.must(k.confirm(evening, mine, app(t, s.Secret, evening)))
		k.must(k.write(func(tx *db.Tx) error {
			_, err1 := k.a.NewRecoveryCodes(t.Context(), tx, evening, mine)
			_, err2 := k.a.Remember(t.Context(), tx, evening, mine, "Chrome")
			_, err3 := k.a.AddContactPoint(t.Context(), tx, evening, mine, identity.PhonePoint, "503-555-0100")
			_, err4 := k.a.NewCode(t.Context(), tx, evening, "email", mine, time.Hour)
			return errors.Join(err1, err2, err3, err4, k.a.SetEmail(t.Context(), tx, evening, mine, "maya@members.example"))
		}))
		shut := func() error {
			return k.write(func(tx *db.Tx) error { return k.a.Close(t.Context(), tx, evening, mine) })
		}
		k.must(shut())
		if err := shut(); !fault.Is(err, fault.NotFound) {
			t.Errorf("closed twice: %v", err)
		}
		for _, table := range []string{"session", "device", "passkey", "totp", "recovery_code", "contact_point", "one_time_code", "account_member"} {
			var n int
			k.must(d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows stay in %s", n, table)
			}
		}
		if s, err := k.a.Find(t.Context(), evening, token); err != nil || s.Known() {
			t.Errorf("a session goes on: %+v, %v", s, err)
		}
		if got, err := k.a.SignIn(t.Context(), "maya@members.example", "a long enough password"); !errors.Is(err, identity.ErrSignIn) || got != "" {
			t.Errorf("signing in: %q, %v", got, err)
		}
		if again, err := k.a.Create(t.Context(), evening, "maya@members.example", "a long enough password", "en"); err != nil || again == mine {
			t.Errorf("the address is not free: %v", err)
		}
	})
}

// TestSweep: what is over goes, and nothing else.
func TestSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newKeys(t, d)
		mine := k.open("")
		k.make(k.phone(), mine, "") // ends a ceremony
		k.must(k.write(func(tx *db.Tx) error {
			_, err1 := k.a.Remember(t.Context(), tx, evening, mine, "Chrome")
			_, err2 := k.a.NewCode(t.Context(), tx, evening, "join", mine, time.Hour)
			return errors.Join(err1, err2)
		}))
		_, _, err := k.a.Start(t.Context(), evening, identity.Opening{AccountID: mine, How: "passkey"})
		k.must(err)
		count := func() (out []int) {
			for _, table := range []string{"session", "ceremony", "device", "one_time_code", "rate_limit", "passkey"} {
				var n int
				k.must(d.Read().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n))
				out = append(out, n)
			}
			return out
		}
		for _, row := range []struct {
			after time.Duration
			want  []int
		}{
			{time.Minute, []int{1, 1, 1, 1, 2, 1}}, {time.Hour, []int{0, 0, 1, 1, 2, 1}}, {26 * time.Hour, []int{0, 0, 1, 0, 0, 1}}, {91 * 24 * time.Hour, []int{0, 0, 0, 0, 0, 1}},
		} {
			_, err := k.a.Sweep(t.Context(), evening.Add(row.after))
			k.must(err)
			if got := count(); !slices.Equal(got, row.want) {
				t.Errorf("after %v: %v, want %v", row.after, got, row.want)
			}
		}
	})
}

package share

import (
	"errors"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

func TestShare(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		s, ctx, now := &Shares{DB: d, Seal: box}, t.Context(), time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		rosa, iris, jo := audit.Who{Actor: "acc_rosa", Role: audit.Member}, audit.Who{Actor: "acc_iris", Role: audit.Agent}, audit.Who{Actor: "acc_jo", Role: audit.Agent}
		session := identity.Session{AccountID: "acc_rosa", Members: []string{"mem_rosa", "mem_kid"}}
		secret, code, until, err := s.Start(ctx, now, "", rosa, session)
		if err != nil || len(code) != 6 || !until.Equal(now.Add(Life)) {
			t.Fatalf("%q until %v: %v", code, until, err)
		}
		var kept int
		if err := d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM page_share WHERE code_index = $1 OR token_hash = $2", code, secret).Scan(&kept); err != nil || kept != 0 {
			t.Errorf("code or secret stand there in clear: %v", err)
		}
		if _, err := s.Look(ctx, now, iris, "000000x"); !errors.Is(err, ErrCode) {
			t.Errorf("a wrong code: %v", err)
		}
		seen, ok, err := s.Paged(ctx, now, secret, session, "/pay/{draft}/review", strings.Repeat("ñ", 500))
		if err != nil || !ok || seen.ViewerID != "" || seen.Step() != "review" {
			t.Errorf("%+v %v %v", seen, ok, err)
		}
		look, err := s.Look(ctx, now, iris, " "+code[:3]+"-"+code[3:])
		if err != nil || look.Page != "/pay/{draft}/review" || look.MemberID != "mem_rosa" || look.ViewerID != "acc_iris" {
			t.Fatalf("%+v %v", look, err)
		}
		if _, err := s.Look(ctx, now, jo, code); !errors.Is(err, ErrCode) {
			t.Errorf("a second agent looks, too: %v", err)
		}
		if _, err := s.Watch(ctx, now, jo, look.ID); !errors.Is(err, ErrNone) {
			t.Errorf("a second agent watches: %v", err)
		}
		if seen, ok, err = s.Paged(ctx, now, secret, session, "/bills", "Your bills"); err != nil || !ok || seen.ViewerID != "acc_iris" || seen.Step() != "" {
			t.Errorf("the member is not told: %+v %v", seen, err)
		}
		for range 3 {
			if look, err = s.Watch(ctx, now, iris, look.ID); err != nil || look.Title != "Your bills" {
				t.Fatalf("%+v %v", look, err)
			}
		}
		entries, err := audit.List(ctx, d.Read(), audit.Filter{Member: "mem_rosa", Action: "page.looked"}, 10)
		if err != nil || len(entries) != 2 || entries[0].Detail != "/bills" {
			t.Errorf("noted down: %+v %v", entries, err)
		}
		if err := s.Stop(ctx, now, secret); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Watch(ctx, now, iris, look.ID); !errors.Is(err, ErrNone) {
			t.Errorf("stopped, and still watched: %v", err)
		}
		if _, ok, err := s.Paged(ctx, now, secret, session, "/", "x"); err != nil || ok {
			t.Errorf("stopped, and still shared: %v", err)
		}
		secret, code, _, err = s.Start(ctx, now, secret, rosa, identity.Session{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Look(ctx, now.Add(Life), iris, code); !errors.Is(err, ErrCode) {
			t.Errorf("a code that ran out: %v", err)
		}
		again, newer, _, err := s.Start(ctx, now, secret, rosa, identity.Session{})
		if err != nil || again == secret || newer == code {
			t.Fatalf("a new code: %v", err)
		}
		if _, err := s.Look(ctx, now, iris, code); !errors.Is(err, ErrCode) {
			t.Errorf("the code before: %v", err)
		}
		for i := range 25 {
			_, err = s.Look(ctx, now, jo, "wrong")
			if (i < 19) != errors.Is(err, ErrCode) && i != 19 {
				t.Errorf("try %d: %v", i, err)
			}
		}
		if _, err = s.Look(ctx, now, jo, newer); !fault.Is(err, fault.Busy) {
			t.Errorf("the right code after too many wrong ones: %v", err)
		}
	})
}

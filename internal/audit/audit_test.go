package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

func add(t testing.TB, d *db.DB, entries ...audit.Entry) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return audit.Append(t.Context(), tx, entries...) }); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, d *db.DB, f audit.Filter, limit int) []audit.Entry {
	t.Helper()
	found, err := audit.List(t.Context(), d.Read(), f, limit)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func actions(list []audit.Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Action)
	}
	return strings.Join(out, " ")
}

func TestEntriesAreKeptWholeAndFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := audit.Entry{At: noon.Add(123456789), Actor: "acc_1", Role: audit.Agent, Action: "member.view", Subject: "mem_1", Member: "mem_1",
			From: "192.0.2.7", Reason: "The caller asked; she said \"¿qué?\" 😀", Detail: "call cal_1"}
		add(t, d, first, audit.Entry{At: noon.Add(time.Second), Actor: audit.GuestActor("ses_1"), Role: audit.Guest, Action: "payment.submitted", Subject: "pay_1", Member: "mem_1"},
			audit.Entry{At: noon.Add(time.Second), Role: audit.System, Action: "payment.succeeded", Subject: "pay_1", Member: "mem_1"},
			audit.Entry{At: noon.Add(time.Hour), Actor: "acc_2", Role: audit.Member, Action: "payments", Member: "mem_2"})
		first.At = noon.Add(123456000)
		all := list(t, d, audit.Filter{}, 10)
		if actions(all) != "payments payment.succeeded payment.submitted member.view" {
			t.Fatalf("newest first: %s", actions(all))
		}
		if got := all[3]; got.ID == "" || got != (audit.Entry{got.ID, first.At, first.Actor, first.Role, first.Action, first.Subject, first.Member, first.From, first.Reason, first.Detail}) {
			t.Errorf("kept %+v of %+v", got, first)
		}
		for _, c := range []struct {
			f    audit.Filter
			want string
		}{
			{audit.Filter{Member: "mem_1"}, "payment.succeeded payment.submitted member.view"},
			{audit.Filter{Actor: "guest:ses_1"}, "payment.submitted"},
			{audit.Filter{Role: audit.System}, "payment.succeeded"},
			{audit.Filter{Action: "payment"}, "payment.succeeded payment.submitted"},
			{audit.Filter{Action: "payment.submitted"}, "payment.submitted"},
			{audit.Filter{Action: "%"}, ""},
			{audit.Filter{Subject: "pay_1", Role: audit.Guest}, "payment.submitted"},
			{audit.Filter{From: first.At}, "payments payment.succeeded payment.submitted member.view"},
			{audit.Filter{From: first.At.Add(time.Microsecond)}, "payments payment.succeeded payment.submitted"},
			{audit.Filter{To: first.At}, ""},
			{audit.Filter{To: first.At.Add(time.Microsecond)}, "member.view"},
			{audit.Filter{From: noon.Add(time.Second), To: noon.Add(time.Hour)}, "payment.succeeded payment.submitted"},
			{audit.Filter{Actor: "' OR 1=1 --"}, ""},
		} {
			if got := actions(list(t, d, c.f, 10)); got != c.want {
				t.Errorf("%+v: %q, want %q", c.f, got, c.want)
			}
		}
		var pages []string
		for f := (audit.Filter{}); ; {
			page := list(t, d, f, 1)
			if len(page) == 0 {
				break
			}
			pages, f.Before = append(pages, page[0].Action), page[0].ID
		}
		if strings.Join(pages, " ") != actions(all) {
			t.Errorf("page by page: %v", pages)
		}
		if got, err := audit.OfMember(t.Context(), d.Read(), "mem_1", 2); err != nil || actions(got) != "payment.succeeded payment.submitted" {
			t.Errorf("of the member: %s, %v", actions(got), err)
		}
		if got, err := audit.OfMember(t.Context(), d.Read(), "", 2); err != nil || len(got) != 0 {
			t.Errorf("of no member: %s, %v", actions(got), err)
		}
	})
}

func TestManyEntriesStayInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var entries []audit.Entry
		for i := range 1203 {
			entries = append(entries, audit.Entry{At: noon, Role: audit.System, Action: fmt.Sprintf("n%04d", i%500)})
		}
		add(t, d, entries[:500]...)
		found := list(t, d, audit.Filter{}, 1000)
		slices.Reverse(found)
		if len(found) != 500 || !slices.IsSortedFunc(found, func(a, b audit.Entry) int { return strings.Compare(a.Action, b.Action) }) {
			t.Errorf("%d entries of one moment, in another order", len(found))
		}
		add(t, d, entries[500:]...)
		if n := len(list(t, d, audit.Filter{}, 2000)); n != 1203 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestHostileTextIsKeptSafely(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nasty := []string{"a\x00b", "\xff\xfe", "line\r\nbreak\u2028x", strings.Repeat("é", 2000), strings.Repeat("\xf0\x9f", 3000), "'; DROP TABLE audit_entry; --", "\u202Eevil", "=1+1"}
		for i, s := range nasty {
			add(t, d, audit.Entry{At: noon.Add(time.Duration(i) * time.Second), Actor: s, Role: audit.Agent, Action: "member.view", Subject: s, Member: s, From: s, Reason: s, Detail: s})
		}
		found := list(t, d, audit.Filter{}, 100)
		if len(found) != len(nasty) {
			t.Fatalf("%d entries", len(found))
		}
		for _, e := range found {
			for name, s := range map[string]string{"actor": e.Actor, "subject": e.Subject, "reason": e.Reason, "detail": e.Detail} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\n\u2028") || utf8.RuneCountInString(s) > audit.MaxReason {
					t.Errorf("%s: %q", name, s)
				}
			}
		}
		if found[0].Reason != "=1+1" || found[2].Reason != nasty[5] || found[4].Reason != strings.Repeat("é", 500) || found[7].Reason != "a b" {
			t.Errorf("kept %q, %q, %d bytes, %q", found[0].Reason, found[2].Reason, len(found[4].Reason), found[7].Reason)
		}
	})
}

func TestWhatAnEntryMustSay(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	good := audit.Entry{At: noon, Role: audit.Member, Action: "sign_in"}
	for name, change := range map[string]func(e *audit.Entry){
		"time":       func(e *audit.Entry) { e.At = time.Time{} },
		"role":       func(e *audit.Entry) { e.Role = "root" },
		"action":     func(e *audit.Entry) { e.Action = "" },
		"foreign id": func(e *audit.Entry) { e.ID = "evt_1" },
	} {
		e := good
		change(&e)
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return audit.Append(t.Context(), tx, good, e) }); err == nil {
			t.Errorf("%s: an entry without it was taken", name)
		}
	}
	add(t, d)
	if found := list(t, d, audit.Filter{}, 9); len(found) != 0 {
		t.Errorf("%d entries were kept", len(found))
	}
}

// TestNothingIsChangedOrRemoved tries what a careless statement would do.
func TestNothingIsChangedOrRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		add(t, d, audit.Entry{At: noon, Role: audit.Member, Action: "sign_in"})
		for _, seed := range []string{"INSERT INTO audit_leaf (seq, entry_id, mac) VALUES (0, 'x', 'x')", "INSERT INTO audit_checkpoint (size, at, signed) VALUES (1, 1, 'x')"} {
			exec(t, d, seed)
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO audit_tile (level, n, hashes) VALUES (0, 0, $1)", []byte("abc"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		statements := []string{"UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "UPDATE audit_leaf SET seq = 7", "DELETE FROM audit_leaf",
			"UPDATE audit_checkpoint SET signed = ''", "DELETE FROM audit_checkpoint", "DELETE FROM audit_tile", "UPDATE audit_tile SET n = 2", "UPDATE audit_tile SET hashes = SUBSTR(hashes, 1, 2)"}
		if d.Engine == db.Postgres {
			for _, table := range []string{"entry", "leaf", "tile", "checkpoint"} {
				statements = append(statements, "TRUNCATE audit_"+table)
			}
		}
		for _, s := range statements {
			err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), s); return err })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", s, err)
			}
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE audit_tile SET hashes = $1", []byte("abcdef"))
			return err
		}); err != nil {
			t.Errorf("a row of hashes cannot grow: %v", err)
		}
	})
}

func exec(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.Write(context.Background(), func(tx *db.Tx) error { _, err := tx.ExecContext(context.Background(), query, args...); return err }); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

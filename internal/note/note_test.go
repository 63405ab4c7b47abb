package note

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/seal"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box, err := seal.New()
		if err != nil {
			t.Fatal(err)
		}
		n, now := &Notes{DB: d, Seal: box}, time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			for _, s := range []string{"INSERT INTO account (id, email, email_index, password_hash, role, created_at) VALUES ('acc_iris', '', 'x', '', 'agent', 1)",
				"INSERT INTO member (id, member_id, guarantor_id, created_at, updated_at) VALUES ('mem_rosa', 'LH1', 'mem_rosa', 1, 1), ('mem_omar', 'LH2', 'mem_omar', 1, 1)"} {
				if _, err := tx.ExecContext(t.Context(), s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		iris := audit.Who{Actor: "acc_iris", Role: audit.Agent}
		first, found, err := n.Write(t.Context(), now, iris, "mem_rosa", " Read me 4242 4242 4242 4242\x00 <b>by phone</b>\r\nand \u202ehung up ", "")
		if err != nil || found != 1 || strings.Contains(first.Text, "4242") || !strings.Contains(first.Text, "<b>by phone</b>\nand hung up") {
			t.Fatalf("%+v, %d, %v", first, found, err)
		}
		second, _, err := n.Write(t.Context(), now.Add(time.Minute), iris, "mem_rosa", "That was another caller", first.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			member, text, strikes string
			want                  error
		}{{"mem_rosa", "Once more", first.ID, ErrStruck}, {"mem_omar", "Not his", second.ID, ErrNone}, {"mem_rosa", "None", "note_none", ErrNone},
			{"mem_rosa", " \n\t ", "", ErrText}, {"mem_rosa", strings.Repeat("x", MaxText+1), "", ErrText}} {
			if _, _, err := n.Write(t.Context(), now, iris, c.member, c.text, c.strikes); !errors.Is(err, c.want) {
				t.Errorf("%.20q: %v, want %v", c.text, err, c.want)
			}
		}
		list, err := n.Of(t.Context(), d.Read(), "mem_rosa", 10)
		if err != nil || len(list) != 2 || list[0].Strikes != first.ID || list[1].StruckBy != second.ID || list[1].Text != first.Text || list[1].AuthorID != "acc_iris" {
			t.Errorf("%+v, %v", list, err)
		}
		var kept []byte
		if err := d.Read().QueryRowContext(t.Context(), "SELECT text_sealed FROM member_note WHERE id = $1", first.ID).Scan(&kept); err != nil || strings.Contains(string(kept), "phone") {
			t.Errorf("the text stands there in clear: %v", err)
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Member: "mem_rosa"}, 10)
		if err != nil || len(entries) != 2 || entries[0].Action != "note.struck" || strings.Contains(fmt.Sprint(entries), "phone") {
			t.Errorf("%+v, %v", entries, err)
		}
	})
}

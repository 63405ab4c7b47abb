package audit_test

import (
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// TestConcerning: an account's owner reads what they did, who looked at their members, and who failed to get in; once
// each, page by page, and nothing else.
func TestConcerning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
		add(t, d,
			audit.Entry{At: at(1), Actor: "acc_1", Role: audit.Member, Action: "sign_in", Subject: "acc_1"},
			audit.Entry{At: at(2), Actor: "acc_9", Role: audit.Agent, Action: "member.view", Subject: "mem_1", Member: "mem_1"},
			audit.Entry{At: at(3), Actor: "acc_1", Role: audit.Member, Action: "payment.submitted", Subject: "pay_1", Member: "mem_2"},
			audit.Entry{At: at(4), Role: audit.Guest, Action: "sign_in.failed", Subject: "acc_1"},
			audit.Entry{At: at(5), Role: audit.Guest, Action: "sign_in.failed", Subject: "acc_2"},
			audit.Entry{At: at(6), Role: audit.Guest, Action: "sign_in.failed"},
			audit.Entry{At: at(7), Actor: "acc_2", Role: audit.Member, Action: "sign_in", Subject: "acc_2"},
			audit.Entry{At: at(8), Actor: "acc_9", Role: audit.Agent, Action: "member.look", Member: "mem_3"},
			audit.Entry{At: at(9), Actor: "acc_9", Role: audit.Agent, Action: "staff.invited", Subject: "acc_1x"},
		)
		read := func(account string, members []string, before string, limit int) []audit.Entry {
			t.Helper()
			list, err := audit.Concerning(t.Context(), d.Read(), account, members, before, limit)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		mine := []string{"mem_1", "mem_2"}
		const all = "sign_in.failed payment.submitted member.view sign_in"
		if got := actions(read("acc_1", mine, "", 10)); got != all {
			t.Errorf("%s", got)
		}
		var pages []audit.Entry
		for before := ""; ; {
			page := read("acc_1", mine, before, 1)
			if len(page) == 0 {
				break
			}
			pages, before = append(pages, page...), page[0].ID
		}
		if got := actions(pages); got != all {
			t.Errorf("page by page: %s", got)
		}
		for _, nobody := range [][]audit.Entry{read("", nil, "", 10), read("", mine, "", 10), read("acc_3", []string{""}, "", 10), read("acc_1", mine, "", 0)} {
			if len(nobody) != 0 {
				t.Errorf("nobody reads %s", actions(nobody))
			}
		}
	})
}

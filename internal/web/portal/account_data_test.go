package portal

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// rows reads a query as rows of column names and values: numbers as json.Number, everything else as text.
func (h *house) rows(query string, args ...any) []map[string]string {
	h.t.Helper()
	var out []map[string]string
	h.must(db.Each(h.t.Context(), h.db.Read(), query, args, func(rows *sql.Rows) error {
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		cells, into := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := map[string]string{}
		for i, n := range names {
			if b, ok := cells[i].([]byte); ok {
				cells[i] = string(b)
			}
			row[n] = fmt.Sprint(cells[i])
		}
		out = append(out, row)
		return nil
	}))
	return out
}

// document is the JSON of an account, checked to be whole.
func (v *visitor) document() map[string]any {
	v.h.t.Helper()
	a := v.get("/account/data/account.json")
	if a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || !strings.Contains(a.Header.Get("Content-Disposition"), "attachment") {
		v.h.t.Fatalf("the data: %d %v", a.Status, a.Header)
	}
	d := json.NewDecoder(bytes.NewBufferString(a.Body))
	d.UseNumber()
	var out map[string]any
	v.h.must(d.Decode(&out))
	return out
}

// same holds a list of the document to rows of the database, matched by id: each field of the document is the column it
// names, and there is no row too many or too few.
func (h *house) same(list any, fields map[string]string, query string, args ...any) {
	h.t.Helper()
	items := map[string]map[string]any{}
	for _, x := range list.([]any) {
		item := x.(map[string]any)
		items[fmt.Sprint(item["id"])] = item
	}
	found := h.rows(query, args...)
	if len(found) != len(items) || len(found) != len(list.([]any)) {
		h.t.Errorf("%d rows, %d in the document: %s", len(found), len(items), query)
	}
	for _, row := range found {
		item, ok := items[row["id"]]
		if !ok {
			h.t.Errorf("%s is missing", row["id"])
			continue
		}
		for field, column := range fields {
			got := ""
			if item[field] != nil {
				got = fmt.Sprint(item[field])
			}
			want := row[column]
			if strings.HasSuffix(column, "_at") || column == "at" {
				var micros int64
				fmt.Sscan(want, &micros)
				want = ""
				if micros != 0 {
					want = db.Time(micros).Format(time.RFC3339Nano)
				}
			}
			if got != want {
				h.t.Errorf("%s of %s is %q, the database has %q", field, row["id"], got, want)
			}
		}
	}
}

func TestDataIsCompleteAndOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		// Others: a stranger with an account, bills and payments of his own; a guest and another account that pay for Rosa.
		avery := h.opened(h.member("Avery"))
		avery.paid(with(bankForm1(), "name", "Avery Sentinel", "account", "000000007531", "confirm", "000000007531", "email", "avery.sentinel@mail.example"), "A-1")
		h.guest(rosaNumber, rosaBirth).paid(with(bankForm1(), "account", "000000008642", "confirm", "000000008642", "email", "guest.sentinel@mail.example"), "M-300")
		h.opened(h.member("Rosa")).paid(with(bankForm1(), "account", "000000009753", "confirm", "000000009753", "email", "other.sentinel@mail.example"), "M-204118908")
		rosa := h.rosa()
		id := h.session(rosa).AccountID
		rosa.paid(with(cardForm1(), "save_card", "yes", "email", rosaEmail), "M-204118907")
		rosa.post(agreePath, rosa.offered(agreePath))
		h.logged(audit.Entry{At: h.clock(), Actor: "acc_staff_sentinel", Role: audit.Agent, Action: "member.view", Member: h.people["Rosa"], Subject: "case_sentinel", From: "10.9.8.7", Reason: "asked about a bill"},
			audit.Entry{At: h.clock(), Actor: "acc_staff_sentinel", Role: audit.Agent, Action: "member.view", Member: h.people["Avery"], Reason: "reason_sentinel"})
		avery.asks("chat_sentinel of another")
		conversation := rosa.asks("Where is my receipt?")
		doc := rosa.document()
		if list := doc["chats"].([]any); len(list) != 1 || !strings.HasSuffix(conversation, list[0].(map[string]any)["id"].(string)) ||
			list[0].(map[string]any)["messages"].([]any)[0].(map[string]any)["text"] != "Where is my receipt?" {
			t.Errorf("chats %v", doc["chats"])
		}
		if list := doc["cases"].([]any); len(list) != 0 {
			t.Errorf("cases %v", list)
		}
		if doc["schema"] != "memberpay.account-data.v1" || doc["made_at"] != h.clock().Format(time.RFC3339) {
			t.Errorf("schema %v of %v", doc["schema"], doc["made_at"])
		}
		account := doc["account"].(map[string]any)
		if account["id"] != id || account["email"] != rosaEmail || account["language"] != "en" || account["has_password"] != true {
			t.Errorf("account %v", account)
		}
		rosaID := h.people["Rosa"]
		h.same(doc["bills"], map[string]string{"number": "number", "kind": "kind", "payee": "payee", "state": "state", "patient": "patient_id", "owed_by": "guarantor_id",
			"date": "service_date", "due_date": "due_date", "charged_cents": "charged_cents", "plan_paid_cents": "plan_paid_cents", "adjustment_cents": "adjustment_cents",
			"your_share_cents": "responsibility_cents", "paid_elsewhere_cents": "prior_paid_cents", "paid_here_cents": "applied_cents", "on_its_way_cents": "pending_cents",
			"provider": "provider", "insurer": "insurer", "created_at": "created_at"}, "SELECT * FROM bill WHERE guarantor_id = $1 OR patient_id = $1", rosaID)
		h.same(doc["payments"], map[string]string{"amount_cents": "amount_cents", "payee": "payee", "paid_by": "rail", "state": "state", "submitted_at": "submitted_at",
			"updated_at": "updated_at", "settled_at": "settled_at"}, "SELECT * FROM payment WHERE payer_id = $1 OR account_id = $2", rosaID, id)
		var own []any
		for _, x := range doc["payments"].([]any) {
			switch p := x.(map[string]any); {
			case p["made_by_you"] == true:
				own = append(own, p)
			case p["last4"] != nil, p["authorization"] != nil, p["receipt_to"] != nil, p["card_or_account"] != nil:
				t.Errorf("a payment of somebody else tells %v", p)
			}
		}
		h.same(own, map[string]string{"authorization": "authorization_text", "receipt_to": "email", "language": "language"}, "SELECT * FROM payment WHERE account_id = $1", id)
		h.same(doc["saved_cards"], map[string]string{"brand": "brand", "last4": "last4", "allowed_by_payment": "payment_id", "kept_since": "created_at"},
			"SELECT * FROM saved_card WHERE account_id = $1 AND removed_at = 0", id)
		h.same(doc["consents"], map[string]string{"kind": "kind", "state": "state", "version": "version", "language": "language", "words": "words", "shown_by": "shown",
			"offered_at": "offered_at", "consented_at": "consented_at", "consented_from": "consented_address", "ended_at": "ended_at"}, "SELECT * FROM consent WHERE account_id = $1", id)
		h.same(doc["activity"], map[string]string{"at": "at", "role": "role", "action": "action", "reason": "reason", "member": "member_id"},
			"SELECT * FROM audit_entry WHERE actor = $1 OR member_id = $2 OR (action = 'sign_in.failed' AND subject = $1)", id, rosaID)
		members := map[string]any{}
		for _, m := range doc["members"].([]any) {
			members[m.(map[string]any)["name"].(string)] = m
		}
		if len(members) != 2 || members["Rosa Quintero"].(map[string]any)["birth_date"] != rosaBirth || members["Mateo Quintero"].(map[string]any)["birth_date"] != nil {
			t.Errorf("members %v", members)
		}
		raw := rosa.get("/account/data/account.json").Body
		for _, s := range []string{"Avery", "sentinel", "7531", "8642", "9753", averyNumber, averyBirth, "A-1\"", "10.9.8.7", "password_hash", "argon2"} {
			if strings.Contains(raw, s) {
				t.Errorf("the document tells %q", s)
			}
		}
		if !strings.Contains(raw, "Skin biopsy") {
			t.Error("the lines of her own bills are missing")
		}
		for _, lang := range []string{"en", "es"} {
			if pdf := rosa.get("/account/data/account.pdf?lang=" + lang); pdf.Status != 200 || !strings.HasPrefix(pdf.Body, "%PDF") {
				t.Errorf("the summary: %d", pdf.Status)
			}
		}
		rosa.get("/account/activity?lang=en").mustSay(t, "You Downloaded the data of your account")
	})
}

// TestDataOfNobody: an account that acts for nobody gets a whole document, too.
func TestDataOfNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	nobody := h.opened(h.member())
	doc := nobody.document()
	for _, list := range []string{"members", "bills", "payments", "saved_cards", "consents"} {
		if l, ok := doc[list].([]any); !ok || len(l) != 0 {
			t.Errorf("%s is %v", list, doc[list])
		}
	}
	if pdf := nobody.get("/account/data/account.pdf"); pdf.Status != 200 {
		t.Errorf("the summary: %d", pdf.Status)
	}
}

// TestDataAsksForAProof: what shows everything at once is not open to a browser that was left alone.
func TestDataAsksForAProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.walk([]row{{name: "at once", who: rosa, path: "/account/data", status: 200, contains: []string{"Your data", "Download everything (JSON)"}}})
	h.pass(16 * time.Minute)
	for _, path := range []string{"/account/data", "/account/data/account.json", "/account/data/account.pdf"} {
		if a := rosa.get(path); a.Status == 200 {
			t.Errorf("%s opens without a proof", path)
		}
	}
}

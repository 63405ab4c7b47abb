package portal

import (
	"net/http"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// TestNotMe: the letter that tells of a change of the contact on file leads to a page that tells nobody anything, and whose
// button stops the change, once.
func TestNotMe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		var agent string
		h.write(func(tx *db.Tx) (err error) {
			agent, err = h.accounts.Open(t.Context(), tx, h.clock(), identity.NewAccount{Email: "iris@staff.example", Role: identity.Agent})
			return err
		})
		who := audit.Who{Actor: agent, Role: audit.Agent}
		calls := &caller.Calls{DB: d, Accounts: h.accounts, Seal: h.portal.Seal}
		call, err := calls.Visited(t.Context(), h.clock(), who, h.people["Rosa"], caller.Visit{Document: "passport", Office: "Here", Name: true, Birth: true, Photo: true})
		h.must(err)
		_, err = h.portal.Contacts.Ask(t.Context(), h.clock(), who, call, member.HomePart, member.Contact{Street: "9 Elsewhere Street", City: "Meadow", State: "OR", ZIP: "97202"}, false, "en")
		h.must(err)
		link := ""
		for _, m := range h.letters(letter.KindContactNews, rosaEmail) {
			var n letter.ContactNews
			h.must(m.Read(&n))
			link = n.Stop
		}
		rosa := h.rosa()
		data := func(state string) map[string]any {
			t.Helper()
			h.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE contact_change SET state = $1", state)
				return err
			})
			return rosa.document()["contact_changes"].([]any)[0].(map[string]any)
		}
		if x := data("stands"); x["said"].(map[string]any)["street"] != "9 Elsewhere Street" {
			t.Errorf("the data of a change that stands: %v", x)
		}
		if x := data("waiting"); x["said"] != nil || x["part"] != "home" {
			t.Errorf("the data says what the letters do not: %v", x)
		}
		v := h.visitor()
		page := v.get(link)
		page.mustSay(t, "Was this not you?", "to change the home address")
		page.mustNotSay(t, "Rosa", "Quintero", "Elsewhere", "Meadow", rosaEmail)
		h.visitor().get(link+"?lang=es").mustSay(t, "cambiar la dirección")
		if a := v.post(link, nil); a.Status != http.StatusOK || !strings.Contains(a.Text(), "The change is stopped") {
			t.Errorf("%d: %s", a.Status, a.Text())
		}
		for _, a := range []answer{v.get(link), v.post(link, nil), v.get("/not-me/nothing")} {
			if a.Status != http.StatusGone || !strings.Contains(a.Text(), "does not work any more") {
				t.Errorf("%d: %s", a.Status, a.Text())
			}
		}
		if waiting, err := h.portal.Contacts.Waiting(t.Context(), d.Read(), h.people["Rosa"]); err != nil || len(waiting) != 0 {
			t.Errorf("%+v, %v", waiting, err)
		}
		var n int
		h.must(d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audit_entry WHERE action = 'contact.stopped' AND member_id = $1", h.people["Rosa"]).Scan(&n))
		if n != 1 {
			t.Errorf("noted down %d times", n)
		}
	})
}

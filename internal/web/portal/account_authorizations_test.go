package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/payment"
)

// TestPermissionOfEveryState: whatever becomes of a payment, its permission is listed with the exact words.
func TestPermissionOfEveryState(t *testing.T) {
	t.Parallel()
	for _, s := range payment.States {
		if permissionWords[s].word == "" {
			t.Errorf("nothing is said of the permission of a payment that is %s", s)
		}
	}
	for name, c := range map[string]string{"received": "Used once", "pending": "In use", "declined": "Never used", "canceled": "Taken back", "returned": "Used once, money went back"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			rosa := h.rosa()
			pay, _ := stands[name].make(h, rosa)
			list := rosa.get("/account/authorizations")
			list.mustSay(t, "1 permission", c, "November 23, 2026", "Larkspur Medical Group, Inc.", "$175.50")
			one := rosa.get(permissionPath(pay))
			one.mustSay(t, append(strings.Split(strings.ReplaceAll(pay.Authorization, "\u00a0", " "), paragraph), c, "Permission of November 23, 2026")...)
			if pdf := rosa.get(permissionPath(pay) + "/copy.pdf"); pdf.Status != 200 || !strings.HasPrefix(pdf.Body, "%PDF") {
				t.Errorf("the copy: %d", pdf.Status)
			}
		})
	}
}

func TestPermissionsAreTheAccountsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guests := h.guest(rosaNumber, rosaBirth).paid(bankForm1(), "M-300")
	rosa := h.rosa()
	rosas := strings.TrimPrefix(rosa.paid(cardForm1(), "M-204118907"), "/payments/")
	other := h.opened(h.member("Rosa")) // another account of the same person sees the bills, and not from where they were paid
	other.get("/payments").mustSay(t, "$150.00")
	h.walk([]row{
		{name: "what a guest allowed", who: rosa, path: "/account/authorizations/" + strings.TrimPrefix(guests, "/payments/"), status: 404},
		{name: "her own", who: rosa, path: "/account/authorizations/" + rosas, status: 200, contains: []string{"Used once"}},
		{name: "typed by hand", who: rosa, path: "/account/authorizations/" + strings.ToLower(strings.ReplaceAll(rosas, "-", "")), status: 200},
		{name: "the list", who: rosa, path: "/account/authorizations", status: 200, contains: []string{"1 permission", "$150.00"}, lacks: []string{"$64.00"}},
		{name: "a list of another account", who: other, path: "/account/authorizations", status: 200, contains: []string{"None yet", "No card is kept"}, lacks: []string{"$150.00"}},
		{name: "one of another account", who: other, path: "/account/authorizations/" + rosas, status: 404},
		{name: "its copy", who: other, path: "/account/authorizations/" + rosas + "/copy.pdf", status: 404},
		{name: "none", who: rosa, path: "/account/authorizations/" + url.PathEscape(hostile), status: 404},
	})
}

// TestStandingPermission: a saved card is a permission with its words, and can be taken back.
func TestStandingPermission(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	paid := rosa.paid(with(cardForm1(), "save_card", "yes"), "M-300")
	page := rosa.get("/account/authorizations")
	page.mustSay(t, "Keep this card", "We charge it only when you start a payment yourself.", "Remove this card")
	words := "/account/authorizations/" + strings.TrimPrefix(paid, "/payments/")
	if !strings.Contains(page.Body, `href="`+words+`"`) {
		t.Error("the words that allowed to keep the card are not to be found")
	}
	rosa.get(words).mustSay(t, "I also ask you to keep this card")
	rosa.get("/account").mustSay(t, "Saved cards Card Change Saved cards")
	saved, err := payment.SavedCards(t.Context(), h.db.Read(), h.session(rosa).AccountID)
	h.must(err)
	h.walk([]row{
		{name: "somebody else removes it", who: h.opened(h.member("Rosa")), path: "/saved-cards/" + saved[0].ID + "/remove", form: url.Values{"from": {"/account"}}, status: 303},
		{name: "it is still there", who: rosa, path: "/account/authorizations", status: 200, contains: []string{"Keep this card"}},
		{name: "removed", who: rosa, path: "/saved-cards/" + saved[0].ID + "/remove", form: url.Values{"from": {"/account/authorizations"}}, status: 303, to: "/account/authorizations"},
		{name: "gone", who: rosa, path: "/account/authorizations", status: 200, lacks: []string{"Keep this card"}, contains: []string{"No card is kept"}},
	})
	entries, err := audit.List(t.Context(), h.db.Read(), audit.Filter{Subject: saved[0].ID}, 10)
	h.must(err)
	if len(entries) != 2 || entries[0].Action != "card.removed" || entries[1].Action != "card.saved" ||
		entries[0].Actor != h.session(rosa).AccountID || entries[1].Actor != entries[0].Actor {
		t.Errorf("entries %+v", entries)
	}
}

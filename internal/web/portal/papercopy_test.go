package portal

import (
	"bytes"
	"net/url"
	"testing"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// TestAPaperCopy: whoever signed in gets a bill and a receipt by mail, each once a week; a guest, and somebody without an
// address on file, are offered none.
func TestAPaperCopy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		at := "/bills/" + h.bills["M-204118907"].ID
		rosa := h.rosa()
		rosa.get(at).mustNotSay(t, "Paper copy")
		if a := rosa.post(at+"/paper", url.Values{}); a.To != at {
			t.Errorf("without an address: %d %q", a.Status, a.To)
		}
		h.write(func(tx *db.Tx) error {
			_, err := member.ImportBatch(t.Context(), tx, h.clock(), []member.Incoming{{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
				BirthDate: day.MustParse(rosaBirth), ZIP: "97001", Street: "12 Alder Lane", City: "Portland", State: "OR"}})
			return err
		})
		const home = "Rosa Quintero\n12 Alder Lane\nPortland, OR 97001"
		guest := h.visitor()
		guest.post("/pay", findForm(rosaNumber, rosaBirth))
		receipt := h.rosa().paid(bankForm1(), "P-88201")
		h.walk([]row{
			{name: "a guest", who: guest, path: at, status: 200, lacks: []string{"Paper copy"}},
			{name: "a guest asks", who: guest, path: at + "/paper", form: url.Values{}, status: 401},
			{name: "the offer", who: rosa, path: at, status: 200, contains: []string{"Mail me a paper copy", "12 Alder Lane, Portland, OR 97001"}},
			{name: "the button", who: rosa, path: at + "/paper", form: url.Values{}, status: 303, to: at + "?paper=asked"},
			{name: "it says so", who: rosa, path: at + "?paper=asked", status: 200, contains: []string{"on its way to 12 Alder Lane"}, lacks: []string{"Mail me a paper copy"}},
			{name: "again", who: rosa, path: at + "/paper", form: url.Values{}, status: 303, to: at + "?paper=before"},
			{name: "words of others", who: rosa, path: at + "?paper=%3Cscript%3E", status: 200, contains: []string{"Mail me a paper copy"}},
			{name: "the receipt", who: rosa, path: receipt, status: 200, contains: []string{"Mail me a paper copy"}},
			{name: "the receipt's button", who: rosa, path: receipt + "/paper", form: url.Values{}, status: 303, to: receipt + "?paper=asked"},
		})
		list := h.letters(letter.KindCopy, home)
		if len(list) != 2 || list[0].Channel != "print" {
			t.Fatalf("%d copies: %v", len(list), list)
		}
		for _, m := range list {
			var l letter.Copy
			h.must(m.Read(&l))
			if !bytes.HasPrefix(l.PDF, []byte("%PDF-")) {
				t.Errorf("%.20q is no document", l.PDF)
			}
		}
		h.pass(7*24*time.Hour + time.Minute)
		if a := h.rosa().post(at+"/paper", url.Values{}); a.To != at+"?paper=asked" {
			t.Errorf("a week later: %d %q", a.Status, a.To)
		}
		if n := h.count("SELECT COUNT(*) FROM audit_entry WHERE action = 'paper.asked'"); n != 3 {
			t.Errorf("%d entries", n)
		}
	})
}

// TestQuietChangesAreTold: each of these has its letter to the address the owner signs in with.
func TestQuietChangesAreTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	rosa.post("/account/language", url.Values{"language": {"en"}})
	h.mustTell("account.language", letter.Language)
	rosa.post("/account/notices", url.Values{"new_bills": {"mail"}})
	h.mustTell("account.notices", letter.Notices)
	rosa.get("/account/data/account.json")
	h.mustTell("account.data_downloaded", letter.DataTaken)
	rosa.paid(with(cardForm1(), "save_card", "yes"), "P-88201")
	var card string
	h.must(h.db.Read().QueryRowContext(t.Context(), "SELECT id FROM saved_card WHERE account_id = $1", h.rosaID()).Scan(&card))
	rosa.post("/saved-cards/"+card+"/remove", url.Values{})
	if got := h.lastChange(); got != letter.CardRemoved {
		t.Errorf("of a removed card Rosa was told %q", got)
	}
	n := len(h.letters(letter.KindAccountChanged, rosaEmail))
	rosa.post("/saved-cards/"+card+"/remove", url.Values{})
	if len(h.letters(letter.KindAccountChanged, rosaEmail)) != n {
		t.Error("removed twice is told twice")
	}
}

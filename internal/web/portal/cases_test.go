package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/identity"
)

// opens is a case that a reader opened about a bill, by its claim key.
func (h *house) opens(o identity.Opening, key string) string {
	h.t.Helper()
	caseID, err := h.portal.Cases.Open(h.t.Context(), h.clock(), audit.Who{Actor: o.AccountID, Role: audit.Member}, cases.Opening{Bill: h.bills[key], Kind: cases.Afford, Text: "Rosa has lost her job.",
		AccountID: o.AccountID, Language: "en", Email: rosaEmail})
	h.must(err)
	return caseID
}

// held reports whether a bill is held, by its claim key.
func (h *house) held(key string) bool {
	h.t.Helper()
	list, err := bill.Held(h.t.Context(), h.db.Read(), []string{h.bills[key].ID})
	h.must(err)
	return len(list) == 1
}

// TestCaseFromABill: somebody signed in says that a bill is wrong, gets a number, the bill goes on hold, and taking it back
// lets go of it; a case written to after its end opens again.
func TestCaseFromABill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.rosa()
	b := h.bills["M-300"]
	says(t, v.get("/bills/"+b.ID), 200, "This bill looks wrong, or I cannot pay it")
	says(t, v.get("/bills/"+b.ID+"/case"), 200, "This bill is wrong", "I cannot pay this bill", "no collection agency")
	says(t, v.post("/bills/"+b.ID+"/case", url.Values{"text": {"It is my sister’s."}}), 422, "Choose what is the matter", "It is my sister’s.")
	says(t, v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"wrong"}, "text": {" \n "}}), 422, "Tell us in a few words")
	says(t, v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"wrong"}, "text": {strings.Repeat("a", cases.MaxText+1)}}), 422, "Write at most 2000 characters")
	if h.held("M-300") {
		t.Error("a bill is held for a case that was refused")
	}
	a := v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"wrong"}, "text": {"It is my sister’s. My card is 4242 4242 4242 4242."}})
	if a.Status != 303 || !strings.HasPrefix(a.To, "/cases/cas_") {
		t.Fatalf("opening leads to %d %q: %s", a.Status, a.To, a.Text())
	}
	page := v.get(a.To)
	says(t, page, 200, "We are looking into it", "We will answer by", "The bill is on hold until the case is closed", "It is my sister’s. My card is [card number removed].")
	if strings.Contains(page.Body, "4242 4242") || !h.held("M-300") {
		t.Error("a card number stands in a case, or its bill is not held")
	}
	says(t, v.get("/bills/"+b.ID), 200, "On hold", "You do not have to pay it now", "Your cases")
	says(t, v.get("/cases"), 200, "This bill is wrong")
	leads(t, v.get("/bills/"+b.ID+"/case"), a.To)
	leads(t, v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"afford"}, "text": {"And another thing."}}), a.To)
	leads(t, v.post(a.To, url.Values{"text": {"Are you there?"}}), a.To)
	says(t, v.get(a.To), 200, "And another thing.", "Are you there?")
	says(t, v.get(a.To), 200, "This bill is wrong, and I cannot pay it")
	leads(t, v.post(a.To+"/withdraw", nil), a.To)
	says(t, v.get(a.To), 200, "Closed: you took it back.")
	if h.held("M-300") {
		t.Error("the bill is held although its case is closed")
	}
	leads(t, v.post(a.To, url.Values{"text": {"It is wrong after all."}}), a.To)
	if !h.held("M-300") {
		t.Error("the bill of a case that was opened again is not held")
	}
	leads(t, v.post(a.To+"/withdraw", nil), a.To)
	h.pass(31 * 24 * time.Hour)
	late := h.rosa()
	says(t, late.post(a.To, url.Values{"text": {"And now?"}}), 409, "closed for good")
	h.mailed(t, rosaEmail, "case_news", 3)
}

// TestCaseSaysTheOtherThing: the page of a case offers the thing that was not said yet, keeps the choice where the text is
// to be corrected, and then shows both wherever the case stands.
func TestCaseSaysTheOtherThing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.rosa()
	b := h.bills["M-300"]
	a := v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"afford"}, "text": {"I am between jobs."}})
	says(t, v.get(a.To), 200, "I cannot pay this bill", "This bill is also wrong")
	again := v.post(a.To, url.Values{"also": {"wrong"}, "text": {""}})
	says(t, again, 422, "Tell us in a few words")
	if !strings.Contains(again.Body, "checked") {
		t.Error("the choice is lost where the text is to be corrected")
	}
	says(t, v.post(a.To, url.Values{"also": {"other"}, "text": {"x"}}), 422, "Choose what is the matter")
	leads(t, v.post(a.To, url.Values{"also": {"wrong"}, "text": {"I was not there."}}), a.To)
	both := "This bill is wrong, and I cannot pay it"
	page := v.get(a.To)
	says(t, page, 200, both, "I was not there.")
	if strings.Contains(page.Text(), "also wrong") {
		t.Error("the page offers what was said")
	}
	says(t, v.get("/cases"), 200, both)
	says(t, v.get("/bills/"+b.ID), 200, both)
}

// TestCaseOfAGuest: a guest opens a case, reads it in the same browser, and another guest with the same letter sees where it
// stands but not what was written.
func TestCaseOfAGuest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["M-204118907"]
	v := h.guest(rosaNumber, rosaBirth)
	says(t, v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"afford"}, "text": {"I am between jobs."}, "email": {"not an address"}}), 422, "email")
	a := v.post("/bills/"+b.ID+"/case", url.Values{"kind": {"afford"}, "text": {"I am between jobs."}, "email": {"guest@mail.example"}})
	says(t, v.get(a.To), 200, "I am between jobs.")
	other := h.guest(rosaNumber, rosaBirth)
	page := other.get(a.To)
	says(t, page, 200, "We are looking into it", "Sign in to read")
	if strings.Contains(page.Body, "between jobs") {
		t.Error("another guest reads what was written")
	}
	if got := other.post(a.To, url.Values{"text": {"me too"}}); got.Status != 404 {
		t.Errorf("another guest writes: %d", got.Status)
	}
	if got := other.post(a.To+"/withdraw", nil); got.Status != 404 || !h.held("M-204118907") {
		t.Errorf("another guest takes it back: %d", got.Status)
	}
	h.mailed(t, "guest@mail.example", "case_news", 1)
}

// mailed checks how many letters of a kind an address gets.
func (h *house) mailed(t *testing.T, to, kind string, want int) {
	t.Helper()
	if n := len(h.letters(kind, to)); n != want {
		t.Errorf("%d letters of kind %s to %s, want %d", n, kind, to, want)
	}
}

func says(t *testing.T, a answer, status int, words ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status %d, want %d: %s %s", a.Status, status, a.To, a.Text())
	}
	for _, w := range words {
		if !strings.Contains(a.Text(), w) {
			t.Errorf("the page does not say %q: %s", w, a.Text())
		}
	}
}

func leads(t *testing.T, a answer, to string) {
	t.Helper()
	if a.Status != http.StatusSeeOther || a.To != to {
		t.Errorf("it leads to %d %q, want %q: %s", a.Status, a.To, to, a.Text())
	}
}

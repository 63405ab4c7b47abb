package portal

import (
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/callrequest"
	"memberpay/internal/id"
)

// asksForCall is a request of an account to be called.
func (h *house) asksForCall(accountID, memberID string) string {
	h.t.Helper()
	h.calls++
	slots := h.portal.Calls.Brand.Slots(h.clock())
	x, err := h.portal.Calls.Ask(h.t.Context(), h.clock(), audit.Program, callrequest.Asking{Key: id.Secret(), AccountID: accountID, MemberID: memberID, Name: "Rosa Quintero", Phone: "503555" + strconv.Itoa(2000+h.calls),
		Topic: "bill", Language: "en", Speaks: "en", From: slots[h.calls%len(slots)].From, Address: "192.0.2." + strconv.Itoa(h.calls%200+1)})
	h.must(err)
	return x.ID
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// TestAskForACall: a guest asks, corrects, sees when they are called, and takes it back; the link opens it for whoever has it.
func TestAskForACall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	v.get("/contact").mustSay(t, "Ask us to call you", "call 711", "Interpreters", "Vietnamese", "Getting there")
	page := v.get("/contact/call")
	page.mustSay(t, "Ask us to call you", "Your name", "What is it about?", "We never ask for your password")
	key := keyField.FindStringSubmatch(page.Body)[1]
	slot := strconv.FormatInt(h.portal.Calls.Brand.Slots(h.clock())[0].From.Unix(), 10)
	good := url.Values{"key": {key}, "name": {"Paul <b>Example"}, "phone": {"503-555-0177"}, "topic": {"payment"}, "slot": {slot}, "speaks": {"Vietnamese"}, "email": {""}}
	for field, text := range map[string]string{"name": "Enter your name", "phone": "Enter a phone number", "topic": "Choose what it is about", "slot": "Choose one of the times", "speaks": "Choose a language"} {
		bad := url.Values{}
		for k, x := range good {
			bad[k] = x
		}
		bad.Set(field, "")
		a := v.post("/contact/call", bad)
		a.mustSay(t, text)
		if a.Status != 422 {
			t.Errorf("without %s: %d", field, a.Status)
		}
	}
	says(t, v.post("/contact/call", url.Values{"key": {key}, "email": {"x@"}}), 422, "Enter your name", "Enter a phone number", "Choose what it is about", "Choose one of the times", "Choose a language", "Enter an email address")
	for _, phone := range []string{"900-555-0100", "1 (503) 976-0100"} {
		bad := maps.Clone(good)
		bad.Set("phone", phone)
		says(t, v.post("/contact/call", bad), 422, "cost extra")
	}
	a := v.post("/contact/call", good)
	if a.Status != 303 || a.To != "/contact/call/"+key {
		t.Fatalf("a good request: %d %q", a.Status, a.To)
	}
	for _, who := range []*visitor{v, h.visitor()} { // the link is enough, and shows neither name nor number
		told := who.get(a.To)
		told.mustSay(t, "We will call you", "Vietnamese, with an interpreter", "ends in 77", "Cancel this call")
		if strings.Contains(told.Body, "Paul") || strings.Contains(told.Body, "5550177") {
			t.Error("the link tells who it is")
		}
	}
	if b := v.post("/contact/call", good); b.To != a.To || len(h.rows("SELECT id FROM call_request")) != 1 {
		t.Errorf("sent twice: %d %q", b.Status, b.To)
	}
	v.follow(v.post(a.To+"/cancel", url.Values{})).mustSay(t, "This call is canceled", "Ask for another call")
	if b := v.get("/contact/call/" + id.Secret()); b.Status != 404 {
		t.Errorf("a link that never was: %d", b.Status)
	}
}

// TestMembersAreAskedLess: who has signed in names a number and a time; the confirmation goes to their own address.
func TestMembersAreAskedLess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	page := rosa.get("/contact/call")
	if strings.Contains(page.Body, `name="email"`) || strings.Contains(page.Body, `name="name"`) {
		t.Error("a member is asked for what is known")
	}
	slots := h.portal.Calls.Brand.Slots(h.clock())
	a := rosa.post("/contact/call", url.Values{"key": {keyField.FindStringSubmatch(page.Body)[1]}, "phone": {"503-555-0177"}, "topic": {"bill"}, "slot": {strconv.FormatInt(slots[1].From.Unix(), 10)}, "speaks": {"es"}})
	rosa.follow(a).mustSay(t, "We will call you")
	rosa.get("/contact/call").mustSay(t, "Your calls")
	if b := h.visitor().get(a.To); b.Status != 404 {
		t.Errorf("a member's call opens to nobody: %d", b.Status)
	}
	rosa.get("/account/activity?lang=en").mustSay(t, "Asked us to call")
}

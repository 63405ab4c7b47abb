package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/payment"
	"memberpay/internal/processor"
)

// ready is a walker who stands before "How do you want to pay?".
func (v *visitor) ready(keys ...string) *walker {
	v.h.t.Helper()
	w := v.begin(keys...)
	w.to("bills", v.full(keys...), w.draft+"/method")
	return w
}

func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// TestBankFields: every wrong answer is told beside its field, all at once, and no account number is ever sent back.
func TestBankFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.guest(rosaNumber, rosaBirth).ready("M-300")
	for name, row := range map[string]struct {
		form  url.Values
		field string
		say   string
	}{
		"no method":         {url.Values{}, "method", "Choose how you want to pay"},
		"foreign method":    {url.Values{"method": {"cash"}}, "method", "Choose how you want to pay"},
		"foreign saved":     {url.Values{"method": {"saved:card_x"}}, "method", "no longer here"},
		"kept without any":  {url.Values{"method": {"kept"}}, "method", "Enter your card details"},
		"no token":          {url.Values{"method": {"card"}}, "method", "Paying by card needs JavaScript"},
		"endless token":     {url.Values{"method": {"card"}, "card_token": {strings.Repeat("x", 201)}}, "method", "Enter your card details"},
		"used token":        {url.Values{"method": {"card"}, "card_token": {"tok_used"}}, "method", "enter your card once more"},
		"processor is down": {url.Values{"method": {"card"}, "card_token": {"tok_down"}}, "method", "could not reach our card processor"},
		"no name":           {with(bankForm1(), "name", ""), "name", "Enter the name on the bank account"},
		"long name":         {with(bankForm1(), "name", strings.Repeat("x", 200)), "name", "at most 60"},
		"formula":           {with(bankForm1(), "name", "=cmd|calc"), "name", "letters, spaces"},
		"markup":            {with(bankForm1(), "name", hostile), "name", "letters, spaces"},
		"no routing":        {with(bankForm1(), "routing", ""), "routing", "Enter the 9-digit routing number"},
		"letters":           {with(bankForm1(), "routing", "02100002A"), "routing", "only digits"},
		"full-width":        {with(bankForm1(), "routing", "０１１０００015"), "routing", "only digits"},
		"Arabic digits":     {with(bankForm1(), "routing", "٠٢١٠٠٠٠٢١"), "routing", "only digits"},
		"full-width too":    {with(bankForm1(), "account", "１２３４５６"), "account", "only digits"},
		"Arabic too":        {with(bankForm1(), "account", "١٢٣٤٥٦"), "account", "only digits"},
		"only zeros":        {with(bankForm1(), "account", "0000 0000", "confirm", "0000 0000"), "account", "cannot be all zeros"},
		"swapped":           {with(bankForm1(), "routing", "012000021"), "routing", "not a real routing number"},
		"no account":        {with(bankForm1(), "account", ""), "account", "Enter your account number"},
		"short account":     {with(bankForm1(), "account", "12"), "account", "4 to 17 digits"},
		"long account":      {with(bankForm1(), "account", "123456789012345678"), "account", "4 to 17 digits"},
		"letters in it":     {with(bankForm1(), "account", "12 34 x"), "account", "only digits"},
		"a card":            {with(bankForm1(), "account", "4242 4242 4242 4242", "confirm", "4242 4242 4242 4242"), "account", "looks like a card number"},
		"once":              {with(bankForm1(), "confirm", ""), "confirm", "Enter the account number again"},
		"not the same":      {with(bankForm1(), "confirm", "000123456780"), "confirm", "not the same"},
		"no type":           {with(bankForm1(), "type", ""), "type", "Choose checking or savings"},
		"bad e-mail":        {with(bankForm1(), "email", "a b@c.example"), "email", "email address like"},
		"long e-mail":       {with(bankForm1(), "email", strings.Repeat("x", 300)+"@mail.example"), "email", "too long"},
	} {
		a := w.post(w.draft+"/method", row.form)
		if a.Status != 422 || !strings.Contains(a.Text(), row.say) || !strings.Contains(a.Body, `id="`+row.field+`-error"`) {
			t.Errorf("%s: %d, and field %s does not say %q: %s", name, a.Status, row.field, row.say, a.Text())
		}
		if number := row.form.Get("account"); len(number) > 3 && strings.Contains(a.Body, number) {
			t.Errorf("%s: the account number is sent back", name)
		}
	}
	all := w.post(w.draft+"/method", url.Values{"method": {"bank"}, "email": {"nobody"}})
	all.mustSay(t, "Enter the name on", "Enter the 9-digit", "Enter your account number", "Choose checking", "email address like")
}

// TestAnswersAreKept: a right answer beside a wrong one needs not be given again.
func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.guest(rosaNumber, rosaBirth).ready("M-300")
	w.post(w.draft+"/method", with(bankForm1(), "email", "nobody")).mustSay(t, "email address like", "Checking account ending in 6789")
	w.to("method", with(bankForm1(), "account", "", "confirm", ""), w.draft+"/review")
	w.get(w.draft+"/review").mustSay(t, "Checking account ending in 6789", "rosa@mail.example")
	// A new routing number needs a new account number.
	w.post(w.draft+"/method", with(bankForm1(), "routing", "011000015", "account", "", "confirm", "")).mustSay(t, "Enter your account number")
	w.to("method", with(bankForm1(), "routing", " 0210-0002 1", "account", "12–34\u00a056", "confirm", "123 456", "type", "savings"), w.draft+"/review")
	w.get(w.draft+"/review").mustSay(t, "Savings account ending in 3456", "021000021")

	card := h.guest(rosaNumber, rosaBirth).ready("M-300")
	a := card.post(card.draft+"/method", with(cardForm1(), "email", "nobody"))
	a.mustSay(t, "Visa card ending in 4242", "The card you entered for this payment")
	card.to("method", url.Values{"method": {"kept"}}, card.draft+"/review")
	card.get(card.draft+"/review").mustSay(t, "Visa card ending in 4242", "No email")
}

func TestCardStepAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.portal.Browser = processor.BrowserConfig{ScriptURL: "https://js.cards.example/v3/", PublishableKey: "pk_test_1",
		FrameOrigins: []string{"https://js.cards.example"}, ConnectOrigins: []string{"https://api.cards.example"}}
	w := h.guest(rosaNumber, rosaBirth).ready("M-300")
	for path, want := range map[string]bool{w.draft + "/method": true, w.draft + "/bills": false, "/bills": false, "/": false} {
		a := w.get(path)
		policy := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{" https://js.cards.example;", "frame-src https://js.cards.example", "connect-src 'self' https://api.cards.example"} {
			if strings.Contains(policy, part) != want {
				t.Errorf("%s: policy %q has %q: %v", path, policy, part, !want)
			}
		}
		if strings.Contains(a.Body, "js.cards.example") != want {
			t.Errorf("%s loads the processor's script: %v", path, !want)
		}
	}
	a := w.get(w.draft + "/method")
	for _, part := range []string{`data-key="pk_test_1"`, `data-cents="6400"`,
		"<noscript><p>Cards need JavaScript", "<noscript><p>Paying by card needs JavaScript"} {
		if !strings.Contains(a.Body, part) {
			t.Errorf("the card step lacks %s", part)
		}
	}
	if strings.Contains(a.Body, "save_card") {
		t.Error("a guest is asked to keep a card")
	}
}

// TestSavedCard: a member keeps a card, pays with it, and removes it.
func TestSavedCard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	rosa.paid(with(cardForm1(), "save_card", "yes"), "M-300")
	saved, err := payment.SavedCards(t.Context(), h.db.Read(), h.session(rosa).AccountID)
	h.must(err)
	if len(saved) != 1 {
		t.Fatalf("%d saved cards", len(saved))
	}
	w := rosa.ready("M-204118907")
	page := w.get(w.draft + "/method")
	page.mustSay(t, "Saved: ", "Cards you keep with us", "Remove")
	if !strings.Contains(page.Body, `value="`+rosaEmail+`"`) {
		t.Error("the member's e-mail is not filled in")
	}
	w.to("method", url.Values{"method": {"saved:" + saved[0].ID}, "email": {rosaEmail}}, w.draft+"/review")
	paid := w.post(w.draft+"/review", confirm(w.get(w.draft+"/review")))
	w.get(paid.To).mustSay(t, "Payment received")
	if c := h.cards.charges[len(h.cards.charges)-1]; c.SavedCard == "" || c.Token != "" || c.Customer == "" {
		t.Errorf("the charge was not made with the saved card: %+v", c)
	}
	// Nobody else uses or removes it.
	guest := h.guest(rosaNumber, rosaBirth)
	g := guest.ready("M-204118908")
	g.post(g.draft+"/method", url.Values{"method": {"saved:" + saved[0].ID}}).mustSay(t, "no longer here")
	guest.post("/saved-cards/"+saved[0].ID+"/remove", url.Values{})
	if len(h.cards.forgot) != 0 {
		t.Fatal("a guest removed a member's card")
	}
	if a := rosa.post("/saved-cards/"+saved[0].ID+"/remove", url.Values{"from": {"https://elsewhere.example/"}}); a.To != "/bills" {
		t.Errorf("removing leads to %q", a.To)
	}
	if len(h.cards.forgot) != 1 {
		t.Errorf("the processor was told %d times", len(h.cards.forgot))
	}
	if a := rosa.post("/saved-cards/"+saved[0].ID+"/remove", url.Values{"from": {"/payments"}}); a.To != "/payments" {
		t.Errorf("removing again leads to %q", a.To)
	}
}

func TestHealthCardForPremium(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.guest(rosaNumber, rosaBirth).ready("P-88201")
	w.get(w.draft+"/method").mustSay(t, "They usually cannot be used for premiums")
	w.to("method", with(cardForm1(), "card_token", "tok_hsa"), w.draft+"/review")
	w.get(w.draft+"/review").mustSay(t, "Visa HSA or FSA card ending in 0003", "They usually cannot be used for premiums",
		"Larkspur Health Plan, Inc., for coverage premiums", "LARKSPUR PREMIUM")
	m := h.guest(rosaNumber, rosaBirth).ready("M-300")
	m.get(m.draft+"/method").mustNotSay(t, "premiums")
	m.to("method", with(cardForm1(), "card_token", "tok_hsa"), m.draft+"/review")
	m.get(m.draft+"/review").mustNotSay(t, "premiums")
}

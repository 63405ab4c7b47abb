package words_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/processor"
	"memberpay/internal/words"
)

// TestPromisedWords holds the English of the main job to the words by which people, tests and assistive technology find
// things on the pages.
func TestPromisedWords(t *testing.T) {
	t.Parallel()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	en := c.For("en")
	for key, want := range map[string]string{
		"home.title": "Pay your bill", "home.signin": "Sign in", "home.guest": "Pay without signing in",
		"home.create": "Create an account", "home.find_id": "Find my member ID", "home.help": "Help",
		"signin.email": "Email", "signin.password": "Password", "signin.button": "Sign in",
		"find.title": "Find your bill", "find.number": "Member ID, bill number or pay code", "find.birth": "Date of birth",
		"date.month": "Month", "date.day": "Day", "date.year": "Year", "shell.continue": "Continue",
		"bills.title": "Your bills", "choose.title": "Choose what to pay", "choose.full": "Full amount", "choose.other": "Other amount",
		"method.title": "How do you want to pay?", "method.card": "Card", "method.bank": "Bank account",
		"method.card.number": "Card number", "method.card.expires": "Expiration date", "method.card.code": "Security code",
		"method.card.zip": "ZIP code", "method.bank.name": "Name on account", "method.bank.routing": "Routing number",
		"method.bank.account": "Account number", "method.bank.confirm": "Confirm account number",
		"method.bank.checking": "Checking", "method.bank.savings": "Savings", "method.email": "Email for your receipt",
		"review.title": "Review your payment", "shell.change": "Change",
		"state.submitted.title":       "Payment in progress",
		"state.action_required.title": "Your bank wants to check it is you",
		"state.unknown.title":         "We are checking with your bank. Do not pay again.",
		"state.pending.title":         "Payment submitted", "state.succeeded.title": "Payment received",
		"state.failed.title": "Your payment did not go through", "state.canceled.title": "You canceled this payment",
		"state.returned.title": "Your bank returned this payment", "state.disputed.title": "This payment is being disputed",
		"state.charged_back.title": "This payment was reversed", "paid.number": "Confirmation number",
		"paid.receipt": "Download receipt (PDF)", "shell.print": "Print",
	} {
		if got := en.T(key); got != want {
			t.Errorf("%s reads %q, promised is %q", key, got, want)
		}
	}
	if got := en.T("review.button", "Amount", "$123.45"); got != "Pay $123.45" {
		t.Errorf("the pay button reads %q", got)
	}
}

// TestEveryReasonHasWords covers the keys that are put together at run time.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range []processor.Reason{
		processor.ReasonGeneric, processor.ReasonInsufficientFunds, processor.ReasonLost, processor.ReasonStolen,
		processor.ReasonExpired, processor.ReasonSecurityCode, processor.ReasonZIP, processor.ReasonProcessing,
		processor.ReasonNumber, processor.ReasonVelocity, processor.ReasonFraud, processor.ReasonNotPermitted,
		processor.ReasonAuthentication, processor.ReasonAbandoned, processor.ReasonUnreachable, processor.ReasonCanceled,
	} {
		keys = append(keys, "decline."+string(r), "decline."+string(r)+".next")
	}
	for _, code := range []string{"R01", "R02", "R03", "R04", "R05", "R07", "R08", "R09", "R10", "R11", "R16", "R20", "R29", "other"} {
		keys = append(keys, "return."+code, "return."+code+".next")
	}
	for _, state := range []string{"submitted", "action_required", "unknown", "pending", "succeeded", "failed", "canceled",
		"returned", "disputed", "charged_back"} {
		for _, part := range []string{"title", "body", "next", "short"} {
			keys = append(keys, "state."+state+"."+part)
		}
	}
	for _, kind := range []string{"invalid", "not_found", "conflict", "sign_in", "forbidden", "declined", "busy", "internal"} {
		keys = append(keys, "fault."+kind+".title", "fault."+kind+".body")
	}
	for _, lang := range c.Langs() {
		w := c.For(lang)
		for _, key := range keys {
			if !w.Has(key) {
				t.Errorf("%s has no %s", lang, key)
			}
		}
	}
}

// TestSpanishCallsARecordOneThing: what is kept of a member is the "expediente"; a day by which something is due is still in
// time, which "antes del" denies.
func TestSpanishCallsARecordOneThing(t *testing.T) {
	t.Parallel()
	read := func(lang, name string) (out map[string]any) {
		raw, err := os.ReadFile(filepath.Join(lang, name))
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	registro := regexp.MustCompile(`(?i)\b(el|este|un|su|nuevo) registro\b|\babrir registros\b|\bregistros? del? miembros?`)
	by := regexp.MustCompile(`\bby( \{\{\.(Date|Day)\}\}|$)`)
	files, err := filepath.Glob(filepath.Join("es", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no catalogs", err)
	}
	for _, f := range files {
		en := read("en", filepath.Base(f))
		for key, value := range read("es", filepath.Base(f)) {
			es, _ := value.(string)
			if strings.HasPrefix(key, "desk.audit.") { // a log, not a member's
				continue
			}
			if registro.MatchString(es) {
				t.Errorf("%s says %q", key, es)
			}
			if was, _ := en[key].(string); by.MatchString(was) && strings.Contains(es, "antes del") {
				t.Errorf("%s says %q of %q", key, es, was)
			}
		}
	}
}

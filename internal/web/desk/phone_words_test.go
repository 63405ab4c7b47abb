package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"memberpay/internal/phonepay"
	"memberpay/internal/words"
)

// TestScriptVersion holds the version of the script to the words that are read out: each payment by phone is kept with it.
func TestScriptVersion(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	const version, hash = "phone-2026-11-27", "480bcf2a97cef7d6"
	var text strings.Builder
	for _, lang := range []string{"en", "es"} {
		w := catalog.For(lang)
		text.WriteString(w.T("phone.auth", "Today", "T", "Name", "N", "Payee", "P", "Amount", "A", "Account", "C", "Last4", "L", "RoutingLast4", "R", "Date", "D"))
		text.WriteString(w.T("phone.auth.spoken") + w.T("phone.auth.revoke", "Phone", "F", "Cutoff", "O") +
			w.T("phone.auth.revoke.hours", "Phone", "F", "Last", "E", "Cutoff", "O") + w.T("phone.auth.revoke.call", "Phone", "F", "Cutoff", "O") + w.T("phone.say.link"))
	}
	sum := sha256.Sum256([]byte(text.String()))
	if got := hex.EncodeToString(sum[:])[:16]; got != hash || phonepay.Script != version {
		t.Errorf("the words of %s have the hash %s: where their meaning changed, raise the version, then write both here", phonepay.Script, got)
	}
}

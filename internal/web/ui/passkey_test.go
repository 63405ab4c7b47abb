package ui_test

import (
	"bytes"
	"strings"
	"testing"

	"memberpay/internal/brand"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// TestPasskeyButton: the form is hidden until the script shows it, what it carries survives as it is, and a site without
// passkeys shows the other way alone.
func TestPasskeyButton(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range catalog.Langs() {
		p := ui.Page{W: catalog.For(lang), Brand: brand.Default(), CSRF: "csrf-token", Nonce: "once",
			Problems: []ui.Problem{{Field: "passkey", Text: "try <again>"}}}
		k := ui.Passkey{Action: "/sign-in/passkey", Ceremony: "c-1", Options: []byte(`{"rpId":"localhost","x":"\"'<&"}`), Autofill: true,
			Fields: []ui.Hidden{{Name: "to", Value: `/bills?"`}}, Button: ui.Button{Label: "Sign in with a passkey"}, Without: "Use your password."}
		html := string(render(t, ui.PasskeyButton(p, k)))
		for _, want := range []string{`action="/sign-in/passkey"`, ` hidden data-once=`, `data-passkey="get"`, ` data-autofill`, `name="csrf" value="csrf-token"`,
			`name="ceremony" value="c-1"`, `name="response" value=""`, `name="to" value="/bills?&#34;"`, `{&#34;rpId&#34;:&#34;localhost&#34;`, `try &lt;again&gt;`,
			`Use your password.`, `nonce="once"`, `src="/assets/passkey-`, `id="passkey"`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: the form lacks %s:\n%s", lang, want, html)
			}
		}
		k.Create, k.Autofill = true, false
		made := string(render(t, ui.PasskeyButton(p, k)))
		if !strings.Contains(made, `data-passkey="create"`) || strings.Contains(made, "data-autofill") || strings.Contains(made, p.T("passkey.browser.failed")) {
			t.Errorf("%s: making one:\n%s", lang, made)
		}
		k.Options = nil
		if none := render(t, ui.PasskeyButton(p, k)); !bytes.Contains(none, []byte("Use your password.")) || bytes.Contains(none, []byte("<form")) || bytes.Contains(none, []byte("<script")) {
			t.Errorf("%s: without passkeys:\n%s", lang, none)
		}
	}
	if n := catalog.Missing(); n != 0 {
		t.Errorf("%d sentences are missing", n)
	}
}

package brand

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// changed returns the demo brand after a change, prepared as Load would.
func changed(t *testing.T, change func(*Brand)) (*Brand, error) {
	t.Helper()
	b, err := decode("test.json", larkspur)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	return b, b.prepare("test.json", larkspurMark)
}

func TestDefault(t *testing.T) {
	t.Parallel()
	b := Default()
	if b.Name != "Larkspur Health" || b.Zone().String() != "America/Los_Angeles" || !b.Offers("es") || b.Offers("fr") {
		t.Errorf("default is %q in %s", b.Name, b.Zone())
	}
	if b.Payee("medical").LegalName == b.Payee("premium").LegalName || b.Payee("gift") != (Payee{}) {
		t.Error("payees are wrong")
	}
	if b.Tagline.In("es") != b.Tagline.Es || b.Tagline.In("de") != b.Tagline.En {
		t.Error("Text.In is wrong")
	}
	if b.Version() == "" || b.Version() != Default().Version() {
		t.Error("the version must be there and stable")
	}
	if strings.Contains(b.Phone.Display, "555-01") == false {
		t.Errorf("the demo phone number %s is not one of those kept for fiction", b.Phone.Display)
	}
}

func TestStyleSheet(t *testing.T) {
	t.Parallel()
	css := Default().CSS()
	light, dark, found := strings.Cut(css, "@media screen and (prefers-color-scheme:dark)")
	if !found {
		t.Fatalf("no dark theme in %s", css)
	}
	for _, name := range []string{"page", "surface", "sunken", "text", "muted", "line", "field-line", "primary", "primary-hover",
		"primary-soft", "on-primary", "accent", "success", "success-soft", "warning", "warning-soft", "danger", "danger-soft"} {
		if !strings.Contains(light, "--"+name+":#") || !strings.Contains(dark, "--"+name+":#") {
			t.Errorf("--%s is not in both themes", name)
		}
	}
	other, err := changed(t, func(b *Brand) { b.Colors.Light.Primary = "#0b5d7a" })
	if err != nil {
		t.Fatal(err)
	}
	if other.Version() == Default().Version() || !strings.Contains(other.CSS(), "--primary:#0b5d7a;") {
		t.Error("another colour must give another style sheet and version")
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500)
	for _, x := range []struct {
		field, reason string
		change        func(*Brand)
	}{
		{"name", "is empty", func(b *Brand) { b.Name = "  " }},
		{"name", "longer than 60", func(b *Brand) { b.Name = long }},
		{"name", "line break", func(b *Brand) { b.Name = "Bad\nBcc: x" }},
		{"tagline.es", "is empty", func(b *Brand) { b.Tagline.Es = "" }},
		{"languages", "is empty", func(b *Brand) { b.Languages = nil }},
		{"languages", "not a language", func(b *Brand) { b.Languages = []string{"en", "fr"} }},
		{"languages", "twice", func(b *Brand) { b.Languages = []string{"en", "en"} }},
		{"time_zone", "not a known", func(b *Brand) { b.TimeZone = "Pacific" }},
		{"time_zone", "not a known", func(b *Brand) { b.TimeZone = "Local" }},
		{"time_zone", "not a known", func(b *Brand) { b.TimeZone = "" }},
		{"zone_name.en", "is empty", func(b *Brand) { b.ZoneName = Text{} }},
		{"payees.medical.legal_name", "is empty", func(b *Brand) { b.Payees.Medical.LegalName = "" }},
		{"payees.premium.descriptor", "card statement", func(b *Brand) { b.Payees.Premium.Descriptor = "LARKSPUR HEALTH PREMIUMS" }},
		{"payees.premium.descriptor", "card statement", func(b *Brand) { b.Payees.Premium.Descriptor = "12345678" }},
		{"payees.medical.ach.company_name", "bank file", func(b *Brand) { b.Payees.Medical.ACH.CompanyName = "SEVENTEEN LETTERS" }},
		{"payees.medical.ach.company_id", "not a company", func(b *Brand) { b.Payees.Medical.ACH.CompanyID = "123" }},
		{"payees.medical.ach.description", "goods only", func(b *Brand) { b.Payees.Medical.ACH.Description = "PURCHASE" }},
		{"payees.medical.ach.description", "reserved", func(b *Brand) { b.Payees.Medical.ACH.Description = "REVERSAL" }},
		{"payees.medical.ach.description", "bank file", func(b *Brand) { b.Payees.Medical.ACH.Description = "ELEVEN CHAR" }},
		{"payees.medical.ach.bank_routing", "check digit", func(b *Brand) { b.Payees.Medical.ACH.BankRouting = "129900011" }},
		{"payees.medical.ach.bank_routing", "check digit", func(b *Brand) { b.Payees.Medical.ACH.BankRouting = "000000000" }},
		{"payees.premium.ach.bank_name", "bank file", func(b *Brand) { b.Payees.Premium.ACH.BankName = "bänk" }},
		{"phone.dial", "dialed", func(b *Brand) { b.Phone.Dial = "800-555-0142" }},
		{"tty.display", "is empty", func(b *Brand) { b.TTY.Display = "" }},
		{"mail.from", "not an e-mail", func(b *Brand) { b.Mail.From = "Billing <billing@larkspur.example>" }},
		{"links.privacy", "not a safe", func(b *Brand) { b.Links.Privacy = "javascript:alert(1)" }},
		{"links.terms", "not a safe", func(b *Brand) { b.Links.Terms = "//evil.example/x" }},
		{"links.home", "not a safe", func(b *Brand) { b.Links.Home = "http://plain.example" }},
		{"colors.light.primary", "not a colour", func(b *Brand) { b.Colors.Light.Primary = "violet" }},
		{"colors.dark.text", "not a colour", func(b *Brand) { b.Colors.Dark.Text = "#fff" }},
		{"hours", "no open day", func(b *Brand) { b.Week = Week{} }},
		{"hours.monday", "overlap", func(b *Brand) { b.Week.Monday = []Span{{480, 720}, {700, 900}} }},
		{"holidays[0].date", "not a date", func(b *Brand) { b.Closed[0].Date = "2026-02-30" }},
		{"holidays[1].date", "twice", func(b *Brand) { b.Closed[1].Date = b.Closed[0].Date }},
		{"holidays[0].name.es", "is empty", func(b *Brand) { b.Closed[0].Name.Es = "" }},
		{"offices[0].address", "not an address", func(b *Brand) { b.Offices[0].Address = nil }},
		{"offices[1].services[0].es", "is empty", func(b *Brand) { b.Offices[1].Services[0].Es = "" }},
		{"zones[0].time_zone", "not a known time zone", func(b *Brand) { b.Zones = []Zone{{TimeZone: "Mars/Base", Name: Text{En: "Mars", Es: "Marte"}}} }},
		{"interpreters[0].es", "is empty", func(b *Brand) { b.Interpreters = []Text{{En: "Somali"}} }},
		{"call_requests.minutes", "out of range", func(b *Brand) { b.CallRequests.Minutes = 5 }},
		{"call_requests.each", "out of range", func(b *Brand) { b.CallRequests.Each = -1 }},
		{"call_requests.minutes", "longer than the phone is open", func(b *Brand) {
			b.CallRequests.Minutes, b.Week = 240, Week{Monday: []Span{{480, 540}}}
		}},
		{"offices[0].map", "no place", func(b *Brand) { b.Offices[0].Map = "javascript:alert(1)" }},
		{"offices[1].map", "no place", func(b *Brand) { b.Offices[1].Map = "geo:45.52,-122.67" }},
		{"offices[1].map", "no place", func(b *Brand) { b.Offices[1].Map = "95.52,-122.67" }},
		{"map_url", "not a safe address", func(b *Brand) { b.MapURL = "geo:{lat},{lon}" }},
		{"map_url", "not a safe address", func(b *Brand) { b.MapURL = "javascript:alert({lat},{lon})" }},
		{"map_url", "not a safe address", func(b *Brand) { b.MapURL = "https://{address}/" }},
		{"map_url", "not a safe address", func(b *Brand) { b.MapURL = "https://a@maps.example/{address}" }},
		{"map_url", "which place", func(b *Brand) { b.MapURL = "https://maps.example/" }},
		{"map_url", "which place", func(b *Brand) { b.MapURL = "https://maps.example/?at={lat}" }},
		{"map_url", "braces", func(b *Brand) { b.MapURL = "https://maps.example/{lat},{lon}?z={zoom}" }},
		{"map_url", "longer", func(b *Brand) { b.MapURL = "https://maps.example/{address}?" + strings.Repeat("x", 300) }},
		{"financial_help.en", "is empty", func(b *Brand) { b.FinancialHelp = Text{} }},
	} {
		t.Run(x.field+" "+x.reason, func(t *testing.T) {
			t.Parallel()
			_, err := changed(t, x.change)
			var invalid *Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("error = %v", err)
			}
			for _, p := range invalid.Problems {
				if p.Field == x.field && strings.Contains(p.Reason, x.reason) && p.Remedy != "" {
					return
				}
			}
			t.Errorf("no problem of %s that %q in: %v", x.field, x.reason, err)
		})
	}
}

func TestValidateNamesEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := changed(t, func(b *Brand) { b.Name, b.TimeZone, b.Phone = "", "Mars", Phone{} })
	var invalid *Invalid
	if !errors.As(err, &invalid) || len(invalid.Problems) != 4 {
		t.Fatalf("error = %v", err)
	}
	for _, want := range []string{"test.json has 4 problem(s)", "name is empty", `time_zone "Mars"`, "phone.dial"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := string(larkspur)
	withLogo := func(file string) string {
		return strings.Replace(good, `"logo": {"file": ""`, `"logo": {"file": "`+file+`"`, 1)
	}
	write("mark.svg", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4z"/></svg>`)
	write("script.svg", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><script>alert(1)</script></svg>`)
	write("large.svg", strings.Repeat(" ", maxLogo+1))

	b, err := Load(write("mark.json", withLogo("mark.svg")))
	if err != nil || !strings.Contains(string(b.LogoSVG()), "M0 0h4v4z") {
		t.Errorf("a good logo: %v", err)
	}
	if b, err := Load(""); err != nil || b.Name != "Larkspur Health" {
		t.Errorf("empty path: %v", err)
	}
	for _, x := range []struct{ path, want string }{
		{filepath.Join(dir, "absent.json"), "absent.json"},
		{write("cut.json", good[:200]), "cut.json:"},
		{write("unknown.json", strings.Replace(good, `"demo"`, `"deno"`, 1)), `unknown field "deno"`},
		{write("kind.json", strings.Replace(good, `"demo": true`, `"demo": "yes"`, 1)), "kind.json:7"},
		{write("after.json", good+"{}"), "after the configuration"},
		{write("span.json", strings.Replace(good, "09:00-13:00", "13:00-09:00", 1)), `"13:00-09:00" must be written like`},
		{write("nologo.json", withLogo("absent.svg")), "logo.file"},
		{write("script.json", withLogo("script.svg")), "<script>"},
		{write("large.json", withLogo("large.svg")), "larger than 64 KB"},
		{write("huge.json", good+strings.Repeat(" ", maxFile)), "larger than 256 KB"},
	} {
		if _, err := Load(x.path); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: error = %v, want one with %q", filepath.Base(x.path), err, x.want)
		}
	}
}

func TestSpanSurvivesJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(Default().Week)
	if err != nil {
		t.Fatal(err)
	}
	var back Week
	if err := json.Unmarshal(raw, &back); err != nil || back.Monday[0] != (Span{480, 1080}) {
		t.Errorf("back = %+v, %v", back, err)
	}
	for _, bad := range []string{`"8-18"`, `"08:00"`, `"08:00-24:01"`, `"08:60-09:00"`, `"-1:00-09:00"`, `"18:00-08:00"`, `8`} {
		var s Span
		if json.Unmarshal([]byte(bad), &s) == nil {
			t.Errorf("%s was accepted as %+v", bad, s)
		}
	}
}

func TestLogoIsOnlyADrawing(t *testing.T) {
	t.Parallel()
	wrap := func(inside string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">` + inside + `</svg>`
	}
	for name, x := range map[string]struct{ svg, want string }{
		"plain":          {wrap(`<g fill="#fff"><path d="M0 0"/></g>`), ""},
		"gradient":       {wrap(`<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path fill="url(#a)" d="M0 0"/>`), ""},
		"script":         {wrap(`<script>1</script>`), "<script>"},
		"event":          {wrap(`<path onclick="x()" d="M0 0"/>`), "onclick"},
		"style":          {wrap(`<style>@import url(x)</style>`), "<style>"},
		"style attr":     {wrap(`<path style="fill:url(http://x)" d="M0 0"/>`), "style"},
		"image":          {wrap(`<image href="http://x/y.png"/>`), "<image>"},
		"use":            {wrap(`<use href="#a"/>`), "<use>"},
		"foreign":        {wrap(`<foreignObject/>`), "<foreignObject>"},
		"animate":        {wrap(`<animate attributeName="href"/>`), "<animate>"},
		"link":           {wrap(`<a href="x"/>`), "<a>"},
		"outside fill":   {wrap(`<path fill="url(http://x/#a)" d="M0 0"/>`), "outside itself"},
		"spaced url":     {wrap(`<path fill=" URL( 'x' )" d="M0 0"/>`), "outside itself"},
		"namespace":      {`<svg xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 4 4"></svg>`, "namespace"},
		"prefixed":       {wrap(`<x:script xmlns:x="http://www.w3.org/2000/svg"/>`), "x:script"},
		"xlink":          {wrap(`<path xlink:href="x" d="M0 0"/>`), "xlink:href"},
		"doctype":        {`<!DOCTYPE svg [<!ENTITY a "b">]>` + wrap(""), "DOCTYPE"},
		"style sheet":    {`<?xml-stylesheet href="x"?>` + wrap(""), "xml-stylesheet"},
		"entity":         {wrap(`<path d="&a;"/>`), "well-formed"},
		"no viewBox":     {`<svg xmlns="http://www.w3.org/2000/svg"></svg>`, "viewBox"},
		"not svg":        {`<g viewBox="0 0 1 1"/>`, "not with <svg>"},
		"two roots":      {wrap("") + wrap(""), "not one SVG"},
		"empty":          {``, "not one SVG"},
		"unclosed":       {`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">`, "not one SVG"},
		"not xml at all": {`\x89PNG`, "not one SVG"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkSVG([]byte(x.svg))
			if (x.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), x.want)) {
				t.Errorf("error = %v, want %q", err, x.want)
			}
		})
	}
}

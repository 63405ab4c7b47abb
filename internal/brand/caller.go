package brand

import (
	"fmt"
	"slices"
	"time"
)

// CallerScript says how the desk finds out that a caller is the member: which facts are asked, and how many have to match.
// It is data with a version and a first day; what was in force on a day can always be told.
type CallerScript struct {
	Version string   `json:"version"` // as it stands beside every check: "2026-1"
	From    string   `json:"from"`    // first day, "2026-01-01"
	Opening Text     `json:"opening"` // what the agent reads out first
	Always  []string `json:"always"`  // facts that have to match, of CallerFacts
	Ask     []string `json:"ask"`     // further facts that may be asked
	Needed  int      `json:"needed"`  // how many have to match, those of Always among them
	Misses  int      `json:"misses"`  // how many may be wrong
	Tries   int      `json:"tries"`   // checks in one call
	Minutes int      `json:"minutes"` // how long it holds
	Never   []Text   `json:"never"`   // what is never asked, for the agent to read
}

// CallerFacts are the facts that a script may name.
var CallerFacts = []string{"name", "birth", "zip", "street", "phone", "member_id", "bill", "last_amount", "last_month"}

// defaultScript is in force where an organisation has written none.
var defaultScript = CallerScript{Version: "built-in-1", From: "2026-01-01", Always: []string{"name", "birth"},
	Ask: []string{"zip", "street", "phone", "bill", "last_amount", "last_month"}, Needed: 4, Misses: 1, Tries: 3, Minutes: 15,
	Opening: Text{En: "Before I open your account, I will ask you a few questions to make sure that it is you.",
		Es: "Antes de abrir su cuenta, le haré unas preguntas para asegurarme de que es usted."},
	Never: []Text{{"Social Security number", "Número de Seguro Social"}, {"Full card or bank account number", "Número completo de tarjeta o de cuenta bancaria"},
		{"Password", "Contraseña"}, {"Codes that we sent by email or text", "Códigos que enviamos por correo electrónico o mensaje"}}}

// CallerScript is the script in force on the day of now in the organisation's time zone.
func (b *Brand) CallerScript(now time.Time) CallerScript {
	today, out := now.In(b.Zone()).Format(time.DateOnly), defaultScript
	from := ""
	for _, s := range b.CallerScripts {
		if s.From <= today && s.From >= from {
			out, from = s, s.From
		}
	}
	return out
}

// Facts are all facts of the script, those that have to match first.
func (s CallerScript) Facts() []string { return append(slices.Clone(s.Always), s.Ask...) }

func (b *Brand) checkCallerScripts(c *checker) {
	seen := map[string]bool{}
	for i, s := range b.CallerScripts {
		at := fmt.Sprintf("caller_scripts[%d]", i)
		c.text(at+".version", s.Version, 40)
		if _, err := time.Parse(time.DateOnly, s.From); err != nil {
			c.add(at+".from", s.From, "is not a date", "write it as 2026-12-25")
		}
		if seen["v"+s.Version] || seen["f"+s.From] {
			c.add(at, s.Version, "has the version or the first day of another script", "give each script its own")
		}
		seen["v"+s.Version], seen["f"+s.From] = true, true
		c.both(at+".opening", s.Opening, 400, true)
		used := map[string]bool{}
		for _, f := range s.Facts() {
			if !slices.Contains(CallerFacts, f) || used[f] {
				c.add(at+".ask", f, "is no fact that can be checked, or stands there twice", fmt.Sprintf("choose among %v, each once", CallerFacts))
			}
			used[f] = true
		}
		if !slices.Contains(s.Always, "name") || !slices.Contains(s.Always, "birth") {
			c.add(at+".always", "", "lacks the name or the date of birth", `write "name" and "birth" among them: without both, nobody is found`)
		}
		for _, n := range []struct {
			field           string
			value, min, max int
		}{{".needed", s.Needed, max(3, len(s.Always)), len(s.Facts())}, {".misses", s.Misses, 0, 2}, {".tries", s.Tries, 1, 5}, {".minutes", s.Minutes, 5, 60}} {
			if n.value < n.min || n.value > n.max {
				c.add(at+n.field, fmt.Sprint(n.value), fmt.Sprintf("is not between %d and %d", n.min, n.max), "choose a number between them")
			}
		}
		if len(s.Never) == 0 {
			c.add(at+".never", "", "is empty", "write what agents never ask, such as the Social Security number")
		}
		for j, t := range s.Never {
			c.both(fmt.Sprintf("%s.never[%d]", at, j), t, 120, true)
		}
	}
}

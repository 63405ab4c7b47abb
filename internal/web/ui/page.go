package ui

import (
	"net/url"
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/words"
)

// CSRFField is the name of the hidden field that carries Page.CSRF in every form.
const CSRFField = "csrf"

// Page is everything the frame of a page needs. Handlers fill it in and pass it to Layout; components that speak for
// themselves take it as their first argument. The zero value of every field but W and Brand is fine.
type Page struct {
	Title string       // already in the reader's language; the h1 of the page is the page's own
	W     *words.Words // required
	Brand *brand.Brand // required
	Now   time.Time    // for the phone hours; zero means time.Now()

	Path  string // path and query of this page as a GET, for the language links; "" hides them
	CSRF  string // token that Form puts into every form; "" puts none
	Nonce string // nonce of the content security policy, for the processor's script

	SignedIn   bool
	PersonName string // signed in: whose account it is
	Nav        []NavLink
	SignInURL  string // not signed in: where the header's link goes; "" hides it
	SignOutURL string // signed in: where the header's button posts to
	HomeURL    string // where logo and name lead; "" means "/"
	HelpURL    string // "" hides the help link
	ChatURL    string // "" hides the link to the chat
	ContactURL string // "" hides the link to every way to reach a person
	ShareURL   string // where a page is shared with the desk; "" hides the link

	Watched *Watched // the reader shares their page with the desk

	Session Session // signed in, or a guest who found a bill: when that ends; zero for nobody

	Back     *Link     // link above the content
	Problems []Problem // answers to check; Layout shows them first and says so in the title
	Step     Step      // where in a task this page stands
	Wide     bool      // lists and tables get more room than forms

	RefreshAfter int      // seconds after which the page loads itself again, where scripts run; 0 is never
	Modules      []string // addresses of further script modules of our own
	Scripts      []string // addresses of classic scripts: the card processor's, on the card step only
}

// Session is when the reader's session ends. A page with one warns WarnBefore the end and lets them stay.
type Session struct {
	Idle      time.Duration // how long it lasts without a request
	Left      time.Duration // until it ends where nothing happens
	Last      time.Duration // until it ends whatever happens
	ExtendURL string        // where script posts to stay; "" warns nobody
	AgainURL  string        // where to go once it is over
}

// WarnBefore is how long before the end of their session a reader is warned (WCAG 2.2.1 asks for 20 seconds at least).
const WarnBefore = 2 * time.Minute

// NavLink is one entry of the navigation of a signed-in member.
type NavLink struct {
	Label   string
	Href    string
	Current bool
}

// Watched says above every page that the desk may see which one it is. StopURL is where its button posts to.
type Watched struct{ Text, StopURL, Stop string }

// Link is a link in a text or list. What is read aloud after Label and not shown: "Change" becomes "Change the amount".
type Link struct {
	Label string
	Href  string
	What  string
	Lang  string // of Label, where it is not that of the page
	New   bool   // another site: the link tells that site nothing about this page
}

// Problem is one answer to check. Field is the name of the field it belongs to; Text says what to do.
type Problem struct {
	Field string
	Text  string
}

// Step is a place in a task: step 2 of 4, "Prove it is you". The zero value shows nothing.
type Step struct {
	Number, Total int
	Name          string // "" where the step has no name beside the page's title
}

// Problem returns the text of the first problem of a field, "" if there is none.
func (p Page) Problem(field string) string {
	for _, x := range p.Problems {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// T is a short way to Page.W.T.
func (p Page) T(key string, pairs ...any) string { return p.W.T(key, pairs...) }

// title is what stands in the browser's tab.
func (p Page) title() string {
	t := p.Title
	if p.Step.Total > 0 {
		t = p.W.T("shell.title.step", "Title", t, "Number", p.Step.Number, "Total", p.Step.Total)
	}
	if len(p.Problems) > 0 {
		t = p.W.T("shell.title.problem", "Title", t)
	}
	return p.W.T("shell.title", "Title", t, "Name", p.Brand.Name)
}

// stepText is the place in the task in words: "Step 2 of 4", with its name if it has one.
func (p Page) stepText() string {
	s := p.W.T("shell.step", "Number", p.Step.Number, "Total", p.Step.Total)
	if p.Step.Name != "" {
		s += ": " + p.Step.Name
	}
	return s
}

func (p Page) home() string {
	if p.HomeURL == "" {
		return "/"
	}
	return p.HomeURL
}

// otherLanguages returns the links to this page in the other languages that the organisation offers.
func (p Page) otherLanguages() []NavLink {
	if p.Path == "" {
		return nil
	}
	var links []NavLink
	for _, lang := range p.Brand.Languages {
		if lang != p.W.Lang() {
			links = append(links, NavLink{Label: p.W.T("shell.language." + lang), Href: p.inLanguage(lang), Current: false})
		}
	}
	return links
}

// inLanguage is the address of this page with the language asked for.
func (p Page) inLanguage(lang string) string {
	u, err := url.Parse(p.Path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return "/?lang=" + lang
	}
	q := u.Query()
	q.Set("lang", lang)
	u.RawQuery = q.Encode()
	return u.String()
}

// Hours says in one sentence whether the phone is answered now: "Open now until 6:00 PM Pacific".
func Hours(w *words.Words, b *brand.Brand, now time.Time) string {
	if now.IsZero() {
		now = time.Now()
	}
	return Opening(w, b.Hours(now), now, b.Zone(), b.ZoneName.In(w.Lang()))
}

// Opening is Hours of any place: how it stands at now, in a zone that people call by a name.
func Opening(w *words.Words, st brand.Status, now time.Time, in *time.Location, zone string) string {
	now = now.In(in)
	holiday := st.Holiday.In(w.Lang())
	switch {
	case st.Always:
		return w.T("hours.always")
	case st.Open && holiday != "":
		return w.T("hours.open", "Time", w.Time(st.Until), "Zone", zone) + ". " + w.T("hours.holiday_short", "Holiday", holiday)
	case st.Open:
		return w.T("hours.open", "Time", w.Time(st.Until), "Zone", zone)
	}
	closed, opens := w.T("hours.closed"), opens(w, st.Opens, now, zone)
	if holiday != "" && len(st.Today) == 0 {
		closed = w.T("hours.holiday", "Holiday", holiday)
	}
	if opens == "" {
		return closed
	}
	return closed + ". " + opens
}

// hoursElsewhere says the time that Hours names in the other zones in which members live: "That is 7:00 PM Mountain". It is ""
// where there is none.
func hoursElsewhere(w *words.Words, b *brand.Brand, now time.Time) string {
	if now.IsZero() {
		now = time.Now()
	}
	st := b.Hours(now)
	at := st.Opens
	if st.Open {
		at = st.Until
	}
	var list []string
	for _, z := range b.Zones {
		there, here := at.In(z.Location()), at.In(b.Zone())
		said := w.Time(there)
		if there.Day() != here.Day() {
			said = w.DateTime(at, z.Location())
		}
		list = append(list, said+" "+z.Name.In(w.Lang()))
	}
	if at.IsZero() || len(list) == 0 {
		return ""
	}
	return w.T("hours.elsewhere", "Times", w.List(list))
}

// opens says when the phone is answered next, "" where that is far away.
func opens(w *words.Words, at, now time.Time, zone string) string {
	if at.IsZero() {
		return ""
	}
	y, m, d := now.Date()
	days := 0
	for day := time.Date(y, m, d, 0, 0, 0, 0, now.Location()); days < 8; days++ {
		if next := time.Date(y, m, d+days+1, 0, 0, 0, 0, day.Location()); at.Before(next) {
			break
		}
	}
	switch {
	case days == 0:
		return w.T("hours.opens_today", "Time", w.Time(at), "Zone", zone)
	case days == 1:
		return w.T("hours.opens_tomorrow", "Time", w.Time(at), "Zone", zone)
	case days < 7:
		return w.T("hours.opens_day", "Day", w.Weekday(at.Weekday()), "Time", w.Time(at), "Zone", zone)
	}
	return w.T("hours.opens_date", "Date", w.Date(at), "Time", w.Time(at), "Zone", zone)
}

package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// failView is a page that could not be shown, or an answer that could not be taken.
type failView struct {
	Title string
	Text  string
	Kept  string // what is not lost: the answers of a payment that was begun
	Main  ui.Button
	Other []ui.Link
	Help  string // what the page says, for the help center
}

// Fail shows the page for an error: what happened in plain words, the way on, and how to reach a person. problem is a
// word of web's table of errors, such as "not_found".
//
// words: fault.*
func (p *Portal) Fail(c *web.Context, status int, problem string) error {
	w := c.Words
	v := failView{Help: "fault." + problem,
		Title: w.T("fault." + problem + ".title"),
		Text: w.T("fault."+problem+".body", "Phone", c.Site.Brand.Phone.Display,
			"Wait", wait(w, retryAfter(c.W.Header()))),
		Main:  ui.Button{Label: w.T("fault.home"), Href: "/"},
		Other: []ui.Link{{Label: w.T("home.help"), Href: "/help"}},
	}
	switch {
	case problem == "sign_in":
		to := backTo(c.R.URL.Path)
		if paying(to) {
			v.Text, v.Kept = w.T("fault.sign_in.paying"), w.T("draft.kept")
		}
		v.Main = ui.Button{Label: w.T("home.signin"), Href: "/sign-in?to=" + url.QueryEscape(to)}
		v.Other = append([]ui.Link{{Label: guestWay(w, to), Href: "/pay?to=" + url.QueryEscape(to)}}, v.Other...)
	case c.Session.Known():
		v.Main = ui.Button{Label: w.T("paid.to_bills"), Href: "/bills"}
		v.Other = append([]ui.Link{{Label: w.T("history.title"), Href: "/payments"}}, v.Other...)
	}
	frame := page(c, v.Title)
	if problem == "not_found" || c.R.Method != http.MethodGet {
		frame.Path = "" // there is no page to show in another language
	}
	return c.Render(status, failPage(frame, v))
}

// Door is where somebody without the access a page needs is sent: to where a guest finds their bill again in the middle
// of a payment and before the page of one, else to where members sign in. Both lead back to the page, and to each other.
func (p *Portal) Door(c *web.Context, need web.Access) string {
	to := "?to=" + url.QueryEscape(c.Here())
	if need == web.Known && (paying(c.R.URL.Path) || aPayment(c.R.URL.Path)) {
		return "/pay" + to
	}
	return "/sign-in" + to
}

// paying reports whether a path belongs to a payment that was begun and not yet made.
func paying(path string) bool { return strings.HasPrefix(path, "/pay/") }

// aPayment reports whether a path belongs to a payment that was made.
func aPayment(path string) bool { return strings.HasPrefix(path, "/payments/") }

// guestWay is what the way without an account is called to somebody who goes to a path.
func guestWay(w *words.Words, to string) string {
	if aPayment(to) {
		return w.T("signin.find_payment")
	}
	return w.T("signin.guest")
}

// backTo is the page to come back to after the answer to a form could not be taken.
func backTo(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) == 3 && parts[0] == "pay":
		return path
	case len(parts) >= 2 && parts[0] == "join":
		return "/join/" + parts[1]
	case len(parts) == 3 && parts[0] == "payments":
		return "/payments/" + parts[1]
	}
	return "/bills"
}

// retryAfter is how long the answer's header asks to wait; 0 where it does not say.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// wait says in words how long to wait: seconds below a minute and a half, then full minutes, at least one second.
func wait(w *words.Words, d time.Duration) string {
	if d < 90*time.Second {
		return w.N("wait.seconds", max(1, int((d+time.Second-1)/time.Second)))
	}
	return w.N("wait.minutes", int((d+time.Minute-1)/time.Minute))
}

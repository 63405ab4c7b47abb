package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/contact"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/note"
	"memberpay/internal/phonepay"
	"memberpay/internal/share"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Cookie is the name of the session's cookie: somebody may be a member and one of the staff in one browser.
const Cookie = "memberpay_desk"

// Desk is the site of staff.
type Desk struct {
	DB    *db.DB
	Staff *staff.Staff
	// Calls finds out who calls; Households sends a member ID to the contact on file.
	Calls      *caller.Calls
	Households *household.Households
	Contacts   *contact.Contacts // how members are reached
	Notes      *note.Notes
	Shares     *share.Shares
	Cases      *cases.Cases
	Callbacks  *callrequest.Requests // who asked to be called
	Chats      *chat.Chats
	Help       *help.Center
	BaseURL    string          // the public address
	Phone      *phonepay.Phone // payments in calls
	// JoinCode makes a code with which a member whose identity was checked goes on with joining.
	JoinCode func(c *web.Context, memberID string) (code string, until time.Time, err error)
}

// who is who acts, for the audit log.
func who(c *web.Context) audit.Who {
	return audit.Who{Actor: c.Session.AccountID, Role: string(c.Session.Role), From: c.Address()}
}

// strong reports whether a session was opened with more than a password.
func strong(s identity.Session) bool { return s.SignedIn() && s.How != "password" }

// Gate sends whoever has signed in with a password alone to where a second proof is set up: nothing else is for them.
func (d *Desk) Gate(c *web.Context, route web.Route) (string, error) {
	if !c.Session.SignedIn() || strong(c.Session) || route.Access == web.Anyone || strings.HasPrefix(route.Path, "/desk/security") {
		return "", nil
	}
	return "/desk/security", nil
}

// Extra lets in somebody to members' records who has taken that right in an emergency.
func (d *Desk) Extra(c *web.Context, need web.Access) (bool, error) {
	if need != identity.ViewMembers || !c.Session.Actor().May(identity.BreakGlass) {
		return false, nil
	}
	until, err := d.Staff.Broken(c.R.Context(), c.Now, c.Session.AccountID)
	return !until.IsZero(), err
}

// Door is where somebody without a session is sent.
func (d *Desk) Door(c *web.Context, _ web.Access) string {
	return "/desk/sign-in?to=" + url.QueryEscape(c.Here())
}

// Prove is where somebody goes who has to prove again who they are.
func (d *Desk) Prove(c *web.Context) string {
	to := c.R.URL.Path
	if c.R.Method != http.MethodGet {
		to = "/desk"
	}
	return "/desk/sign-in?again=yes&to=" + url.QueryEscape(to)
}

// local is where to go after a step, always below /desk.
func local(to string) string {
	if to = web.Local(to, "/desk"); to == "/desk" || strings.HasPrefix(to, "/desk/") || strings.HasPrefix(to, "/desk?") {
		return to
	}
	return "/desk"
}

// page is the frame of a page of this site.
func page(c *web.Context, title string) ui.Page {
	p := c.Page(title)
	p.HomeURL, p.SignOutURL = "/desk", "/desk/sign-out"
	if !strong(c.Session) {
		return p
	}
	add := func(need web.Access, key, href string) {
		if c.Session.Actor().May(need) {
			p.Nav = append(p.Nav, ui.NavLink{Label: c.T(key), Href: href, Current: c.R.URL.Path == href})
		}
	}
	add(identity.Desk, "desk.nav.home", "/desk")
	add(identity.ViewMembers, "desk.nav.members", "/desk/members")
	add(identity.VerifyMember, "desk.nav.calls", "/desk/calls")
	add(identity.AnswerCalls, "desk.nav.callbacks", "/desk/callbacks")
	add(identity.WorkCases, "desk.nav.cases", "/desk/cases")
	add(identity.AskRefunds, "desk.nav.refunds", "/desk/refunds")
	add(identity.WorkExceptions, "desk.nav.exceptions", "/desk/exceptions")
	add(identity.AnswerChats, "chat.desk.nav", "/desk/chats")
	add(identity.ViewMembers, "desk.nav.share", "/desk/share")
	add(identity.Supervise, "desk.nav.overview", "/desk/overview")
	add(identity.EditHelp, "desk.help.title", "/desk/help")
	add(identity.ManageStaff, "desk.nav.staff", "/desk/staff")
	add(identity.ReadAudit, "desk.nav.audit", "/desk/audit")
	add(identity.Desk, "desk.nav.security", "/desk/security")
	return p
}

// failView is a page that could not be shown.
type failView struct {
	Title, Text string
	Links       []ui.Link
}

// Fail shows the page for an error.
//
// words: fault.* desk.fault.*
func (d *Desk) Fail(c *web.Context, status int, problem string) error {
	v := failView{Title: c.T("fault." + problem + ".title"), Text: c.T("desk.fault." + problem), Links: []ui.Link{{Label: c.T("desk.fault.back"), Href: "/desk"}}}
	if problem == "sign_in" {
		v.Links = []ui.Link{{Label: c.T("home.signin"), Href: "/desk/sign-in"}}
	}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(status, failPage(frame, v))
}

// problem is what a person corrects, from an Invalid fault that names a field; ok is false for any other error.
//
// words: desk.error.*
func problem(c *web.Context, err error) (ui.Problem, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field == "" || !c.Words.Has("desk.error."+f.Code) {
		return ui.Problem{}, false
	}
	return ui.Problem{Field: f.Field, Text: c.T("desk.error." + f.Code)}, true
}

// clipped is at most n characters of a text.
func clipped(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// choose is the choice of a list of work, the first of lists where an address names none, each named by the words that begin
// with key. It returns what was chosen too.
func choose(c *web.Context, key string, lists []string) (ui.Choices, string) {
	show := c.R.URL.Query().Get("show")
	out := ui.Choices{Name: "show", Legend: c.T("desk.cases.show"), Inline: true}
	for i, s := range lists {
		out.Options = append(out.Options, ui.Option{Value: s, Label: c.T(key + s), Checked: s == show || (i == 0 && show == "")})
	}
	return out, show
}

package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// openCases bounds the cases and messages that one reader sends.
var openCases = identity.Limit{Name: "case/reader", Hits: 20, Window: 24 * time.Hour}

// newCaseView is the form "This is wrong, or I cannot pay it" as it was sent.
type newCaseView struct {
	Bill     string // its number
	Action   string
	Kind     string
	Text     string
	Email    string
	AskEmail bool // a guest, of whom no address is known
	Help     string
	Finance  string
}

// caseView is one case as its owner sees it.
type caseView struct {
	Action   string
	About    []ui.Row
	State    ui.Tag
	Next     []string
	Messages []messageView
	Hidden   string // why there are no messages
	Text     string
	Write    bool
	Also     cases.Kind // what can be said of the bill besides, "" where all is said
	Too      bool       // and it was chosen
	Withdraw bool
}

// messageView is one message of a case.
type messageView struct{ By, Text string }

// casesView is every case of the reader.
type casesView struct{ Rows []ui.Row }

// ownBill is a bill of the reader's own, whom it asks for money; a helper's is not found.
func (p *Portal) ownBill(c *web.Context, billID string) (bill.Bill, error) {
	scope := bill.Scope{Members: c.Session.Members}
	return bill.Get(c.R.Context(), p.DB.Read(), scope, billID)
}

// newCase asks what is the matter with a bill.
func (p *Portal) newCase(c *web.Context) error {
	b, err := p.ownBill(c, c.R.PathValue("bill"))
	if err != nil {
		return err
	}
	list, err := p.Cases.OfBill(c.R.Context(), b.ID)
	if err != nil {
		return err
	}
	if len(list) > 0 && list[0].State != cases.Closed {
		return c.Redirect("/cases/" + list[0].ID)
	}
	return p.showNewCase(c, http.StatusOK, b, newCaseView{})
}

// words: case.kind.*
func (p *Portal) showNewCase(c *web.Context, status int, b bill.Bill, v newCaseView, problems ...ui.Problem) error {
	v.Bill, v.Action, v.AskEmail = billNumber(b), casePath(b), !c.Session.SignedIn()
	v.Help, v.Finance = c.Site.Brand.FinancialHelp.In(c.Words.Lang()), c.Site.Brand.Links.FinancialHelp
	frame := page(c, c.T("case.new.title"))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("bill.title", "Number", v.Bill), Href: "/bills/" + b.ID}
	return c.Render(status, newCasePage(frame, v))
}

// casePath is the page on which a case about a bill is opened.
func casePath(b bill.Bill) string { return "/bills/" + b.ID + "/case" }

// kindOptions are the things that can be the matter.
func kindOptions(p ui.Page, chosen string) []ui.Option {
	var out []ui.Option
	for _, k := range cases.Kinds {
		out = append(out, ui.Option{Value: string(k), Label: p.T("case.kind." + string(k)), Lines: []string{p.T("case.kind." + string(k) + ".hint")}, Checked: chosen == string(k)})
	}
	return out
}

// newCasePost opens the case.
func (p *Portal) newCasePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	b, err := p.ownBill(c, c.R.PathValue("bill"))
	if err != nil {
		return err
	}
	v := newCaseView{Kind: c.Form("kind"), Text: shortened(c.R.PostForm.Get("text")), Email: c.Form("email")}
	email := v.Email
	if c.Session.SignedIn() {
		who, err := c.Site.Accounts.Get(ctx, c.Session.AccountID)
		if err != nil {
			return err
		}
		email = who.Email
	} else if email != "" && !identity.ValidEmail(email) {
		v.Email = ""
		return p.showNewCase(c, http.StatusUnprocessableEntity, b, v, ui.Problem{Field: "email", Text: c.T("error.email.format")})
	}
	if err := p.mayWrite(c); err != nil {
		return err
	}
	caseID, err := p.Cases.Open(ctx, c.Now, c.Who(), cases.Opening{Bill: b, Kind: cases.Kind(v.Kind), Text: c.R.PostForm.Get("text"), AccountID: c.Session.AccountID,
		SessionID: c.Session.ID, Language: c.Words.Lang(), Email: email})
	if problem, ok := caseProblem(c, err); ok {
		return p.showNewCase(c, http.StatusUnprocessableEntity, b, v, problem)
	}
	if errors.Is(err, cases.ErrSettled) {
		return c.Redirect("/bills/" + b.ID)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/cases/" + caseID)
}

// mayWrite counts one case or message of the reader's.
func (p *Portal) mayWrite(c *web.Context) error {
	reader := c.Session.AccountID
	if reader == "" {
		reader = c.Session.ID
	}
	return c.Site.Accounts.Allow(c.R.Context(), c.Now, openCases, reader)
}

// caseProblem is what to correct in what somebody wrote.
//
// words: error.case.*
func caseProblem(c *web.Context, err error) (ui.Problem, bool) {
	for _, f := range []*fault.Error{cases.ErrKind, cases.ErrText, cases.ErrLong} {
		if errors.Is(err, f) {
			return ui.Problem{Field: f.Field, Text: c.T("error."+f.Code, "Most", cases.MaxText)}, true
		}
	}
	return ui.Problem{}, false
}

// shortened is text as it is shown again for correction: never much more than may be sent.
func shortened(text string) string {
	r := []rune(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD"))
	return string(r[:min(len(r), 2*cases.MaxText)])
}

// ownCase is a case about a bill of the reader's own, with its bill.
func (p *Portal) ownCase(c *web.Context) (cases.Case, bill.Bill, error) {
	x, err := p.Cases.Get(c.R.Context(), c.R.PathValue("case"))
	if err != nil {
		return x, bill.Bill{}, err
	}
	b, err := p.ownBill(c, x.BillID)
	if fault.Is(err, fault.NotFound) {
		err = cases.ErrNotFound
	}
	return x, b, err
}

// showsCase shows where a case stands. What was written is for whoever signed in, and for the guest who wrote it.
func (p *Portal) showsCase(c *web.Context) error { return p.showCase(c, http.StatusOK, "") }

// words: case.state.* case.resolution.* case.next.* case.also.*
func (p *Portal) showCase(c *web.Context, status int, text string, problems ...ui.Problem) error {
	x, b, err := p.ownCase(c)
	if err != nil {
		return err
	}
	v := caseView{Action: "/cases/" + x.ID, Text: text, State: caseTag(c, x), Next: caseNext(c, x), Write: reads(c, x), Also: x.Kind.Other(), Too: c.Form("also") != "", Withdraw: x.State != cases.Closed && reads(c, x)}
	v.About = []ui.Row{{Key: c.T("case.about.what"), Value: c.T("case.kind." + string(x.Kind))},
		{Key: c.T("case.about.bill"), Value: billNumber(b), Change: &ui.Link{Label: c.T("case.about.bill.see"), What: billNumber(b), Href: "/bills/" + b.ID}},
		{Key: c.T("case.about.opened"), Value: c.Words.DateIn(x.OpenedAt, c.Site.Brand.Zone())}}
	if reads(c, x) {
		list, err := p.Cases.Messages(c.R.Context(), x.ID, false)
		if err != nil {
			return err
		}
		for _, m := range list {
			by := c.T("case.by.you", "Date", c.Words.DateTime(m.At, c.Site.Brand.Zone()))
			if m.Author == cases.Staff {
				by = c.T("case.by.us", "Name", c.Site.Brand.Name, "Date", c.Words.DateTime(m.At, c.Site.Brand.Zone()))
			}
			v.Messages = append(v.Messages, messageView{by, m.Text})
		}
	} else {
		v.Hidden = c.T("case.hidden")
	}
	frame := page(c, c.T("case.title", "Number", id.Grouped(x.Number)))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("bill.title", "Number", billNumber(b)), Href: "/bills/" + b.ID}
	return c.Render(status, casePage(frame, v))
}

// reads reports whether the reader may see and add to what was written in a case.
func reads(c *web.Context, x cases.Case) bool {
	if x.AccountID == "" {
		return c.Session.SignedIn() || x.SessionID == c.Session.ID || slices.Contains(c.Session.Earlier, x.SessionID)
	}
	return c.Session.SignedIn()
}

// caseTag is where a case stands, in a word or two.
func caseTag(c *web.Context, x cases.Case) ui.Tag {
	if x.State == cases.Closed {
		return ui.Tag{Text: c.T("case.state.closed"), Tone: ui.Success}
	}
	return ui.Tag{Text: c.T("case.state." + string(x.State)), Tone: ui.Info}
}

// caseNext says what happens next.
func caseNext(c *web.Context, x cases.Case) []string {
	switch x.State {
	case cases.Closed:
		return []string{c.T("case.resolution." + string(x.Resolution)), c.T("case.next.reopen")}
	case cases.Answered:
		return []string{c.T("case.next.answered"), c.T("case.next.held")}
	}
	return []string{c.T("case.next.open", "Date", date(c, x.Due)), c.T("case.next.held")}
}

// caseWrite adds a message.
func (p *Portal) caseWrite(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, _, err := p.ownCase(c)
	if err == nil && !reads(c, x) {
		err = cases.ErrNotFound
	}
	if err == nil {
		err = p.mayWrite(c)
	}
	if err != nil {
		return err
	}
	if also := cases.Kind(c.Form("also")); also != "" {
		err = p.Cases.SayToo(c.R.Context(), c.Now, c.Who(), x.ID, also, c.R.PostForm.Get("text"))
	} else {
		err = p.Cases.Say(c.R.Context(), c.Now, c.Who(), x.ID, cases.Member, c.R.PostForm.Get("text"))
	}
	if problem, ok := caseProblem(c, err); ok {
		return p.showCase(c, http.StatusUnprocessableEntity, shortened(c.R.PostForm.Get("text")), problem)
	}
	for _, f := range []*fault.Error{cases.ErrClosed, cases.ErrFull} {
		if errors.Is(err, f) {
			return p.showCase(c, http.StatusConflict, shortened(c.R.PostForm.Get("text")), ui.Problem{Field: "text", Text: c.T("error."+f.Code, "Phone", c.Site.Brand.Phone.Display)})
		}
	}
	if err != nil {
		return err
	}
	return c.Redirect("/cases/" + x.ID)
}

// caseWithdraw takes a case back.
func (p *Portal) caseWithdraw(c *web.Context) error {
	x, _, err := p.ownCase(c)
	if err == nil && !reads(c, x) {
		err = cases.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := p.Cases.Close(c.R.Context(), c.Now, c.Who(), x.ID, cases.Withdrawn, ""); err != nil && !errors.Is(err, cases.ErrClosed) {
		return err
	}
	return c.Redirect("/cases/" + x.ID)
}

// allCases lists the reader's cases.
func (p *Portal) allCases(c *web.Context) error {
	list, err := p.Cases.OfMembers(c.R.Context(), c.Session.Members)
	if err != nil {
		return err
	}
	var v casesView
	for _, x := range list {
		v.Rows = append(v.Rows, caseRow(c, x))
	}
	frame := page(c, c.T("case.all"))
	frame.Path = "/cases"
	frame.Back = &ui.Link{Label: c.T("bills.title"), Href: "/bills"}
	return c.Render(http.StatusOK, casesPage(frame, v))
}

func caseRow(c *web.Context, x cases.Case) ui.Row {
	return ui.Row{Key: c.T("case.title", "Number", id.Grouped(x.Number)), Value: caseTag(c, x).Text,
		Lines:  []string{c.T("case.kind." + string(x.Kind)), c.Words.DateIn(x.OpenedAt, c.Site.Brand.Zone())},
		Change: &ui.Link{Label: c.T("case.see"), What: c.T("case.title", "Number", id.Grouped(x.Number)), Href: "/cases/" + x.ID}}
}

package portal

import (
	"net/http"
	"slices"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/enroll"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The way to an account: find yourself, prove it is you, your email, choose how you sign in. What was answered stands in an
// enrollment, which belongs to one browser by its cookie, so every page can be left, reloaded and opened twice for a day.

// joinCookie holds the token of the enrollments that a browser has begun.
const joinCookie = "memberpay_join"

const joinSteps = 4

// joinView is the first step as it was sent.
type joinView struct {
	findView
	ZIP    string
	With   string // confirmation number of a payment that was made here: only the ZIP code is asked for
	Adds   bool   // the reader is signed in: the person is added to their account
	Resume string // address of what this browser has begun, "" for nothing
	Nobody bool   // the person was found, and an account cannot be opened for them here
	Reach  reach
}

// join asks who is there.
func (p *Portal) join(c *web.Context) error {
	v := joinView{With: c.R.URL.Query().Get("with")}
	if pay, err := p.paidHere(c, v.With); err != nil {
		return err
	} else if pay.ID == "" {
		v.With = ""
	}
	en, err := p.Enroll.Latest(c.R.Context(), c.Now, c.Cookie(joinCookie))
	switch {
	case err == nil:
		v.Resume = joinPath(en, en.Step(c.Now))
	case !fault.Is(err, fault.NotFound):
		return err
	}
	return p.showJoin(c, http.StatusOK, v)
}

// paidHere returns a payment that the reader made without an account, by its confirmation number, or the zero Payment.
func (p *Portal) paidHere(c *web.Context, number string) (payment.Payment, error) {
	if number == "" || c.Session.SignedIn() || !c.Session.Known() || len(number) > maxNumber {
		return payment.Payment{}, nil
	}
	pay, err := payment.ByConfirmation(c.R.Context(), p.DB.Read(), payments(c), number)
	if err != nil {
		return payment.Payment{}, ignoreNotFound(err)
	}
	if !own(c, pay) || pay.AccountID != "" || !slices.Contains(c.Session.Members, pay.PayerID) {
		return payment.Payment{}, nil
	}
	return pay, nil
}

// joinPost looks for somebody by number, date of birth and ZIP code together. It does the same work and gives the same
// answer whichever of them is wrong, where nobody has the number, and where whoever had it has died. Who has just paid as
// a guest has given the number and the date already.
func (p *Portal) joinPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	v := joinView{findView: findView{Number: c.Form("number"), Month: c.Form("birth_month"), Day: c.Form("birth_day"), Year: c.Form("birth_year")},
		ZIP: c.Form("zip"), With: c.Form("with")}
	pay, err := p.paidHere(c, v.With)
	if err != nil {
		return err
	}
	if pay.ID == "" {
		v.With = ""
	}
	birth, problems := v.check(c)
	if len(problems) > 0 {
		return p.showJoin(c, http.StatusUnprocessableEntity, v, problems...)
	}
	subject := id.Fold(v.Number)
	if v.With != "" {
		subject = pay.PayerID
	}
	tries := identity.LookUps(c.Address(), subject)
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, tries...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showJoin(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	people := []string{pay.PayerID}
	if v.With == "" {
		match, err := p.lookUp(ctx, v.Number, birth, day.Of(c.Now, c.Site.Brand.Zone()))
		if err != nil {
			return err
		}
		people = match.people
	}
	found, err := p.joinAtHome(c, people, zipDigits(v.ZIP))
	if err != nil {
		return err
	}
	if found.ID == "" {
		v.NotFound = joinWaysOn(c, v)
		return p.showJoin(c, http.StatusOK, v, ui.Problem{Field: v.firstField(), Text: c.T("join.not_found")})
	}
	if err := c.Site.Accounts.Forgive(ctx, tries...); err != nil {
		return err
	}
	en, token, err := p.Enroll.Start(ctx, c.Now, c.Who(), enroll.Beginning{Found: found, Token: c.Cookie(joinCookie), Sessions: sessions(c)})
	if fault.CodeOf(err) == fault.CodeOf(enroll.ErrNobody) {
		v.Nobody = true
		return p.showJoin(c, http.StatusOK, v)
	}
	if err != nil {
		return err
	}
	c.SetCookie(joinCookie, token, enroll.Life)
	return c.Redirect(joinPath(en, en.Step(c.Now)))
}

// sessions are the sessions of this browser, the latest last.
func sessions(c *web.Context) []string {
	if c.Session.ID == "" {
		return nil
	}
	return append(slices.Clone(c.Session.Earlier), c.Session.ID)
}

// joinAtHome returns the one of people who lives at a ZIP code, or the zero Member where there is nobody, or more than one
// between whom nothing decides. It asks the database once, whomever it is given.
func (p *Portal) joinAtHome(c *web.Context, people []string, zip string) (member.Member, error) {
	known, err := member.ByIDs(c.R.Context(), p.DB.Read(), append([]string{"nobody"}, people...))
	if err != nil {
		return member.Member{}, err
	}
	today := day.Of(c.Now, c.Site.Brand.Zone())
	var found member.Member
	for _, rowID := range people {
		m, ok := known[rowID]
		home := zipDigits(m.ZIP)
		if !ok || m.Deceased || home == "" || home != zip {
			continue
		}
		twins := m.Minor(today) && found.GuarantorID == m.GuarantorID // whichever it is, the same person pays
		if found.ID != "" && !twins {
			return member.Member{}, nil
		}
		found = m
	}
	return found, nil
}

// check returns the date of birth and what to correct. It keeps what was typed.
func (v *joinView) check(c *web.Context) (day.Date, []ui.Problem) {
	var birth day.Date
	var problems []ui.Problem
	if v.With == "" {
		birth, problems = v.findView.check(c)
	}
	switch {
	case v.ZIP == "":
		problems = append(problems, ui.Problem{Field: "zip", Text: c.T("findid.error.zip")})
	case zipDigits(v.ZIP) == "":
		if len(v.ZIP) > maxNumber {
			v.ZIP = ""
		}
		problems = append(problems, ui.Problem{Field: "zip", Text: c.T("findid.error.zip.format")})
	}
	return birth, problems
}

// firstField is the field that the sentence leads to where nobody was found.
func (v joinView) firstField() string {
	if v.With != "" {
		return "zip"
	}
	return "number"
}

// joinWaysOn are the ways to get on where nobody was found. They depend on how the number is written and on nothing that
// is in the database.
func joinWaysOn(c *web.Context, v joinView) []string {
	var out []string
	if code := id.Unfold(v.Number); len(code) == 8 && !id.Checked(code) {
		out = append(out, c.T("find.not_found.check"))
	}
	if v.With == "" {
		out = append(out, c.T("join.not_found.person"), c.T("find.not_found.other"))
	}
	return append(out, c.T("join.not_found.zip"), c.T("join.not_found.call", "Phone", c.Site.Brand.Phone.Display))
}

func (p *Portal) showJoin(c *web.Context, status int, v joinView, problems ...ui.Problem) error {
	v.Adds, v.Reach = c.Session.SignedIn(), reachOf(c)
	frame := joinFrame(c, 1, c.T("join.find"))
	frame.Problems = problems
	frame.Path = "/join"
	if v.With != "" {
		frame.Path += "?with=" + v.With
	}
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/"}
	return c.Render(status, joinPage(frame, v))
}

// joinFrame is the frame of a step.
func joinFrame(c *web.Context, number int, name string) ui.Page {
	frame := page(c, name)
	frame.Step = ui.Step{Number: number, Total: joinSteps, Name: name}
	if frame.Path == "" { // an answer to check: the language links lead to the empty page
		frame.Path = c.R.URL.Path
	}
	return frame
}

// joinTitle is the heading of every step: whoever has an account adds somebody to it.
func joinTitle(p ui.Page) string {
	if p.SignedIn {
		return p.T("household.add")
	}
	return p.T("join.title")
}

// joinPath is the address of a step of an enrollment.
func joinPath(en enroll.Enrollment, s enroll.Step) string { return "/join/" + en.ID + "/" + string(s) }

// joining is the page of an enrollment: what it needs besides the form.
type joining struct {
	Path   string // of the enrollment, without a step
	Minor  bool   // found by a child's number: the account is the guarantor's
	Lapsed bool   // it was proved once, too long ago
}

// enrollment returns the enrollment of the address, which must be this browser's. It reports done where the answer was
// given another way: the step is not to be shown now, or there is no such enrollment.
func (p *Portal) enrollment(c *web.Context, step enroll.Step) (en enroll.Enrollment, done bool, err error) {
	en, err = p.Enroll.Get(c.R.Context(), c.Now, c.Cookie(joinCookie), c.R.PathValue("enrollment"))
	if fault.Is(err, fault.NotFound) {
		frame := page(c, c.T("join.over.title"))
		frame.Path = ""
		return en, true, c.Render(http.StatusNotFound, joinOverPage(frame))
	}
	if err != nil {
		return en, true, err
	}
	if step != enroll.Any && !en.May(step, c.Now) {
		return en, true, c.Redirect(joinPath(en, en.Step(c.Now)))
	}
	return en, false, nil
}

// joinResume leads to where an enrollment stands.
func (p *Portal) joinResume(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.Any)
	if done || err != nil {
		return err
	}
	return c.Redirect(joinPath(en, en.Step(c.Now)))
}

func joiningOf(c *web.Context, en enroll.Enrollment) joining {
	return joining{Path: "/join/" + en.ID, Minor: en.FoundID != en.MemberID, Lapsed: en.Lapsed(c.Now)}
}

// joinLeave ends what this browser has begun and forgets it.
func (p *Portal) joinLeave(c *web.Context) error {
	en, err := p.Enroll.Get(c.R.Context(), c.Now, c.Cookie(joinCookie), c.R.PathValue("enrollment"))
	if err != nil {
		return err
	}
	if err := p.Enroll.Leave(c.R.Context(), c.Now, c.Who(), en); err != nil {
		return err
	}
	c.SetCookie(joinCookie, "", -time.Second)
	return c.Redirect("/join")
}

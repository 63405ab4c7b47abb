package portal

import (
	"errors"
	"net/http"

	"memberpay/internal/enroll"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// joinEmailView is the page that asks for the sign-in address.
type joinEmailView struct {
	joining
	Known   string // the address that the code went to, "" for none
	Other   bool   // another one was chosen
	Email   string
	Given   string // first name of the member
	Taken   string // the address, proved to be theirs, that has an account
	Account string // address of the account that the reader is signed in to
	SignIn  string // where to sign in and come back from
	Busy    string
}

// joinEmailCodeView is the page that asks for the code that went to the sign-in address.
type joinEmailCodeView struct {
	joining
	Email  string
	Given  string
	SignIn string
	Busy   string
}

// joinEmail asks for the address to sign in with, or offers to add the member to the account that the reader has.
func (p *Portal) joinEmail(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToEmail)
	if done || err != nil {
		return err
	}
	v := joinEmailView{Email: en.Email, Other: en.Email != "" && en.Email != en.KnownEmail()}
	if taken, err := p.takenByNow(c, en); err != nil {
		return err
	} else if taken {
		v.Taken = en.Email
	}
	return p.showJoinEmail(c, http.StatusOK, en, v)
}

// takenByNow reports whether the address that an enrollment has proved has an account.
func (p *Portal) takenByNow(c *web.Context, en enroll.Enrollment) (bool, error) {
	if en.Email == "" || en.EmailProvedAt.IsZero() {
		return false, nil
	}
	return p.Enroll.Taken(c.R.Context(), en.Email)
}

// joinEmailPost takes the address. Whether it has an account shows only to whoever reads its mail.
func (p *Portal) joinEmailPost(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToEmail)
	if done || err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	known := en.KnownEmail()
	v := joinEmailView{Email: c.Form("email"), Other: c.Form("which") == "other"}
	email := v.Email
	if known != "" && !v.Other {
		if c.Form("which") != "known" {
			return p.showJoinEmail(c, http.StatusUnprocessableEntity, en, v, ui.Problem{Field: "which", Text: c.T("join.email.choose")})
		}
		email = known
	}
	if key := joinEmailProblem(email); key != "" {
		if key == "error.email.long" {
			v.Email = ""
		}
		return p.showJoinEmail(c, http.StatusUnprocessableEntity, en, v, ui.Problem{Field: "email", Text: c.T(key)})
	}
	err = p.Enroll.SetEmail(c.R.Context(), c.Now, c.Who(), en, email, c.Words.Lang())
	switch {
	case err == nil && identity.FoldEmail(email) == identity.FoldEmail(known):
		return c.Redirect(joinPath(en, enroll.ToSecure))
	case err == nil:
		return c.Redirect(joinPath(en, enroll.ToEmailCode))
	case errors.Is(err, enroll.ErrStep):
		return c.Redirect("/join/" + en.ID)
	case fault.Is(err, fault.Busy):
		v.Busy = tooMany(c, err)
		return p.showJoinEmail(c, http.StatusTooManyRequests, en, v)
	}
	return err
}

// joinEmailProblem is the key of what is wrong with a sign-in address by its form alone, "" if nothing is.
func joinEmailProblem(email string) string {
	switch {
	case email == "":
		return "error.email.required"
	case len(email) > 254:
		return "error.email.long"
	case !identity.ValidEmail(email):
		return "error.email.format"
	}
	return ""
}

func (p *Portal) showJoinEmail(c *web.Context, status int, en enroll.Enrollment, v joinEmailView, problems ...ui.Problem) error {
	m, err := member.Get(c.R.Context(), p.DB.Read(), en.MemberID)
	if err != nil {
		return err
	}
	v.joining, v.Known, v.Given = joiningOf(c, en), en.KnownEmail(), joinName(c, m)
	v.SignIn = signInPath(joinPath(en, enroll.ToEmail))
	if c.Session.SignedIn() {
		account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
		if err != nil {
			return err
		}
		v.Account = account.Email
	}
	frame := joinFrame(c, 3, c.T("join.email"))
	frame.Path, frame.Problems = joinPath(en, enroll.ToEmail), problems
	return c.Render(status, joinEmailPage(frame, v))
}

// joinName is what a member is called to whoever has proved that it is them.
func joinName(c *web.Context, m member.Member) string {
	if m.Given == "" {
		return c.T("join.somebody")
	}
	return m.Given
}

// joinEmailCode asks for the code that went to the address.
func (p *Portal) joinEmailCode(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToEmailCode)
	if done || err != nil {
		return err
	}
	return p.showJoinEmailCode(c, http.StatusOK, en, joinEmailCodeView{})
}

// joinEmailCodePost takes the code, or sends another one.
func (p *Portal) joinEmailCodePost(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToEmailCode)
	if done || err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if c.Form("again") != "" {
		err := p.Enroll.SetEmail(c.R.Context(), c.Now, c.Who(), en, en.Email, c.Words.Lang())
		if fault.Is(err, fault.Busy) {
			return p.showJoinEmailCode(c, http.StatusTooManyRequests, en, joinEmailCodeView{Busy: tooMany(c, err)})
		}
		if err != nil && !errors.Is(err, enroll.ErrStep) {
			return err
		}
		return c.Redirect("/join/" + en.ID)
	}
	code := c.Form("code")
	if key := joinCodeProblem(code); key != "" {
		return p.showJoinEmailCode(c, http.StatusUnprocessableEntity, en, joinEmailCodeView{}, ui.Problem{Field: "code", Text: c.T(key)})
	}
	if err := p.Enroll.ProveEmail(c.R.Context(), c.Now, c.Who(), en, code); err != nil {
		return p.afterJoinCode(c, en, err, func(problem ui.Problem) error {
			return p.showJoinEmailCode(c, http.StatusUnprocessableEntity, en, joinEmailCodeView{}, problem)
		})
	}
	return c.Redirect(joinPath(en, enroll.ToSecure))
}

func (p *Portal) showJoinEmailCode(c *web.Context, status int, en enroll.Enrollment, v joinEmailCodeView, problems ...ui.Problem) error {
	m, err := member.Get(c.R.Context(), p.DB.Read(), en.MemberID)
	if err != nil {
		return err
	}
	v.joining, v.Email, v.Given, v.SignIn = joiningOf(c, en), en.Email, joinName(c, m), signInPath(joinPath(en, enroll.ToEmail))
	frame := joinFrame(c, 3, c.T("join.email"))
	frame.Title = c.T("join.email.code.title")
	frame.Path, frame.Problems = joinPath(en, enroll.ToEmailCode), problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: joinPath(en, enroll.ToEmail)}
	return c.Render(status, joinEmailCodePage(frame, v))
}

// joinAdd adds the member to the account that the reader is signed in to.
func (p *Portal) joinAdd(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToEmail)
	if done || err != nil {
		return err
	}
	err = p.Enroll.AddTo(c.R.Context(), c.Now, c.Who(), en, c.Session.AccountID, sessions(c), c.Words.Lang())
	if errors.Is(err, enroll.ErrStep) {
		return c.Redirect("/join/" + en.ID)
	}
	if err != nil {
		return err
	}
	account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	// The session is the same person's, under a new token, and sees one more.
	if err := c.SignIn(identity.Opening{AccountID: account.ID, Members: account.Members, How: c.Session.How, ProvedAt: c.Session.ProvedAt}); err != nil {
		return err
	}
	return c.Redirect(joinPath(en, enroll.Done))
}

package portal

import (
	"errors"
	"net/http"

	"memberpay/internal/enroll"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// joinSecureView is the page that asks how somebody wants to sign in.
type joinSecureView struct {
	joining
	Key newKeyView
}

// joinDoneView is the page that says that the account is ready.
type joinDoneView struct {
	Path  string
	Text  string
	Codes []string // recovery codes, until their owner has kept them
}

// joinSecure asks how to sign in.
func (p *Portal) joinSecure(c *web.Context) error {
	en, done, err := p.toSecure(c)
	if done || err != nil {
		return err
	}
	return p.showJoinSecure(c, http.StatusOK, en)
}

// toSecure returns the enrollment where the last step is to be answered. Where the address got an account meanwhile, it
// leads back to the address.
func (p *Portal) toSecure(c *web.Context) (en enroll.Enrollment, done bool, err error) {
	if en, done, err = p.enrollment(c, enroll.ToSecure); done || err != nil {
		return en, true, err
	}
	taken, err := p.takenByNow(c, en)
	if taken && err == nil {
		err = c.Redirect(joinPath(en, enroll.ToEmail))
	}
	return en, taken || err != nil, err
}

// joinSecurePost opens the account. However often it is sent, there is one.
func (p *Portal) joinSecurePost(c *web.Context) error {
	en, done, err := p.toSecure(c)
	if done || err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	m, err := member.Get(ctx, p.DB.Read(), en.MemberID)
	if err != nil {
		return err
	}
	key, problems, err := p.readNewKey(c, en.AccountID, append(known(m), en.Email)...)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.showJoinSecure(c, http.StatusUnprocessableEntity, en, problems...)
	}
	return p.finishJoin(c, en, key)
}

// finishJoin opens the account of an enrollment and signs its owner in.
func (p *Portal) finishJoin(c *web.Context, en enroll.Enrollment, key identity.Key) error {
	ctx := c.R.Context()
	err := p.Enroll.Finish(ctx, c.Now, c.Who(), en, key, sessions(c), c.Words.Lang())
	switch {
	case errors.Is(err, enroll.ErrStep):
		return c.Redirect("/join/" + en.ID) // sent twice, or the proof is too old
	case errors.Is(err, identity.ErrEmailTaken):
		return c.Redirect(joinPath(en, enroll.ToEmail))
	case err != nil:
		return err
	}
	account, err := c.Site.Accounts.Get(ctx, en.AccountID)
	if err != nil {
		return err
	}
	if err := p.admit(c, account, key.How()); err != nil {
		return err
	}
	return c.Redirect(joinPath(en, enroll.Done))
}

func (p *Portal) showJoinSecure(c *web.Context, status int, en enroll.Enrollment, problems ...ui.Problem) error {
	m, err := member.Get(c.R.Context(), p.DB.Read(), en.MemberID)
	if err != nil {
		return err
	}
	v := joinSecureView{joining: joiningOf(c, en)}
	if v.Key, err = p.askNewKey(c, joinPath(en, enroll.ToSecure), en.AccountID, en.Email, m.Name(), c.T("newkey.create")); err != nil {
		return err
	}
	frame := joinFrame(c, 4, c.T("join.secure"))
	frame.Path, frame.Problems = joinPath(en, enroll.ToSecure), problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: joinPath(en, enroll.ToEmail)}
	return c.Render(status, joinSecurePage(frame, v))
}

// joinDone says that the account is ready, or that somebody was added to it.
func (p *Portal) joinDone(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.Done)
	if done || err != nil {
		return err
	}
	if c.Session.AccountID != joinAccountOf(en) {
		return c.Redirect(signInPath(joinPath(en, enroll.Done)))
	}
	v := joinDoneView{Path: joinPath(en, enroll.Done)}
	if v.Codes, err = p.Enroll.Codes(c.Now, en); err != nil {
		return err
	}
	title := c.T("join.done.title")
	v.Text = c.T("join.done.body")
	paid, err := payment.List(c.R.Context(), p.DB.Read(), payment.Scope{AccountID: c.Session.AccountID}, 1)
	if err != nil {
		return err
	}
	if len(paid) > 0 {
		v.Text += " " + c.T("join.done.paid")
	}
	if en.AddedTo != "" {
		m, err := member.Get(c.R.Context(), p.DB.Read(), en.MemberID)
		if err != nil {
			return err
		}
		title, v.Text = c.T("join.added.title", "Name", joinName(c, m)), c.T("join.added.body")
	}
	frame := page(c, title)
	frame.Path = v.Path
	return c.Render(http.StatusOK, joinDonePage(frame, v))
}

// joinAccountOf is the account that an enrollment led to.
func joinAccountOf(en enroll.Enrollment) string {
	if en.AddedTo != "" {
		return en.AddedTo
	}
	return en.AccountID
}

// joinDonePost goes on to the bills. The recovery codes are kept by now, and nobody sees them again.
func (p *Portal) joinDonePost(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.Done)
	if done || err != nil {
		return err
	}
	if c.Session.AccountID != joinAccountOf(en) {
		return fault.New(fault.SignIn, "session.ended")
	}
	if err := p.Enroll.Seen(c.R.Context(), en); err != nil {
		return err
	}
	return c.Redirect("/bills")
}

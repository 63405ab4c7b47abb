package portal

import (
	"net/http"
	"slices"

	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/recovery"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Getting back in with what the plan has on file: for somebody who cannot read the mailbox any more, and as the second
// proof beside it.

// recoverFileView is the facts as they were told.
type recoverFileView struct {
	findView
	ZIP  string
	Ways []ui.Option
	Busy string
}

// recoverFile asks for facts of a member, and where the code is to go.
func (p *Portal) recoverFile(c *web.Context) error {
	_, _, done, err := p.onFile(c)
	if done {
		return err
	}
	return p.showRecoverFile(c, http.StatusOK, recoverFileView{}, "")
}

// onFile is the recovery of this browser where a proof by what is on file may still help.
func (p *Portal) onFile(c *web.Context) (x recovery.Recovery, s recovery.Standing, done bool, err error) {
	if x, s, done, err = p.recoveryOf(c); done {
		return x, s, true, err
	}
	if s.Next != recovery.ToCode && s.Next != recovery.ToMore {
		return x, s, true, c.Redirect(recoverPath(s.Next))
	}
	return x, s, false, nil
}

// recoverWays are the ways in which a code can come here. They depend on nobody.
func (p *Portal) recoverWays(c *web.Context, chosen recovery.Way) []ui.Option {
	ways := []recovery.Way{recovery.ByMail}
	if p.CanText {
		ways = []recovery.Way{recovery.ByText, recovery.ByMail}
	}
	if p.CanPrint {
		ways = append(ways, recovery.ByPost, recovery.Given)
	}
	var out []ui.Option
	for _, w := range ways {
		// words: recover.way.*
		o := ui.Option{Value: string(w), Label: c.T("recover.way." + string(w)), Checked: w == chosen}
		if w == recovery.ByPost {
			o.Lines = []string{c.T("recover.way.print.slow")}
		}
		out = append(out, o)
	}
	return out
}

func (p *Portal) showRecoverFile(c *web.Context, status int, v recoverFileView, way recovery.Way, problems ...ui.Problem) error {
	v.Ways = p.recoverWays(c, way)
	frame := page(c, c.T("recover.file"))
	frame.Path, frame.Problems = "/recover/file", problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/recover/code"}
	return c.Render(status, recoverFilePage(frame, v))
}

// recoverFilePost takes the facts. It does the same work and gives the same answer whether they are somebody's, and
// whether the account is theirs: a code goes out a moment later, where one does.
func (p *Portal) recoverFilePost(c *web.Context) error {
	x, _, done, err := p.onFile(c)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := recoverFileView{findView: findView{Number: c.Form("number"), Month: c.Form("birth_month"), Day: c.Form("birth_day"), Year: c.Form("birth_year")}, ZIP: c.Form("zip")}
	way := recovery.Way(c.Form("way"))
	birth, problems := v.check(c)
	if zipDigits(v.ZIP) == "" {
		problems = append(problems, ui.Problem{Field: "zip", Text: c.T("recover.zip.wrong")})
		if len(v.ZIP) > maxNumber {
			v.ZIP = ""
		}
	}
	if !slices.ContainsFunc(p.recoverWays(c, ""), func(o ui.Option) bool { return o.Value == string(way) }) {
		way = ""
		problems = append(problems, ui.Problem{Field: "way", Text: c.T("recover.way.required")})
	}
	if len(problems) > 0 {
		if len(v.Number) > maxNumber {
			v.Number = ""
		}
		return p.showRecoverFile(c, http.StatusUnprocessableEntity, v, way, problems...)
	}
	ctx := c.R.Context()
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, identity.LookUps(c.Address(), id.Fold(v.Number))...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showRecoverFile(c, http.StatusTooManyRequests, v, way)
	} else if err != nil {
		return err
	}
	match, err := p.lookUp(ctx, v.Number, birth, day.Of(c.Now, c.Site.Brand.Zone()))
	if err != nil {
		return err
	}
	m, err := p.joinAtHome(c, match.people, zipDigits(v.ZIP))
	if err != nil {
		return err
	}
	if err := p.Recoveries.TellFacts(ctx, c.Now, c.Who(), x, m.ID, way); err != nil {
		return err
	}
	return c.Redirect("/recover/file-code")
}

// recoverFileCode asks for the code that went to the contact on file, if one did.
func (p *Portal) recoverFileCode(c *web.Context) error {
	x, _, done, err := p.fileCode(c)
	if done {
		return err
	}
	return p.showRecoverFileCode(c, http.StatusOK, x)
}

// fileCode is the recovery of this browser where facts were told.
func (p *Portal) fileCode(c *web.Context) (x recovery.Recovery, s recovery.Standing, done bool, err error) {
	if x, s, done, err = p.onFile(c); done {
		return x, s, true, err
	}
	if x.Way == "" {
		return x, s, true, c.Redirect("/recover/file")
	}
	return x, s, false, nil
}

// words: recover.file.sent.*
func (p *Portal) showRecoverFileCode(c *web.Context, status int, x recovery.Recovery, problems ...ui.Problem) error {
	title := c.T("recover.file.sent")
	if x.Way == recovery.Given {
		title = c.T("recover.file.given")
	}
	frame := page(c, title)
	frame.Path, frame.Problems = "/recover/file-code", problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/recover/file"}
	return c.Render(status, recoverFileCodePage(frame, c.T("recover.file.sent."+string(x.Way)), c.Site.Brand.Phone.Display))
}

// recoverFileCodePost takes the code.
func (p *Portal) recoverFileCodePost(c *web.Context) error {
	x, _, done, err := p.fileCode(c)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	err = p.Recoveries.ProveOnFile(c.R.Context(), c.Now, c.Who(), x, c.Form("code"))
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverFileCode(c, http.StatusUnprocessableEntity, x, ui.Problem{Field: "code", Text: c.T("recovery.code")})
	}
	return p.recovered(c, err)
}

// recoverEmailView asks for the new sign-in address.
type recoverEmailView struct {
	Where string // where the proof came to, hidden in part; "" for a letter
	Email string
	Busy  string
}

// recoverEmail asks for the address to sign in with from now on.
func (p *Portal) recoverEmail(c *web.Context) error {
	x, _, done, err := p.recovering(c, recovery.ToEmail)
	if done {
		return err
	}
	return p.showRecoverEmail(c, http.StatusOK, x, recoverEmailView{Email: x.NewEmail})
}

func (p *Portal) showRecoverEmail(c *web.Context, status int, x recovery.Recovery, v recoverEmailView, problems ...ui.Problem) error {
	switch {
	case x.Reached == "":
	case x.Way == recovery.ByMail:
		v.Where = c.T("recover.new.by.mail", "Email", identity.MaskEmail(x.Reached))
	case x.Way == recovery.ByText:
		v.Where = c.T("recover.new.by.text", "Ending", identity.MaskPhone(x.Reached))
	}
	frame := page(c, c.T("recover.new"))
	frame.Path, frame.Problems = "/recover/email", problems
	return c.Render(status, recoverEmailPage(frame, v))
}

// recoverEmailPost sends a code to the new address. Whether it has an account shows only to whoever reads its mail.
func (p *Portal) recoverEmailPost(c *web.Context) error {
	x, _, done, err := p.recovering(c, recovery.ToEmail)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := recoverEmailView{Email: c.Form("email")}
	if key := joinEmailProblem(v.Email); key != "" {
		if key == "error.email.long" {
			v.Email = ""
		}
		return p.showRecoverEmail(c, http.StatusUnprocessableEntity, x, v, ui.Problem{Field: "email", Text: c.T(key)})
	}
	err = p.Recoveries.SetEmail(c.R.Context(), c.Now, c.Who(), x, v.Email, c.Words.Lang())
	if fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showRecoverEmail(c, http.StatusTooManyRequests, x, v)
	}
	return p.recovered(c, err)
}

// recoverEmailCode asks for the code that went to the new address.
func (p *Portal) recoverEmailCode(c *web.Context) error {
	x, _, done, err := p.recovering(c, recovery.ToEmailCode)
	if done {
		return err
	}
	return p.showRecoverEmailCode(c, http.StatusOK, x)
}

func (p *Portal) showRecoverEmailCode(c *web.Context, status int, x recovery.Recovery, problems ...ui.Problem) error {
	frame := page(c, c.T("recover.sent"))
	frame.Path, frame.Problems = "/recover/email-code", problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/recover/email"}
	return c.Render(status, recoverEmailCodePage(frame, x.NewEmail))
}

// recoverEmailCodePost takes it.
func (p *Portal) recoverEmailCodePost(c *web.Context) error {
	x, _, done, err := p.recovering(c, recovery.ToEmailCode)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	err = p.Recoveries.ProveEmail(c.R.Context(), c.Now, x, c.Form("code"))
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverEmailCode(c, http.StatusUnprocessableEntity, x, ui.Problem{Field: "code", Text: c.T("recovery.code")})
	}
	return p.recovered(c, err)
}

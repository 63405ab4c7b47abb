package portal

import (
	"net/http"
	"slices"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/recovery"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// recoverCookie keeps the token of a recovery in the browser that began it: a code alone opens nothing.
const recoverCookie = "memberpay_recover"

// recoverView is the first page of getting back in.
type recoverView struct{ Email, Busy string }

// recover asks for the sign-in address.
func (p *Portal) recover(c *web.Context) error { return p.showRecover(c, http.StatusOK, recoverView{}) }

func (p *Portal) showRecover(c *web.Context, status int, v recoverView, problems ...ui.Problem) error {
	frame := page(c, c.T("recover.title"))
	frame.Path, frame.Problems = "/recover", problems
	frame.Back = &ui.Link{Label: c.T("signin.title"), Href: "/sign-in"}
	return c.Render(status, recoverPage(frame, v))
}

// recoverPost answers the same to everybody; who has an account finds a code in the mail.
func (p *Portal) recoverPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := recoverView{Email: c.Form("email")}
	if len(v.Email) > 254 {
		v.Email = ""
	}
	if !identity.ValidEmail(v.Email) {
		return p.showRecover(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "email", Text: c.T("error.email.format")})
	}
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.SignIns(c.Address(), "recover "+v.Email)...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showRecover(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	token, err := p.Recoveries.Ask(c.R.Context(), c.Now, v.Email, c.Words.Lang(), c.Who())
	if err != nil {
		return err
	}
	c.SetCookie(recoverCookie, token, time.Hour)
	return c.Redirect("/recover/code")
}

// recovering is the recovery of this browser, as far as step: the pages lead on to the first step that is open. done is
// true where the answer was given.
func (p *Portal) recovering(c *web.Context, step string) (x recovery.Recovery, f identity.Factors, done bool, err error) {
	x, err = p.Recoveries.Find(c.R.Context(), c.Now, c.Cookie(recoverCookie))
	if fault.Is(err, fault.NotFound) {
		return x, f, true, c.Redirect("/recover")
	}
	if err != nil {
		return x, f, true, err
	}
	next, more := "/recover/code", false
	if !x.MailAt.IsZero() {
		if more, f, err = p.Recoveries.NeedsMore(c.R.Context(), x); err != nil {
			return x, f, true, err
		}
		if next = "/recover/secure"; more && x.MoreAt.IsZero() {
			next = "/recover/more"
		}
	}
	if next != step {
		return x, f, true, c.Redirect(next)
	}
	return x, f, false, nil
}

// recoverCode asks for the code that was sent.
func (p *Portal) recoverCode(c *web.Context) error {
	_, _, done, err := p.recovering(c, "/recover/code")
	if done {
		return err
	}
	return p.showRecoverCode(c, http.StatusOK)
}

func (p *Portal) showRecoverCode(c *web.Context, status int, problems ...ui.Problem) error {
	frame := page(c, c.T("recover.sent"))
	frame.Path, frame.Problems = "/recover/code", problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/recover"}
	return c.Render(status, recoverCodePage(frame, c.Site.Brand.Phone.Display))
}

// recoverTry counts a try at the codes of a recovery. It reports done where it is one too many.
func (p *Portal) recoverTry(c *web.Context, x recovery.Recovery) error {
	return c.Site.Accounts.Allow(c.R.Context(), c.Now, identity.SecondFactor, "recover "+x.ID)
}

// recoverCodePost takes the code. A wrong one, one that ran out and one that was never sent get one answer.
func (p *Portal) recoverCodePost(c *web.Context) error {
	x, _, done, err := p.recovering(c, "/recover/code")
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	err = p.Recoveries.ProveMail(c.R.Context(), c.Now, x, c.Form("code"))
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverCode(c, http.StatusUnprocessableEntity, ui.Problem{Field: "code", Text: c.T("recovery.code")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/recover/secure")
}

// recoverMoreView is the ways to give a second proof.
type recoverMoreView struct {
	App    bool // a code of the authenticator app is one
	Codes  bool // there are recovery codes left
	Asked  bool // the facts were told: a code may be on its way
	Number string
	ZIP    string
	Birth  ui.Date
	Phone  string // to call, where nothing else is left
}

// recoverMore asks for a second proof.
func (p *Portal) recoverMore(c *web.Context) error {
	_, f, done, err := p.recovering(c, "/recover/more")
	if done {
		return err
	}
	return p.showRecoverMore(c, http.StatusOK, f, recoverMoreView{Asked: c.R.URL.Query().Get("asked") != ""})
}

func (p *Portal) showRecoverMore(c *web.Context, status int, f identity.Factors, v recoverMoreView, problems ...ui.Problem) error {
	v.App, v.Codes, v.Phone = f.TOTP, f.RecoveryLeft > 0, c.Site.Brand.Phone.Display
	frame := page(c, c.T("recover.more"))
	frame.Path, frame.Problems = "/recover/more", problems
	v.Birth.Name, v.Birth.Label, v.Birth.Hint = "birth", c.T("find.birth"), c.T("find.birth.hint")
	v.Birth.Error = birthError(frame)
	return c.Render(status, recoverMorePage(frame, v))
}

// recoverMorePost takes one of the second proofs, or the facts for which a code is sent to the contact on file.
func (p *Portal) recoverMorePost(c *web.Context) error {
	x, f, done, err := p.recovering(c, "/recover/more")
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	ctx, way := c.R.Context(), c.Form("way")
	field := map[string]string{recovery.RecoveryCode: "recovery", recovery.TOTP: "app", recovery.OnFile: "code"}[way]
	switch way {
	case recovery.RecoveryCode:
		err = p.Recoveries.ProveRecoveryCode(ctx, c.Now, x, c.Form(field))
	case recovery.TOTP:
		err = p.Recoveries.ProveTOTP(ctx, c.Now, x, c.Form(field))
	case recovery.OnFile:
		err = p.Recoveries.ProveOnFile(ctx, c.Now, x, c.Form(field))
	default:
		return p.recoverFacts(c, x, f)
	}
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverMore(c, http.StatusUnprocessableEntity, f, recoverMoreView{Asked: way == recovery.OnFile}, ui.Problem{Field: field, Text: c.T("recovery.code")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/recover/secure")
}

// recoverFacts sends a code to the contact on file of a member of the account, where the facts are theirs. The answer is
// the same where they are nobody's.
func (p *Portal) recoverFacts(c *web.Context, x recovery.Recovery, f identity.Factors) error {
	find := findView{Number: c.Form("number"), Month: c.Form("birth_month"), Day: c.Form("birth_day"), Year: c.Form("birth_year")}
	birth, problems := find.check(c)
	zip := c.Form("zip")
	if len(zip) < 5 || len(zip) > 10 {
		problems = append(problems, ui.Problem{Field: "zip", Text: c.T("recover.zip.wrong")})
		zip = ""
	}
	if len(problems) > 0 {
		if len(find.Number) > maxNumber {
			find.Number = ""
		}
		return p.showRecoverMore(c, http.StatusUnprocessableEntity, f, recoverMoreView{Number: find.Number, ZIP: zip,
			Birth: ui.Date{Month: find.Month, Day: find.Day, Year: find.Year, Wrong: find.Wrong}}, problems...)
	}
	ctx := c.R.Context()
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, identity.LookUps(c.Address(), id.Fold(find.Number))...); err != nil {
		return err
	}
	m, err := p.theirs(c, x, find.Number, birth, zip)
	if err != nil {
		return err
	}
	if err := p.Recoveries.AskOnFile(ctx, c.Now, x, m, c.Words.Lang()); err != nil {
		return err
	}
	return c.Redirect("/recover/more?asked=yes")
}

// theirs is the member whose number, date of birth and ZIP code these are, if the account acts for them; the zero Member
// otherwise.
func (p *Portal) theirs(c *web.Context, x recovery.Recovery, number string, birth day.Date, zip string) (member.Member, error) {
	account, err := c.Site.Accounts.Get(c.R.Context(), x.AccountID)
	if err != nil {
		return member.Member{}, err
	}
	match, err := p.lookUp(c.R.Context(), number, birth, day.Of(c.Now, c.Site.Brand.Zone()))
	if err != nil {
		return member.Member{}, err
	}
	people, err := member.ByIDs(c.R.Context(), p.DB.Read(), match.people)
	if err != nil {
		return member.Member{}, err
	}
	for _, m := range people {
		if slices.Contains(account.Members, m.ID) && len(m.ZIP) >= 5 && m.ZIP[:5] == zip[:5] {
			return m, nil
		}
	}
	return member.Member{}, nil
}

// recoverSecure asks for a new passkey or password.
func (p *Portal) recoverSecure(c *web.Context) error {
	x, _, done, err := p.recovering(c, "/recover/secure")
	if done {
		return err
	}
	return p.showRecoverSecure(c, http.StatusOK, x)
}

func (p *Portal) showRecoverSecure(c *web.Context, status int, x recovery.Recovery, problems ...ui.Problem) error {
	account, err := c.Site.Accounts.Get(c.R.Context(), x.AccountID)
	if err != nil {
		return err
	}
	people, err := p.membersOf(c, account)
	if err != nil {
		return err
	}
	name := ""
	if len(people) > 0 {
		name = people[0].Name()
	}
	v, err := p.askNewKey(c, "/recover/secure", account.ID, account.Email, name, c.T("recover.password.button"))
	if err != nil {
		return err
	}
	frame := page(c, c.T("recover.secure"))
	frame.Path, frame.Problems = "/recover/secure", problems
	return c.Render(status, recoverSecurePage(frame, v))
}

// recoverSecurePost gives the account the new key and signs in.
func (p *Portal) recoverSecurePost(c *web.Context) error {
	x, _, done, err := p.recovering(c, "/recover/secure")
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	account, err := c.Site.Accounts.Get(ctx, x.AccountID)
	if err != nil {
		return err
	}
	personal, err := p.personal(c, account)
	if err != nil {
		return err
	}
	key, problems, err := p.readNewKey(c, account.ID, personal...)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.showRecoverSecure(c, http.StatusUnprocessableEntity, x, problems...)
	}
	account, codes, err := p.Recoveries.Finish(ctx, c.Now, x, key, c.Address())
	switch fault.CodeOf(err) {
	case recovery.ErrOver.Code:
		return c.Redirect("/recover")
	case identity.ErrPasskeyTaken.Code, identity.ErrPasskeyMany.Code:
		return p.showRecoverSecure(c, http.StatusUnprocessableEntity, x, ui.Problem{Field: "passkey", Text: c.T(fault.CodeOf(err))})
	}
	if err != nil {
		return err
	}
	c.SetCookie(recoverCookie, "", -1)
	if err := p.admit(c, account, key.How()); err != nil {
		return err
	}
	if len(codes) > 0 {
		return showNewCodes(c, codes, "/account/security")
	}
	return c.Redirect("/account/security")
}

package portal

import (
	"errors"
	"net/http"

	"memberpay/internal/enroll"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// joinContactView is the page that asks where the code is to go.
type joinContactView struct {
	joining
	Options []ui.Option // contact points on file, hidden but for what their owner knows
	Letter  bool        // a letter can be ordered
	Ordered string      // says since when a letter is on its way
	Busy    string
	Reach   reach
}

// joinCodeView is the page that asks for a code.
type joinCodeView struct {
	joining
	Lead   string
	Way    string // sends the code again; "" for a code in hand
	Letter string // says that a letter is on its way, and how to go on then
	Busy   string
}

// joinContact asks where the code is to go.
func (p *Portal) joinContact(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToContact)
	if done || err != nil {
		return err
	}
	return p.showJoinContact(c, http.StatusOK, en, joinContactView{})
}

// joinContactPost sends the code the way that was chosen, orders a letter, or goes on with a code in hand.
func (p *Portal) joinContactPost(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToContact)
	if done || err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	way := c.Form("way")
	if way == string(enroll.Letter) {
		err = p.Enroll.Mail(c.R.Context(), c.Now, c.Who(), en, c.Words.Lang())
	} else {
		err = p.Enroll.Choose(c.R.Context(), c.Now, c.Who(), en, enroll.Way(way), c.Words.Lang())
	}
	switch {
	case err == nil:
		return c.Redirect(joinPath(en, enroll.ToCode))
	case errors.Is(err, enroll.ErrStep):
		return c.Redirect("/join/" + en.ID)
	case errors.Is(err, enroll.ErrWay):
		return p.showJoinContact(c, http.StatusUnprocessableEntity, en, joinContactView{}, ui.Problem{Field: "way", Text: c.T("join.way.choose")})
	case errors.Is(err, enroll.ErrLetter):
		return p.showJoinContact(c, http.StatusOK, en, joinContactView{})
	case fault.Is(err, fault.Busy):
		return p.showJoinContact(c, http.StatusTooManyRequests, en, joinContactView{Busy: tooMany(c, err)})
	}
	return err
}

func (p *Portal) showJoinContact(c *web.Context, status int, en enroll.Enrollment, v joinContactView, problems ...ui.Problem) error {
	known, err := p.Enroll.Contacts(c.R.Context(), en)
	if err != nil {
		return err
	}
	ordered, err := p.Enroll.Ordered(c.R.Context(), c.Now, en)
	if err != nil {
		return err
	}
	v.joining, v.Reach = joiningOf(c, en), reachOf(c)
	if known.Email != "" {
		v.Options = append(v.Options, ui.Option{Value: string(enroll.Email), Label: c.T("join.way.email", "Email", known.Email)})
	}
	if known.Phone != "" {
		v.Options = append(v.Options, ui.Option{Value: string(enroll.Phone), Label: c.T("join.way.phone", "Ending", known.Phone), Lines: []string{c.T("join.way.phone.cost")}})
	}
	for i := range v.Options {
		v.Options[i].Checked = v.Options[i].Value == string(en.Way) || len(v.Options) == 1
	}
	if !ordered.IsZero() {
		v.Ordered = c.T("join.letter.ordered", "Date", c.Words.DateIn(ordered, c.Site.Brand.Zone()))
	}
	v.Letter = known.Letter && ordered.IsZero()
	frame := joinFrame(c, 2, c.T("join.prove"))
	frame.Path, frame.Problems = joinPath(en, enroll.ToContact), problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/join"}
	return c.Render(status, joinContactPage(frame, v))
}

// joinCode asks for the code.
func (p *Portal) joinCode(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToCode)
	if done || err != nil {
		return err
	}
	return p.showJoinCode(c, http.StatusOK, en, joinCodeView{})
}

// joinCodePost takes the code.
func (p *Portal) joinCodePost(c *web.Context) error {
	en, done, err := p.enrollment(c, enroll.ToCode)
	if done || err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	code := c.Form("code")
	if key := joinCodeProblem(code); key != "" {
		return p.showJoinCode(c, http.StatusUnprocessableEntity, en, joinCodeView{}, ui.Problem{Field: "code", Text: c.T(key)})
	}
	err = p.Enroll.Prove(c.R.Context(), c.Now, c.Who(), en, code)
	switch {
	case err == nil:
		return c.Redirect(joinPath(en, enroll.ToEmail))
	case fault.Is(err, fault.Busy):
		return p.showJoinCode(c, http.StatusTooManyRequests, en, joinCodeView{Busy: tooMany(c, err)})
	}
	return p.afterJoinCode(c, en, err, func(problem ui.Problem) error {
		return p.showJoinCode(c, http.StatusUnprocessableEntity, en, joinCodeView{}, problem)
	})
}

// afterJoinCode is the answer to a code that was not taken.
func (p *Portal) afterJoinCode(c *web.Context, en enroll.Enrollment, err error, show func(ui.Problem) error) error {
	switch {
	case errors.Is(err, identity.ErrCode):
		return show(ui.Problem{Field: "code", Text: c.T("code.wrong")})
	case errors.Is(err, identity.ErrCodeOver):
		return show(ui.Problem{Field: "code", Text: c.T("code.over")})
	case errors.Is(err, enroll.ErrStep):
		return c.Redirect("/join/" + en.ID)
	}
	return err
}

// joinCodeProblem is the key of what is wrong with a code by its form alone, "" if nothing is.
func joinCodeProblem(code string) string {
	switch {
	case code == "":
		return "join.code.required"
	case len(code) > maxCode:
		return "code.wrong"
	}
	return ""
}

func (p *Portal) showJoinCode(c *web.Context, status int, en enroll.Enrollment, v joinCodeView, problems ...ui.Problem) error {
	v.joining = joiningOf(c, en)
	switch en.Way {
	case enroll.Email:
		v.Lead, v.Way = c.T("join.code.email", "Email", enroll.MaskEmail(en.Reached)), string(en.Way)
	case enroll.Phone:
		v.Lead, v.Way = c.T("join.code.phone", "Ending", enroll.MaskPhone(en.Reached)), string(en.Way)
	default:
		v.Lead = c.T("join.code.given")
		if !en.MailedAt.IsZero() {
			v.Letter = c.T("join.letter.sent", "Date", c.Words.DateIn(en.MailedAt.Add(enroll.LetterLife), c.Site.Brand.Zone()))
		}
	}
	frame := joinFrame(c, 2, c.T("join.prove"))
	frame.Title = c.T("join.code.title")
	frame.Path, frame.Problems = joinPath(en, enroll.ToCode), problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: joinPath(en, enroll.ToContact)}
	return c.Render(status, joinCodePage(frame, v))
}

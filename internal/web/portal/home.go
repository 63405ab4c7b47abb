package portal

import (
	"net/http"

	"memberpay/internal/fault"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// homeView is the first page. A reader who is known is shown the way back to their bills.
type homeView struct {
	Known    bool
	SignedIn bool
	Tagline  string
	Begun    *begun
}

// begun is a payment somebody has begun and not finished.
type begun struct {
	Text string
	Href string
}

// home is the first page: the two ways to a bill, what is needed, and whom to call.
func (p *Portal) home(c *web.Context) error {
	frame := page(c, c.T("home.title"))
	frame.Wide = true
	frame.HelpURL, frame.SignInURL = "", "" // the page itself has both
	v := homeView{Known: c.Session.Known(), SignedIn: c.Session.SignedIn(), Tagline: c.Site.Brand.Tagline.In(c.Words.Lang())}
	if v.Known {
		d, err := payment.LatestDraft(c.R.Context(), p.DB.Read(), owner(c))
		switch {
		case err == nil && d.Chosen():
			v.Begun = &begun{Href: step(d.ID, nextStep(d)),
				Text: c.T("draft.resume.body", "Date", c.Words.DateIn(d.CreatedAt, c.Site.Brand.Zone()))}
		case err != nil && !fault.Is(err, fault.NotFound):
			return err
		}
	}
	return c.Render(http.StatusOK, homePage(frame, v))
}

// nextStep is the first step of a draft without an answer.
func nextStep(d payment.Draft) string {
	switch {
	case d.Complete():
		return "review"
	case d.Chosen():
		return "method"
	}
	return "bills"
}

func homeLinks(p ui.Page) []ui.Link {
	return []ui.Link{
		{Label: p.T("home.create"), Href: "/join"},
		{Label: p.T("home.find_id"), Href: "/find-my-id"},
		{Label: p.T("home.help"), Href: "/help"},
	}
}

// otherThan is the look of a button beside a more likely one.
func otherThan(likelier bool) ui.ButtonKind {
	if likelier {
		return ui.Secondary
	}
	return ui.Primary
}

package portal

import (
	"net/http"

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
	return c.Render(http.StatusOK, homePage(frame, homeView{
		Known:    c.Session.Known(),
		SignedIn: c.Session.SignedIn(),
		Tagline:  c.Site.Brand.Tagline.In(c.Words.Lang()),
	}))
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

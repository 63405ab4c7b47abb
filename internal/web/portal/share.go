package portal

import (
	"net/http"
	"time"

	"memberpay/internal/share"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// shareCookie holds the secret of a browser that shares its page with the desk.
const shareCookie = "memberpay_share"

// shareView is the code to read out, or the button that makes one.
type shareView struct {
	Code  string
	Until string
}

// Framed adds to every page the way to share it and, in a browser that shares its page, that it does, who looks, and a
// button to stop. It notes which page that is: its route and its title, and nothing that is typed in it.
func (p *Portal) Framed(c *web.Context, frame *ui.Page) {
	frame.ShareURL = "/share"
	secret := c.Cookie(shareCookie)
	if secret == "" || p.Shares == nil || c.Route == "/share/stop" {
		return
	}
	s, ok, err := p.Shares.Paged(c.R.Context(), c.Now, secret, c.Session, c.Route, frame.Title)
	if err != nil {
		c.Site.Log.Error("a shared page was not noted", "err", err)
		return
	}
	if !ok {
		c.SetCookie(shareCookie, "", -time.Second)
		return
	}
	frame.Watched = &ui.Watched{Text: c.T("share.on", "Time", c.Words.Time(s.ExpiresAt.In(c.Site.Brand.Zone()))), StopURL: "/share/stop", Stop: c.T("share.stop")}
	if s.ViewerID != "" {
		frame.Watched.Text = c.T("share.watched")
	}
}

// share offers a code.
func (p *Portal) share(c *web.Context) error {
	frame := page(c, c.T("share.title"))
	frame.Path = "/share"
	return c.Render(http.StatusOK, sharePage(frame, shareView{}))
}

// sharePost makes a code, which is shown this once.
func (p *Portal) sharePost(c *web.Context) error {
	secret, code, until, err := p.Shares.Start(c.R.Context(), c.Now, c.Cookie(shareCookie), c.Who(), c.Session)
	if err != nil {
		return err
	}
	c.SetCookie(shareCookie, secret, share.Life)
	frame := page(c, c.T("share.title"))
	frame.Path = "/share"
	frame.Watched = &ui.Watched{Text: c.T("share.on", "Time", c.Words.Time(until.In(c.Site.Brand.Zone()))), StopURL: "/share/stop", Stop: c.T("share.stop")}
	return c.Render(http.StatusOK, sharePage(frame, shareView{Code: code[:3] + " " + code[3:], Until: c.T("share.until", "Time", c.Words.Time(until.In(c.Site.Brand.Zone())))}))
}

// shareStop ends what the browser shares.
func (p *Portal) shareStop(c *web.Context) error {
	if err := p.Shares.Stop(c.R.Context(), c.Now, c.Cookie(shareCookie)); err != nil {
		return err
	}
	c.SetCookie(shareCookie, "", -time.Second)
	return c.Redirect("/share")
}

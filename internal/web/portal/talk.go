package portal

import (
	"cmp"
	"net/http"

	"memberpay/internal/web"
)

// talk is the page to talk to a person: chat, phone with its hours, TTY and relay, interpreters.
func (p *Portal) talk(c *web.Context) error {
	return c.Render(http.StatusOK, talkPage(page(c, c.T("contact.us")), reachOf(c), cmp.Or(c.Site.Brand.Links.Chat, "/chat")))
}

// offices is the page of the offices.
func (p *Portal) offices(c *web.Context) error {
	f := page(c, c.T("shell.help.offices"))
	f.Wide = true
	return c.Render(http.StatusOK, officesPage(f, reachOf(c)))
}

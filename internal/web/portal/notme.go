package portal

import (
	"net/http"

	"memberpay/internal/contact"
	"memberpay/internal/fault"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// notMeView asks whether a change of how a member is reached is to be stopped. It says neither who it is nor what is new.
type notMeView struct{ Action, Lead string }

// notMe shows a change to whoever has the link of the letter that told of it. It changes nothing: mail programs open links by
// themselves.
//
// words: letter.contact.what.*
func (p *Portal) notMe(c *web.Context) error {
	x, err := p.Contacts.Find(c.R.Context(), c.R.PathValue("change"))
	if fault.CodeOf(err) == contact.ErrOver.Code {
		return p.notMeSaid(c, http.StatusGone, "not_me.over", "not_me.over.body")
	}
	if err != nil {
		return err
	}
	v := notMeView{Action: contact.StopPath + c.R.PathValue("change"), Lead: c.T("not_me.lead", "What", c.T("letter.contact.what."+string(x.Part)),
		"Date", c.Words.DateIn(x.AskedAt, c.Site.Brand.Zone()), "From", c.Words.DateTime(x.From, c.Site.Brand.Zone()))}
	frame := page(c, c.T("undo.title"))
	frame.Path = v.Action
	return c.Render(http.StatusOK, notMePage(frame, v))
}

// notMePost stops the change.
func (p *Portal) notMePost(c *web.Context) error {
	_, err := p.Contacts.StopByLink(c.R.Context(), c.Now, c.Who(), c.R.PathValue("change"))
	if fault.CodeOf(err) == contact.ErrOver.Code {
		return p.notMeSaid(c, http.StatusGone, "not_me.over", "not_me.over.body")
	}
	if err != nil {
		return err
	}
	return p.notMeSaid(c, http.StatusOK, "not_me.stopped", "not_me.stopped.body")
}

// words: not_me.*
func (p *Portal) notMeSaid(c *web.Context, status int, title, body string) error {
	v := failView{Title: c.T(title), Text: c.T(body, "Phone", c.Site.Brand.Phone.Display), Main: ui.Button{Label: c.T("contact.us"), Href: "/contact"}}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(status, failPage(frame, v))
}

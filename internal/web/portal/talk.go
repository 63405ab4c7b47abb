package portal

import (
	"cmp"
	"net/http"

	"memberpay/internal/chat"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

// talkView is the page to talk to a person.
type talkView struct {
	Reach     reach
	Now       []string // what somebody should know who wants to talk now: how long it takes
	Calls     bool     // they may ask to be called
	Chat      string   // address of the chat
	Languages string   // of interpreters, "" where they are not listed
}

// talk is the page to talk to a person: phone with its hours, TTY and relay, interpreters, a call back, the chat, and how
// long each takes now.
func (p *Portal) talk(c *web.Context) error {
	b, lang := c.Site.Brand, c.Words.Lang()
	v := talkView{Reach: reachOf(c), Chat: cmp.Or(b.Links.Chat, "/chat")}
	if !b.PhoneNotice.Empty() {
		v.Now = append(v.Now, b.PhoneNotice.In(lang))
	}
	backlog, err := p.Calls.Backlog(c.R.Context(), c.Now)
	if err != nil {
		return err
	}
	if backlog.Late > 0 {
		v.Now = append(v.Now, c.Words.N("contact.now.late", backlog.Late))
	}
	free, err := p.Calls.Free(c.R.Context(), c.Now)
	if err != nil {
		return err
	}
	if v.Calls = len(free) > 0; v.Calls {
		v.Now = append(v.Now, c.T("contact.now.call", "Slot", talk.Slot(c, free[0])))
	}
	wait, err := p.Chats.Queue(c.R.Context(), c.Now, chat.Chat{})
	if err != nil {
		return err
	}
	if b.Links.Chat == "" {
		if wait.Live() {
			v.Now = append(v.Now, c.T("contact.now.chat", "Wait", talk.Waits(c, wait)))
		} else {
			v.Now = append(v.Now, c.T("contact.now.message"))
		}
	}
	var names []string
	for _, l := range b.Interpreters {
		names = append(names, l.In(lang))
	}
	v.Languages = c.Words.List(names)
	return c.Render(http.StatusOK, talkPage(page(c, c.T("contact.us")), v))
}

// offices is the page of the offices.
func (p *Portal) offices(c *web.Context) error {
	f := page(c, c.T("shell.help.offices"))
	f.Wide = true
	f.Back = &ui.Link{Label: c.T("contact.us"), Href: "/contact"}
	return c.Render(http.StatusOK, officesPage(f, reachOf(c)))
}

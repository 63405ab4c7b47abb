package portal

import (
	"net/http"
	"time"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/recovery"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// undoView asks whether a change of an address or phone is to be taken back.
type undoView struct{ Action, Lead, What string }

// undo shows a change to whoever has the link of the letter that told of it. It changes nothing: mail programs open links by
// themselves.
func (p *Portal) undo(c *web.Context) error {
	change, err := p.Recoveries.Undoing(c.R.Context(), c.Now, c.R.PathValue("undo"))
	if fault.CodeOf(err) == recovery.ErrUndone.Code {
		return p.undoOver(c)
	}
	if err != nil {
		return err
	}
	v := undoView{Action: "/undo/" + c.R.PathValue("undo"), Lead: c.T("undo.lead.email"), What: c.T("undo.what.email", "Email", identity.MaskEmail(change.Old))}
	if change.Kind == identity.PhonePoint {
		v.Lead, v.What = c.T("undo.lead.phone"), c.T("undo.what.phone", "Ending", identity.MaskPhone(change.Old))
	}
	frame := page(c, c.T("undo.title"))
	frame.Path = v.Action
	return c.Render(http.StatusOK, undoPage(frame, v))
}

// undoPost takes the change back and leads to a new passkey or password.
func (p *Portal) undoPost(c *web.Context) error {
	token, err := p.Recoveries.Undo(c.R.Context(), c.Now, c.Who(), c.R.PathValue("undo"), c.Words.Lang())
	switch fault.CodeOf(err) {
	case recovery.ErrUndone.Code:
		return p.undoOver(c)
	case identity.ErrEmailTaken.Code, identity.ErrPoints.Code:
		return p.undoFailed(c, http.StatusConflict, "undo.cannot", "undo.cannot.body")
	}
	if err != nil {
		return err
	}
	if token == "" {
		return c.Redirect("/recover")
	}
	c.SetCookie(recoverCookie, token, time.Hour)
	return c.Redirect("/recover/secure")
}

// undoOver says that a link is good no more, without saying why or what it was for.
func (p *Portal) undoOver(c *web.Context) error {
	return p.undoFailed(c, http.StatusGone, "undo.over", "undo.over.body")
}

// words: undo.*
func (p *Portal) undoFailed(c *web.Context, status int, title, body string) error {
	v := failView{Title: c.T(title), Text: c.T(body, "Phone", c.Site.Brand.Phone.Display), Main: ui.Button{Label: c.T("recover.title"), Href: "/recover"}}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(status, failPage(frame, v))
}

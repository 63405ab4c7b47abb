package desk

import (
	"net/http"

	"memberpay/internal/share"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// shareView is the page that somebody on the site shares.
type shareView struct {
	Code string // as it was typed, where it was wrong
	Rows []ui.Row
	Link *ui.Link // to the member's record, which still asks for a reason
	Self string
}

// shared asks for the code that somebody on the site reads out.
func (d *Desk) shared(c *web.Context) error { return d.showShared(c, http.StatusOK, "") }

func (d *Desk) showShared(c *web.Context, status int, code string, problems ...ui.Problem) error {
	frame := page(c, c.T("desk.share.title"))
	frame.Path, frame.Problems = "/desk/share", problems
	return c.Render(status, sharedPage(frame, shareView{Code: code[:min(len(code), 20)]}))
}

// sharedPost finds who shares a page under a code.
func (d *Desk) sharedPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	s, err := d.Shares.Look(c.R.Context(), c.Now, who(c), c.Form("code"))
	if p, ok := problem(c, err); ok {
		return d.showShared(c, http.StatusUnprocessableEntity, c.Form("code"), p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/share/" + s.ID)
}

// watch shows which page somebody is on who shares it with whoever reads this.
//
// words: desk.step.*
func (d *Desk) watch(c *web.Context) error {
	s, err := d.Shares.Watch(c.R.Context(), c.Now, who(c), c.R.PathValue("share"))
	if err != nil {
		return err
	}
	v := shareView{Self: "/desk/share/" + s.ID, Rows: shareRows(c, s)}
	if s.MemberID != "" {
		v.Link = &ui.Link{Label: c.T("desk.record.button"), Href: "/desk/members/" + s.MemberID}
	}
	frame := page(c, c.T("desk.share.title"))
	frame.Path, frame.RefreshAfter = v.Self, 5
	return c.Render(http.StatusOK, sharedPage(frame, v))
}

func shareRows(c *web.Context, s share.Share) []ui.Row {
	if s.PagedAt.IsZero() {
		return []ui.Row{{Key: c.T("desk.share.page"), Value: c.T("desk.share.waiting")}}
	}
	who := "desk.share.nobody"
	switch {
	case s.AccountID != "":
		who = "desk.share.signed_in"
	case s.MemberID != "":
		who = "desk.share.guest"
	}
	rows := []ui.Row{{Key: c.T("desk.share.page"), Value: s.Title, Lines: []string{s.Page}, Strong: true}}
	if step := s.Step(); step != "" && c.Words.Has("desk.step."+step) {
		rows = append(rows, ui.Row{Key: c.T("desk.share.step"), Value: c.T("desk.step." + step)})
	}
	zone := c.Site.Brand.Zone()
	return append(rows, ui.Row{Key: c.T("desk.share.since"), Value: c.Words.Time(s.PagedAt.In(zone))}, ui.Row{Key: c.T("desk.share.who"), Value: c.T(who)},
		ui.Row{Key: c.T("desk.share.until"), Value: c.Words.Time(s.ExpiresAt.In(zone))})
}

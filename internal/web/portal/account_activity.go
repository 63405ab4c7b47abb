package portal

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// activityAPage is how many entries stand on a page.
const activityAPage = 50

// activityView is what the log says of the reader's account and records.
type activityView struct {
	Table  ui.Table
	Newest string // address of the first page, "" on it
	Older  string // address of the next page, "" on the last
}

// activity lists who looked at the reader's record or changed it, what they did themselves, and who tried to get in.
func (p *Portal) activity(c *web.Context) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	before := strings.ToValidUTF8(c.R.URL.Query().Get("before"), "")
	list, s, err := p.activityOf(c, who, before[:min(len(before), 100)], activityAPage+1)
	if err != nil {
		return err
	}
	var v activityView
	if before != "" {
		v.Newest = "/account/activity"
	}
	if len(list) > activityAPage {
		list = list[:activityAPage]
		v.Older = "/account/activity?before=" + url.QueryEscape(list[activityAPage-1].ID)
	}
	v.Table = ui.Table{Caption: c.T("activity.title"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{
		{Label: c.T("activity.when")}, {Label: c.T("activity.who")}, {Label: c.T("activity.what")}, {Label: c.T("activity.more")}}}
	for _, e := range list {
		v.Table.Rows = append(v.Table.Rows, s.row(e))
	}
	frame := accountFrame(c, c.T("activity.title"))
	frame.Wide = true
	return c.Render(http.StatusOK, activityPage(frame, v))
}

// activityOf reads at most limit entries about an account, newest first, and who writes them down for its owner.
func (p *Portal) activityOf(c *web.Context, who identity.Profile, before string, limit int) ([]audit.Entry, activityScribe, error) {
	ctx, q := c.R.Context(), p.DB.Read()
	s := activityScribe{w: c.Words, who: who, when: func(e audit.Entry) string { return moment(c, e.At) }}
	list, err := audit.Concerning(ctx, q, who.ID, who.Members, before, limit)
	if err != nil {
		return nil, s, err
	}
	if s.known, err = member.ByIDs(ctx, q, who.Members); err != nil {
		return nil, s, err
	}
	s.staff, err = staff.FirstNames(ctx, q, staffIn(list))
	return list, s, err
}

// staffIn are the accounts of staff that did something.
func staffIn(list []audit.Entry) []string {
	var out []string
	for _, e := range list {
		if identity.Actor(e.Role).Staff() && e.Actor != "" {
			out = append(out, e.Actor)
		}
	}
	return unique(out)
}

// activityScribe writes entries of the log as their member reads them.
type activityScribe struct {
	w     *words.Words
	who   identity.Profile
	known map[string]member.Member
	staff map[string]string // first names by account id
	when  func(audit.Entry) string
}

func (s activityScribe) row(e audit.Entry) []ui.Cell {
	return []ui.Cell{{Text: s.when(e)}, {Text: s.actor(e)}, {Text: s.what(e)}, {Text: s.more(e)}}
}

// actor says who it was: the reader, somebody who works here by their role, or what is known of anybody else.
//
// words: activity.role.*
func (s activityScribe) actor(e audit.Entry) string {
	if e.Actor == s.who.ID {
		return s.w.T("activity.you")
	}
	if e.Action == audit.SignInFailed {
		return s.w.T("activity.stranger")
	}
	if key := "activity.role." + e.Role; s.w.Has(key) {
		if name := s.staff[e.Actor]; name != "" && identity.Actor(e.Role).Staff() {
			return s.w.T("activity.staff", "Name", name, "Role", s.w.T(key))
		}
		return s.w.T(key)
	}
	return s.w.T("activity.role.other")
}

// what says what was done, as exactly as there are words for it, and to whose record where the reader has several.
//
// words: activity.do.*
func (s activityScribe) what(e audit.Entry) string {
	key := e.Action
	if emergency := key + ".emergency"; s.w.Has("activity.do."+emergency) && (e.Role == audit.Finance || e.Role == audit.Administrator) {
		key = emergency // their role alone does not open records
	}
	for !s.w.Has("activity.do." + key) {
		dot := strings.LastIndexByte(key, '.')
		if dot < 0 {
			key = "other"
			break
		}
		key = key[:dot]
	}
	did := s.w.T("activity.do." + key)
	if m, ok := s.known[e.Member]; ok && len(s.known) > 1 && m.Name() != "" {
		return s.w.T("activity.about", "What", did, "Name", m.Name())
	}
	return did
}

// more is why it was done, or from where: of the reader's own acts and of those by nobody known, in rough.
func (s activityScribe) more(e audit.Entry) string {
	if e.Reason != "" {
		return s.w.T("activity.reason", "Reason", web.Reason(s.w, e.Reason))
	}
	if identity.Actor(e.Role).Staff() || e.Role == audit.System || e.Role == audit.Operator || (e.Role == audit.Member && e.Actor != s.who.ID) {
		return ""
	}
	var parts []string
	if e.Action == "sign_in" {
		if _, browser, ok := strings.Cut(e.Detail, ", "); ok {
			parts = append(parts, browser)
		}
	}
	if from := roughly(e.From); from != "" {
		parts = append(parts, s.w.T("activity.from", "Address", from))
	}
	return strings.Join(parts, " · ")
}

// roughly is a network address as people may recognize it as theirs: its first half. It is "" for what is none.
func roughly(address string) string {
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return ""
	case a.Is4() || a.Is4In6():
		b := a.Unmap().As4()
		return strconv.Itoa(int(b[0])) + "." + strconv.Itoa(int(b[1])) + ".…"
	}
	groups := strings.Split(a.WithZone("").StringExpanded(), ":")
	return strings.Join(slices.Concat(groups[:2], []string{"…"}), ":")
}

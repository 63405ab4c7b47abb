package desk

import (
	"net/http"
	"strconv"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/scrub"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// mostRated is how many rated conversations are listed.
const mostRated = 50

// rated shows the conversations that were rated last, with what could have been better, after that is noted down.
//
// words: chat.rate.*
func (d *Desk) rated(c *web.Context) error {
	list, err := d.Chats.Rated(c.R.Context(), mostRated)
	if err != nil {
		return err
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "chat.ratings_viewed", "", "")); err != nil {
		return err
	}
	t := ui.Table{Caption: c.T("overview.ratings.list"), Columns: []ui.Column{{Label: c.T("overview.ratings.ended")}, {Label: c.T("overview.rating")},
		{Label: c.T("overview.ratings.comment")}, {Label: c.T("overview.ratings.agent")}}}
	for _, x := range list {
		said := ui.Cell{Text: c.T("overview.none")}
		if x.Comment != "" {
			said = ui.Cell{Text: comment(c, x), Lang: x.Language}
		}
		agent := x.AgentName
		if agent == "" {
			agent = c.T("overview.none")
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: c.Words.DateTime(x.ClosedAt, c.Site.Brand.Zone()), Href: "/desk/chats/" + x.ID}, {Text: c.T("chat.rate." + strconv.Itoa(x.Rating))}, said, {Text: agent}})
	}
	frame := page(c, c.T("overview.ratings.title"))
	frame.Path, frame.Wide = "/desk/overview/ratings", true
	frame.Back = &ui.Link{Label: c.T("overview.title"), Href: "/desk/overview"}
	return c.Render(http.StatusOK, ratedPage(frame, t))
}

// comment is what a member said with a rating, "" for nothing.
func comment(c *web.Context, talked chat.Chat) string {
	return strings.ReplaceAll(talked.Comment, scrub.Removed, c.T("chat.card.removed"))
}

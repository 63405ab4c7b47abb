package desk

import (
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// chatMoments are the conversations that are linked to a member: when each began, who answers and how it stands. What was
// said is read in the conversation.
//
// words: timeline.chat.*
func (d *Desk) chatMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.Chats.OfMember(c.R.Context(), m.ID)
	var out []Moment
	for _, x := range list[:min(len(list), limit)] {
		at := x.CreatedAt
		if x.LastAt.After(at) {
			at = x.LastAt
		}
		lines := []string{c.T("timeline.chat.begun", "Date", c.Words.DateTime(x.CreatedAt, c.Site.Brand.Zone()))}
		if x.AgentName != "" {
			lines = append(lines, c.T("timeline.chat.with", "Name", x.AgentName))
		}
		if x.Rating > 0 {
			lines = append(lines, c.T("timeline.chat.rated", "Rating", x.Rating))
		}
		out = append(out, Moment{At: at, Kind: c.T("timeline.chat"), Tone: ui.Info, Text: c.T("timeline.chat." + string(x.State)), Lines: lines, Href: "/desk/chats/" + x.ID})
	}
	return out, err
}

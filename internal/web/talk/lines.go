package talk

import (
	"strconv"
	"strings"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/letter"
	"memberpay/internal/scrub"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Reader is who reads a conversation.
type Reader struct {
	Side chat.Side
	Me   string // Agent: account id
	Base string // address of the conversation's page
}

// Lines is a list of messages as the reader sees them.
func (r Reader) Lines(c *web.Context, talk chat.Chat, list []chat.Message) []ui.ChatLine {
	out := make([]ui.ChatLine, 0, len(list))
	for _, m := range list {
		out = append(out, r.line(c, talk, m))
	}
	return out
}

// words: chat.event.* chat.event.desk.*

func (r Reader) line(c *web.Context, talk chat.Chat, m chat.Message) ui.ChatLine {
	l := ui.ChatLine{Number: m.Number, Text: strings.ReplaceAll(m.Text, scrub.Removed, c.T("chat.card.removed")), Time: moment(c, m.At), Stamp: m.At.UTC().Format(time.RFC3339)}
	switch m.Side {
	case chat.Desk:
		l.Event, l.Text = true, r.happened(c, m)
		if m.Kind == chat.Card && r.Side == chat.Member && m.AuthorID == "" {
			l.Links = []ui.Link{{Label: c.T("chat.card.pay"), Href: "/pay"}}
		}
		return l
	case chat.Note:
		l.Note = true
	}
	l.Mine = m.Side == r.Side || (m.Side == chat.Note && m.AuthorID == r.Me)
	l.Who = r.who(c, talk, m)
	if m.File != nil {
		l.File = &ui.ChatFile{Name: m.File.Name, About: fileKind(c, *m.File), Href: r.Base + "/files/" + m.File.ID}
	}
	return l
}

// happened says what happened, to members in other words than to staff.
func (r Reader) happened(c *web.Context, m chat.Message) string {
	key := "chat.event." + string(m.Kind)
	switch {
	case r.Side == chat.Agent:
		key = "chat.event.desk." + string(m.Kind)
	case m.Kind == chat.Card && m.AuthorID != "":
		key = "chat.event.card.agent"
	}
	return c.T(key, "Name", m.Author)
}

// who is what the writer of a message is called.
func (r Reader) who(c *web.Context, talk chat.Chat, m chat.Message) string {
	switch {
	case m.Side == chat.Member && r.Side == chat.Member, r.Side == chat.Agent && m.AuthorID == r.Me && m.Side != chat.Member:
		if m.Side == chat.Note {
			return c.T("chat.note.mine")
		}
		return c.T("chat.you")
	case m.Side == chat.Note:
		return c.T("chat.note.from", "Name", m.Author)
	case m.Side == chat.Member:
		return Caller(c, talk)
	}
	return m.Author
}

// Caller is what whoever asks is called on the desk: a guest by what they call themselves.
func Caller(c *web.Context, talk chat.Chat) string {
	switch {
	case talk.Name != "":
		return talk.Name
	case talk.Guest():
		return c.T("chat.guest")
	}
	return c.T("chat.member")
}

// moment is the time of a message, with its day where that is not today.
func moment(c *web.Context, at time.Time) string {
	zone := c.Site.Brand.Zone()
	at, now := at.In(zone), c.Now.In(zone)
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return c.Words.Time(at)
	}
	return c.Words.DateTime(at, zone)
}

// fileKind says what a file is and how large.
func fileKind(c *web.Context, f chat.Attachment) string {
	kind := map[string]string{"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}[f.Kind]
	size := strconv.FormatInt((f.Size+1023)/1024, 10) + " KB"
	if f.Size >= 1<<20 {
		size = strconv.FormatFloat(float64(f.Size)/(1<<20), 'f', 1, 64) + " MB"
	}
	return c.T("chat.file.about", "Kind", kind, "Size", size)
}

// Copy is a conversation as it stands in a letter.
func (r Reader) Copy(c *web.Context, talk chat.Chat, list []chat.Message) []letter.ChatLine {
	var out []letter.ChatLine
	for i, l := range r.Lines(c, talk, list) {
		text := l.Text
		if l.File != nil {
			text = strings.TrimSpace(text + "\n" + c.T("chat.copy.file", "Name", l.File.Name))
		}
		out = append(out, letter.ChatLine{Who: l.Who, At: list[i].At, Text: text})
	}
	return out
}

// Status is where a conversation stands, in a sentence.
func (r Reader) Status(c *web.Context, talk chat.Chat, wait chat.Wait) string {
	if r.Side == chat.Agent {
		switch {
		case talk.State == chat.Closed:
			return c.T("chat.desk.closed")
		case talk.State == chat.Waiting:
			return c.T("chat.desk.waiting")
		case talk.AgentID == r.Me:
			return c.T("chat.desk.yours")
		}
		return c.T("chat.desk.others", "Name", talk.AgentName)
	}
	switch {
	case talk.State == chat.Closed && talk.Rating == 0:
		return c.T("chat.status.closed.rate")
	case talk.State == chat.Closed:
		return c.T("chat.status.closed")
	case talk.State == chat.Open && talk.Mail:
		return c.T("chat.status.mail.open", "Name", talk.AgentName)
	case talk.State == chat.Open:
		return c.T("chat.status.open", "Name", talk.AgentName)
	case talk.Mail && talk.Reachable():
		return c.T("chat.status.mail")
	case talk.Mail, !wait.Live():
		return c.T("chat.status.nobody")
	}
	return Waits(c, wait)
}

// Waits says how long the line is, and how long it may take where that is known.
func Waits(c *web.Context, wait chat.Wait) string {
	place := c.T("chat.wait.next")
	if wait.Place > 1 {
		place = c.T("chat.wait.place", "Place", wait.Place)
	}
	if wait.Expected > 0 {
		return place + " " + c.Words.N("chat.wait.minutes", int(wait.Expected/time.Minute))
	}
	return place + " " + c.T("chat.wait.unknown")
}

package desk

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

// boardView is the conversations that wait, and those that somebody has.
type boardView struct {
	On        bool // the reader takes chats
	None      bool // nobody waits, now that the reader wanted the next one
	Lists     []ui.ChatList
	MayReply  bool
	Satisfied string // how members rated the last 30 days, "" for nothing yet
}

// chats shows the board.
func (d *Desk) chats(c *web.Context) error { return d.showChats(c, http.StatusOK, false) }

func (d *Desk) showChats(c *web.Context, status int, none bool) error {
	v := boardView{None: none, MayReply: c.Session.Actor().May(identity.EditReplies)}
	var err error
	if v.On, err = d.Chats.Seen(c.R.Context(), c.Now, c.Session.AccountID); err != nil {
		return err
	}
	if v.Lists, err = d.board(c); err != nil {
		return err
	}
	ratings, err := d.Chats.Ratings(c.R.Context(), c.Now.AddDate(0, 0, -30))
	if err != nil {
		return err
	}
	n, good := 0, 0
	for i, count := range ratings {
		if n += count; i >= 3 {
			good += count
		}
	}
	if n > 0 {
		v.Satisfied = c.Words.N("chat.desk.ratings", n, "Good", good)
	}
	frame := page(c, c.T("chat.desk.title"))
	frame.Path, frame.Wide = "/desk/chats", true
	frame.Modules = []string{ui.URL("board.js")}
	return c.Render(status, chatsPage(frame, v))
}

// board lists the conversations, in the order in which they matter to the reader.
func (d *Desk) board(c *web.Context) ([]ui.ChatList, error) {
	b, err := d.Chats.Board(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return nil, err
	}
	var out []ui.ChatList
	for _, part := range []struct {
		key  string
		list []chat.Chat
	}{{"mine", b.Mine}, {"waiting", b.Waiting}, {"mail", b.Mail}, {"others", b.Others}} {
		l := ui.ChatList{ID: part.key, Title: c.T("chat.desk." + part.key + ".title"), Empty: c.T("chat.desk." + part.key + ".none")} // words: chat.desk.*
		for _, x := range part.list {
			l.Rows = append(l.Rows, d.boardRow(c, x))
		}
		out = append(out, l)
	}
	return out, nil
}

// words: chat.desk.language.*

func (d *Desk) boardRow(c *web.Context, x chat.Chat) ui.ChatRow {
	row := ui.ChatRow{Who: talk.Caller(c, x), Href: "/desk/chats/" + x.ID, Open: c.T("chat.desk.open"), New: x.Last > x.AgentRead && x.State == chat.Open, NewWord: c.T("chat.desk.new")}
	since := x.LastAt
	if x.State == chat.Waiting {
		since = x.WaitingSince
		row.About = append(row.About, c.T("chat.desk.since", "Ago", ago(c, since)))
	} else {
		row.About = append(row.About, c.T("chat.desk.last", "Ago", ago(c, since)))
		if x.AgentID != c.Session.AccountID {
			row.About = append(row.About, c.T("chat.desk.with", "Name", x.AgentName))
		}
	}
	row.About = append(row.About, c.T("chat.desk.language."+x.Language))
	if x.Guest() {
		row.About = append(row.About, c.T("chat.desk.unverified"))
	}
	return row
}

// ago says how long something is ago, in minutes, hours or days.
func ago(c *web.Context, at time.Time) string {
	d := c.Now.Sub(at)
	switch {
	case d < time.Minute:
		return c.T("chat.ago.now")
	case d < 90*time.Minute:
		return c.Words.N("chat.ago.minutes", int(d/time.Minute))
	case d < 36*time.Hour:
		return c.Words.N("chat.ago.hours", int(d.Round(time.Hour)/time.Hour))
	}
	return c.Words.N("chat.ago.days", int(d.Round(24*time.Hour)/(24*time.Hour)))
}

// boardRest is how long a board stands at least before it is drawn anew, and twice that at most: what happens meanwhile comes
// together, and boards that something woke at once do not stay in step.
const boardRest = time.Second

// boardEvents sends the board anew when something on it changed.
func (d *Desk) boardEvents(c *web.Context) error {
	watch := d.Chats.Hub.WatchQueue()
	defer watch.Close()
	s, err := c.Stream()
	if err != nil {
		return nil
	}
	beat := time.NewTicker(web.Beat)
	defer beat.Stop()
	shown := ""
	for {
		c.Now = c.Site.Now()
		if _, err := d.Chats.Seen(c.R.Context(), c.Now, c.Session.AccountID); err != nil {
			return err
		}
		lists, err := d.board(c)
		if err != nil {
			return err
		}
		var html strings.Builder
		if err := ui.ChatLists(lists).Render(c.R.Context(), &html); err != nil {
			return err
		}
		if html.String() != shown {
			shown = html.String()
			s.Event("board", 0, shown)
			s.Event("count", 0, c.Words.N("chat.desk.count", len(lists[1].Rows)))
		}
		s.Alive()
		if err := s.Flush(); err != nil {
			return nil
		}
		select {
		case <-time.After(boardRest + rand.N(boardRest)):
		case <-d.Chats.Hub.Done():
			return nil
		case <-c.R.Context().Done():
			return nil
		}
		select {
		case <-watch.C:
		case <-beat.C:
			if alive, err := c.Site.Accounts.Alive(c.R.Context(), c.Site.Now(), c.Session.ID); err != nil || !alive {
				return err
			}
		case <-d.Chats.Hub.Done():
			return nil
		case <-c.R.Context().Done():
			return nil
		}
	}
}

// duty notes that the reader takes chats, or no longer does.
func (d *Desk) duty(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := d.Chats.Duty(c.R.Context(), c.Now, c.Session.AccountID, c.Form("on") == "yes"); err != nil {
		return err
	}
	return c.Redirect("/desk/chats")
}

// worker is the reader, as whoever answers.
func (d *Desk) worker(c *web.Context) (chat.Worker, error) {
	me, err := d.Staff.Get(c.R.Context(), c.Session.AccountID)
	return chat.Worker{ID: me.ID, Name: firstName(me.Name)}, err
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}

// nextChat takes the conversation that waits longest.
func (d *Desk) nextChat(c *web.Context) error {
	me, err := d.worker(c)
	if err != nil {
		return err
	}
	chatID, err := d.Chats.TakeNext(c.R.Context(), c.Now, who(c), me)
	if fault.Is(err, fault.NotFound) {
		return d.showChats(c, http.StatusOK, true)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/chats/" + chatID)
}

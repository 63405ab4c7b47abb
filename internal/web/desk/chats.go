package desk

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
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

// boardEvents sends the board anew whenever something on it changed.
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

// chatView is one conversation at the desk.
type chatView struct {
	Path     string
	Chat     ui.Chat
	About    []ui.Row
	Take     string // label of the button that takes it, "" where it cannot be taken
	Mine     bool
	Open     bool
	Replies  *ui.ChatReplies
	Transfer []ui.Option
	Note     string
	Link     string // who can be linked: somebody who proved who they are in the reader's call
	LinkID   string // of that call
}

func (d *Desk) chat(c *web.Context) error {
	talked, err := d.Chats.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("conversation"))
	if err != nil {
		return err
	}
	if talked.AgentID == c.Session.AccountID {
		if err := d.Chats.Read(c.R.Context(), c.Now, talked.ID, chat.Agent, talked.Last); err != nil {
			return err
		}
	}
	text := ""
	if replyID := c.R.URL.Query().Get("reply"); replyID != "" {
		if reply, err := d.Chats.GetReply(c.R.Context(), replyID); err == nil {
			text = reply.In(talked.Language)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return d.showChat(c, http.StatusOK, talked, text, "")
}

func (d *Desk) talker(c *web.Context, talked chat.Chat) talk.Reader {
	return talk.Reader{Side: chat.Agent, Me: c.Session.AccountID, Base: "/desk/chats/" + talked.ID}
}

// showChat shows a conversation, after that is noted down.
func (d *Desk) showChat(c *web.Context, status int, talked chat.Chat, text, note string, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	if _, err := d.Chats.Seen(ctx, c.Now, c.Session.AccountID); err != nil {
		return err
	}
	e := who(c).Did(c.Now, "chat.viewed", talked.ID, talked.MemberID)
	e.Reason = "chat"
	if err := audit.Write(ctx, d.DB, e); err != nil {
		return err
	}
	list, err := d.Chats.All(ctx, q, talked.ID, chat.Agent)
	if err != nil {
		return err
	}
	r := d.talker(c, talked)
	v := chatView{Path: r.Base, Mine: talked.State == chat.Open && talked.AgentID == c.Session.AccountID, Open: talked.State == chat.Open, Note: note}
	v.Chat = ui.Chat{ID: talked.ID, Label: c.T("chat.log"), Lines: r.Lines(c, talked, list), Status: r.Status(c, talked, chat.Wait{}), Seen: r.Seen(talked)}
	if n := len(list); n > 0 {
		v.Chat.After = list[n-1].Number
	}
	if talked.State != chat.Closed {
		v.Chat.Events = r.Base + "/events"
		v.Chat.Refresh = r.Base + "?seen=" + strconv.FormatInt(v.Chat.After, 10) + "#m" + strconv.FormatInt(v.Chat.After, 10)
	}
	if v.Mine {
		v.Chat.Read, v.Chat.Typing = r.Base+"/read", r.Base+"/typing"
		v.Chat.Compose = &ui.Compose{Action: r.Base + "/messages", Key: id.Secret(), Label: c.T("chat.text"), Value: text, Button: c.T("chat.send"), MaxLength: chat.MaxText,
			FileLabel: c.T("chat.file.add"), FileHint: c.T("chat.file.hint"), Accept: ".pdf,.png,.jpg,.jpeg"}
		if v.Replies, err = d.ready(c, talked, r.Base); err != nil {
			return err
		}
	}
	if talked.State == chat.Waiting {
		v.Take = c.T("chat.desk.take")
	}
	if v.Open {
		if v.Transfer, err = d.colleagues(c, talked); err != nil {
			return err
		}
	}
	if v.About, err = d.aboutChat(c, talked); err != nil {
		return err
	}
	if err := d.mayLink(c, talked, &v); err != nil {
		return err
	}
	frame := page(c, c.T("chat.desk.page.title", "Who", talk.Caller(c, talked)))
	frame.Path, frame.Wide, frame.Problems = r.Base, true, problems
	frame.Back = &ui.Link{Label: c.T("chat.desk.all"), Href: "/desk/chats"}
	frame.Modules = []string{ui.URL("chat.js")}
	return c.Render(status, deskChatPage(frame, v))
}

// ready is the list of ready answers, in the member's language.
func (d *Desk) ready(c *web.Context, talked chat.Chat, path string) (*ui.ChatReplies, error) {
	list, err := d.Chats.Replies(c.R.Context())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	out := &ui.ChatReplies{Action: path, Label: c.T("chat.desk.reply"), Button: c.T("chat.desk.reply.use")}
	for _, x := range list {
		out.List = append(out.List, ui.ChatReply{ID: x.ID, Title: x.Title, Text: x.In(talked.Language)})
	}
	return out, nil
}

// colleagues are those to whom a conversation can be handed: whoever takes it next, and everybody who answers chats.
func (d *Desk) colleagues(c *web.Context, talked chat.Chat) ([]ui.Option, error) {
	people, err := d.Staff.List(c.R.Context())
	if err != nil {
		return nil, err
	}
	on, err := d.Chats.OnDuty(c.R.Context(), c.Now)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, accountID := range on {
		there[accountID] = true
	}
	out := []ui.Option{{Value: "queue", Label: c.T("chat.desk.to_queue")}}
	for _, x := range people {
		if !x.EndedAt.IsZero() || !x.Role.May(identity.AnswerChats) || x.ID == talked.AgentID {
			continue
		}
		o := ui.Option{Value: x.ID, Label: x.Name}
		switch {
		case x.ID == c.Session.AccountID:
			o.Label = c.T("chat.desk.to_me")
		case there[x.ID]:
			o.Label = c.T("chat.desk.there", "Name", x.Name)
		}
		out = append(out, o)
	}
	return out, nil
}

// aboutChat is what is known of whoever asks: of a guest nothing but what they wrote, of a member a first name, until their
// record is opened for a reason.
func (d *Desk) aboutChat(c *web.Context, talked chat.Chat) ([]ui.Row, error) {
	zone := c.Site.Brand.Zone()
	rows := []ui.Row{}
	if talked.MemberID == "" {
		rows = append(rows, ui.Row{Key: c.T("chat.desk.who"), Value: talk.Caller(c, talked), Lines: []string{c.T("chat.desk.who.guest")}})
	} else {
		m, err := member.Get(c.R.Context(), d.DB.Read(), talked.MemberID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		how := c.T("chat.desk.who.account")
		if talked.AccountID == "" {
			how = c.T("chat.desk.who.verified")
		}
		rows = append(rows, ui.Row{Key: c.T("chat.desk.who"), Value: m.Brief(), Lines: []string{how},
			Change: &ui.Link{Label: c.T("chat.desk.record"), Href: "/desk/members/" + talked.MemberID}})
	}
	rows = append(rows, ui.Row{Key: c.T("chat.desk.writes"), Value: c.T("chat.desk.language." + talked.Language)},
		ui.Row{Key: c.T("chat.desk.began"), Value: c.Words.DateTime(talked.CreatedAt, zone)})
	answer := c.T("chat.desk.answer.page")
	switch {
	case talked.Mail && talked.Reachable():
		answer = c.T("chat.desk.answer.mail")
	case talked.Mail:
		answer = c.T("chat.desk.answer.none")
	}
	rows = append(rows, ui.Row{Key: c.T("chat.desk.answer"), Value: answer})
	if talked.Rating > 0 {
		rows = append(rows, ui.Row{Key: c.T("chat.desk.rating"), Value: c.T("chat.rate." + strconv.Itoa(talked.Rating)), Lines: []string{talked.Comment}})
	}
	return rows, nil
}

// mayLink offers to link a guest's conversation to whoever has proved who they are in the reader's call.
func (d *Desk) mayLink(c *web.Context, talked chat.Chat, v *chatView) error {
	if talked.MemberID != "" || d.Calls == nil || talked.State == chat.Closed || !c.Session.Actor().May(identity.VerifyMember) {
		return nil
	}
	call, ok, err := d.Calls.Now(c.R.Context(), d.DB.Read(), c.Now, c.Session.AccountID)
	if err != nil || !ok || call.MemberID == "" {
		return err
	}
	if _, err := d.verified(c, d.DB.Read(), call); err != nil {
		if fault.CodeOf(err) == caller.ErrProof.Code {
			return nil
		}
		return err
	}
	v.LinkID, v.Link = call.ID, c.T("chat.desk.link.body", "Reference", call.Reference)
	return nil
}

// verified is that the reader verified somebody in a call of theirs, or caller.ErrProof.
func (d *Desk) verified(c *web.Context, q db.Queryer, call caller.Call) (caller.Verification, error) {
	proved, err := caller.Verified(c.R.Context(), q, c.Now, call.ID, call.MemberID)
	if err == nil && proved.AgentID != c.Session.AccountID {
		err = caller.ErrProof
	}
	return proved, err
}

// chatLink links a guest's conversation to the member whom the reader has verified in a call.
func (d *Desk) chatLink(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, chatID := c.R.Context(), c.R.PathValue("conversation")
	if _, err := d.Chats.Get(ctx, d.DB.Read(), chatID); err != nil {
		return err
	}
	call, err := d.Calls.Get(ctx, d.DB.Read(), c.Session.AccountID, c.Form("call"))
	if err != nil {
		return err
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		proved, err := d.verified(c, tx, call)
		if err != nil {
			return err
		}
		return d.Chats.Link(ctx, tx, c.Now, who(c), chatID, proved.MemberID, "", c.Session.AccountID)
	})
	if err != nil {
		return err
	}
	return c.Redirect("/desk/chats/" + chatID)
}

// chatEvents is the stream of a conversation. Whoever is on it is there.
func (d *Desk) chatEvents(c *web.Context) error {
	ctx, chatID := c.R.Context(), c.R.PathValue("conversation")
	talked, err := d.Chats.Get(ctx, d.DB.Read(), chatID)
	if err != nil {
		return err
	}
	return d.talker(c, talked).Stream(c, d.Chats, chatID, func() (chat.Chat, error) {
		if _, err := d.Chats.Seen(ctx, c.Now, c.Session.AccountID); err != nil {
			return chat.Chat{}, err
		}
		return d.Chats.Get(ctx, d.DB.Read(), chatID)
	})
}

// take gives a conversation to the reader.
func (d *Desk) take(c *web.Context) error {
	me, err := d.worker(c)
	if err != nil {
		return err
	}
	chatID := c.R.PathValue("conversation")
	err = d.Chats.Take(c.R.Context(), c.Now, who(c), me, chatID)
	return d.afterChat(c, chatID, "", "", err)
}

// afterChat leads back to a conversation, or shows it with what to correct.
func (d *Desk) afterChat(c *web.Context, chatID, text, note string, err error) error {
	if err == nil {
		return c.Redirect("/desk/chats/" + chatID)
	}
	field, says, status, ok := talk.Problem(c, err)
	if !ok {
		return err
	}
	if talk.ByScript(c) {
		return talk.Answer(c, status, says)
	}
	talked, gone := d.Chats.Get(c.R.Context(), d.DB.Read(), chatID)
	if gone != nil {
		return gone
	}
	return d.showChat(c, status, talked, text, note, ui.Problem{Field: field, Text: says})
}

// chatSend takes an answer.
func (d *Desk) chatSend(c *web.Context) error {
	chatID := c.R.PathValue("conversation")
	if _, err := d.Chats.Get(c.R.Context(), d.DB.Read(), chatID); err != nil {
		return err
	}
	in, err := talk.ReadMessage(c)
	if err != nil {
		return d.afterChat(c, chatID, "", "", err)
	}
	me, err := d.worker(c)
	if err != nil {
		return err
	}
	in.Side, in.AuthorID, in.Author = chat.Agent, me.ID, me.Name
	if _, err := d.Chats.Send(c.R.Context(), c.Now, chatID, in); err != nil {
		text := strings.ToValidUTF8(in.Text, "")
		if len(text) > 8*chat.MaxText {
			text = ""
		}
		return d.afterChat(c, chatID, text, "", err)
	}
	if talk.ByScript(c) {
		return talk.Answer(c, http.StatusOK, "")
	}
	return c.Redirect("/desk/chats/" + chatID)
}

// chatTyping tells the member that the reader writes.
func (d *Desk) chatTyping(c *web.Context) error {
	talked, err := d.Chats.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("conversation"))
	if err != nil {
		return err
	}
	if talked.State == chat.Open && talked.AgentID == c.Session.AccountID {
		if err := d.Chats.Types(c.R.Context(), talked.ID, chat.Agent); err != nil {
			return err
		}
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

// chatRead notes how far the reader has read, where the conversation is theirs.
func (d *Desk) chatRead(c *web.Context) error {
	talked, err := d.Chats.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("conversation"))
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	number, _ := strconv.ParseInt(c.Form("number"), 10, 64) // 0 notes nothing
	if talked.AgentID == c.Session.AccountID {
		if err := d.Chats.Read(c.R.Context(), c.Now, talked.ID, chat.Agent, number); err != nil {
			return err
		}
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

// transfer hands a conversation to somebody else, with a note.
func (d *Desk) transfer(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	chatID, note := c.R.PathValue("conversation"), c.Form("note")
	talked, err := d.Chats.Get(c.R.Context(), d.DB.Read(), chatID)
	if err != nil {
		return err
	}
	me, err := d.worker(c)
	if err != nil {
		return err
	}
	to := chat.Worker{}
	if wanted := c.Form("to"); wanted != "queue" {
		x, err := d.Staff.Get(c.R.Context(), wanted)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || !x.EndedAt.IsZero() || !x.Role.May(identity.AnswerChats) {
			return d.afterChat(c, chatID, "", note, chat.ErrTo)
		}
		to = chat.Worker{ID: x.ID, Name: firstName(x.Name)}
	}
	if err := d.Chats.Transfer(c.R.Context(), c.Now, who(c), me, to, talked.ID, note); err != nil {
		return d.afterChat(c, chatID, "", note, err)
	}
	if to.ID == me.ID {
		return c.Redirect("/desk/chats/" + chatID)
	}
	return c.Redirect("/desk/chats")
}

// closeChat ends a conversation.
func (d *Desk) closeChat(c *web.Context) error {
	chatID := c.R.PathValue("conversation")
	err := d.Chats.Close(c.R.Context(), c.Now, who(c), chatID, chat.Agent)
	return d.afterChat(c, chatID, "", "", err)
}

// chatFile sends a file of a conversation, after that is noted down.
func (d *Desk) chatFile(c *web.Context) error {
	talked, err := d.Chats.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("conversation"))
	if err != nil {
		return err
	}
	f, data, err := d.Chats.File(c.R.Context(), talked.ID, c.R.PathValue("file"))
	if err != nil {
		return err
	}
	e := who(c).Did(c.Now, "chat.file_viewed", f.ID, talked.MemberID)
	e.Reason = "chat"
	if err := audit.Write(c.R.Context(), d.DB, e); err != nil {
		return err
	}
	return talk.SendFile(c, f, data)
}

// repliesView is the ready answers, one of them being changed.
type repliesView struct {
	List []chat.Reply
	Edit chat.Reply
}

// replies lists the ready answers.
func (d *Desk) replies(c *web.Context) error {
	edit := chat.Reply{}
	if replyID := c.R.URL.Query().Get("edit"); replyID != "" {
		var err error
		if edit, err = d.Chats.GetReply(c.R.Context(), replyID); err != nil {
			return err
		}
	}
	return d.showReplies(c, http.StatusOK, edit)
}

func (d *Desk) showReplies(c *web.Context, status int, edit chat.Reply, problems ...ui.Problem) error {
	list, err := d.Chats.Replies(c.R.Context())
	if err != nil {
		return err
	}
	frame := page(c, c.T("chat.desk.replies.title"))
	frame.Path, frame.Problems = "/desk/replies", problems
	frame.Back = &ui.Link{Label: c.T("chat.desk.all"), Href: "/desk/chats"}
	return c.Render(status, repliesPage(frame, repliesView{List: list, Edit: edit}))
}

// saveReply keeps a ready answer, new or changed.
func (d *Desk) saveReply(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	r := chat.Reply{ID: c.R.PathValue("reply"), Title: c.Form("title"), En: c.Form("text_en"), Es: c.Form("text_es")}
	err := d.Chats.SaveReply(c.R.Context(), c.Now, who(c), r)
	if field, text, status, ok := talk.Problem(c, err); ok && err != nil {
		return d.showReplies(c, status, r, ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/replies")
}

// dropReply removes a ready answer.
func (d *Desk) dropReply(c *web.Context) error {
	if err := d.Chats.DropReply(c.R.Context(), c.Now, who(c), c.R.PathValue("reply")); err != nil {
		return err
	}
	return c.Redirect("/desk/replies")
}

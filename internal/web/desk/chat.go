package desk

import (
	"net/http"
	"slices"
	"strconv"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

// chatView is one conversation at the desk.
type chatView struct {
	Path     string
	Chat     ui.Chat
	About    []ui.Row
	Take     string // label of the button that takes it, "" where it cannot be taken
	Mine     bool
	Open     bool
	Close    string // what closing it does, "" for whoever may not close it
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
	if v.Mine {
		v.Close = c.T("chat.desk.close.mine")
	} else if v.Open && c.Session.Actor().May(identity.Supervise) {
		v.Close = c.T("chat.desk.close.others", "Name", talked.AgentName)
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

// there is who of the staff takes chats now, by account.
func (d *Desk) there(c *web.Context) (map[string]bool, error) {
	on, err := d.Chats.OnDuty(c.R.Context(), c.Now)
	there := map[string]bool{}
	for _, accountID := range on {
		there[accountID] = true
	}
	return there, err
}

// colleagues are those to whom a conversation can be handed: the reader, whoever takes it next, and everybody who takes chats
// now. A question that is answered by e-mail can wait for somebody who is away, below a heading that says so: a name is short
// enough for the list, and what is said of it beside it is not. Whom the reader has chosen already stays chosen.
func (d *Desk) colleagues(c *web.Context, talked chat.Chat) ([]ui.Option, error) {
	people, err := d.Staff.List(c.R.Context())
	if err != nil {
		return nil, err
	}
	there, err := d.there(c)
	if err != nil {
		return nil, err
	}
	out := []ui.Option{{Value: "queue", Label: c.T("chat.desk.to_queue")}}
	var here, away []ui.Option
	for _, x := range people {
		if !x.EndedAt.IsZero() || !x.Role.May(identity.AnswerChats) || x.ID == talked.AgentID {
			continue
		}
		o := ui.Option{Value: x.ID, Label: x.Name, Checked: x.ID == c.Form("to")}
		switch {
		case x.ID == c.Session.AccountID:
			o.Label = c.T("chat.desk.to_me")
			out = append(out, o)
		case there[x.ID]:
			o.Group = c.T("chat.desk.there")
			here = append(here, o)
		case talked.Mail:
			o.Group = c.T("chat.desk.away")
			away = append(away, o)
		}
	}
	return slices.Concat(out, here, away), nil
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
		row := ui.Row{Key: c.T("chat.desk.rating"), Value: c.T("chat.rate." + strconv.Itoa(talked.Rating))}
		if talked.Comment != "" {
			row.Lines = []string{comment(c, talked)}
		}
		rows = append(rows, row)
	}
	return rows, nil
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

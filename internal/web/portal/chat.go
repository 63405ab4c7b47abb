package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

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

// chatCookie holds the token of the conversations that a browser without an account has begun. It is gone with the browser's
// session, so that whoever uses a shared computer next finds nothing.
const chatCookie = "memberpay_chat"

// asker is who reads, to the conversations.
func asker(c *web.Context) chat.Asker {
	return chat.Asker{AccountID: c.Session.AccountID, Token: c.Cookie(chatCookie)}
}

// startView is the first page of the chat: how to begin a conversation, and those there are.
type startView struct {
	Name, Email, Text string
	Key               string
	Live              bool   // somebody answers on the page now
	Note              string // when somebody does, or how long it takes
	AskEmail          bool   // a guest, who is answered by e-mail
	Guest             bool
	Busy              string
	Past              []ui.Row
	Reach             reach
}

// chatHome asks what it is about.
func (p *Portal) chatHome(c *web.Context) error {
	return p.showChatHome(c, http.StatusOK, startView{})
}

func (p *Portal) showChatHome(c *web.Context, status int, v startView, problems ...ui.Problem) error {
	wait, err := p.Chats.Queue(c.R.Context(), c.Now, chat.Chat{})
	if err != nil {
		return err
	}
	list, err := p.Chats.Of(c.R.Context(), asker(c))
	if err != nil {
		return err
	}
	for _, talked := range list {
		v.Past = append(v.Past, ui.Row{Key: c.Words.DateTime(talked.CreatedAt, c.Site.Brand.Zone()), Value: chatState(c, talked),
			Change: &ui.Link{Label: c.T("chat.past.open"), Href: "/chat/" + talked.ID, What: c.T("chat.past.of", "Date", c.Words.DateTime(talked.CreatedAt, c.Site.Brand.Zone()))}})
	}
	v.Live, v.Guest, v.Reach = wait.Live(), !c.Session.SignedIn(), reachOf(c)
	v.AskEmail = v.Guest && !v.Live
	switch {
	case v.Live:
		v.Note = talk.Waits(c, wait)
	case wait.Open:
		v.Note = c.T("chat.closed.busy")
	default:
		v.Note = c.T("chat.closed.hours", "Hours", ui.Hours(c.Words, c.Site.Brand, c.Now))
	}
	if v.Key == "" {
		v.Key = id.Secret()
	}
	frame := page(c, c.T("chat.title"))
	frame.Path, frame.Problems = "/chat", problems
	return c.Render(status, chatHomePage(frame, v))
}

// chatState says how a conversation stands, in two words.
//
// words: chat.state.*
func chatState(c *web.Context, talked chat.Chat) string {
	if talked.Last > talked.MemberRead && talked.State != chat.Waiting {
		return c.T("chat.state.new")
	}
	return c.T("chat.state." + string(talked.State))
}

// chatStart begins a conversation.
func (p *Portal) chatStart(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		var most *http.MaxBytesError
		if _, text, status, _ := talk.Problem(c, chat.ErrLong); errors.As(err, &most) {
			return p.showChatHome(c, status, startView{}, ui.Problem{Field: "text", Text: text})
		}
		return err
	}
	v := startView{Name: c.Form("name"), Email: c.Form("email"), Text: c.Form("text"), Key: c.Form("key")}
	wait, err := p.Chats.Queue(c.R.Context(), c.Now, chat.Chat{})
	if err != nil {
		return err
	}
	in := chat.Beginning{Key: v.Key, AccountID: c.Session.AccountID, Token: c.Cookie(chatCookie), Name: v.Name, Email: v.Email, Language: c.Words.Lang(),
		Text: v.Text, Mail: !wait.Live()}
	if c.Session.SignedIn() {
		in.Name, in.Email = "", ""
		if in.MemberID, err = p.first(c); err != nil {
			return err
		}
	}
	err = c.Site.Accounts.Allow(c.R.Context(), c.Now, chat.StartsFrom, identity.From(c.Address()))
	if fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showChatHome(c, http.StatusTooManyRequests, v)
	}
	if err != nil {
		return err
	}
	begun, token, err := p.Chats.Start(c.R.Context(), c.Now, c.Who(), in)
	if field, text, status, ok := talk.Problem(c, err); ok && err != nil {
		if errors.Is(err, chat.ErrKey) || errors.Is(err, chat.ErrStarted) {
			v.Key = "" // another one: what stands in the form can be sent
		}
		v.Text, v.Name = upTo(v.Text, chat.MaxText), upTo(v.Name, chat.MaxName)
		return p.showChatHome(c, status, v, ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	if token != "" {
		c.SetCookie(chatCookie, token, 0)
	}
	return c.Redirect("/chat/" + begun.ID)
}

// upTo is s, or "" where it is longer than n characters: what is far too long is not shown again.
func upTo(s string, n int) string {
	if utf8.RuneCountInString(s) > 2*n {
		return ""
	}
	return s
}

// first is the member whom the reader's account acts for: the oldest, where it acts for several. "" for nobody.
func (p *Portal) first(c *web.Context) (string, error) {
	profile, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return "", err
	}
	people, err := member.ByIDs(c.R.Context(), p.DB.Read(), profile.Members)
	if err != nil {
		return "", err
	}
	var oldest member.Member
	for _, rowID := range profile.Members {
		if m, ok := people[rowID]; ok && (oldest.ID == "" || m.BirthDate.Before(oldest.BirthDate)) {
			oldest = m
		}
	}
	return oldest.ID, nil
}

// chatView is one conversation.
type chatView struct {
	Path     string
	Chat     ui.Chat
	AskEmail bool // a guest whom an answer could not reach
	Email    string
	Leave    bool
	Rate     *rateView
	Rated    string
	Copy     bool
	CopyAsk  bool   // a guest without an address
	Done     string // what was done a moment ago
	Connect  bool   // the reader is signed in, and the conversation began without
	SignIn   string // address to sign in at and come back; "" for none
	Closed   bool
}

type rateView struct {
	Options []ui.Option
	Comment string
}

// conversation returns the reader's conversation of the address.
func (p *Portal) conversation(c *web.Context) (chat.Chat, error) {
	return p.Chats.Mine(c.R.Context(), c.Now, asker(c), c.R.PathValue("conversation"))
}

// chatPage shows a conversation. Whoever sees the page has seen its messages.
func (p *Portal) chatPage(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	done := ""
	switch c.R.URL.Query().Get("done") {
	case "copy":
		done = c.T("chat.copy.done")
	case "rated":
		done = c.T("chat.rate.done")
	case "mail":
		done = c.T("chat.email.done")
	}
	if err := p.Chats.Read(c.R.Context(), c.Now, talked.ID, chat.Member, talked.Last); err != nil {
		return err
	}
	return p.showChat(c, http.StatusOK, talked, chatView{Done: done}, "")
}

// talker is the reader of a conversation at this door.
func talker(talked chat.Chat) talk.Reader {
	return talk.Reader{Side: chat.Member, Base: "/chat/" + talked.ID}
}

func (p *Portal) showChat(c *web.Context, status int, talked chat.Chat, v chatView, text string, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), p.DB.Read()
	list, err := p.Chats.All(ctx, q, talked.ID, chat.Member)
	if err != nil {
		return err
	}
	wait := chat.Wait{}
	if talked.State == chat.Waiting {
		if wait, err = p.Chats.Queue(ctx, c.Now, talked); err != nil {
			return err
		}
	}
	r := talker(talked)
	v.Path, v.Closed = r.Base, talked.State == chat.Closed
	v.Chat = ui.Chat{ID: talked.ID, Label: c.T("chat.log"), Lines: r.Lines(c, talked, list), Status: r.Status(c, talked, wait), Seen: r.Seen(talked), Ended: v.Closed, Page: r.Base}
	if n := len(list); n > 0 {
		v.Chat.After = list[n-1].Number
	}
	if !v.Closed || talked.Mail {
		v.Chat.Events, v.Chat.Read, v.Chat.Typing = r.Base+"/events", r.Base+"/read", r.Base+"/typing"
		v.Chat.Refresh = r.Base + "?seen=" + strconv.FormatInt(v.Chat.After, 10) + "#m" + strconv.FormatInt(v.Chat.After, 10)
		v.Chat.Compose = &ui.Compose{Action: r.Base + "/messages", Key: id.Secret(), Label: c.T("chat.text"), Value: text, Button: c.T("chat.send"), MaxLength: chat.MaxText,
			FileLabel: c.T("chat.file.add"), FileHint: c.T("chat.file.hint"), Accept: ".pdf,.png,.jpg,.jpeg"}
	}
	v.AskEmail = !talked.Reachable() && talked.State == chat.Waiting && (talked.Mail || !wait.Live())
	v.Leave = !v.Closed
	v.Copy, v.CopyAsk = true, !talked.Reachable()
	v.Connect = c.Session.SignedIn() && talked.AccountID == ""
	if !c.Session.SignedIn() && talked.AccountID == "" {
		v.SignIn = "/sign-in?to=" + r.Base
	}
	if v.Closed && talked.Rating == 0 {
		if v.Rate == nil {
			v.Rate = &rateView{}
		}
		for n := 5; n >= 1; n-- {
			v.Rate.Options = append(v.Rate.Options, ui.Option{Value: strconv.Itoa(n), Label: c.T("chat.rate." + strconv.Itoa(n))}) // words: chat.rate.*
		}
	} else if v.Closed {
		v.Rated = c.T("chat.rated", "Rating", c.T("chat.rate."+strconv.Itoa(talked.Rating)))
	}
	frame := page(c, c.T("chat.page.title"))
	frame.Path, frame.Problems = r.Base, problems
	frame.Back = &ui.Link{Label: c.T("chat.all"), Href: "/chat"}
	frame.Modules = []string{ui.URL("chat.js")}
	return c.Render(status, chatPage(frame, v))
}

// chatEvents is the stream of a conversation.
func (p *Portal) chatEvents(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	return talker(talked).Stream(c, p.Chats, talked.ID, func() (chat.Chat, error) { return p.conversation(c) })
}

// chatSend takes a message.
func (p *Portal) chatSend(c *web.Context) error {
	if err := p.Chats.Floods(c.Now, asker(c), c.R.PathValue("conversation")); err != nil {
		if _, says, status, _ := talk.Problem(c, err); talk.ByScript(c) {
			return talk.Answer(c, status, says)
		}
		return err
	}
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := identity.Full(c.R.Context(), p.DB.Read(), c.Now, chat.MessagesOf, talked.ID); err != nil {
		return p.notSent(c, talked, "", err)
	}
	in, err := talk.ReadMessage(c)
	if err != nil {
		return p.notSent(c, talked, "", err)
	}
	in.Side = chat.Member
	m, err := p.Chats.Send(c.R.Context(), c.Now, talked.ID, in)
	if err != nil {
		return p.notSent(c, talked, strings.ToValidUTF8(in.Text, ""), err)
	}
	if talk.ByScript(c) {
		return talk.Answer(c, http.StatusOK, "")
	}
	return c.Redirect("/chat/" + talked.ID + "#m" + strconv.FormatInt(m.Number, 10))
}

// notSent shows what was written again, with what to correct.
func (p *Portal) notSent(c *web.Context, talked chat.Chat, text string, err error) error {
	p.Chats.Refused(c.Now, asker(c), talked.ID, err)
	field, says, status, ok := talk.Problem(c, err)
	switch {
	case !ok:
		return err
	case talk.ByScript(c):
		return talk.Answer(c, status, says)
	}
	return p.showChat(c, status, talked, chatView{}, upTo(text, chat.MaxText), ui.Problem{Field: field, Text: says})
}

// chatTyping tells the other side that the reader writes.
func (p *Portal) chatTyping(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if talked.State == chat.Open {
		if err := p.Chats.Types(c.R.Context(), talked.ID, chat.Member); err != nil {
			return err
		}
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

// chatRead notes how far the reader has read.
func (p *Portal) chatRead(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	number, _ := strconv.ParseInt(c.Form("number"), 10, 64) // 0 notes nothing
	if err := p.Chats.Read(c.R.Context(), c.Now, talked.ID, chat.Member, number); err != nil {
		return err
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

// chatByMail lets the answer come by e-mail.
func (p *Portal) chatByMail(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	email := c.Form("email")
	if email != "" && !identity.ValidEmail(email) {
		err = chat.ErrEmail
	} else {
		err = p.Chats.ToMail(c.R.Context(), c.Now, c.Who(), talked.ID, email)
	}
	if field, text, status, ok := talk.Problem(c, err); ok && err != nil {
		return p.showChat(c, status, talked, chatView{Email: upTo(email, 254)}, "", ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/chat/" + talked.ID + "?done=mail")
}

// chatLeave ends a conversation.
func (p *Portal) chatLeave(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := p.Chats.Close(c.R.Context(), c.Now, c.Who(), talked.ID, chat.Member); err != nil {
		return err
	}
	return c.Redirect("/chat/" + talked.ID)
}

// chatRate keeps what the reader thinks of a conversation that has ended.
func (p *Portal) chatRate(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	rating, _ := strconv.Atoi(c.Form("rating")) // 0 is refused
	err = p.Chats.Rate(c.R.Context(), c.Now, c.Who(), talked.ID, rating, c.Form("comment"))
	if field, text, status, ok := talk.Problem(c, err); ok && err != nil && talked.State == chat.Closed {
		return p.showChat(c, status, talked, chatView{Rate: &rateView{Comment: upTo(c.Form("comment"), chat.MaxComment)}}, "", ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/chat/" + talked.ID + "?done=rated")
}

// chatCopy sends a copy of the conversation by e-mail.
func (p *Portal) chatCopy(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	email := ""
	if !talked.Reachable() {
		email = c.Form("copy_email")
	}
	list, err := p.Chats.All(c.R.Context(), p.DB.Read(), talked.ID, chat.Member)
	if err != nil {
		return err
	}
	err = p.Chats.SendCopy(c.R.Context(), c.Now, c.Who(), talked.ID, email, talker(talked).Copy(c, talked, list))
	if _, text, status, ok := talk.Problem(c, err); ok && err != nil {
		field := "copy_email"
		if fault.Is(err, fault.Busy) {
			field, text = "", c.T("chat.copy.enough")
		}
		return p.showChat(c, status, talked, chatView{}, "", ui.Problem{Field: field, Text: text})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/chat/" + talked.ID + "?done=copy")
}

// chatConnect links a conversation that began without an account to the reader's, because they ask for it.
func (p *Portal) chatConnect(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	memberID, err := p.first(c)
	if err != nil {
		return err
	}
	if memberID == "" {
		return fault.New(fault.Conflict, "chat.nobody")
	}
	err = p.DB.Write(c.R.Context(), func(tx *db.Tx) error {
		return p.Chats.Link(c.R.Context(), tx, c.Now, c.Who(), talked.ID, memberID, c.Session.AccountID, c.Session.AccountID)
	})
	if err != nil {
		return err
	}
	return c.Redirect("/chat/" + talked.ID)
}

// chatFile sends a file of the conversation.
func (p *Portal) chatFile(c *web.Context) error {
	talked, err := p.conversation(c)
	if err != nil {
		return err
	}
	f, data, err := p.Chats.File(c.R.Context(), talked.ID, c.R.PathValue("file"))
	if err != nil {
		return err
	}
	return talk.SendFile(c, f, data)
}

// chatLink asks whoever follows the link of an e-mail to open the conversation: what looks at links in e-mails presses no
// button.
func (p *Portal) chatLink(c *web.Context) error {
	frame := page(c, c.T("chat.link.title"))
	_, _, err := p.Chats.Resume(c.R.Context(), c.Now, c.Who(), c.R.PathValue("link"), "", true)
	if fault.Is(err, fault.NotFound) {
		return c.Render(http.StatusNotFound, chatLinkPage(frame, ""))
	}
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, chatLinkPage(frame, "/chat-link/"+c.R.PathValue("link")))
}

// chatLinkPost opens the conversation of a link in this browser.
func (p *Portal) chatLinkPost(c *web.Context) error {
	chatID, token, err := p.Chats.Resume(c.R.Context(), c.Now, c.Who(), c.R.PathValue("link"), c.Cookie(chatCookie), false)
	if fault.Is(err, fault.NotFound) {
		frame := page(c, c.T("chat.link.title"))
		frame.Path = ""
		return c.Render(http.StatusNotFound, chatLinkPage(frame, ""))
	}
	if err != nil {
		return err
	}
	c.SetCookie(chatCookie, token, 0)
	return c.Redirect("/chat/" + chatID)
}

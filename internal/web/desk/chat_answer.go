package desk

import (
	"net/http"
	"strconv"
	"strings"

	"memberpay/internal/chat"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
	"memberpay/internal/web/ui"
)

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
		there, err := d.there(c)
		if err != nil {
			return err
		}
		if !there[x.ID] && x.ID != me.ID && !talked.Mail { // nobody who waits on the page is promised somebody who is away
			return d.afterChat(c, chatID, "", note, chat.ErrAway)
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

// closeChat ends a conversation that the reader has. A supervisor may end that of another, too.
func (d *Desk) closeChat(c *web.Context) error {
	me, err := d.worker(c)
	if err != nil {
		return err
	}
	chatID := c.R.PathValue("conversation")
	err = d.Chats.Finish(c.R.Context(), c.Now, who(c), me, c.Session.Actor().May(identity.Supervise), chatID)
	return d.afterChat(c, chatID, "", "", err)
}

package talk

import (
	"strconv"
	"strings"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Stream sends a conversation to its reader as it goes on: each message with its number as the id of the event, where the
// conversation stands, what the other side has read and that it types. still reports an error where the reader may no longer
// read it. It ends when the reader goes, is too slow, is signed out, or the server stops; the browser comes back with the
// number of the last message it got.
func (r Reader) Stream(c *web.Context, chats *chat.Chats, chatID string, still func() (chat.Chat, error)) error {
	watch := chats.Hub.Watch(chatID)
	defer watch.Close()
	s, err := c.Stream()
	if err != nil {
		return nil
	}
	sent := sent{after: c.LastEvent(), typed: watch.Typed(r.Side)}
	beat := time.NewTicker(web.Beat)
	defer beat.Stop()
	for {
		c.Now = c.Site.Now()
		talk, err := still()
		if err != nil {
			return nil // the stream is out: nothing can be said there but that it ends
		}
		more, err := r.news(c, chats, s, talk, watch, &sent)
		if err != nil {
			return err
		}
		if err := s.Flush(); err != nil || (talk.State == chat.Closed && !more && !talk.Mail) {
			return nil // the reader is gone, or there is nothing to wait for
		}
		if more {
			continue
		}
		select {
		case <-watch.C:
		case <-beat.C:
			if c.Session.ID != "" {
				if alive, err := c.Site.Accounts.Alive(c.R.Context(), c.Site.Now(), c.Session.ID); err != nil || !alive {
					return err
				}
			}
			s.Alive()
		case <-chats.Hub.Done():
			return nil
		case <-c.R.Context().Done():
			return nil
		}
	}
}

// sent is what a stream has told.
type sent struct {
	after, seen, typed int64
	status, mine       string
	closed             bool
}

// news adds what is new to the stream. more reports that there is more than it took.
func (r Reader) news(c *web.Context, chats *chat.Chats, s *web.Stream, talk chat.Chat, watch *chat.Watch, sent *sent) (more bool, err error) {
	ctx := c.R.Context()
	if talk.Last > sent.after {
		list, err := chats.Messages(ctx, chats.DB.Read(), talk.ID, r.Side, sent.after)
		if err != nil {
			return false, err
		}
		for _, l := range r.Lines(c, talk, list) {
			var html strings.Builder
			if err := ui.ChatLineFor(l).Render(ctx, &html); err != nil {
				return false, err
			}
			s.Event("message", l.Number, html.String())
			sent.after = l.Number
		}
		more = len(list) > 0 && sent.after < talk.Last && list[len(list)-1].Number < talk.Last
	}
	wait := chat.Wait{}
	if talk.State == chat.Waiting && r.Side == chat.Member {
		if wait, err = chats.Queue(ctx, c.Now, talk); err != nil {
			return false, err
		}
	}
	if status := r.Status(c, talk, wait); status != sent.status {
		var html strings.Builder
		if err := ui.ChatStatus(status).Render(ctx, &html); err != nil {
			return false, err
		}
		s.Event("status", 0, html.String())
		sent.status = status
	}
	if seen := r.Seen(talk); seen != sent.seen {
		s.Event("seen", 0, strconv.FormatInt(seen, 10))
		sent.seen = seen
	}
	if typed := watch.Typed(r.Side); typed != sent.typed {
		s.Event("typing", 0, r.types(c, talk))
		sent.typed = typed
	}
	if mine := r.mine(talk); mine != "" && mine != sent.mine {
		s.Event("mine", 0, mine)
		sent.mine = mine
	}
	if closed := talk.State == chat.Closed; closed != sent.closed {
		switch {
		case r.Side == chat.Member && closed:
			s.Event("closed", 0, "yes")
		case r.Side == chat.Member:
			s.Event("closed", 0, "no")
		case closed:
			s.Event("closed", 0, c.T("chat.desk.closed"))
		}
		sent.closed = closed
	}
	return more, nil
}

// mine tells one of the staff whether they have the conversation, "yes" or "no", for as long as somebody can have it.
func (r Reader) mine(talk chat.Chat) string {
	switch {
	case r.Side != chat.Agent, talk.State == chat.Closed:
		return ""
	case talk.State == chat.Open && talk.AgentID == r.Me:
		return "yes"
	}
	return "no"
}

// Seen is the number of the last message of the reader's side that the other side has read.
func (r Reader) Seen(talk chat.Chat) int64 {
	if r.Side == chat.Agent {
		return talk.MemberRead
	}
	return talk.AgentRead
}

// types says that the other side is writing.
func (r Reader) types(c *web.Context, talk chat.Chat) string {
	if r.Side == chat.Agent {
		return c.T("chat.types", "Name", Caller(c, talk))
	}
	return c.T("chat.types", "Name", talk.AgentName)
}

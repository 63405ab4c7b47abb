package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/identity"
)

const guestSays = `I was charged <script>alert(1)</script> twice`

var byGuest = audit.Who{Role: audit.Guest, From: "192.0.2.1"}

// asks is a guest who begins a conversation; it returns its id.
func (o *office) asks() string {
	o.t.Helper()
	c, _, err := o.chats.Start(o.t.Context(), o.clock(), byGuest, chat.Beginning{Key: id.Secret(), Name: "Nora", Language: "es", Text: guestSays})
	o.must(err)
	o.talked = c.ID
	return c.ID
}

// asksLinked is a conversation that is linked to the office's member.
func (o *office) asksLinked() string {
	o.t.Helper()
	chatID := o.asks()
	o.must(o.db.Write(o.t.Context(), func(tx *db.Tx) error {
		return o.chats.Link(o.t.Context(), tx, o.clock(), byGuest, chatID, o.member, "", "acc_other")
	}))
	return chatID
}

// sendsFile is a file in the latest conversation.
func (o *office) sendsFile() string {
	o.t.Helper()
	m, err := o.chats.Send(o.t.Context(), o.clock(), o.talked, chat.Sending{Key: id.Secret(), Side: chat.Member, File: &chat.Upload{Name: "bill.pdf", Data: []byte("%PDF-1.7\n%%EOF")}})
	o.must(err)
	return m.File.ID
}

// TestChatsAtTheDesk goes from the queue over a transfer to the end, without scripts.
func TestChatsAtTheDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, _ := o.hire(identity.Agent)
	two, _ := o.hire(identity.Supervisor)
	iris, boss := o.opened(one, "passkey"), o.opened(two, "passkey")
	iris.get("/desk/chats").says(t, 200, "You are not taking chats.", "Nobody waits.")
	iris.post("/desk/chats/next").says(t, 200, "Nobody waits right now.")
	iris.post("/desk/chats/duty", "on", "yes").leads(t, "/desk/chats")
	chatID := o.asks()
	o.pass(3 * time.Minute)
	iris.get("/desk/chats").says(t, 200, "You are taking chats.", "Nora", "came 3 minutes ago", "Spanish", "not verified")
	path := "/desk/chats/" + chatID
	page := boss.get(path)
	page.says(t, 200, "Nobody has taken this chat yet.", "Not verified. You know only what they write.", "twice", "Take this chat")
	if strings.Contains(page.Body, `name="text"`) {
		t.Error("whoever has not taken a chat can write in it")
	}
	boss.post(path+"/messages", "key", id.Secret(), "text", "Hi").says(t, 409, "Take this chat first.")
	iris.post("/desk/chats/next").leads(t, path)
	boss.post(path+"/take").says(t, 409, "A colleague has taken this chat.")
	iris.get(path).says(t, 200, "You have this chat.", "Ready answers")
	if a := iris.get(path + "?reply=rpl_greeting"); !strings.Contains(a.Body, "Hola, y gracias por escribirnos") {
		t.Error("the ready answer is not in the field, in the member's language")
	}
	iris.post(path+"/messages", "key", id.Secret(), "text", "").says(t, 422, "Write a message first.")
	iris.post(path+"/messages", "key", id.Secret(), "text", "Un momento, 4242 4242 4242 4242").leads(t, path)
	iris.get(path).says(t, 200, "Un momento, [card number removed]")
	if a := iris.get(path); strings.Contains(a.Body, `value="`+two+`"`) {
		t.Error("the chat can be handed to somebody who is away")
	}
	iris.post(path+"/transfer", "to", two, "note", "Charged twice in May").says(t, 422, "Your colleague takes no chats now.", "Charged twice in May")
	boss.post("/desk/chats/duty", "on", "yes").leads(t, "/desk/chats")
	if list := iris.get(path).Body; !regexp.MustCompile(`<optgroup label="Taking chats now"><option value="` + two + `">[^<(]+</option></optgroup>`).MatchString(list) {
		t.Errorf("who takes chats now is not in the list, by name alone: %s", list)
	}
	again := iris.post(path+"/transfer", "to", two, "note", "")
	again.says(t, 422, "Say in a few words")
	if !strings.Contains(again.Body, `<option value="`+two+`" selected>`) {
		t.Error("whom the chat was to go to is not chosen any more")
	}
	iris.post(path+"/transfer", "to", "acc_nobody", "note", "Please").says(t, 422, "Choose somebody else.", "Please")
	iris.post(path+"/transfer", "to", two, "note", "Charged twice in May").leads(t, "/desk/chats")
	boss.get(path).says(t, 200, "You have this chat.", "Charged twice in May", "Note from Iris, only for staff")
	iris.get("/desk/chats").says(t, 200, "with Iris")
	iris.post(path+"/messages", "key", id.Secret(), "text", "Hi").says(t, 409, "Take this chat first.")
	if a := iris.get(path); strings.Contains(a.Body, path+"/close") {
		t.Error("an agent can close the chat that a colleague has")
	}
	iris.post(path+"/close").says(t, 409, "A colleague has taken this chat.")
	boss.get(path).says(t, 200, "You have this chat.", "Yes, close it")
	iris.post(path+"/transfer", "to", one, "note", "I take it back").leads(t, path)
	boss.get(path).says(t, 200, "Iris has this chat. Whoever they write with", "Yes, close it")
	iris.post(path+"/close").leads(t, path)
	iris.get(path).says(t, 200, "This chat is closed.")
	iris.post(path+"/messages", "key", id.Secret(), "text", "Hi").says(t, 409)
	boss.get("/desk/overview/ratings").says(t, 200, "Nobody has rated a conversation yet.")
	o.must(o.chats.Rate(t.Context(), o.clock(), byGuest, chatID, 2, "<b>Slow</b>, 4242 4242 4242 4242"))
	iris.get(path).says(t, 200, "Rating", "Bad", "&lt;b&gt;Slow&lt;/b&gt;, [card number removed]")
	iris.get("/desk/overview/ratings").says(t, 403)
	boss.get("/desk/overview/ratings").says(t, 200, "Bad", "&lt;b&gt;Slow&lt;/b&gt;, [card number removed]", "Iris")
	if n := len(o.entries("chat.ratings_viewed")); n != 2 {
		t.Errorf("a look at the ratings stands %d times in the log", n)
	}
	for action, want := range map[string]int{"chat.viewed": 7, "chat.assigned": 1, "chat.transferred": 2, "chat.closed": 1} {
		if n := len(o.entries(action)); n < want {
			t.Errorf("%s stands %d times in the log, want %d", action, n, want)
		}
	}
	second := "/desk/chats/" + o.asks()
	iris.post(second+"/close").says(t, 409, "Take this chat first.")
	iris.post(second+"/take").leads(t, second)
	boss.post(second+"/close").leads(t, second)
	boss.get(second).says(t, 200, "This chat is closed.")
	byMail, _, err := o.chats.Start(t.Context(), o.clock(), byGuest, chat.Beginning{Key: id.Secret(), Email: "nora@mail.example", Language: "es", Text: guestSays, Mail: true})
	o.must(err)
	third := "/desk/chats/" + byMail.ID
	boss.post("/desk/chats/duty", "on", "no").leads(t, "/desk/chats")
	iris.post(third+"/take").leads(t, third)
	if list := iris.get(third).Body; !strings.Contains(list, `<optgroup label="Away now">`) {
		t.Errorf("who is away is not in the list: %s", list)
	}
	iris.post(third+"/transfer", "to", two, "note", "For tomorrow").leads(t, "/desk/chats")
	finance, _ := o.hire(identity.Finance)
	o.opened(finance, "passkey").get(path).says(t, 403)
	iris.get("/desk/chats/cht_none").says(t, 404)
}

// TestGuestIsLinkedAfterACall: only to whom the reader has verified, in a call of theirs.
func TestGuestIsLinkedAfterACall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	v := o.opened(agent, "passkey")
	chatID := o.asks()
	path := "/desk/chats/" + chatID
	other := o.verifiedCall()
	v.get(path).says(t, 200, "Not verified.")
	v.post(path+"/link", "call", other.ID).says(t, 404) // somebody else's call
	v.post(path+"/link", "call", "").says(t, 404)
	_, call := o.provedTo(agent)
	v.get(path).says(t, 200, "somebody proved to you who they are")
	v.post(path+"/link", "call", call.ID).leads(t, path)
	v.get(path).says(t, 200, "Verified by the desk", "It was checked who this is.")
	if c, err := o.chats.Get(t.Context(), o.db.Read(), chatID); err != nil || c.MemberID != o.member || c.LinkedBy != agent || c.Guest() {
		t.Errorf("%+v %v", c, err)
	}
	if n := len(o.entries("chat.linked")); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// TestReadyAnswers are kept in both languages by whoever leads.
func TestReadyAnswers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lead, _ := o.hire(identity.Supervisor)
	agent, _ := o.hire(identity.Agent)
	v := o.opened(lead, "passkey")
	v.get("/desk/replies").says(t, 200, "When a payment shows", "Add an answer")
	v.post("/desk/replies", "title", "Refunds", "text_en", "Five days.").says(t, 422, "Write the answer in Spanish", "Five days.")
	v.post("/desk/replies", "title", "Refunds", "text_en", "Five days <script>alert(1)</script>", "text_es", "Cinco días.").leads(t, "/desk/replies")
	page := v.get("/desk/replies")
	page.says(t, 200, "Refunds", "Cinco días.")
	_, rest, _ := strings.Cut(page.Body, "Refunds")
	_, rest, _ = strings.Cut(rest, "/desk/replies?edit=")
	replyID, _, _ := strings.Cut(rest, `"`)
	v.get("/desk/replies?edit="+url.QueryEscape(replyID)).says(t, 200, "Change this answer")
	v.post("/desk/replies/"+replyID, "title", "Refunds", "text_en", "Six days.", "text_es", "Seis días.").leads(t, "/desk/replies")
	v.post("/desk/replies/"+replyID+"/remove").leads(t, "/desk/replies")
	v.post("/desk/replies/"+replyID+"/remove").says(t, 404)
	if a := o.opened(agent, "passkey").get("/desk/replies"); a.Status != http.StatusForbidden {
		t.Errorf("an agent changes what everybody uses: %d", a.Status)
	}
}

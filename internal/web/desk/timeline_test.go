package desk

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

// TestOneColumnTellsWhatHappened: calls, checks, chats, messages, notes and looks stand in one column, the newest first; a note keeps no card number and is struck through by a later one.
func TestOneColumnTellsWhatHappened(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		chatted := o.asksLinked()
		o.pass(time.Minute)
		agent, _ := o.hire(identity.Agent)
		v, path := o.opened(agent, "passkey"), "/desk/members/"+o.member
		closed := v.post(path+"/notes", "text", "Not yet")
		closed.leads(t, path)
		_, call := o.provedTo(agent)
		o.pass(time.Minute)
		v.post("/desk/calls/"+call.ID+"/member-id", "how", "send")
		o.pass(time.Minute)
		v.post(path, "reason", "Called about a bill")
		o.pass(time.Minute)
		v.post(path+"/notes", "text", "").says(t, 422, "Write a few words")
		v.post(path+"/notes", "text", strings.Repeat("long ", 2000)).says(t, 422, "Write a few words")
		v.post(path+"/notes", "text", `Paid by card 4111 1111 1111 1111 <script>alert(1)</script>`).leads(t, path+"?taken=1#notes")
		o.pass(time.Minute)
		a := v.get(path + "?taken=1")
		a.says(t, 200, "A card number was taken out", "1 number that looked like a card", "Iris wrote", "Strike through an earlier note", "Verified")
		if strings.Contains(a.Body, "4111") {
			t.Error("a card number was kept")
		}
		var first string
		o.must(d.Read().QueryRowContext(t.Context(), "SELECT id FROM member_note").Scan(&first))
		v.post(path+"/notes", "text", "That was a mistake", "strikes", first).leads(t, path+"#notes")
		v.post(path+"/notes", "text", "Once more", "strikes", first).says(t, 409, "struck that note through already", "Once more")
		v.post(path+"/notes", "text", "Once more", "strikes", "note_none").says(t, 404)
		a = v.get(path)
		column := a.Body[strings.Index(a.Body, `id="timeline"`):]
		at := -1
		for _, s := range []string{"struck a note through", "Iris wrote", "Iris opened the record", "Member ID", "Proved who they are", "Conversation that waits for an agent"} {
			next := strings.Index(column, s)
			if next <= at {
				t.Errorf("%q does not stand in its place: %s", s, answer{Body: column}.Text())
			}
			at = next
		}
		if !strings.Contains(column, "/desk/chats/"+chatted) {
			t.Error("the chat is not led to")
		}
		if !strings.Contains(column, "<s>") || strings.Contains(column, "Hillcrest") {
			t.Error("the timeline is not as it should be")
		}
		for _, s := range []string{`href="#bills" accesskey="1"`, `href="#timeline" accesskey="6"`, `accesskey="n"`} {
			if !strings.Contains(a.Body, s) {
				t.Errorf("the record lacks %s", s)
			}
		}
		list, err := event.MessagesAbout(t.Context(), d.Read(), nil, 10)
		if err != nil || list != nil {
			t.Errorf("messages about nothing: %v %v", list, err)
		}
		if n := len(o.entries("note")); n != 2 {
			t.Errorf("%d notes stand in the audit log", n)
		}
		for _, e := range o.entries("note") {
			if e.Member != o.member || e.Role != audit.Agent || strings.Contains(e.Detail, "mistake") {
				t.Errorf("%+v", e)
			}
		}
	})
}

package chat_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/letter"
)

// TestConversation goes from the first question to the rating, over a transfer.
func TestConversation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		c, token := r.begin("Hello\r\nI paid twice.\x00\u202e")
		r.says(c.ID, "My card is 4242 4242 4242 4242")
		if _, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: id.Secret(), Side: chat.Agent, AuthorID: amal.ID, Text: "Hi"}); !errors.Is(err, chat.ErrNotTaken) {
			t.Errorf("an agent answers what they have not taken: %v", err)
		}
		r.take(amal, c.ID)
		if err := r.chats.Take(ctx, r.now, staff, blair, c.ID); !errors.Is(err, chat.ErrTaken) {
			t.Errorf("two have it: %v", err)
		}
		r.take(amal, c.ID)
		r.answers(amal, c.ID, "I will look.")
		if err := r.chats.Transfer(ctx, r.now, staff, amal, blair, c.ID, "  "); !errors.Is(err, chat.ErrNote) {
			t.Errorf("handed on without a word: %v", err)
		}
		if err := r.chats.Transfer(ctx, r.now, staff, amal, amal, c.ID, "to me"); !errors.Is(err, chat.ErrTo) {
			t.Errorf("handed to whoever has it: %v", err)
		}
		r.must(r.chats.Transfer(ctx, r.now, staff, amal, blair, c.ID, "Paid twice, see May"))
		r.answers(blair, c.ID, "It is on its way back.")
		r.must(r.chats.Transfer(ctx, r.now, staff, blair, chat.Worker{}, c.ID, "My shift ends"))
		if got := r.get(c.ID); got.State != chat.Waiting || got.AgentID != "" {
			t.Errorf("back in the queue it is %+v", got)
		}
		if err := r.chats.Finish(ctx, r.now, staff, amal, false, c.ID); !errors.Is(err, chat.ErrNotTaken) {
			t.Errorf("closed by whoever has not taken it: %v", err)
		}
		r.take(amal, c.ID)
		if err := r.chats.Finish(ctx, r.now, staff, blair, false, c.ID); !errors.Is(err, chat.ErrTaken) {
			t.Errorf("closed under a colleague's hands: %v", err)
		}
		r.must(r.chats.Finish(ctx, r.now, staff, amal, false, c.ID))
		r.must(r.chats.Finish(ctx, r.now, staff, blair, false, c.ID))
		member := []string{"Hello\nI paid twice.", "My card is [card number removed]", "<card>", "<joined>", "I will look.", "<moved>", "It is on its way back.", "<queued>", "<joined>", "<closed>"}
		if got := r.texts(c.ID, chat.Member); !slices.Equal(got, member) {
			t.Errorf("the member reads %q", got)
		}
		if got := r.texts(c.ID, chat.Agent); len(got) != len(member)+2 || !slices.Contains(got, "Paid twice, see May") {
			t.Errorf("staff read %q", got)
		}
		for i, m := range r.all(c.ID, chat.Agent) {
			if m.Number != int64(i+1) {
				t.Errorf("message %d has the number %d", i+1, m.Number)
			}
		}
		if _, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: id.Secret(), Side: chat.Member, Text: "more"}); !errors.Is(err, chat.ErrClosed) {
			t.Errorf("a closed one goes on: %v", err)
		}
		if err := r.chats.Rate(ctx, r.now, guest, c.ID, 6, ""); !errors.Is(err, chat.ErrRating) {
			t.Errorf("rated with 6: %v", err)
		}
		r.must(r.chats.Rate(ctx, r.now, guest, c.ID, 4, "Quick. 4242424242424242"))
		if got := r.get(c.ID); got.Rating != 4 || got.Comment != "Quick. [card number removed]" {
			t.Errorf("kept as %d %q", got.Rating, got.Comment)
		}
		r.must(r.chats.Rate(ctx, r.now, guest, c.ID, 2, ""))
		r.must(r.chats.Rate(ctx, r.now, guest, c.ID, 4, "Slow"))
		if got, err := r.chats.Rated(ctx, 10); err != nil || len(got) != 1 || got[0].Rating != 4 || got[0].Comment != "Slow" {
			t.Errorf("rated are %+v %v", got, err)
		}
		if got, err := r.chats.Ratings(ctx, r.now.Add(-time.Hour)); err != nil || got != [5]int{3: 1} {
			t.Errorf("ratings %v %v", got, err)
		}
		for action, want := range map[string]int{"chat.started": 1, "chat.assigned": 2, "chat.transferred": 2, "chat.closed": 1, "chat.rated": 3} {
			list, err := audit.List(ctx, d.Read(), audit.Filter{Action: action}, 10)
			if err != nil || len(list) != want {
				t.Errorf("%s stands %d times in the log, want %d (%v)", action, len(list), want, err)
			}
		}
		if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: token}, c.ID); err != nil {
			t.Errorf("the guest's own browser: %v", err)
		}
		for name, who := range map[string]chat.Asker{"nobody": {}, "another browser": {Token: id.Secret()}, "an account": {AccountID: "acc_1"}, "an account and the cookie of nobody": {AccountID: "acc_1", Token: id.Secret()}} {
			if _, err := r.chats.Mine(ctx, r.now, who, c.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s finds it: %v", name, err)
			}
		}
	})
}

// TestOnce: however often something is sent, it is there once.
func TestOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		in := chat.Beginning{Key: id.Secret(), Language: "es", Text: "Hola"}
		c, token, err := r.chats.Start(ctx, r.now, guest, in)
		r.must(err)
		in.Token = token
		again, _, err := r.chats.Start(ctx, r.now, guest, in)
		if err != nil || again.ID != c.ID {
			t.Errorf("the same form began %s and then %s, %v", c.ID, again.ID, err)
		}
		in.Token = "" // the answer with the token was lost
		lost, other, err := r.chats.Start(ctx, r.now.Add(chat.AgainWithin), guest, in)
		if err != nil || lost.ID != c.ID || other == token || len(r.all(c.ID, chat.Member)) != 1 {
			t.Errorf("the same form without its token leads to %s, %v, want %s", lost.ID, err, c.ID)
		}
		for _, has := range []string{token, other} {
			if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: has}, c.ID); err != nil {
				t.Errorf("a token of the browser opens nothing: %v", err)
			}
		}
		for what, start := range map[string]func() error{
			"comes too late": func() error {
				_, _, err := r.chats.Start(ctx, r.now.Add(chat.AgainWithin+time.Second), guest, in)
				return err
			},
			"says something else": func() error {
				in := in
				in.Text, in.Token = "Adiós", token
				_, _, err := r.chats.Start(ctx, r.now, guest, in)
				return err
			},
		} {
			if err := start(); !errors.Is(err, chat.ErrStarted) {
				t.Errorf("a form that %s: %v", what, err)
			}
		}
		ofAccount := chat.Beginning{Key: id.Secret(), AccountID: "acc_1", Language: "en", Text: "Hi"}
		_, _, err = r.chats.Start(ctx, r.now, guest, ofAccount)
		r.must(err)
		ofAccount.AccountID = ""
		if _, _, err := r.chats.Start(ctx, r.now, guest, ofAccount); !errors.Is(err, chat.ErrStarted) {
			t.Errorf("a guest's form leads into a conversation of an account: %v", err)
		}
		twins := make(chan string, 8)
		in.Key = id.Secret()
		for range cap(twins) {
			go func() {
				c, _, err := r.chats.Start(ctx, r.now, guest, in)
				if err != nil {
					t.Errorf("the same form at the same moment: %v", err)
				}
				twins <- c.ID
			}()
		}
		one := <-twins
		for range cap(twins) - 1 {
			if twin := <-twins; twin != one {
				t.Errorf("the same form at the same moment began %s and %s", one, twin)
			}
		}
		key := id.Secret()
		first, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: key, Side: chat.Member, Text: "one"})
		r.must(err)
		second, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: key, Side: chat.Member, Text: "one"})
		if err != nil || second.ID != first.ID || len(r.all(c.ID, chat.Member)) != 2 {
			t.Errorf("%+v and %+v, %v", first, second, err)
		}
		for _, bad := range []string{"", "short", strings.Repeat("k", 65), "with space", "quote'quote"} {
			if _, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: bad, Side: chat.Member, Text: "x"}); !errors.Is(err, chat.ErrKey) {
				t.Errorf("the key %q is taken: %v", bad, err)
			}
		}
	})
}

// TestBadText refuses what is no message and keeps hostile text as text.
func TestBadText(t *testing.T) {
	t.Parallel()
	r := newRoom(t, dbtest.Open(t, db.SQLite))
	c, _ := r.begin("Hello")
	send := func(text string) error {
		_, err := r.chats.Send(t.Context(), r.now, c.ID, chat.Sending{Key: id.Secret(), Side: chat.Member, Text: text})
		return err
	}
	for text, want := range map[string]error{"": chat.ErrText, " \n\t\x00\x1b ": chat.ErrText, strings.Repeat("é", chat.MaxText+1): chat.ErrLong, strings.Repeat("a", 10<<20): chat.ErrLong,
		strings.Repeat("é", chat.MaxText): nil, "\xff\xfe": nil, `<script>alert(1)</script>'; DROP TABLE chat;--`: nil} {
		if err := send(text); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", text, err, want)
		}
	}
}

// TestQueue says honestly how long it takes, and lets each agent take another one.
func TestQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		wait := func(c chat.Chat) chat.Wait {
			w, err := r.chats.Queue(ctx, r.now, c)
			r.must(err)
			return w
		}
		if w := wait(chat.Chat{}); w.Live() || !w.Open || w.Manned || w.Place != 1 || w.Expected != 0 {
			t.Errorf("nobody takes chats: %+v", w)
		}
		r.must(r.chats.Duty(ctx, r.now, amal.ID, true))
		var list []chat.Chat
		for range 4 {
			c, _ := r.begin("Hello")
			list = append(list, c)
			r.now = r.now.Add(time.Minute)
		}
		if w := wait(list[2]); !w.Live() || w.Place != 3 || w.Expected != 0 {
			t.Errorf("third in line: %+v", w)
		}
		for i := range 3 {
			chatID, err := r.chats.TakeNext(ctx, r.now, staff, amal)
			if err != nil || chatID != list[i].ID {
				t.Errorf("the next one is %s, %v; want %s", chatID, err, list[i].ID)
			}
		}
		if w := wait(list[3]); w.Place != 1 || w.Expected != 3*time.Minute {
			t.Errorf("after waits of 4, 3 and 2 minutes: %+v", w)
		}
		r.now = r.now.Add(5 * time.Minute)
		if on, err := r.chats.Seen(ctx, r.now, amal.ID); err != nil || !on {
			t.Errorf("seen: %v %v", on, err)
		}
		r.now = r.now.Add(9 * time.Minute)
		if w := wait(list[3]); !w.Manned {
			t.Error("whoever was seen 9 minutes ago is away")
		}
		r.now = r.now.Add(2 * time.Minute)
		if on, err := r.chats.Seen(ctx, r.now, amal.ID); err != nil || on || wait(list[3]).Manned {
			t.Errorf("away for 11 minutes, and still takes chats: %v", err)
		}
		r.now = r.now.Add(3 * time.Hour)
		if w := wait(list[3]); w.Expected != 0 {
			t.Errorf("what was hours ago says %v", w.Expected)
		}
		r.must(r.chats.Duty(ctx, r.now, amal.ID, false))
		if list, err := r.chats.OnDuty(ctx, r.now); err != nil || len(list) != 0 {
			t.Errorf("on duty: %v %v", list, err)
		}
	})
}

// TestNobodyThere: what is asked while nobody is there is answered by e-mail, and the link of that e-mail opens this
// conversation and nothing else.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		r.open = false
		in := chat.Beginning{Key: id.Secret(), Language: "es", Text: "¿Me cobraron dos veces?", Mail: true}
		if _, _, err := r.chats.Start(ctx, r.now, guest, in); !errors.Is(err, chat.ErrEmail) {
			t.Errorf("a guest without an address is to be answered by e-mail: %v", err)
		}
		in.Email = "nora@mail.example"
		c, token, err := r.chats.Start(ctx, r.now, guest, in)
		r.must(err)
		r.now = r.now.Add(18 * time.Hour)
		chatID, err := r.chats.TakeNext(ctx, r.now, staff, amal)
		if err != nil || chatID != c.ID {
			t.Fatal(chatID, err)
		}
		r.answers(amal, c.ID, "No, una sola vez.")
		if n, err := r.chats.TellAnswers(ctx, r.now); err != nil || n != 0 {
			t.Errorf("told %d at once: whoever reads along needs no e-mail (%v)", n, err)
		}
		r.now = r.now.Add(time.Minute)
		for want := 1; want >= 0; want-- {
			if n, err := r.chats.TellAnswers(ctx, r.now); err != nil || n != want {
				t.Errorf("told %d, want %d (%v)", n, want, err)
			}
		}
		list := r.letters(letter.KindChatAnswered)
		if len(list) != 1 || list[0].Recipient != "nora@mail.example" || list[0].Language != "es" {
			t.Fatalf("letters %+v", list)
		}
		var told letter.ChatAnswered
		r.must(list[0].Read(&told))
		link, ok := strings.CutPrefix(told.URL, "https://pay.larkspur.example/chat-link/")
		if !ok {
			t.Fatalf("the letter leads to %s", told.URL)
		}
		r.must(r.chats.Finish(ctx, r.now, staff, amal, true, c.ID))
		_, cookie, err := r.chats.Resume(ctx, r.now, guest, link, "", false)
		r.must(err)
		if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: cookie}, c.ID); err != nil {
			t.Errorf("after the link: %v", err)
		}
		if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: link}, c.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link itself is taken as a cookie: %v", err)
		}
		other, _ := r.begin("Another")
		if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: cookie}, other.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link opens another conversation: %v", err)
		}
		if _, _, err := r.chats.Resume(ctx, r.now, guest, token, "", true); !fault.Is(err, fault.NotFound) {
			t.Errorf("a cookie is taken as a link: %v", err)
		}
		r.says(c.ID, "¿Y ahora?") // an answer by e-mail goes on where it stood
		if got := r.get(c.ID); got.State != chat.Waiting {
			t.Errorf("a reply leaves it %s", got.State)
		}
		r.must(d.Write(ctx, func(tx *db.Tx) error {
			return r.chats.Link(ctx, tx, r.now, staff, c.ID, "mbr_1", "acc_nora", "acc_nora")
		}))
		if _, _, err := r.chats.Resume(ctx, r.now, guest, link, "", true); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link goes on after the conversation has an account: %v", err)
		}
		if _, err := r.chats.Mine(ctx, r.now, chat.Asker{Token: cookie}, c.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the cookie goes on after the conversation has an account: %v", err)
		}
		r.now = r.now.Add(chat.LinkLife)
		if n := r.count("SELECT COUNT(*) FROM chat_key WHERE kind = 'link'"); n != 1 {
			t.Errorf("%d links", n)
		}
		if _, _, _, err := r.chats.Sweep(ctx, r.now); err != nil || r.count("SELECT COUNT(*) FROM chat_key WHERE kind = 'link'") != 0 {
			t.Errorf("an old link stays: %v", err)
		}
	})
}

// TestSweep: who waits in vain is answered by e-mail, what was left is closed, what is old is forgotten with all its parts.
func TestSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		r.must(r.chats.Duty(ctx, r.now, amal.ID, true))
		left, _ := r.begin("Hello")
		r.take(amal, left.ID)
		_, err := r.chats.Send(ctx, r.now, left.ID, chat.Sending{Key: id.Secret(), Side: chat.Member, File: &chat.Upload{Name: "bill.pdf", Data: []byte("%PDF-1.7\n%%EOF\n")}})
		r.must(err)
		waits, _ := r.begin("Anybody?")
		sweep := func(mailed, closed, forgotten int) {
			t.Helper()
			m, c, f, err := r.chats.Sweep(ctx, r.now)
			if err != nil || m != mailed || c != closed || f != forgotten {
				t.Errorf("swept %d, %d, %d, %v; want %d, %d, %d", m, c, f, err, mailed, closed, forgotten)
			}
		}
		r.now = r.now.Add(9 * time.Minute)
		sweep(0, 0, 0) // Amal is there
		r.now = r.now.Add(3 * time.Minute)
		sweep(1, 0, 0)
		if got := r.get(waits.ID); !got.Mail || got.Reachable() {
			t.Errorf("%+v", got)
		}
		r.must(r.chats.ToMail(ctx, r.now, guest, waits.ID, "nora@mail.example"))
		if got := r.get(waits.ID); got.Email != "nora@mail.example" {
			t.Errorf("%+v", got)
		}
		late, _ := r.begin("Late")
		r.open = false
		sweep(1, 0, 0) // the doors close
		if got := r.texts(late.ID, chat.Member); !slices.Equal(got, []string{"Late", "<by_mail>"}) {
			t.Errorf("reads %q", got)
		}
		r.now = r.now.Add(25 * time.Hour)
		sweep(0, 1, 0)
		if got := r.get(left.ID); got.ClosedBy != chat.Desk {
			t.Errorf("%+v", got)
		}
		r.now = r.now.Add(chat.Keep)
		sweep(0, 0, 1)
		for _, table := range []string{"chat_message", "chat_file", "chat_key"} {
			if n := r.count("SELECT COUNT(*) FROM "+table+" WHERE chat_id = $1", left.ID); n != 0 {
				t.Errorf("%d rows stay in %s", n, table)
			}
		}
		if n := r.count("SELECT COUNT(*) FROM chat_file_piece"); n != 0 {
			t.Errorf("%d pieces of files stay", n)
		}
		if n := r.count("SELECT COUNT(*) FROM chat"); n != 2 {
			t.Errorf("%d conversations stay, want the two that wait", n)
		}
	})
}

// TestLimits: a flood is stopped and costs no write; repeated sends and other conversations are unharmed.
func TestLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		c, _ := r.begin("Hello")
		key, kept, busy := id.Secret(), 0, 0
		for range 200 {
			_, err := r.chats.Send(ctx, r.now, c.ID, chat.Sending{Key: key, Side: chat.Member, Text: "flood"})
			switch {
			case err == nil:
				kept++
			case fault.Is(err, fault.Busy):
				busy++
			default:
				t.Fatal(err)
			}
			if kept > 3 { // a repeated send is free
				key = id.Secret()
			}
		}
		if n := len(r.all(c.ID, chat.Member)) - 1; n != int(chat.MessagesOf.Hits) || busy == 0 {
			t.Errorf("%d kept, %d refused", n, busy)
		}
		other, _ := r.begin("Hello")
		r.says(other.ID, "unharmed")
		r.now = r.now.Add(chat.MessagesOf.Window)
		r.says(c.ID, "again, after a minute")
	})
}

// TestCopy sends the words to the owner, and not too often.
func TestCopy(t *testing.T) {
	t.Parallel()
	r := newRoom(t, dbtest.Open(t, db.SQLite))
	c, _ := r.begin("Hello")
	lines := []letter.ChatLine{{Who: "You", At: r.now, Text: "Hello"}, {Who: "Amal", At: r.now, Text: strings.Repeat("x", 19<<10)}, {Who: "You", At: r.now, Text: strings.Repeat("y", 3<<10)}}
	send := func(email string) error { return r.chats.SendCopy(t.Context(), r.now, guest, c.ID, email, lines) }
	for _, bad := range []string{"", "nobody", "a@b"} {
		if err := send(bad); !errors.Is(err, chat.ErrEmail) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for range chat.CopiesOf.Hits {
		r.must(send("nora@mail.example"))
	}
	if err := send("nora@mail.example"); !fault.Is(err, fault.Busy) {
		t.Errorf("one too many: %v", err)
	}
	list := r.letters(letter.KindChatCopy)
	var copied letter.ChatCopy
	r.must(list[0].Read(&copied))
	if len(list) != int(chat.CopiesOf.Hits) || len(copied.Lines) != 2 || !copied.Cut || !strings.HasPrefix(copied.URL, "https://pay.larkspur.example/chat-link/") {
		t.Errorf("%d letters, the first %d lines, cut %v, %s", len(list), len(copied.Lines), copied.Cut, copied.URL)
	}
}

// TestReplies keeps ready answers in both languages.
func TestReplies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		ctx := t.Context()
		before, err := r.chats.Replies(ctx)
		if err != nil || len(before) < 5 {
			t.Fatalf("%d ready answers at the start, %v", len(before), err)
		}
		for _, x := range before {
			if x.Title == "" || x.In("en") == "" || x.In("es") == "" || x.In("en") == x.In("es") {
				t.Errorf("not in both languages: %+v", x)
			}
		}
		for want, x := range map[error]chat.Reply{chat.ErrReplyTitle: {En: "a", Es: "b"}, chat.ErrReplyEn: {Title: "t", Es: "b"}, chat.ErrReplyEs: {Title: "t", En: "a"}, chat.ErrNotFound: {ID: "rpl_none", Title: "t", En: "a", Es: "b"}} {
			if err := r.chats.SaveReply(ctx, r.now, staff, x); !errors.Is(err, want) {
				t.Errorf("%+v: %v", x, err)
			}
		}
		r.must(r.chats.SaveReply(ctx, r.now, staff, chat.Reply{Title: "Zzz", En: "Refunds take 5 days.", Es: "Los reembolsos tardan 5 días."}))
		list, err := r.chats.Replies(ctx)
		r.must(err)
		made := list[len(list)-1]
		made.En = "Refunds take 6 days."
		r.must(r.chats.SaveReply(ctx, r.now, staff, made))
		if got, err := r.chats.GetReply(ctx, made.ID); err != nil || got != made {
			t.Errorf("%+v %v", got, err)
		}
		r.must(r.chats.DropReply(ctx, r.now, staff, made.ID))
		if err := r.chats.DropReply(ctx, r.now, staff, made.ID); !errors.Is(err, chat.ErrNotFound) {
			t.Error(err)
		}
	})
}

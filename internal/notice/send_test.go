package notice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/sandbox"
	"memberpay/internal/seal"
	"memberpay/internal/words"
)

// office sends letters of an outbox of its own into a world outside of its own.
type office struct {
	t testing.TB
	*Letters
	world *sandbox.Sandbox
	log   *bytes.Buffer
	now   time.Time
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	o := &office{t: t, log: &bytes.Buffer{}, now: told}
	box, err := seal.New()
	o.must(err)
	o.world, err = sandbox.New(sandbox.Config{DataDir: t.TempDir(), ListenSMTP: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	o.must(err)
	web := httptest.NewServer(o.world.Handler())
	t.Cleanup(func() {
		web.Close()
		o.world.Close()
	})
	catalog, err := words.Load()
	o.must(err)
	o.Letters = New(Config{DB: d, Outbox: event.NewOutbox(box), Brand: brand.Default(), Words: catalog, BaseURL: "https://pay.larkspur.example",
		Mail:  Server{Host: o.world.SMTPAddr().String(), Plain: true},
		Texts: Gateway{URL: web.URL + "/sms", Token: sandbox.DefaultTextToken, From: "+18005550142"},
		Print: filepath.Join(t.TempDir(), "print", "outbound"), Now: func() time.Time { return o.now },
		Log: slog.New(slog.NewTextHandler(o.log, nil))})
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) tell(l letter.Letter, subject, channel, recipient string) {
	o.t.Helper()
	o.must(o.DB.Write(o.t.Context(), func(tx *db.Tx) error {
		return o.Outbox.Tell(o.t.Context(), tx, o.now, letter.New(l, subject, letter.To{Channel: channel, Recipient: recipient, Language: "en"}))
	}))
}

// only is the one message about a subject.
func (o *office) only(subject string) event.Message {
	o.t.Helper()
	list, err := o.Outbox.Of(o.t.Context(), o.DB.Read(), subject)
	o.must(err)
	if len(list) != 1 {
		o.t.Fatalf("about %s there are %d messages", subject, len(list))
	}
	return list[0]
}

func (o *office) problem(subject string) (problem string) {
	o.t.Helper()
	o.must(o.DB.Read().QueryRowContext(o.t.Context(), "SELECT problem FROM outbox WHERE subject = $1", subject).Scan(&problem))
	return problem
}

func (o *office) arrived(to string) []sandbox.Message {
	o.t.Helper()
	list, err := o.world.Messages(to, 100)
	o.must(err)
	return list
}

func (o *office) printed() []string {
	o.t.Helper()
	entries, err := os.ReadDir(o.Print)
	if !errors.Is(err, os.ErrNotExist) {
		o.must(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

const home = "Rosa Marín\n12 Meadow Lane\nFairhaven, OH 45000"

func (o *office) joinCode() letter.Code {
	return letter.Code{Purpose: letter.Join, Code: "482917", Until: o.now.Add(14 * 24 * time.Hour)}
}

// TestThreeWays sends the same code by mail, as a text and on paper, from the outbox to where it arrives.
func TestThreeWays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.tell(o.joinCode(), "by mail", event.Mail, "rosa@mail.example")
		o.tell(o.joinCode(), "by text", event.Text, "+15035550100")
		o.tell(o.joinCode(), "by print", event.Print, home)
		for _, send := range []func(context.Context) error{o.SendMail, o.SendTexts, o.SendPrint} {
			for range 2 { // twice is once
				o.must(send(t.Context()))
			}
		}
		for _, subject := range []string{"by mail", "by text", "by print"} {
			if m := o.only(subject); m.State != "sent" || m.Data != nil {
				t.Errorf("%s: %+v", subject, m)
			}
		}
		mails := o.arrived("rosa@mail.example")
		if len(mails) != 1 || mails[0].Subject != "Your code to create an account" || !strings.Contains(mails[0].Text, "482917") || !strings.Contains(mails[0].HTML, ">482917<") ||
			mails[0].From != `"Larkspur Health Billing" <billing@larkspur.example>` {
			t.Errorf("by mail came %+v", mails)
		}
		texts := o.arrived("+15035550100")
		if len(texts) != 1 || texts[0].Kind != "text" || texts[0].From != "+18005550142" || !strings.HasSuffix(texts[0].Text, "\n\n@pay.larkspur.example #482917") {
			t.Errorf("by text came %+v", texts)
		}
		if got := o.printed(); len(got) != 1 || got[0] != o.only("by print").ID+".pdf" {
			t.Errorf("printed %q", got)
		}
		for _, secret := range []string{"482917", "rosa", "5550100", "Meadow"} {
			if strings.Contains(strings.ToLower(o.log.String()), strings.ToLower(secret)) {
				t.Errorf("%q is logged:\n%s", secret, o.log)
			}
		}
	})
}

// A way that is not set up sends nothing, and what waits for it does not stop the others.
func TestWaysThatAreClosed(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.Open(t, db.SQLite))
	mail, texts, folder := o.Mail, o.Texts, o.Print
	o.Mail, o.Texts, o.Print = Server{}, Gateway{}, ""
	if o.CanMail() || o.CanText() || o.CanPrint() {
		t.Error("a way is offered that is not there")
	}
	o.tell(o.joinCode(), "by mail", event.Mail, "rosa@mail.example")
	o.tell(o.joinCode(), "by text", event.Text, "+15035550100")
	o.tell(o.joinCode(), "by print", event.Print, home)
	for _, send := range []func(context.Context) error{o.SendMail, o.SendTexts, o.SendPrint} {
		o.must(send(t.Context()))
	}
	for _, subject := range []string{"by mail", "by text", "by print"} {
		if m := o.only(subject); m.State != "queued" || m.Tries != 0 || m.Data == nil {
			t.Errorf("%s: %+v", subject, m)
		}
	}
	o.Mail, o.Texts, o.Print = mail, texts, folder
	if !o.CanMail() || !o.CanText() || !o.CanPrint() {
		t.Error("a way that is there is not offered")
	}
	o.must(o.SendTexts(t.Context()))
	if m := o.only("by text"); m.State != "sent" {
		t.Errorf("once there is a gateway the text is %q", m.State)
	}
}

func TestCodesThatRanOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.Open(t, db.SQLite))
	o.tell(letter.Code{Purpose: letter.SignIn, Code: "482917", Until: o.now.Add(10 * time.Minute)}, "late", event.Mail, "rosa@mail.example")
	o.now = o.now.Add(10 * time.Minute)
	o.must(o.SendMail(t.Context()))
	if m := o.only("late"); m.State != "failed" || m.Data != nil || len(o.arrived("")) != 0 {
		t.Errorf("a code that ran out is %q; arrived: %+v", m.State, o.arrived(""))
	}
}

// TestGateway plays every answer that a gateway can give.
func TestGateway(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.Open(t, db.SQLite))
	var mu sync.Mutex
	var got []*http.Request
	var bodies []string
	status := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a message was carried to another address") }))
	t.Cleanup(elsewhere.Close)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		got, bodies = append(got, r), append(bodies, string(body))
		s := status
		mu.Unlock()
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(s)
		w.Write(body) // a rude gateway repeats the message
	}))
	t.Cleanup(gate.Close)
	o.Texts = Gateway{URL: gate.URL + "/send?key=topsecret", Token: "tok_1", From: "LARKSPUR"}
	for _, x := range []struct {
		status int
		state  string
	}{
		{200, "sent"}, {202, "sent"}, {204, "sent"}, {400, "failed"}, {410, "failed"}, {422, "failed"}, {302, "queued"}, {307, "queued"}, {401, "queued"},
		{403, "queued"}, {404, "queued"}, {408, "queued"}, {429, "queued"}, {500, "queued"}, {503, "queued"},
	} {
		mu.Lock()
		status, got, bodies = x.status, nil, nil
		mu.Unlock()
		subject := http.StatusText(x.status)
		o.tell(letter.MemberID{MemberID: "M7755-01"}, subject, event.Text, "+15035550100")
		err := o.SendTexts(t.Context())
		m := o.only(subject)
		if m.State != x.state || (err == nil) != (x.state == "sent") || (m.Data == nil) == (x.state == "queued") {
			t.Errorf("after %d the message is %q, holds %v, and the error is %v", x.status, m.State, m.Data, err)
		}
		if len(got) != 1 {
			t.Fatalf("after %d: %d requests", x.status, len(got))
		}
		if problem := o.problem(subject); (problem == "") != (x.state == "sent") || strings.Contains(problem, "5550100") || strings.Contains(problem, "M7755") || strings.Contains(problem, "topsecret") {
			t.Errorf("after %d the problem kept is %q", x.status, problem)
		}
		var sent map[string]string
		if err := json.Unmarshal([]byte(bodies[0]), &sent); err != nil || len(sent) != 4 || sent["to"] != "+15035550100" || sent["from"] != "LARKSPUR" ||
			!strings.Contains(sent["text"], "M7755-01") || sent["reference"] != m.ID {
			t.Errorf("posted %s, %v", bodies[0], err)
		}
		r := got[0]
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer tok_1" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != m.ID {
			t.Errorf("posted as %s with %v", r.Method, r.Header)
		}
	}
	gate.Close()
	o.tell(letter.MemberID{MemberID: "M7755-01"}, "unreachable", event.Text, "+15035550100")
	if err := o.SendTexts(t.Context()); err == nil || strings.Contains(err.Error(), "topsecret") {
		t.Errorf("an unreachable gateway: %v", err)
	}
	for _, secret := range []string{"topsecret", "tok_1", "M7755", "5550100"} {
		if strings.Contains(o.log.String(), secret) {
			t.Errorf("%q is logged:\n%s", secret, o.log)
		}
	}
}

// A text that was refused for now arrives once, later.
func TestTextIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		token := o.Texts.Token
		o.Texts.Token = "mistyped"
		o.tell(letter.MemberID{MemberID: "M7755-01"}, "again", event.Text, "+15035550100")
		o.tell(letter.MemberID{MemberID: "M7755-01"}, "dead", event.Text, sandbox.DeadPhone)
		o.tell(letter.MemberID{MemberID: "M7755-01"}, "no phone", event.Text, "503-555-0100")
		if err := o.SendTexts(t.Context()); err == nil {
			t.Error("nobody is told that texts do not go out")
		}
		o.Texts.Token = token
		if o.SendTexts(t.Context()); len(o.arrived("")) != 0 {
			t.Error("it was sent again without a pause")
		}
		o.now = o.now.Add(30 * time.Second)
		if err := o.SendTexts(t.Context()); !errors.Is(err, event.ErrRefused) {
			t.Errorf("the number that cannot be reached: %v", err)
		}
		if list := o.arrived("+15035550100"); len(list) != 1 {
			t.Errorf("arrived %+v", list)
		}
		for subject, state := range map[string]string{"again": "sent", "dead": "failed", "no phone": "failed"} {
			if m := o.only(subject); m.State != state {
				t.Errorf("%s is %q, want %q", subject, m.State, state)
			}
		}
	})
}

var errCrash = errors.New("the power went")

// TestPrintedOnce ends the work at every step, lets whoever prints take the letters away or not, and goes on: each
// letter was there exactly once and whole.
func TestPrintedOnce(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"written", "staged", "renamed"} {
		for _, taken := range []bool{false, true} {
			name := step
			if taken {
				name += " and taken away"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := newOffice(t, dbtest.Open(t, db.SQLite))
				o.tell(o.joinCode(), "letter", event.Print, home)
				o.crash = func(at string) error {
					if at == step {
						return errCrash
					}
					return nil
				}
				if err := o.SendPrint(t.Context()); err == nil {
					t.Fatal("it did not stop")
				}
				o.crash = nil
				delivered := 0
				take := func() {
					for _, name := range o.printed() {
						if strings.HasPrefix(name, ".") {
							continue
						}
						pdf, err := os.ReadFile(filepath.Join(o.Print, name))
						o.must(err)
						if !bytes.HasPrefix(pdf, []byte("%PDF-1.7")) || !bytes.HasSuffix(bytes.TrimSpace(pdf), []byte("%%EOF")) {
							t.Errorf("%s is not whole", name)
						}
						delivered++
						o.must(os.Remove(filepath.Join(o.Print, name)))
					}
				}
				if taken {
					take()
				}
				o.now = o.now.Add(time.Hour)
				o.must(o.SendPrint(t.Context()))
				take()
				if delivered != 1 {
					t.Errorf("the letter was printed %d times", delivered)
				}
				if m := o.only("letter"); m.State != "sent" || m.Data != nil {
					t.Errorf("the letter is %q", m.State)
				}
				if left := o.printed(); len(left) != 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		}
	}
}

// What is in the folder is never overwritten, and two servers print a letter once.
func TestPrintFolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for i := range 6 {
			o.tell(o.joinCode(), string(rune('a'+i)), event.Print, home)
		}
		kept := filepath.Join(o.Print, o.only("a").ID+".pdf")
		o.must(os.MkdirAll(o.Print, 0o750))
		o.must(os.WriteFile(kept, []byte("printed before"), 0o600))
		var crowd sync.WaitGroup
		other := New(o.Config)
		other.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
		for _, l := range []*Letters{o.Letters, other} {
			crowd.Go(func() {
				if err := l.SendPrint(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		if got, err := os.ReadFile(kept); err != nil || string(got) != "printed before" {
			t.Errorf("a letter in the folder was overwritten: %q, %v", got, err)
		}
		if got := o.printed(); len(got) != 6 {
			t.Errorf("the folder holds %q", got)
		}
		for _, name := range o.printed() {
			if strings.Contains(name, "Rosa") || !strings.HasPrefix(name, "msg_") {
				t.Errorf("a file is called %q", name)
			}
		}
	})
}

// A folder that cannot be written is an error that is told, and the letter waits.
func TestPrintFolderMissing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.Open(t, db.SQLite))
	o.must(os.WriteFile(filepath.Dir(o.Print), nil, 0o600)) // a file where the folder should be
	o.tell(o.joinCode(), "letter", event.Print, home)
	if err := o.SendPrint(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	if m := o.only("letter"); m.State != "queued" || m.Data == nil {
		t.Errorf("the letter is %+v", m)
	}
	o.must(os.Remove(filepath.Dir(o.Print)))
	o.now = o.now.Add(time.Hour)
	o.must(o.SendPrint(t.Context()))
	if m := o.only("letter"); m.State != "sent" || len(o.printed()) != 1 {
		t.Errorf("the letter is %q, the folder holds %q", m.State, o.printed())
	}
}

// What a mail server says of a person is neither logged nor kept.
func TestProblemsNameNobody(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"550 5.1.1 <rosa@mail.example>: no such user": "550 5.1.1 <(address)>: no such user",
		"Rosa@Mail.Example is full":                   "(address) is full",
		"no route to +15035550100, really":            "no route to (recipient), really",
	} {
		recipient := "rosa@mail.example"
		if strings.Contains(in, "+1") {
			recipient = "+15035550100"
		}
		if got := without(errors.New(in), recipient); got.Error() != want || errors.Is(got, event.ErrRefused) {
			t.Errorf("%q is kept as %q", in, got)
		}
	}
	if got := without(cannot(event.Message{Kind: "code"}), "x"); !errors.Is(got, event.ErrRefused) {
		t.Error("a refusal is not known as one any more")
	}
	if without(nil, "x") != nil {
		t.Error("no problem became one")
	}
	o := newOffice(t, dbtest.Open(t, db.SQLite))
	o.tell(o.joinCode(), "bad", event.Mail, "rosa@mail.example\r\nBcc: all@evil.example")
	if err := o.SendMail(t.Context()); !errors.Is(err, event.ErrRefused) {
		t.Errorf("an address with a header in it: %v", err)
	}
	if m := o.only("bad"); m.State != "failed" || len(o.arrived("")) != 0 || strings.Contains(o.log.String(), "evil") {
		t.Errorf("it is %q; arrived %+v; logged %s", m.State, o.arrived(""), o.log)
	}
}

package sandbox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"
)

func mailWorld(t testing.TB, limit int64) *client {
	return start(t, Config{ListenSMTP: "127.0.0.1:0", MaxMail: limit})
}

func TestMailFromProduct(t *testing.T) {
	t.Parallel()
	c := mailWorld(t, 0)
	msg := mail.NewMsg()
	for _, err := range []error{msg.From("Larkspur Health <billing@larkspur.example>"), msg.To("ana@example.com")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	msg.Subject("Recibo de su pago: $12.50 — gracias")
	msg.SetBodyString(mail.TypeTextPlain, "Su pago llegó.\n.\nUna línea con un punto.\n")
	msg.AddAlternativeString(mail.TypeTextHTML, "<p>Su pago <b>llegó</b>.</p><script>alert(1)</script>")
	if err := msg.AttachReader("recibo.pdf", strings.NewReader("%PDF-1.7 not really"), mail.WithFileContentType("application/pdf")); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(c.s.SMTPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	fmt.Sscan(port, &n)
	sender, err := mail.NewClient(host, mail.WithPort(n), mail.WithTLSPolicy(mail.NoTLS))
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.DialAndSend(msg); err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(c.url + "/mailbox/messages?to=ANA@example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got []Message
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || len(got) != 1 {
		t.Fatalf("messages %+v, %v", got, err)
	}
	m := got[0]
	if m.Subject != "Recibo de su pago: $12.50 — gracias" || !strings.Contains(m.Text, "llegó.\r\n.\r\nUna") && !strings.Contains(m.Text, "llegó.\n.\nUna") ||
		!strings.Contains(m.HTML, "<b>llegó</b>") || len(m.To) != 1 || m.To[0] != "ana@example.com" || !strings.Contains(m.From, "billing@larkspur.example") {
		t.Errorf("message %+v", m)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "recibo.pdf" || m.Attachments[0].Type != "application/pdf" {
		t.Errorf("attachments %+v", m.Attachments)
	}
	page := get(t, c.url+"/mailbox/"+m.ID)
	if strings.Contains(page.body, "<script") || !strings.Contains(page.body, `sandbox=""`) {
		t.Error("the page shows the message's HTML outside its sandboxed frame")
	}
	if html := get(t, c.url+"/mailbox/"+m.ID+"/html"); !strings.HasPrefix(html.header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("the HTML of a message may run")
	}
	if pdf := get(t, c.url+"/mailbox/"+m.ID+"/attachments/0"); pdf.body != "%PDF-1.7 not really" {
		t.Errorf("attachment %q", pdf.body)
	}
	if other := get(t, c.url+"/mailbox/messages?to=someone@example.com"); other.body != "[]" {
		t.Errorf("another person's mail: %s", other.body)
	}
}

type page struct {
	body   string
	header http.Header
}

func get(t testing.TB, address string) page {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{string(b), res.Header}
}

// TestMailDialogue drives the listener by hand: what it refuses, it refuses with a code and goes on.
func TestMailDialogue(t *testing.T) {
	t.Parallel()
	c := mailWorld(t, 2000)
	conn, err := net.Dial("tcp", c.s.SMTPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	expect := func(code string) {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("waiting for %s: %v", code, err)
			}
			if !strings.HasPrefix(line, code) {
				t.Fatalf("answer %q, want %s", line, code)
			}
			if len(line) > 3 && line[3] == ' ' {
				return
			}
		}
	}
	expect("220")
	for _, step := range [][2]string{
		{"HELO x", "250"}, {"RCPT TO:<a@example.com>", "503"}, {"DATA", "503"}, {"MAIL FROM", "501"}, {"MAIL FROM:<b@example.com> SIZE=999999", "552"},
		{"MAIL FROM:<>", "250"}, {"RCPT TO:<>", "501"}, {"RCPT TO:<a@example.com>", "250"}, {"EXPN", "502"}, {"NOOP", "250"}, {"DATA", "354"},
		{strings.Repeat("x", 900) + "\r\n" + strings.Repeat("y", 900) + "\r\n" + strings.Repeat("z", 900) + "\r\n.", "552"},
		{"MAIL FROM:<b@example.com>", "250"}, {"RCPT TO:<a@example.com>", "250"}, {"DATA", "354"}, {"no header at all\r\n..\r\n.", "250"},
		{"MAIL FROM:<b@example.com>", "250"}, {"RSET", "250"}, {"DATA", "503"}, {"QUIT", "221"},
	} {
		if _, err := io.WriteString(conn, step[0]+"\r\n"); err != nil {
			t.Fatal(err)
		}
		expect(step[1])
	}
	got, err := c.s.Messages("", 10)
	if err != nil || len(got) != 1 || !strings.Contains(got[0].Text, "no header at all") {
		t.Errorf("kept %+v, %v", got, err)
	}
}

// FuzzParseMail checks that no message breaks the reader.
func FuzzParseMail(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?a=C3=A9?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAA=\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed\r\n\r\n"))
	f.Add([]byte{0xff, 0xfe, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parseMail(raw)
		if _, err := json.Marshal(m); err != nil {
			t.Error(err)
		}
	})
}

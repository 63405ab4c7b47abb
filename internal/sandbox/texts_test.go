package sandbox

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sendText posts a message to the gateway and returns status and body.
func (c *client) sendText(token, body string) (int, map[string]string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/sms", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	got := map[string]string{}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		c.t.Fatalf("%d is not answered with JSON: %v", res.StatusCode, err)
	}
	return res.StatusCode, got
}

func TestTextsArriveInTheMailbox(t *testing.T) {
	t.Parallel()
	c := mailWorld(t, 0)
	const message = `{"to":"+15035550100","from":"+18005550142","text":"Su c\u00f3digo: 123456\n\n@pay.example <b>#123456</b>","reference":"msg_1"}`
	status, first := c.sendText(DefaultTextToken, message)
	if status != http.StatusOK || first["id"] == "" {
		t.Fatalf("answered %d %v", status, first)
	}
	if status, again := c.sendText(DefaultTextToken, message); status != http.StatusOK || again["id"] != first["id"] {
		t.Errorf("a repeated message is answered %d %v, not with the first", status, again)
	}
	if _, err := c.s.keepMail("billing@larkspur.example", []string{"ana@example.com"}, []byte("Subject: A mail\r\n\r\nHello")); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"%2B15035550100", "+15035550100"} {
		var got []Message
		if err := json.Unmarshal([]byte(get(t, c.url+"/mailbox/messages?to="+to).body), &got); err != nil || len(got) != 1 {
			t.Fatalf("texts to %s: %+v, %v", to, got, err)
		}
		if m := got[0]; m.Kind != "text" || m.ID != first["id"] || m.From != "+18005550142" || m.To[0] != "+15035550100" || !strings.HasPrefix(m.Text, "Su código: 123456\n") {
			t.Errorf("kept %+v", m)
		}
	}
	all, err := c.s.Messages("", 10)
	if err != nil || len(all) != 2 || all[0].Kind != "mail" || all[1].Kind != "text" {
		t.Errorf("the mailbox holds %+v, %v", all, err)
	}
	if list := get(t, c.url+"/mailbox").body; !strings.Contains(list, "Text message") || !strings.Contains(list, "A mail") || !strings.Contains(list, "&#43;15035550100") {
		t.Errorf("the mailbox page shows:\n%s", list)
	}
	if page := get(t, c.url+"/mailbox/"+first["id"]).body; !strings.Contains(page, "Su código: 123456") || strings.Contains(page, "<b>#") {
		t.Errorf("the message's page shows:\n%s", page)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.url+"/mailbox/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if all, err := c.s.Messages("", 10); err != nil || len(all) != 0 {
		t.Errorf("after emptying it the mailbox holds %+v, %v", all, err)
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := mailWorld(t, 0)
	good := `{"to":"+15035550100","from":"+18005550142","text":"Hello","reference":"msg_1"}`
	for _, x := range []struct {
		token, body string
		want        int
	}{
		{"wrong", good, 401}, {"", good, 401}, {DefaultTextToken, "", 400}, {DefaultTextToken, strings.Repeat(" ", 20<<10) + good, 400},
		{DefaultTextToken, strings.Replace(good, "+15035550100", "503-555-0100", 1), 422},
		{DefaultTextToken, strings.Replace(good, "Hello", "", 1), 422},
		{DefaultTextToken, strings.Replace(good, "+15035550100", DeadPhone, 1), 422},
		{DefaultTextToken, strings.Replace(good, "+15035550100", BusyPhone, 1), 503},
	} {
		if status, a := c.sendText(x.token, x.body); status != x.want || a["error"] == "" {
			t.Errorf("%.60s answered %d %v, want %d", x.body, status, a, x.want)
		}
	}
	if all, err := c.s.Messages("", 10); err != nil || len(all) != 0 {
		t.Errorf("refused messages were kept: %+v, %v", all, err)
	}
}

func TestPrintedLettersAreShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, Config{PrintDir: filepath.Join(dir, "print")})
	if page := get(t, c.url+"/letters").body; !strings.Contains(page, "No letter waits") {
		t.Errorf("without a folder:\n%s", page)
	}
	if err := os.Mkdir(filepath.Join(dir, "print"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"print/msg_1.pdf": "%PDF-1", "print/.msg_2.pdf": "half", "print/notes.txt": "x", "secret.pdf": "not ours"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page := get(t, c.url+"/letters").body
	if !strings.Contains(page, `href="/letters/msg_1.pdf"`) || strings.Contains(page, "msg_2") || strings.Contains(page, "notes") {
		t.Errorf("the page lists:\n%s", page)
	}
	if got := get(t, c.url+"/letters/msg_1.pdf"); got.body != "%PDF-1" || got.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("the letter reads %q", got.body)
	}
	for _, name := range []string{"..%2Fsecret.pdf", ".msg_2.pdf", "notes.txt", "none.pdf"} {
		if got := get(t, c.url+"/letters/"+name); !strings.Contains(got.body, "no such letter") {
			t.Errorf("%s gives %q", name, got.body)
		}
	}
}

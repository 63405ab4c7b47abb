package portal

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/id"
	"memberpay/internal/letter"
)

var (
	amal  = chat.Worker{ID: "acc_amal", Name: "Amal"}
	agent = audit.Who{Actor: "acc_amal", Role: audit.Agent}
)

// manned lets somebody of the staff take chats.
func (h *house) manned() {
	h.t.Helper()
	h.must(h.chats.Duty(h.t.Context(), h.clock(), amal.ID, true))
}

// asks begins a conversation and returns the address of its page.
func (v *visitor) asks(text string, pairs ...string) string {
	v.h.t.Helper()
	form := url.Values{"text": {text}, "key": {id.Secret()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	a := v.post("/chat", form)
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/chat/cht_") {
		v.h.t.Fatalf("no conversation begins: %d %s %s", a.Status, a.To, a.Text())
	}
	return a.To
}

// answered is an answer of the desk.
func (h *house) answered(path, text string) {
	h.t.Helper()
	chatID := strings.TrimPrefix(path, "/chat/")
	h.must(h.chats.Take(h.t.Context(), h.clock(), agent, amal, chatID))
	_, err := h.chats.Send(h.t.Context(), h.clock(), chatID, chat.Sending{Key: id.Secret(), Side: chat.Agent, AuthorID: amal.ID, Author: amal.Name, Text: text})
	h.must(err)
}

func (a answer) tells(t *testing.T, status int, words ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status %d %s, want %d: %s", a.Status, a.To, status, a.Text())
	}
	for _, w := range words {
		if !strings.Contains(a.Text(), w) {
			t.Errorf("the page does not say %q: %s", w, a.Text())
		}
	}
}

// TestChatWithoutScript is a whole conversation of a guest, page by page.
func TestChatWithoutScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v := h.visitor()
	v.get("/").tells(t, 200, "Chat with us")
	v.get("/chat").tells(t, 200, "We are here now", "You are next in line. We cannot say yet how long it takes.", "Start the chat")
	v.post("/chat", url.Values{"text": {strings.Repeat("a", 10<<20)}, "key": {id.Secret()}}).tells(t, 422, "Shorten your message to 4,000 characters.")
	path := v.asks("I was charged "+hostile, "name", "Nora")
	v.get(path).tells(t, 200, "I was charged <script>alert(1)</script>", "You are next in line", "Show new messages")
	h.answered(path, "Let me look.")
	v.get(path).tells(t, 200, "Amal is here to help you.", "Let me look.", "You are talking with Amal.")
	sent := v.post(path+"/messages", url.Values{"text": {"It is 4242 4242 4242 4242"}, "key": {id.Secret()}})
	if !strings.HasPrefix(sent.To, path+"#m") {
		t.Errorf("after a message: %d %s", sent.Status, sent.To)
	}
	page := v.get(path)
	page.tells(t, 200, "It is [card number removed]", "Card numbers do not belong in a chat", "Pay on our payment page")
	if strings.Contains(page.Body, "4242 4242") {
		t.Error("a card number stands on the page")
	}
	h.answered(path, "Is it 4242 4242 4242 4242?")
	page = v.get(path)
	page.tells(t, 200, "Is it [card number removed]?", "Amal wrote what looks like a card number. We took it out.")
	if strings.Count(page.Body, "please never write them here") != 1 || strings.Count(page.Body, "Pay on our payment page") != 1 {
		t.Error("she is blamed for what the agent wrote")
	}
	v.post(path+"/messages", url.Values{"text": {" "}, "key": {id.Secret()}}).tells(t, 422, "Write a message first.", "Let me look.")
	long := v.post(path+"/messages", url.Values{"text": {strings.Repeat("a", 4001)}, "key": {id.Secret()}})
	long.tells(t, 422, "Shorten your message to 4,000 characters.")
	if !strings.Contains(long.Body, strings.Repeat("a", 4001)) {
		t.Error("what was written is lost")
	}
	v.post(path+"/messages", url.Values{"text": {strings.Repeat("a", 10<<20)}, "key": {id.Secret()}}).tells(t, 422, "Shorten your message")
	v.post(path+"/rating", url.Values{"rating": {"5"}}).tells(t, 404)
	if a := v.post(path+"/leave", url.Values{}); a.To != path {
		t.Errorf("left to %d %s", a.Status, a.To)
	}
	v.get(path).tells(t, 200, "You ended this conversation.", "Rate this conversation", "Start a new conversation")
	v.post(path+"/messages", url.Values{"text": {"more"}, "key": {id.Secret()}}).tells(t, 409, "This conversation is closed, so your message was not sent.")
	v.post(path+"/rating", url.Values{"rating": {"9"}}).tells(t, 422, "Choose how it was.")
	v.follow(v.post(path+"/rating", url.Values{"rating": {"4"}, "comment": {hostile}})).tells(t, 200, "Thank you for telling us.", "Your rating: Good")
	v.post(path+"/copy", url.Values{}).tells(t, 422, "Enter an email address")
	v.follow(v.post(path+"/copy", url.Values{"copy_email": {"nora@mail.example"}})).tells(t, 200, "A copy is on its way")
	list := h.letters(letter.KindChatCopy, "nora@mail.example")
	var copied letter.ChatCopy
	if len(list) != 1 {
		t.Fatalf("%d copies", len(list))
	}
	h.must(list[0].Read(&copied))
	if len(copied.Lines) != 8 || copied.Lines[2].Text != "Let me look." || copied.Lines[2].Who != "Amal" || strings.Contains(copied.Lines[3].Text, "4242") {
		t.Errorf("the copy says %+v", copied.Lines)
	}
	v.get("/chat").tells(t, 200, "Your conversations", "Closed")
	stranger := h.visitor()
	for _, x := range []string{"", "/events", "/files/cfl_1"} {
		if a := stranger.get(path + x); a.Status != 404 || strings.Contains(a.Body, "Nora") {
			t.Errorf("a stranger gets %s: %d", x, a.Status)
		}
	}
}

// TestChatFirstAnswerLost: a guest whose browser never got the answer to the first message finds the conversation by sending
// the form again, and what is written into an old form is kept.
func TestChatFirstAnswerLost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v, again := h.visitor(), h.visitor() // the same browser, without the cookie of the first answer
	form := url.Values{"text": {"Was I charged twice?"}, "key": {id.Secret()}}
	path := v.post("/chat", form).To
	if a := again.post("/chat", form); a.Status != http.StatusSeeOther || a.To != path {
		t.Fatalf("the second answer is %d %s, want %s", a.Status, a.To, path)
	}
	page := again.get(path)
	page.tells(t, 200, "Was I charged twice?")
	if n := strings.Count(page.Text(), "Was I charged twice?"); n != 1 {
		t.Errorf("the message stands there %d times", n)
	}
	form.Set("text", "And something else")
	other := again.post("/chat", form)
	other.tells(t, 409, "already begun a conversation with another message", "And something else", "Your conversations")
	if strings.Contains(other.Body, form.Get("key")) {
		t.Error("the form cannot be sent again: its key is the old one")
	}
	form.Set("text", "Was I charged twice?")
	h.pass(chat.AgainWithin + time.Minute)
	h.visitor().post("/chat", form).tells(t, 409, "already begun a conversation")
}

// TestChatAfterHours: a question at night is answered the next day by e-mail, and nothing is lost.
func TestChatAfterHours(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	h.pass(8 * time.Hour) // 8 PM in Oregon
	v := h.visitor()
	v.lang = "es"
	v.get("/chat").tells(t, 200, "Déjenos un mensaje", "Abre mañana a las 8:00", "Enviar el mensaje")
	v.post("/chat", url.Values{"text": {"¿Me cobraron dos veces?"}, "key": {id.Secret()}}).tells(t, 422, "Escriba una dirección de correo electrónico", "¿Me cobraron dos veces?")
	path := v.asks("¿Me cobraron dos veces?", "email", "nora@mail.example")
	v.get(path).tells(t, 200, "Le responderemos por correo electrónico.")
	h.pass(14 * time.Hour)
	h.answered(path, "No, una sola vez.")
	h.pass(time.Minute)
	if n, err := h.chats.TellAnswers(t.Context(), h.clock()); err != nil || n != 1 {
		t.Fatalf("told %d, %v", n, err)
	}
	var told letter.ChatAnswered
	h.must(h.letters(letter.KindChatAnswered, "nora@mail.example")[0].Read(&told))
	link := strings.TrimPrefix(told.URL, "https://pay.larkspur.example")
	phone := h.visitor() // another device
	phone.lang = "es"
	phone.get(path).tells(t, 404)
	phone.get(link).tells(t, 200, "Abrir mi conversación")
	phone.get(path).tells(t, 404) // a look at the link opens nothing
	phone.follow(phone.post(link, url.Values{})).tells(t, 200, "No, una sola vez.", "Amal")
	v.get(path).tells(t, 200, "No, una sola vez.")
	h.visitor().get("/chat-link/"+id.Secret()).tells(t, 404, "This link no longer works")
	h.pass(chat.LinkLife)
	h.visitor().post(link, url.Values{}).tells(t, 404, "This link no longer works")
}

// TestChatNobodyFree: in opening hours and with nobody there, a guest who waits is asked where the answer goes.
func TestChatNobodyFree(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v := h.visitor()
	path := v.asks("Hello")
	h.pass(15 * time.Minute)
	v.get(path).tells(t, 200, "Nobody is free right now.", "Where should we send the answer?")
	v.post(path+"/by-mail", url.Values{"email": {"nora"}}).tells(t, 422, "Enter an email address")
	v.post(path+"/by-mail", url.Values{}).tells(t, 422, "Enter an email address")
	v.follow(v.post(path+"/by-mail", url.Values{"email": {"nora@mail.example"}})).tells(t, 200, "We will answer by email. You can close this page")
	h.visitor().get("/chat").tells(t, 200, "Nobody is free to chat right now")
	if page := h.visitor().get("/contact"); !strings.Contains(page.Body, `href="/chat"`) {
		t.Error("the page to talk to a person does not lead to the chat")
	}
}

// TestChatOfAMember belongs to the account, in every browser of it, and a guest's is connected only when they say so.
func TestChatOfAMember(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	rosa := h.rosa()
	path := rosa.asks("Hello", "email", "other@mail.example", "name", "Somebody")
	c, err := h.chats.Get(t.Context(), h.db.Read(), strings.TrimPrefix(path, "/chat/"))
	if err != nil || c.MemberID != h.people["Rosa"] || c.Name != "" || c.Email != "" || c.Guest() {
		t.Errorf("%+v %v", c, err)
	}
	h.rosa().get(path).tells(t, 200, "Hello")
	rosa.cookies = map[string]string{}
	rosa.get(path).tells(t, 404)

	v := h.visitor()
	path = v.asks("I found nothing")
	v.cookies["memberpay_session"] = h.rosa().cookies["memberpay_session"]
	v.get(path).tells(t, 200, "Connect this conversation to your account")
	if c, _ := h.chats.Get(t.Context(), h.db.Read(), strings.TrimPrefix(path, "/chat/")); !c.Guest() {
		t.Error("a guest's conversation is linked although nobody asked for it")
	}
	v.follow(v.post(path+"/connect", url.Values{})).tells(t, 200, "This conversation is connected to you.")
	delete(v.cookies, "memberpay_session")
	v.get(path).tells(t, 404) // it is the account's now, whoever sits at this browser
	h.rosa().get(path).tells(t, 200, "I found nothing")
}

// upload posts a message with a file.
func (v *visitor) upload(path, name string, data []byte, text string) answer {
	v.h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("text", text)
	form.WriteField("key", id.Secret())
	part, err := form.CreateFormFile("file", name)
	v.h.must(err)
	part.Write(data)
	form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	v.h.handler.ServeHTTP(rec, r)
	a := answer{Status: rec.Code, Header: rec.Header(), Body: rec.Body.String(), To: rec.Header().Get("Location")}
	if a.To == "" {
		v.check(http.MethodPost, path, a)
	}
	return a
}

// TestChatFiles takes what is a PDF or a picture, and gives it back as something to keep.
func TestChatFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v := h.visitor()
	path := v.asks("Hello")
	pdf := []byte("%PDF-1.7\n%%EOF\n")
	for name, x := range map[string]struct {
		data []byte
		says string
	}{
		"lies.png":  {[]byte("<html><script>alert(1)</script>"), "This file is not what its name says."},
		"page.html": {[]byte("<html>"), "Choose a PDF, PNG or JPEG file."},
		"big.pdf":   {append(bytes.Repeat([]byte("x"), chat.MaxFile), pdf...), "This file is larger than 5 MB."},
		"huge.pdf":  {bytes.Repeat([]byte("x"), 10<<20), "This file is larger than 5 MB."},
		"empty.pdf": {nil, "This file is empty."},
		"cut.pdf":   {[]byte("%PDF-1.7"), "We could not read this file."},
	} {
		v.upload(path+"/messages", name, x.data, "see").tells(t, 422, x.says)
	}
	for _, length := range []int{chat.MaxText + 1, 1 << 20, 10 << 20} { // in a form that could carry a file
		v.upload(path+"/messages", "", nil, strings.Repeat("a", length)).tells(t, 422, "Shorten your message to 4,000 characters.")
	}
	if a := v.upload(path+"/messages", "la factura.pdf", pdf, ""); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Text())
	}
	page := v.get(path)
	page.tells(t, 200, "la factura.pdf", "(PDF, 1 KB)")
	_, rest, _ := strings.Cut(page.Body, `href="`+path+"/files/")
	fileID, _, _ := strings.Cut(rest, `"`)
	a := v.get(path + "/files/" + fileID)
	if a.Status != 200 || a.Body != string(pdf) || a.Header.Get("Content-Type") != "application/pdf" || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v %q", a.Status, a.Header, a.Body)
	}
	h.visitor().get(path+"/files/"+fileID).tells(t, 404)
}

// TestChatByScript answers scripts in JSON, with the words of what went wrong.
func TestChatByScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v := h.visitor()
	path := v.asks("Hello")
	post := func(to, body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, path+to, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		r.AddCookie(&http.Cookie{Name: chatCookie, Value: v.cookies[chatCookie]})
		rec := httptest.NewRecorder()
		h.handler.ServeHTTP(rec, r)
		return rec.Code, strings.TrimSpace(rec.Body.String())
	}
	for body, want := range map[string]string{"key=abcdefgh1&text=Hi": `{"problem":""}`, "key=abcdefgh2&text=": `{"problem":"Write a message first."}`, "key=&text=Hi": `{"problem":"The page was open for too long. Send your message again."}`} {
		if _, got := post("/messages", body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for range 60 {
		if code, _ := post("/messages", "key="+id.Secret()+"&text=x"); code == http.StatusTooManyRequests {
			break
		}
	}
	if code, got := post("/messages", "key="+id.Secret()+"&text=x"); code != http.StatusTooManyRequests || !strings.Contains(got, "a lot in a short time") {
		t.Errorf("a flood: %d %s", code, got)
	}
	for _, to := range []string{"/typing", "/read"} {
		if code, got := post(to, "number=1"); code != http.StatusNoContent || got != "" {
			t.Errorf("%s: %d %s", to, code, got)
		}
	}
}

// TestFloodOfMessages: who sends too much is refused with what they wrote, then in few words, and nobody else is; a minute
// later they are heard again.
func TestFloodOfMessages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.manned()
	v, other := h.visitor(), h.visitor()
	path, quiet := v.asks("Hello"), other.asks("Hello")
	send := func(v *visitor, path string) answer {
		return v.post(path+"/messages", url.Values{"text": {"Are you there?"}, "key": {id.Secret()}})
	}
	statuses := map[int]int{}
	for range 100 {
		a := send(v, path)
		statuses[a.Status]++
		if kept := strings.Contains(a.Body, "Are you there?"); kept != (a.Status == 429 && statuses[429] <= 10) {
			t.Fatalf("after %v what was written is kept: %t", statuses, kept)
		}
	}
	if want := int(chat.MessagesOf.Hits); statuses[303] != want || statuses[429] != 100-want {
		t.Errorf("statuses of a flood: %v", statuses)
	}
	if a := send(other, quiet); a.Status != 303 {
		t.Errorf("another guest gets %d", a.Status)
	}
	send(other, path).tells(t, 404)
	h.pass(chat.MessagesOf.Window)
	if a := send(v, path); a.Status != 303 {
		t.Errorf("a minute later the guest gets %d", a.Status)
	}
}

package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// Message is one mail or text message that arrived, as GET /mailbox/messages tells it. A text message has no subject and
// no HTML.
type Message struct {
	ID          string       `json:"id"`
	Kind        string       `json:"kind"` // "mail" or "text"
	From        string       `json:"from"`
	To          []string     `json:"to"` // the recipients of the envelope, or the phone
	Subject     string       `json:"subject"`
	Date        string       `json:"date"` // as the header says
	Received    time.Time    `json:"received"`
	Text        string       `json:"text"`
	HTML        string       `json:"html"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is one file of a message. Its bytes are at /mailbox/{id}/attachments/{n}, n counted from 0.
type Attachment struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes int    `json:"bytes"`

	body []byte
}

func (s *Sandbox) keepMail(from string, to []string, raw []byte) (id string, err error) {
	id = newID("mail")
	rcpt, err := json.Marshal(to)
	if err != nil {
		return "", err
	}
	return id, s.store.write(func(t *tx) error {
		_, err := t.q.Exec(`INSERT INTO mail (id, received, sender, rcpt, raw) VALUES ($1,$2,$3,$4,$5)`,
			id, time.Now().UnixMicro(), from, string(rcpt), raw)
		return err
	})
}

// Messages returns the newest messages, newest first, at most limit; to, where given, keeps only those for that
// recipient.
func (s *Sandbox) Messages(to string, limit int) ([]Message, error) {
	rows, err := s.store.r.Query(selectMessages+`
WHERE $1 = '' OR EXISTS (SELECT 1 FROM json_each(m.rcpt) WHERE lower(value) = lower($1)) ORDER BY received DESC, n DESC LIMIT $2`, to, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Message{}
	for rows.Next() {
		m, err := scanMail(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

func (s *Sandbox) message(id string) (Message, error) {
	return scanMail(s.store.r.QueryRow(selectMessages+` WHERE id = $1`, id))
}

const selectMessages = `SELECT id, kind, received, sender, rcpt, raw FROM (
SELECT id, 'mail' AS kind, received, sender, rcpt, raw, rowid AS n FROM mail UNION ALL
SELECT id, 'text', received, sender, json_array(rcpt), body, rowid FROM text_message) AS m`

func scanMail(row interface{ Scan(...any) error }) (Message, error) {
	var id, kind, from, rcpt string
	var received int64
	var raw []byte
	if err := row.Scan(&id, &kind, &received, &from, &rcpt, &raw); err != nil {
		return Message{}, err
	}
	m := Message{Text: string(raw), Attachments: []Attachment{}}
	if kind == "mail" {
		m = parseMail(raw)
	}
	m.Kind, m.ID, m.Received = kind, id, time.UnixMicro(received).UTC()
	if m.From == "" {
		m.From = from
	}
	return m, json.Unmarshal([]byte(rcpt), &m.To)
}

// parseMail reads a message as far as it can be read: a message without a readable header is all text.
func parseMail(raw []byte) Message {
	m := Message{Attachments: []Attachment{}}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Text = strings.ToValidUTF8(string(raw), "\uFFFD")
		return m
	}
	m.From, m.Subject = header(msg.Header.Get("From")), header(msg.Header.Get("Subject"))
	m.Date = msg.Header.Get("Date")
	m.part(msg.Header, msg.Body, 0)
	return m
}

// header decodes an encoded header field; what cannot be decoded stays as it is.
func header(v string) string {
	out, err := new(mime.WordDecoder).DecodeHeader(v)
	if err != nil {
		return strings.ToValidUTF8(v, "\uFFFD")
	}
	return out
}

// part takes one part of a message and, up to ten levels deep, the parts within it.
func (m *Message) part(h interface{ Get(string) string }, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < 10 {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return
			}
			m.part(p.Header, p, depth+1)
		}
	}
	content := decoded(h.Get("Content-Transfer-Encoding"), body)
	disposition, dparams, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := header(dparams["filename"])
	if name == "" {
		name = header(params["name"])
	}
	switch text := strings.ToValidUTF8(string(content), "\uFFFD"); {
	case disposition != "attachment" && name == "" && kind == "text/plain" && m.Text == "":
		m.Text = text
	case disposition != "attachment" && name == "" && kind == "text/html" && m.HTML == "":
		m.HTML = text
	default:
		if name == "" {
			name = "part-" + strconv.Itoa(len(m.Attachments)+1)
		}
		m.Attachments = append(m.Attachments, Attachment{Name: name, Type: kind, Bytes: len(content), body: content})
	}
}

// decoded undoes the transfer encoding. Of a broken body it returns what came before the break.
func decoded(encoding string, body io.Reader) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	out, err := io.ReadAll(body)
	if err != nil && len(out) == 0 {
		return nil
	}
	return out
}

const mailPage = 200 // most messages on one page

func (s *Sandbox) mailJSON(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	if strings.HasPrefix(to, " ") { // "?to=+1503..." as people type it: a plus sign in an address means a space
		to = "+" + strings.TrimSpace(to)
	}
	v, err := s.Messages(to, mailPage)
	send(w, s.answer(v, err))
}

func (s *Sandbox) clearMail(w http.ResponseWriter, _ *http.Request) {
	err := s.store.write(func(t *tx) error {
		_, err := t.q.Exec(`DELETE FROM mail; DELETE FROM text_message`)
		return err
	})
	send(w, s.answer(map[string]bool{"deleted": true}, err))
}

func (p *pages) mailbox(s *Sandbox) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		list, err := s.Messages("", mailPage)
		if err != nil {
			s.cfg.Log.Error("sandbox: read mailbox", "error", err)
			http.Error(w, "The mailbox could not be read.", http.StatusInternalServerError)
			return
		}
		p.show(w, "mailbox.html", pagePolicy, list)
	}
}

func (p *pages) message(s *Sandbox) http.HandlerFunc {
	return s.withMessage(func(w http.ResponseWriter, _ *http.Request, m Message) {
		p.show(w, "message.html", pagePolicy, m)
	})
}

// mailHTML serves the HTML of a message into its sandboxed frame: nothing in it may run or load.
func (s *Sandbox) mailHTML(w http.ResponseWriter, r *http.Request) {
	s.withMessage(func(w http.ResponseWriter, _ *http.Request, m Message) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		io.WriteString(w, m.HTML)
	})(w, r)
}

func (s *Sandbox) mailAttachment(w http.ResponseWriter, r *http.Request) {
	s.withMessage(func(w http.ResponseWriter, r *http.Request, m Message) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 0 || n >= len(m.Attachments) {
			http.Error(w, "There is no such attachment.", http.StatusNotFound)
			return
		}
		a := m.Attachments[n]
		h := w.Header()
		h.Set("Content-Type", a.Type)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		w.Write(a.body)
	})(w, r)
}

func (s *Sandbox) withMessage(fn func(http.ResponseWriter, *http.Request, Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, err := s.message(r.PathValue("id"))
		switch {
		case isNoRows(err):
			http.Error(w, "There is no such message.", http.StatusNotFound)
		case err != nil:
			s.cfg.Log.Error("sandbox: read message", "error", err)
			http.Error(w, "The message could not be read.", http.StatusInternalServerError)
		default:
			fn(w, r, m)
		}
	}
}

package talk

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/fault"
	"memberpay/internal/web"
)

// Body is the largest body of a route that takes a message: a file, and some room for the text beside it.
const Body = chat.MaxFile + 128<<10

// maxPlain is the largest body of a message without a file.
const maxPlain = 128 << 10

// uploadWithin is how long a file may take on its way.
const uploadWithin = 3 * time.Minute

// ReadMessage reads a posted message: its key, its text and its file, which stays in memory. Too much is chat.ErrLong or
// chat.ErrFileSize, a broken form an Invalid fault.
func ReadMessage(c *web.Context) (in chat.Sending, err error) {
	kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxPlain)
		if err := c.R.ParseForm(); err != nil {
			return chat.Sending{}, tooMuch(err, chat.ErrLong)
		}
		return chat.Sending{Key: c.Form("key"), Text: c.R.PostForm.Get("text")}, nil
	}
	if err := http.NewResponseController(c.W).SetReadDeadline(time.Now().Add(uploadWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return chat.Sending{}, err
	}
	parts, err := c.R.MultipartReader()
	if err != nil {
		return chat.Sending{}, fault.Wrap(fault.Invalid, "request.form", err)
	}
	for { // nothing of it is put on a disk
		part, err := parts.NextPart()
		if err == io.EOF {
			return in, nil
		}
		if err != nil {
			return chat.Sending{}, tooMuch(err, chat.ErrFileSize)
		}
		if err := readPart(part, &in); err != nil {
			return chat.Sending{}, err
		}
	}
}

// readPart takes what one part of a form says: too long a text is told from too large a file.
func readPart(part *multipart.Part, in *chat.Sending) error {
	most, large := int64(maxPlain), error(chat.ErrLong)
	if part.FileName() != "" {
		most, large = chat.MaxFile, chat.ErrFileSize
	}
	data, err := io.ReadAll(io.LimitReader(part, most+1))
	switch {
	case err != nil:
		return tooMuch(err, large)
	case int64(len(data)) > most:
		return large
	case part.FormName() == "file" && part.FileName() != "":
		in.File = &chat.Upload{Name: part.FileName(), Data: data}
	case part.FormName() == "key":
		in.Key = strings.TrimSpace(string(data))
	case part.FormName() == "text":
		in.Text = string(data)
	}
	return nil
}

func tooMuch(err error, large error) error {
	var most *http.MaxBytesError
	if errors.As(err, &most) {
		return large
	}
	return fault.Wrap(fault.Invalid, "request.form", err)
}

// ByScript reports whether a script of ours asks, which shows the answer itself.
func ByScript(c *web.Context) bool {
	return strings.Contains(c.R.Header.Get("Accept"), "application/json")
}

// Answer answers a script of ours: with what went wrong, in words, or "" where nothing did.
func Answer(c *web.Context, status int, problem string) error {
	h := c.W.Header()
	h.Set("Content-Type", "application/json")
	c.W.WriteHeader(status)
	return json.NewEncoder(c.W).Encode(map[string]string{"problem": problem})
}

// Problem is what a person corrects or is told, from an error of chat; ok is false for any other error.
//
// words: chat.error.*
func Problem(c *web.Context, err error) (field, text string, status int, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return "", "", 0, false
	}
	if f.Kind == fault.Busy {
		return "text", c.T("chat.error.busy"), http.StatusTooManyRequests, true
	}
	key := "chat.error." + strings.TrimPrefix(f.Code, "chat.")
	if !strings.HasPrefix(f.Code, "chat.") || !c.Words.Has(key) {
		return "", "", 0, false
	}
	status = http.StatusUnprocessableEntity
	if f.Kind == fault.Conflict {
		status = http.StatusConflict
	}
	field = f.Field
	if field == "" {
		field = "text"
	}
	return field, c.T(key), status, true
}

// SendFile sends a file of a conversation: to be kept, never to be shown as a page of ours.
func SendFile(c *web.Context, f chat.Attachment, data []byte) error {
	h := c.W.Header()
	h.Set("Content-Type", f.Kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, err := c.W.Write(data)
	return err
}

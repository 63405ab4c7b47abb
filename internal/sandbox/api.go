package sandbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const maxForm = 256 << 10 // bytes of a request body

// call is one API request within its transaction.
type call struct {
	s    *Sandbox
	t    *tx
	form url.Values
	id   string // of the path
	base string // how a browser reaches the sandbox
	key  string // Idempotency-Key
	req  string // Request-Id
	now  time.Time

	// hold, where set, runs after the commit and makes the answer. It may wait; the request's context ends with
	// the caller's patience or with the sandbox.
	hold func(context.Context) (any, error)
	// news and due say that callbacks or alarms were written.
	news, due bool
}

type verb func(*call) (any, error)

// reply is an answer as it goes over the wire and as it is kept for a repeated idempotency key.
type reply struct {
	status int
	body   []byte
}

// api wraps a verb with key check, form decoding, idempotency, transaction and error shape.
func (s *Sandbox) api(fn verb) http.HandlerFunc { return s.guarded(fn, false) }

// browser wraps a verb that a browser may call with the publishable key.
func (s *Sandbox) browser(fn verb) http.HandlerFunc { return s.guarded(fn, true) }

func (s *Sandbox) guarded(fn verb, public bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{s: s, id: r.PathValue("id"), base: s.base(r), key: r.Header.Get("Idempotency-Key"),
			req: newID("req"), now: time.Now()}
		w.Header().Set("Request-Id", c.req)
		if !s.paused.pass(r.Context(), s.ctx) {
			send(w, errorReply(unavailable()))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			send(w, errorReply(badRequest("", "", "The request body could not be read.")))
			return
		}
		c.form = r.Form
		if e := s.checkKey(r, public); e != nil {
			send(w, errorReply(e))
			return
		}
		if r.Method == http.MethodGet {
			send(w, s.look(c, fn))
			return
		}
		rep, repeated := s.change(r, c, fn)
		if repeated {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		send(w, rep)
	}
}

// checkKey finds the API key in the Authorization header or, from a browser, in the form.
func (s *Sandbox) checkKey(r *http.Request, public bool) *apiError {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		key, _, ok = r.BasicAuth()
	}
	if !ok {
		key = r.Form.Get("key")
	}
	same := func(want string) bool { return subtle.ConstantTimeCompare([]byte(key), []byte(want)) == 1 }
	if same(s.cfg.SecretKey) || (public && same(s.cfg.PublishableKey)) {
		return nil
	}
	e := badRequest("", "", "Invalid API key.")
	e.status = http.StatusUnauthorized
	return e
}

func (s *Sandbox) look(c *call, fn verb) reply {
	var rep reply
	err := s.store.read(func(t *tx) error {
		c.t = t
		rep = s.answer(fn(c))
		return nil
	})
	if err != nil {
		return s.answer(nil, err)
	}
	return rep
}

// change runs a verb that writes. The answer of a request with an Idempotency-Key is kept with its effect, so that a
// repetition gets the same answer; repeated reports that this was one.
func (s *Sandbox) change(r *http.Request, c *call, fn verb) (rep reply, repeated bool) {
	c.form.Del("key")
	if c.key == "" {
		return s.once(r, c, fn, ""), false
	}
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + c.form.Encode()))
	hash := hex.EncodeToString(sum[:])
	if !s.busy.take(c.key) {
		return errorReply(&apiError{status: http.StatusConflict, Type: "idempotency_error", Code: "idempotency_key_in_use",
			Message: "Another request with the same Idempotency-Key is being worked on."}), false
	}
	defer s.busy.free(c.key)
	var kept reply
	var keptHash string
	err := s.store.r.QueryRow(`SELECT hash, status, body FROM answer WHERE key = $1`, c.key).
		Scan(&keptHash, &kept.status, &kept.body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s.once(r, c, fn, hash), false
	case err != nil:
		return s.answer(nil, err), false
	case keptHash != hash:
		return errorReply(&apiError{status: http.StatusBadRequest, Type: "idempotency_error",
			Message: "This Idempotency-Key was used with other parameters. Use a new key for a new request."}), false
	}
	return kept, true
}

// once runs the verb and, where hash is given, keeps its answer.
func (s *Sandbox) once(r *http.Request, c *call, fn verb, hash string) reply {
	var rep reply
	keep := func(t *tx) error {
		if hash == "" || (rep.status >= 400 && rep.status != http.StatusPaymentRequired) {
			return nil
		}
		_, err := t.q.Exec(`INSERT INTO answer (key, hash, status, body, created) VALUES ($1,$2,$3,$4,$5)`,
			c.key, hash, rep.status, string(rep.body), c.now.UnixMicro())
		return err
	}
	err := s.store.write(func(t *tx) error {
		c.t, c.hold = t, nil
		v, err := fn(c)
		var e *apiError
		if err != nil && !(errors.As(err, &e) && e.keep) {
			return err
		}
		rep = s.answer(v, err)
		if c.hold != nil {
			return nil
		}
		return keep(t)
	})
	if err != nil {
		return s.answer(nil, err)
	}
	if c.news {
		wake(s.wakeNews)
	}
	if c.due {
		wake(s.wakeDue)
	}
	if c.hold != nil {
		ctx, cancel := context.WithCancel(r.Context())
		defer context.AfterFunc(s.ctx, cancel)()
		defer cancel()
		rep = s.answer(c.hold(ctx))
		if ctx.Err() != nil {
			return rep // nobody reads this answer; a repetition gets the truth of its own time
		}
		if err := s.store.write(keep); err != nil {
			return s.answer(nil, err)
		}
	}
	return rep
}

// answerLife is how long the answer to an idempotency key is kept, counted at the start of the sandbox.
const answerLife = 24 * time.Hour

func forgetAnswers(t *tx) error {
	_, err := t.q.Exec(`DELETE FROM answer WHERE created < $1`, time.Now().Add(-answerLife).UnixMicro())
	return err
}

// answer turns a verb's result into its wire form. Errors that are not of the API's shape are logged and answered
// with 500, as a real processor would.
func (s *Sandbox) answer(v any, err error) reply {
	if err != nil {
		var e *apiError
		if !errors.As(err, &e) {
			s.cfg.Log.Error("sandbox: request failed", "error", err)
			e = &apiError{status: http.StatusInternalServerError, Type: "api_error", Message: "Something went wrong in the sandbox."}
		}
		return errorReply(e)
	}
	body, err := json.Marshal(v)
	if err != nil {
		return s.answer(nil, err)
	}
	return reply{http.StatusOK, body}
}

func errorReply(e *apiError) reply {
	body, err := json.Marshal(map[string]*apiError{"error": e})
	if err != nil {
		return reply{http.StatusInternalServerError, []byte(`{"error":{"type":"api_error","message":"unreadable error"}}`)}
	}
	return reply{e.status, body}
}

func send(w http.ResponseWriter, rep reply) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(rep.status)
	w.Write(rep.body)
}

// base is the address by which the caller's browser reaches the sandbox.
func (s *Sandbox) base(r *http.Request) string {
	if s.cfg.PublicURL != "" {
		return strings.TrimSuffix(s.cfg.PublicURL, "/")
	}
	return "http://" + r.Host
}

// text returns a form value, nil where it is absent or empty.
func (c *call) text(name string) *string {
	if v := c.form.Get(name); v != "" {
		return &v
	}
	return nil
}

// cents reads an amount of 1 to 99999999 cents.
func (c *call) cents(name string) (int64, error) {
	n, err := strconv.ParseInt(c.form.Get(name), 10, 64)
	if err != nil {
		return 0, badRequest("parameter_invalid_integer", name, "Invalid integer: "+name)
	}
	if n < 1 || n > 99999999 {
		return 0, badRequest("parameter_invalid_integer", name, "Amount must be from 1 to 99999999 cents.")
	}
	return n, nil
}

// metadata collects metadata[name]=value, never nil.
func (c *call) metadata() map[string]string {
	m := map[string]string{}
	for k, v := range c.form {
		if name, ok := strings.CutPrefix(k, "metadata["); ok && strings.HasSuffix(name, "]") {
			m[strings.TrimSuffix(name, "]")] = v[0]
		}
	}
	return m
}

// expands reports whether the caller asked for the whole object in place of its id.
func (c *call) expands(name string) bool {
	for k, v := range c.form {
		if strings.HasPrefix(k, "expand[") {
			for _, e := range v {
				if e == name {
					return true
				}
			}
		}
	}
	return false
}

// page answers a list request over a kind, newest first, at most 100 objects (10 where limit is absent).
func (c *call) page(path, kind, parent string) (any, error) {
	limit := 10
	if v := c.form.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			return nil, badRequest("parameter_invalid_integer", "limit", "limit must be from 1 to 100.")
		}
		limit = n
	}
	bodies, more, err := c.t.list(kind, parent, c.form.Get("starting_after"), limit)
	if err != nil {
		return nil, err
	}
	return list{Object: "list", URL: path, HasMore: more, Data: bodies}, nil
}

// load reads an object or answers that it is missing.
func load[T any](t *tx, kind, id string) (*T, *record, error) {
	v := new(T)
	r := &record{Body: v}
	err := t.get(kind, id, r)
	if errors.Is(err, errMissing) {
		return nil, nil, missing(kind, id)
	}
	return v, r, err
}

// fetch makes the verb that answers with one object of a kind.
func fetch[T any](kind string) verb {
	return func(c *call) (any, error) {
		v, _, err := load[T](c.t, kind, c.id)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

const (
	sessionCookie  = "memberpay_session"
	languageCookie = "memberpay_language"
)

// Context is one request with what is known of who is asking.
type Context struct {
	W       http.ResponseWriter
	R       *http.Request
	Site    *Site
	Session identity.Session
	Words   *words.Words
	Now     time.Time
	Nonce   string
	Route   string // pattern of the route, for logs
}

// T is a short way to Words.T.
func (c *Context) T(key string, pairs ...any) string { return c.Words.T(key, pairs...) }

// Address is the payer's network address.
func (c *Context) Address() string { return c.Site.address(c.R) }

// Form returns a posted field without surrounding spaces, "" where it was not sent. Text that is not UTF-8 is mended.
func (c *Context) Form(name string) string {
	return strings.TrimSpace(strings.ToValidUTF8(c.R.PostFormValue(name), "�"))
}

// Forms returns every value of a posted field.
func (c *Context) Forms(name string) []string {
	c.R.PostFormValue(name) // parses the body once
	return c.R.PostForm[name]
}

// ReadForm parses the posted form. An oversized or broken one is an Invalid fault.
func (c *Context) ReadForm() error {
	if err := c.R.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, "request.form", err)
	}
	return nil
}

// Render writes a page with status, whole or not at all: where the page cannot be made, nothing has been written.
func (c *Context) Render(status int, page templ.Component) error {
	whole := pages.Get().(*bytes.Buffer)
	defer pages.Put(whole)
	whole.Reset()
	if err := page.Render(c.R.Context(), whole); err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(whole.Len()))
	c.W.WriteHeader(status)
	_, err := c.W.Write(whole.Bytes())
	return err
}

// pages are buffers that pages are made in.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Redirect sends the reader to a path of this site with 303 See Other.
func (c *Context) Redirect(path string) error {
	http.Redirect(c.W, c.R, path, http.StatusSeeOther)
	return nil
}

// SignIn starts a session and puts its token into the cookie. A session there was is ended, and continued by the new
// one. Browser, address and what is continued are filled in.
func (c *Context) SignIn(o identity.Opening) error {
	o.Browser, o.Address = Browser(c.R.UserAgent()), c.Address()
	if c.Session.ID != "" {
		o.Earlier = append(c.Session.Earlier, c.Session.ID)
		if err := c.Site.Accounts.End(c.R.Context(), c.Session); err != nil {
			return err
		}
	}
	s, token, err := c.Site.Accounts.Start(c.R.Context(), c.Now, o)
	if err != nil {
		return err
	}
	c.Session = s
	c.setCookie(c.Site.cookieName(), token, 0)
	return nil
}

// Fresh reports whether the reader proved a short time ago who they are. For a page, some of that time must be left, so
// that the answer to its form is in time too.
func (c *Context) Fresh() bool {
	at := c.Now
	if c.R.Method == http.MethodGet || c.R.Method == http.MethodHead {
		at = at.Add(identity.FillIn)
	}
	return c.Session.Recently(at)
}

// Renew goes on with the reader's session after they have proved again, with how, who they are: under a new token, and as
// one that has just begun.
func (c *Context) Renew(how string) error {
	return c.SignIn(identity.Opening{AccountID: c.Session.AccountID, Members: c.Session.Members, How: how, ProvedAt: c.Now})
}

// SeeToo lets the session see the bills of members, who were found just now, under a new token. A guest becomes known; somebody signed in stays
// who they are, and has proved no more than before.
func (c *Context) SeeToo(members []string) error {
	before := c.Session
	var found []string
	for _, m := range members {
		if !slices.Contains(before.Members, m) {
			found = append(found, m)
		}
	}
	o := identity.Opening{AccountID: before.AccountID, Members: members, Found: found, Waiting: before.Waiting, How: before.How, ProvedAt: before.ProvedAt}
	if before.SignedIn() {
		o.ExpiresAt = before.ExpiresAt // a look-up proves nothing about the account
	}
	return c.SignIn(o)
}

// Cookie returns the value of a cookie, "" where the browser has none.
func (c *Context) Cookie(name string) string { return c.cookie(name) }

// SetCookie writes a cookie that scripts cannot read: for the browser's session where life is 0, gone where it is negative.
func (c *Context) SetCookie(name, value string, life time.Duration) { c.setCookie(name, value, life) }

// Reason is why one of the staff opened a record, in the reader's language where the program wrote it for them.
func (c *Context) Reason(reason string) string { return Reason(c.Words, reason) }

// Reason is Context.Reason in the language of w.
//
// words: call.reason case.title
func Reason(w *words.Words, reason string) string {
	return w.Retell(w.Retell(reason, "Reference", "call.reason"), "Number", "case.title")
}

// Prefer remembers a language for a reader of whom nothing else says which: they have not chosen one here, and their
// browser asks for none. A page never changes its language under somebody who can read it.
func (c *Context) Prefer(lang string) {
	if c.cookie(languageCookie) == "" && c.R.Header.Get("Accept-Language") == "" && c.Site.Brand.Offers(lang) {
		c.setCookie(languageCookie, lang, 365*24*time.Hour)
	}
}

// SignOut ends the session.
func (c *Context) SignOut() error {
	c.setCookie(c.Site.cookieName(), "", -1)
	if c.Session.ID == "" {
		return nil
	}
	return c.Site.Accounts.End(c.R.Context(), c.Session)
}

// Here is the path and query of this page, for links that come back to it.
func (c *Context) Here() string { return c.R.URL.RequestURI() }

// Base is the public address of the site, without a slash at the end, or this machine's other name for it where the reader
// uses that: "localhost" and "127.0.0.1" are one site with cookies of their own, and who comes back must find theirs.
func (c *Context) Base(public string) string {
	u, err := url.Parse(public)
	if err != nil || !thisMachine(u.Hostname()) {
		return public
	}
	if here := (&url.URL{Host: c.R.Host}); thisMachine(here.Hostname()) && here.Port() == u.Port() {
		return u.Scheme + "://" + c.R.Host
	}
	return public
}

func thisMachine(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// Local returns to if it is a path of this site, else fallback: no link of ours leads elsewhere.
func Local(to, fallback string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
		return fallback
	}
	return to
}

// Page is the frame of a page in the reader's language, with the given title.
func (c *Context) Page(title string) ui.Page {
	p := ui.Page{Title: title, W: c.Words, Brand: c.Site.Brand, Now: c.Now, Nonce: c.Nonce, SignedIn: c.Session.SignedIn()}
	if c.R.Method == http.MethodGet {
		p.Path = c.Here()
	}
	if c.Session.Known() {
		p.Session = ui.Session{Idle: identity.Idle, Left: c.Session.EndsAt().Sub(c.Now), Last: c.Session.ExpiresAt.Sub(c.Now)}
	}
	if c.Site.Framed != nil {
		c.Site.Framed(c, &p)
	}
	return p
}

func (c *Context) cookie(name string) string { return cookie(c.R, name) }

func cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

// setCookie writes a cookie: for the browser's session where life is 0, gone where it is negative.
func (c *Context) setCookie(name, value string, life time.Duration) {
	if life < 0 {
		life = -time.Second
	}
	http.SetCookie(c.W, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.Site.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)})
}

func nonce() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func stack() string { return string(debug.Stack()) }

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// Access is what a route asks of whoever calls it. identity has the table of who meets which.
type Access = identity.Need

// What the routes of members and guests ask for.
const (
	Anyone  = identity.Anyone
	Known   = identity.Known
	Account = identity.Account
	Machine = identity.Machine
)

// Handler answers one request. An error it returns becomes a page; it must not have written anything then.
type Handler func(c *Context) error

// Route is one line of a site's list of routes.
type Route struct {
	Method string // GET also answers HEAD
	Path   string // pattern of net/http
	Access Access
	Fresh  bool  // asks for a recent proof of identity too: what is hard to undo, or shows much at once
	Quiet  bool  // asked for by a page on its own: it does not keep a session alive
	Body   int64 // bytes of the largest body taken; maxBody where 0
	Handle Handler
}

// Site serves a list of routes.
type Site struct {
	Brand    *brand.Brand
	Words    *words.Catalog
	Accounts *identity.Accounts
	Log      *slog.Logger
	Now      func() time.Time
	Cookie   string // name of the session's cookie; two sites on one address have two
	Secure   bool   // the public address is https
	Proxied  bool   // a trusted proxy stands in front and sets X-Forwarded-For

	// Fail shows the page for an error. status and problem come from the one table in fail.go.
	Fail func(c *Context, status int, problem string) error
	// Door is where somebody without the needed access is sent.
	Door func(c *Context, need Access) string
	// Extra lets in somebody whom the permission table keeps out, for a reason of the site's own. nil lets nobody in.
	Extra func(c *Context, need Access) (bool, error)
	// Gate is where somebody who may call a route has to go first, "" for nowhere. nil holds nobody back.
	Gate func(c *Context, route Route) (string, error)
	// Prove is where somebody is sent who has to prove again who they are, before a route that is Fresh.
	// The answer to a form that comes too late is not taken: the reader fills it in again.
	Prove func(c *Context) string
	// Framed sees the frame of every page before the page adds to it. nil sees nothing.
	Framed func(c *Context, frame *ui.Page)
	// CSP adds to the content security policy of a request.
	CSP func(c *Context) Sources
	// Metrics counts requests; nil counts nothing.
	Metrics func(route string, status int, took time.Duration)
}

// Sources are origins that one page may use besides our own.
type Sources struct{ Script, Frame, Connect string }

// maxBody is the largest form or callback taken.
const maxBody = 256 << 10

// errNowhere: no page stands there.
var errNowhere = fault.New(fault.NotFound, "page.not_found")

// Handler returns the site as one http.Handler.
func (s *Site) Handler(routes []Route) http.Handler {
	mux, there := http.NewServeMux(), http.NewServeMux()
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, Route{Path: "cross-origin", Access: Anyone, Handle: func(*Context) error {
			return fault.New(fault.Forbidden, "request.cross_origin")
		}})
	}))
	for _, route := range routes {
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route) })
		if route.Access != Machine {
			h = guard.Handler(h)
		}
		mux.Handle(route.Method+" "+route.Path, h)
		there.Handle(route.Method+" "+route.Path, h)
	}
	for _, m := range []*http.ServeMux{mux, there} {
		m.Handle("GET "+ui.AssetPath, ui.Assets(s.Brand))
	}
	moved := func(w http.ResponseWriter, r *http.Request, to string) {
		s.serve(w, r, Route{Path: "moved", Access: Anyone, Handle: func(c *Context) error {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return errNowhere
			}
			return c.Redirect(to)
		}})
	}
	mux.HandleFunc("/", s.nowhere(there, methodsOf(routes)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Tidy(r) { // the mux would lead there too, without our headers
			moved(w, r, tidy(r.URL.EscapedPath()))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Tidy reports whether a request's path is written as it should be. A site leads any other one there.
func Tidy(r *http.Request) bool {
	asked := r.URL.EscapedPath()
	return tidy(asked) == asked
}

// tidy is a path without empty, "." and ".." parts. It begins with one slash.
func tidy(p string) string {
	clean := path.Clean("/" + p)
	if clean != "/" && strings.HasSuffix(p, "/") {
		clean += "/"
	}
	return clean
}

func (s *Site) serve(w http.ResponseWriter, r *http.Request, route Route) {
	began := s.Now()
	answer := &recorder{ResponseWriter: w}
	r.Body = http.MaxBytesReader(answer, r.Body, max(maxBody, route.Body))
	c := &Context{W: answer, R: r, Site: s, Now: began, Route: route.Path, Nonce: nonce(), Words: s.language(r)}
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log.Error("panic", "route", route.Path, "panic", p, "stack", stack())
			s.fail(c, answer, errors.New("panic"))
		}
		took := time.Since(began)
		if s.Metrics != nil {
			s.Metrics(route.Method+" "+route.Path, answer.status(), took)
		}
		s.Log.Info("request", "method", r.Method, "route", route.Path, "status", answer.status(), "ms", took.Milliseconds())
	}()
	if err := s.handle(c, route); err != nil {
		s.fail(c, answer, err)
	}
}

func (s *Site) handle(c *Context, route Route) error {
	var err error
	if route.Access != Machine {
		find := s.Accounts.Find
		if route.Quiet {
			find = s.Accounts.Look
		}
		if c.Session, err = find(c.R.Context(), c.Now, c.cookie(s.cookieName())); err != nil {
			return err
		}
		s.secure(c)
		if lang := c.R.URL.Query().Get("lang"); lang != "" && s.Brand.Offers(lang) {
			c.setCookie(languageCookie, lang, 365*24*time.Hour)
		}
	}
	if route.Access == Machine {
		return route.Handle(c)
	}
	reads := c.R.Method == http.MethodGet || c.R.Method == http.MethodHead
	may := c.Session.Actor().May(route.Access)
	if !may && s.Extra != nil {
		if may, err = s.Extra(c, route.Access); err != nil {
			return err
		}
	}
	switch {
	case may:
	case c.Session.Role.Staff():
		return fault.New(fault.Forbidden, "session.role")
	case reads:
		return c.Redirect(s.Door(c, route.Access))
	default:
		return fault.New(fault.SignIn, "session.ended")
	}
	if s.Gate != nil {
		if to, err := s.Gate(c, route); err != nil {
			return err
		} else if to != "" {
			return c.Redirect(to)
		}
	}
	if route.Fresh && !c.Fresh() {
		if s.Prove == nil {
			return fault.New(fault.SignIn, "session.not_fresh")
		}
		return c.Redirect(s.Prove(c))
	}
	return route.Handle(c)
}

func (s *Site) cookieName() string {
	if s.Cookie == "" {
		return sessionCookie
	}
	return s.Cookie
}

// secure sets the headers of every page.
func (s *Site) secure(c *Context) {
	var more Sources
	if s.CSP != nil {
		more = s.CSP(c)
	}
	join := func(sources ...string) string {
		out := ""
		for _, x := range sources {
			if x != "" {
				out += " " + x
			}
		}
		return out
	}
	h := c.W.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; style-src 'self'"+
		"; script-src 'nonce-"+c.Nonce+"'"+join(more.Script)+"; connect-src 'self'"+join(more.Connect)+
		func() string {
			if more.Frame == "" {
				return ""
			}
			return "; frame-src" + join(more.Frame)
		}())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(self)")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Cookie")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// language is the reader's: what they chose, else what their browser asks for, among those the organisation offers.
func (s *Site) language(r *http.Request) *words.Words {
	for _, lang := range []string{r.URL.Query().Get("lang"), cookie(r, languageCookie)} {
		if lang != "" && s.Brand.Offers(lang) {
			return s.Words.For(lang)
		}
	}
	if w := s.Words.Accept(r.Header.Get("Accept-Language")); r.Header.Get("Accept-Language") != "" && s.Brand.Offers(w.Lang()) {
		return w
	}
	return s.Words.For(s.Brand.Languages[0])
}

// address is the network address of the payer.
func (s *Site) address(r *http.Request) string {
	if s.Proxied {
		// The proxy appends the address it saw, to the last line of the header or as a line of its own, so the last one is
		// the only one it vouches for.
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if last := strings.TrimSpace(list[len(list)-1]); net.ParseIP(last) != nil {
			return last
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

package desk

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
)

// people are whom the identity provider knows; their password is their name.
type people map[string]*storage.User

func (p people) GetUserByID(s string) *storage.User       { return p[s] }
func (p people) GetUserByUsername(s string) *storage.User { return p[s] }
func (p people) ExampleClientID() string                  { return "memberpay" }

// provider is a real identity provider, and a browser that signs in to it.
type provider struct {
	*httptest.Server
	t testing.TB
}

func newProvider(t testing.TB, list ...*storage.User) *provider {
	t.Helper()
	known := people{}
	for _, u := range list {
		u.ID, u.Password = u.Username, u.Username
		known[u.Username] = u
	}
	var routes http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { routes.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	client := storage.WebClient("memberpay", "secret", "https://pay.larkspur.example/desk/sso/return")
	store := storage.NewStorageWithClients(known, map[string]*storage.Client{"memberpay": client})
	routes = exampleop.SetupServer(server.URL, store, nil, false)
	return &provider{server, t}
}

// signIn follows an address of the provider, signs in as a person and returns where the browser is sent.
func (p *provider) signIn(address, username string) string {
	p.t.Helper()
	jar, _ := cookiejar.New(nil) // cannot fail
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 8 {
		answer, err := browser.Get(address)
		if err != nil {
			p.t.Fatal(err)
		}
		answer.Body.Close()
		if to := answer.Header.Get("Location"); to != "" {
			next, err := answer.Request.URL.Parse(to)
			if err != nil {
				p.t.Fatal(err)
			}
			if address = next.String(); !strings.HasPrefix(address, p.URL) {
				return address
			}
			continue
		}
		login, _ := url.Parse(address)
		answer, err = browser.PostForm(p.URL+"/login/username", url.Values{"username": {username}, "password": {username}, "id": {login.Query().Get("authRequestID")}})
		if err != nil {
			p.t.Fatal(err)
		}
		answer.Body.Close()
		next, err := answer.Request.URL.Parse(answer.Header.Get("Location"))
		if err != nil || answer.Header.Get("Location") == "" {
			p.t.Fatalf("the provider lets %s in nowhere: %d", username, answer.StatusCode)
		}
		address = next.String()
	}
	p.t.Fatal("the provider sends the browser round and round")
	return ""
}

// path is an address of ours without its host.
func path(address string) string { return strings.TrimPrefix(address, "https://pay.larkspur.example") }

func ssoOffice(t *testing.T, d *db.DB, list ...*storage.User) (*office, *provider) {
	p := newProvider(t, list...)
	o := officeOn(t, d, staff.SSO{Issuer: p.URL, ClientID: "memberpay", ClientSecret: "secret", Name: "Larkspur sign-in"})
	o.now = time.Now() // the provider has a clock of its own
	return o, p
}

func TestSSO(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		known := &storage.User{Username: "iris", EmailVerified: true}
		o, p := ssoOffice(t, d, known, &storage.User{Username: "otto", Email: "otto@staff.example", EmailVerified: true},
			&storage.User{Username: "vera", Email: "vera@staff.example"})
		accountID, email := o.hire(identity.Agent)
		known.Email = strings.ToUpper(email)
		v := o.visitor()
		v.get("/desk/sign-in").says(t, 200, "Sign in with Larkspur sign-in")
		begun := v.get("/desk/sso?to=/desk/members")
		if !strings.HasPrefix(begun.To, p.URL) || !strings.Contains(begun.To, "code_challenge=") || !strings.Contains(begun.To, "nonce=") {
			t.Fatalf("the browser is sent to %q", begun.To)
		}
		back := path(p.signIn(begun.To, "iris"))
		v.get(back).leads(t, "/desk/members")
		v.get("/desk/members").says(t, 200)
		if s, err := o.accounts.Find(t.Context(), o.clock(), v.cookies[Cookie]); err != nil || s.AccountID != accountID || s.How != "sso" {
			t.Errorf("signed in as %+v, %v", s, err)
		}
		v.get(back).says(t, 422, "begun elsewhere or took too long") // once

		thief := o.visitor() // has the address, and not the browser
		other := o.visitor()
		back = path(p.signIn(other.get("/desk/sso").To, "iris"))
		thief.get(back).says(t, 422, "begun elsewhere")
		forged := other.cookies["memberpay_sso"]
		u, _ := url.Parse(back)
		q := u.Query()
		q.Set("state", forged+"x")
		other.get("/desk/sso/return?"+q.Encode()).says(t, 422, "begun elsewhere")

		late := o.visitor()
		back = path(p.signIn(late.get("/desk/sso").To, "iris"))
		o.pass(11 * time.Minute)
		late.get(back).says(t, 422, "took too long")
		o.pass(-11 * time.Minute)

		mixed := o.visitor() // a code of one sign-in with the state of another
		first := path(p.signIn(mixed.get("/desk/sso").To, "iris"))
		second := mixed.get("/desk/sso")
		state, _ := url.Parse(second.To)
		code, _ := url.Parse(first)
		mixed.get("/desk/sso/return?"+url.Values{"state": {state.Query().Get("state")}, "code": {code.Query().Get("code")}}.Encode()).says(t, 422, "begun elsewhere")

		for username, says := range map[string]string{"otto": "nobody has invited you here", "vera": "does not vouch for your email"} {
			x := o.visitor()
			x.get(path(p.signIn(x.get("/desk/sso").To, username))).says(t, 422, says)
			x.get("/desk").leads(t, "/desk/sign-in?to=%2Fdesk")
		}
		boss, _ := o.hire(identity.Administrator)
		o.opened(boss, "passkey").post("/desk/staff/"+accountID+"/end").leads(t, "/desk/staff")
		v.get("/desk").leads(t, "/desk/sign-in?to=%2Fdesk")
		gone := o.visitor()
		gone.get(path(p.signIn(gone.get("/desk/sso").To, "iris"))).says(t, 422, "nobody has invited you here")
	})
}

func TestSSOIsDown(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.Close()
	o := officeOn(t, dbtest.Open(t, db.SQLite), staff.SSO{Issuer: p.URL, ClientID: "memberpay", Name: "Larkspur sign-in"})
	o.visitor().get("/desk/sso").says(t, 422, "does not answer")
	newOffice(t).visitor().get("/desk/sso").says(t, 404)
}

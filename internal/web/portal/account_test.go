package portal

import (
	"net/url"
	"testing"

	"memberpay/internal/identity"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.walk([]row{
		{name: "nobody", who: h.visitor(), path: "/account", status: 303, to: "/sign-in?to=%2Faccount"},
		{name: "a guest", who: h.guest(rosaNumber, rosaBirth), path: "/account", status: 303, to: "/sign-in?to=%2Faccount"},
		{name: "a guest's navigation", who: h.guest(rosaNumber, rosaBirth), path: "/bills", status: 200, lacks: []string{`href="/account"`}},
		{name: "the overview", who: h.rosa(), path: "/account", status: 200, contains: []string{"Your account", rosaEmail, "English", "Change Language", "Saved cards None."}},
		{name: "words of others", who: h.rosa(), path: "/account?done=%3Cscript%3Ealert", status: 200, lacks: []string{"Done"}},
	})
}

func TestLanguageOfTheAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.walk([]row{
		{name: "the question", who: rosa, path: "/account/language", status: 200, contains: []string{"Which language do you want?", "Español"}},
		{name: "none", who: rosa, path: "/account/language", form: url.Values{}, status: 422, contains: []string{"Choose a language"}},
		{name: "one we lack", who: rosa, path: "/account/language", form: url.Values{"language": {"fr"}}, status: 422},
		{name: "hostile", who: rosa, path: "/account/language", form: url.Values{"language": {hostile}}, status: 422},
		{name: "Spanish", who: rosa, path: "/account/language", form: url.Values{"language": {"es"}}, status: 303, to: "/account?done=language&lang=es"},
		{name: "the overview", who: rosa, path: "/account?done=language&lang=es", status: 200, contains: []string{"Su cuenta", "Su idioma quedó guardado.", "Idioma Español"}},
		{name: "it stays", who: rosa, path: "/bills", status: 200, contains: []string{"Cuenta"}, lacks: []string{"Your bills"}},
		{name: "on another browser", who: h.rosa(), path: "/account", status: 200, contains: []string{"Language Español"}},
	})
}

// member is the opening of a session of a new account that acts for people of the house.
func (h *house) member(names ...string) identity.Opening {
	h.t.Helper()
	var members []string
	for _, n := range names {
		members = append(members, h.people[n])
	}
	return identity.Opening{AccountID: h.account(identity.Member, members...), Members: members, How: "password"}
}

package portal

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/enroll"
	"memberpay/internal/household"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web/webtest"
)

// opened is a browser whose session begins with o.
func (h *house) opened(o identity.Opening) *visitor {
	h.t.Helper()
	_, token, err := h.accounts.Start(h.t.Context(), h.clock(), o)
	h.must(err)
	v := h.visitor()
	v.cookies["memberpay_session"] = token
	return v
}

// account opens an account that acts for members.
func (h *house) account(role identity.Actor, members ...string) (accountID string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) {
		accountID, err = h.accounts.Open(h.t.Context(), tx, h.clock(), identity.NewAccount{Email: id.New("x") + "@mail.example", Role: role, Members: members})
		return err
	})
	return accountID
}

// caller is a Caller whose browsers begin with o.
func (h *house) caller(name string, actor identity.Actor, o identity.Opening) webtest.Caller {
	return webtest.Caller{Name: name, Actor: actor, Do: func(method, path string) webtest.Answer {
		v := h.visitor()
		if actor != identity.Nobody {
			v = h.opened(o)
		}
		if o.AccountID != "" && o.AccountID == h.joiner {
			v.cookies[joinCookie] = h.joinToken
		}
		a := v.do(method, path, url.Values{})
		return webtest.Answer{Status: a.Status, To: a.To, Body: a.Alike()} // a random nonce may spell a secret
	}}
}

// TestEveryRouteAsEverybody tries every route on things of Rosa's: as nobody, as a guest, as another member, as each role
// of staff at the members' door, and as Rosa herself.
func TestEveryRouteAsEverybody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.chats.Hub.Stop() // a stream says what there is, and ends
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	h.joiner = rosa.ID
	own := identity.Opening{AccountID: rosa.ID, Members: rosa.Members, How: "password"}
	avery := []string{h.people["Avery"]}
	world := webtest.World{
		Routes: h.portal.Routes(),
		Callers: []webtest.Caller{
			h.caller("nobody", identity.Nobody, identity.Opening{}),
			h.caller("another guest", identity.Guest, identity.Opening{Members: avery}),
			h.caller("another member", identity.Member, identity.Opening{AccountID: h.account(identity.Member, avery...), Members: avery, How: "password"}),
			h.caller("a member of nobody", identity.Member, identity.Opening{AccountID: h.account(identity.Member), How: "passkey"}),
		},
		Objects: h.things(own),
		// A scanned code fills in a form; a review leads to its page, which knows; what is removed is removed.
		Silent: map[string]bool{"GET /help/{category}": true, "GET /help/articles/{slug}": true, "POST /help/articles/{slug}": true, // nobody's own
			"GET /p/{code}": true, "POST /pay/{draft}/review": true, "POST /saved-cards/{card}/remove": true,
			// Whoever has the link of an invitation is whom it is for; the next step asks for a code.
			"GET /invited/{token}": true, "POST /invited/{token}": true, "GET /invited/{token}/accept": true, "POST /invited/{token}/accept": true, "POST /invited/{token}/account": true,
			"GET /not-me/{change}": true, "POST /not-me/{change}": true,
			"GET /undo/{undo}": true, "POST /undo/{undo}": true,
			// The same of a link to a conversation.
			"GET /chat-link/{link}": true, "POST /chat-link/{link}": true,
			// Of the link to a call that was asked for.
			"GET /contact/call/{request}": true, "POST /contact/call/{request}/cancel": true,
			// And of a link to pay: the page asks for a date of birth.
			"GET /pay-link/{paylink}": true, "POST /pay-link/{paylink}": true},
		Secrets: []string{"Rosa", "Quintero", "Mateo", "M-204118907", "M-300", "P-88201", "Hillcrest Dermatology", "$150.00", rosaEmail, rosaNumber},
		State: func() string {
			return webtest.State(t, h.db, append([]string{rosa.ID, h.people["Rosa"], h.people["Mateo"]}, h.billIDs("M-204118907", "M-204118908", "M-300", "P-88201")...)...)
		},
		Doors: []string{"/sign-in?to=", "/pay?to="},
	}
	for _, role := range identity.StaffRoles {
		staff := h.account(role)
		world.Callers = append(world.Callers, h.caller(string(role), role, identity.Opening{AccountID: staff, How: "passkey"}))
	}
	owner := h.caller("Rosa", identity.Member, own)
	owner.Owner = true
	world.Callers = append(world.Callers, owner)
	world.EveryRoute(t)
}

func (h *house) billIDs(keys ...string) []string {
	var out []string
	for _, k := range keys {
		out = append(out, h.bills[k].ID)
	}
	return out
}

// things makes things of Rosa's for the addresses of routes, each time a new one where a call may use it up.
func (h *house) things(rosa identity.Opening) map[string]func() string {
	begun := func() *walker { return h.opened(rosa).begin("M-204118907") }
	ready := func() string {
		w := begun()
		w.reviewed(url.Values{"how": {"other"}, "bills": {h.bills["M-204118907"].ID}, "amount": {"1.00"}}, bankForm1())
		return w.draft
	}
	return map[string]func() string{
		"category": func() string { return "trouble" },
		"slug":     func() string { return "charged-twice" },
		"helper": sync.OnceValue(func() string {
			helpID, _ := h.invites(household.Invitation{MemberID: h.people["Rosa"], AccountID: rosa.AccountID, Name: "Sam", Email: "sam@mail.example", For: []string{h.people["Rosa"]}})
			return helpID
		}),
		"help": sync.OnceValue(func() string { return h.lets(rosa.AccountID, h.asAvery()) }),
		// Whoever has the link is whom it is for: this one was used, and its own tests use others.
		"undo":   sync.OnceValue(func() string { return "used-before" }),
		"change": sync.OnceValue(func() string { return "used-before" }),
		"token": sync.OnceValue(func() string {
			_, token := h.invites(h.asAvery())
			return token
		}),
		"point": sync.OnceValue(func() string {
			var pointID string
			h.write(func(tx *db.Tx) (err error) {
				pointID, err = h.accounts.AddContactPoint(h.t.Context(), tx, h.clock(), rosa.AccountID, identity.EmailPoint, "new@mail.example")
				return err
			})
			return pointID
		}),
		"enrollment": func() string {
			m, err := member.Get(h.t.Context(), h.db.Read(), h.people["Rosa"])
			h.must(err)
			en, token, err := h.enroll.Start(h.t.Context(), h.clock(), audit.Program, enroll.Beginning{Found: m, Token: h.joinToken})
			h.must(err)
			h.joinToken = token
			return en.ID
		},
		"bill":    func() string { return h.bills["M-300"].ID },
		"case":    func() string { return h.opens(rosa, "M-300") },
		"code":    func() string { return h.bills["M-300"].PayCode },
		"request": sync.OnceValue(func() string { return h.asksForCall(rosa.AccountID, h.people["Rosa"]) }),
		"draft":   func() string { return ready()[len("/pay/"):] },
		"ref": func() string {
			w := begun()
			pages := w.reviewed(url.Values{"how": {"other"}, "bills": {h.bills["M-204118907"].ID}, "amount": {"1.00"}}, bankForm1())
			return w.post(w.draft+"/review", confirm(pages)).To[len("/payments/"):]
		},
		"passkey": func() string {
			f, err := h.accounts.Factors(h.t.Context(), rosa.AccountID)
			h.must(err)
			if len(f.Passkeys) == 0 {
				h.phone(rosa.AccountID)
				f, err = h.accounts.Factors(h.t.Context(), rosa.AccountID)
				h.must(err)
			}
			return f.Passkeys[0].ID
		},
		"device": func() string {
			h.write(func(tx *db.Tx) error {
				_, err := h.accounts.Remember(h.t.Context(), tx, h.clock(), rosa.AccountID, "Chrome")
				return err
			})
			list, err := h.accounts.Devices(h.t.Context(), h.clock(), rosa.AccountID)
			h.must(err)
			return list[0].ID
		},
		"session": func() string {
			s, _, err := h.accounts.Start(h.t.Context(), h.clock(), rosa)
			h.must(err)
			return s.ID
		},
		"conversation": func() string {
			c, _, err := h.chats.Start(h.t.Context(), h.clock(), audit.Program, chat.Beginning{Key: id.Secret(), AccountID: rosa.AccountID, MemberID: h.people["Rosa"], Language: "en", Text: "About Mateo"})
			h.must(err)
			h.talked = c.ID
			return c.ID
		},
		"file": func() string {
			m, err := h.chats.Send(h.t.Context(), h.clock(), h.talked, chat.Sending{Key: id.Secret(), Side: chat.Member, File: &chat.Upload{Name: "Rosa.pdf", Data: []byte("%PDF-1.7\n%%EOF")}})
			h.must(err)
			return m.File.ID
		},
		"link": sync.OnceValue(func() string {
			v := h.visitor()
			path := v.asks("Hello", "email", "nora@mail.example")
			v.post(path+"/copy", url.Values{})
			var copied letter.ChatCopy
			h.must(h.letters(letter.KindChatCopy, "nora@mail.example")[0].Read(&copied))
			return copied.URL[strings.LastIndex(copied.URL, "/")+1:]
		}),
		"paylink": sync.OnceValue(h.sendsPayLink),
		"card": func() string {
			h.opened(rosa).paid(with(cardForm1(), "save_card", "yes"), "P-88201")
			h.revise("P-88201", h.bills["P-88201"].Responsibility*2)
			list, err := payment.SavedCards(h.t.Context(), h.db.Read(), rosa.AccountID)
			h.must(err)
			return list[len(list)-1].ID
		},
	}
}

package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/web"
	"memberpay/internal/web/webtest"
)

// row is one request: who asks, for what, and what must come back.
type row struct {
	name     string
	who      *visitor
	path     string
	form     url.Values // nil is a GET
	status   int
	to       string // prefix of where a redirect leads
	contains []string
	lacks    []string
}

func (h *house) walk(rows []row) {
	t := h.t
	t.Helper()
	for _, r := range rows {
		a := r.who.request(r)
		if a.Status != r.status {
			t.Errorf("%s: status %d, want %d\n%s", r.name, a.Status, r.status, a.Text())
			continue
		}
		if r.to != "" && !strings.HasPrefix(a.To, r.to) {
			t.Errorf("%s: leads to %q, want %q", r.name, a.To, r.to)
		}
		text := a.Text()
		for _, s := range r.contains {
			if !strings.Contains(text, s) {
				t.Errorf("%s: the page does not say %q\n%s", r.name, s, text)
			}
		}
		for _, s := range r.lacks {
			if strings.Contains(a.Body, s) || strings.Contains(text, s) {
				t.Errorf("%s: the page says %q\n%s", r.name, s, text)
			}
		}
	}
}

func (v *visitor) request(r row) answer {
	if r.form != nil {
		return v.post(r.path, r.form)
	}
	return v.get(r.path)
}

func TestOpenPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	nobody := h.visitor()
	h.walk([]row{
		{name: "first page", who: nobody, path: "/", status: 200, contains: []string{"Pay your bill", "Sign in", "Pay without signing in",
			"Create an account", "Find my member ID", "Help", "1-800-555-0142", "Open now until 6:00 PM Pacific"}},
		{name: "its other address", who: nobody, path: "/payonline", status: 200, contains: []string{"Pay your bill"}},
		{name: "help", who: nobody, path: "/help", status: 200, contains: []string{"My payment was declined", "I was charged twice",
			"My bank returned my payment", "I cannot find my bill", "I lost my member ID",
			"Riverside Landing, OR 97000", "Sunday Closed"}},
		{name: "talk to us", who: nobody, path: "/contact", status: 200, contains: []string{"Talk to us", "1-800-555-0142", "1-800-555-0143", "Open now until 6:00 PM Pacific", "Sunday Closed"}},
		{name: "offices", who: nobody, path: "/offices", status: 200, contains: []string{"Our offices", "Riverside Landing, OR 97000", "27 Meadow Street", "on a map (opens another site, openstreetmap.org)"}},
		{name: "find my id", who: nobody, path: "/find-my-id", status: 200, contains: []string{"Find my member ID", "1-800-555-0142", "27 Meadow Street"}},
		{name: "join", who: nobody, path: "/join", status: 200, contains: []string{"Create your account", "Step 1 of 4: Find yourself", "Member ID, bill number or pay code", "Date of birth", "ZIP code", "Continue", "You can pay without an account"}},
		{name: "find", who: nobody, path: "/pay", status: 200, contains: []string{"Find your bill", "Member ID, bill number or pay code", "Date of birth", "Month", "Day", "Year", "Continue"}},
		{name: "no such page", who: nobody, path: "/nothing", status: 404, contains: []string{"We could not find that page", "1-800-555-0142"}},
		{name: "Spanish", who: nobody, path: "/?lang=es", status: 200, contains: []string{"Pagar sin iniciar sesión"}},
		{name: "Spanish stays", who: nobody, path: "/help", status: 200, contains: []string{"Ayuda"}, lacks: []string{"I was charged"}},
	})
}

func TestDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	nobody := h.visitor()
	h.walk([]row{
		{name: "bills", who: nobody, path: "/bills", status: 303, to: "/sign-in?to=%2Fbills"},
		{name: "a begun payment", who: nobody, path: "/pay/draft_1/method", status: 303, to: "/pay?to=%2Fpay%2Fdraft_1%2Fmethod"},
		{name: "a payment", who: nobody, path: "/payments/K7Q-M4T-2X9P", status: 303, to: "/pay?to=%2Fpayments%2FK7Q-M4T-2X9P"},
		{name: "its document", who: nobody, path: "/payments/K7Q-M4T-2X9P/receipt.pdf", status: 303, to: "/pay?to=%2Fpayments%2FK7Q-M4T-2X9P%2Freceipt.pdf"},
		{name: "the list of payments", who: nobody, path: "/payments", status: 303, to: "/sign-in?to=%2Fpayments"},
		{name: "says how", who: nobody, path: "/pay?to=%2Fpayments%2FK7Q-M4T-2X9P", status: 200, contains: []string{"See your payment",
			"To see this payment, tell us the number on your bill and the date of birth, or sign in.", "Sign in to see this payment"},
			lacks: []string{"Pay your", "Pay without", "We kept the bills you chose"}},
		{name: "and there", who: nobody, path: "/sign-in?to=%2Fpayments%2FK7Q-M4T-2X9P", status: 200, contains: []string{"Find this payment without signing in"},
			lacks: []string{"You can also pay"}},
		{name: "says why", who: nobody, path: "/sign-in?to=%2Fbills", status: 200, contains: []string{"Sign in to see this page."}},
		{name: "keeps the answers", who: nobody, path: "/pay?to=%2Fpay%2Fdraft_1%2Fmethod", status: 200, contains: []string{"We kept the bills you chose"}},
		{name: "leads nowhere else", who: nobody, path: "/sign-in?to=https://evil.example/", status: 200, lacks: []string{"evil"}},
		{name: "session over in a form", who: nobody, path: "/pay/draft_1/review", form: url.Values{}, status: 401,
			contains: []string{"Please sign in", "go on with your payment", "We kept the bills you chose"}},
	})
}

// TestOurFault: where we fail, the page says so, tells how to reach a person, and shows nothing of the inside.
func TestOurFault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DROP TABLE bill")
		return err
	})
	h.walk([]row{
		{name: "list", who: rosa, path: "/bills", status: 500, contains: []string{"Something went wrong on our side", "look at your payments before you pay again",
			"1-800-555-0142", "Your payments"}, lacks: []string{"no such table", "SELECT"}},
		{name: "look-up", who: h.visitor(), path: "/pay", form: findForm(rosaNumber, rosaBirth), status: 500, contains: []string{"Go to the first page"}},
	})
}

// TestStrangersAtEveryDoor tries every route that is not for everybody without a session, and as somebody else.
func TestStrangersAtEveryDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["M-300"]
	pay := h.paid("M-300", 100)
	fill := strings.NewReplacer("{bill}", b.ID, "{ref}", pay.Confirmation, "{draft}", "draft_x", "{card}", "card_x", "{code}", b.PayCode)
	avery := h.guest(averyNumber, averyBirth)
	for _, route := range h.portal.Routes() {
		if route.Access == web.Machine || route.Access == web.Anyone {
			continue
		}
		path := fill.Replace(route.Path)
		for name, v := range map[string]*visitor{"nobody": h.visitor(), "Avery": avery} {
			a := v.do(route.Method, path, url.Values{})
			if a.Status >= 500 {
				t.Errorf("%s %s as %s: %d", route.Method, path, name, a.Status)
			}
			for _, secret := range []string{"Mateo", "Rosa", "M-300", "$1.00"} {
				if strings.Contains(a.Text(), secret) {
					t.Errorf("%s %s tells %s %q", route.Method, path, name, secret)
				}
			}
			if name == "nobody" && (a.Status != 303 || route.Method != "GET") && a.Status != 401 {
				t.Errorf("%s %s lets nobody in: %d", route.Method, path, a.Status)
			}
		}
	}
}

// TestWrongMethods: a path that is there for another method says so, alike for everything that could stand at it.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	webtest.WrongMethods(t, h.handler, h.portal.Routes())
	mine, none := h.rosa().do("DELETE", "/bills/"+h.bills["M-300"].ID, nil), h.rosa().do("DELETE", "/bills/bill_none", nil)
	if mine.Status != 405 || mine.Text() != none.Text() {
		t.Errorf("a bill that is there: %d %s, one that is not: %s", mine.Status, mine.Text(), none.Text())
	}
	says(t, h.visitor().get("/sign-out"), 405, "We could not find that page")
	if a := h.visitor().get("/bills/" + h.bills["M-300"].ID); a.Status != 303 {
		t.Errorf("a bill with the right method as nobody: %d", a.Status)
	}
}

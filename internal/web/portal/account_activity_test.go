package portal

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
)

// logged writes entries into the audit log as they are.
func (h *house) logged(entries ...audit.Entry) {
	h.t.Helper()
	h.must(audit.Write(h.t.Context(), h.db, entries...))
}

func TestWhoLookedAtMyRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.guest(rosaNumber, rosaBirth)
	h.visitor().post("/sign-in", signInForm(rosaEmail, "wrong", ""))
	h.visitor().post("/sign-in", signInForm("nobody@mail.example", "wrong", ""))
	rosa := h.rosa()
	id, agent := h.session(rosa).AccountID, h.account(identity.Agent)
	h.pass(time.Minute)
	h.logged(
		audit.Entry{At: h.clock(), Actor: agent, Role: audit.Agent, Action: "member.view", Subject: h.people["Rosa"], Member: h.people["Rosa"], From: "10.9.8.7", Reason: "Caller asked about a bill " + hostile},
		audit.Entry{At: h.clock(), Actor: agent, Role: audit.Agent, Action: "member.view", Subject: h.people["Avery"], Member: h.people["Avery"], Reason: "Avery's own business"},
		audit.Entry{At: h.clock(), Actor: "acc_new", Role: audit.Finance, Action: "member.some.new_verb", Member: h.people["Rosa"]},
		audit.Entry{At: h.clock(), Actor: "acc_new", Role: audit.Finance, Action: "new_verb", Member: h.people["Rosa"]})
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO staff (account_id, name, created_at) VALUES ($1, 'Jordan Familyname', 1)", agent)
		return err
	})
	h.walk([]row{
		{name: "the page", who: rosa, path: "/account/activity", status: 200, contains: []string{"Who looked at your record", "You Signed in", "Someone who did not get in Tried to sign in",
			"Someone who knew a number and the date of birth Found your bills without signing in", "Jordan, Support agent Opened your record Reason: Caller asked about a bill", "November 23, 2026 at 12:01",
			"Finance team Changed your record", "Finance team Did something in your account", "from 192.0.…"},
			lacks: []string{"Avery", "10.9", "192.0.2", "Familyname", agent, rosaEmail}},
		{name: "in Spanish", who: rosa, path: "/account/activity?lang=es", status: 200, contains: []string{"Quién vio su expediente", "Jordan, Agente de atención Abrió su expediente Motivo:"}},
		{name: "a hostile page", who: rosa, path: "/account/activity?lang=en&before=%27%3Cscript%3Ealert%00%FF", status: 200},
		{name: "a stranger's page", who: h.opened(h.member("Avery")), path: "/account/activity", status: 200, contains: []string{"Avery's own business"}, lacks: []string{"Caller asked", "Tried to sign in"}},
	})
	if text := rosa.get("/account/activity").Text(); strings.Count(text, "Tried to sign in") != 1 {
		t.Errorf("wrong sign-ins of others are shown: %s", text)
	}
	var many []audit.Entry
	for range activityAPage + 10 {
		many = append(many, audit.Entry{At: h.clock(), Actor: id, Role: audit.Member, Action: "account.language", Subject: id})
	}
	h.logged(many...)
	first := rosa.get("/account/activity")
	if n := strings.Count(first.Text(), "Changed the language"); n != activityAPage {
		t.Errorf("%d entries on a page", n)
	}
	at := strings.Index(first.Body, "/account/activity?before=")
	older := first.Body[at : at+strings.IndexByte(first.Body[at:], '"')]
	second := rosa.get(older)
	second.mustSay(t, "Opened your record", "Newest")
	if n := strings.Count(second.Text(), "Changed the language"); n != 10 || strings.Contains(second.Text(), "Older") {
		t.Errorf("%d entries on the second page", n)
	}
}

// TestActivityOfHouseholds names whose record it was where an account acts for several.
func TestActivityOfHouseholds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	both := h.opened(h.member("Rosa", "Mateo"))
	h.logged(audit.Entry{At: h.clock(), Actor: "acc_agent", Role: audit.Supervisor, Action: "member.view", Member: h.people["Mateo"], Reason: "x"})
	both.get("/account/activity").mustSay(t, "Support supervisor Opened your record: Mateo Quintero")
}

// TestPaymentsInActivity: each change of a payment has words of its own or of payments.
func TestPaymentsInActivity(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.words.For("en")
	for _, s := range payment.States {
		if !w.Has("activity.do.payment."+string(s)) && !w.Has("activity.do.payment") {
			t.Errorf("no words for a payment that is %s", s)
		}
	}
	for _, s := range payment.RefundStates {
		if !w.Has("activity.do.refund." + string(s)) {
			t.Errorf("no words for a refund that is %s", s)
		}
	}
	rosa := h.rosa()
	rosa.paid(cardForm1(), "M-204118907")
	rosa.get("/account/activity").mustSay(t, "You Made a payment")
}

// TestStaffInActivity: what staff do with a member by phone and about refunds reads as itself, not as something else.
func TestStaffInActivity(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	for action, says := range map[string]string{"phone_payment.begun": "Began a payment with you by phone", "payment.by_phone": "Took a payment from you by phone",
		"phone_payment.given_up": "Stopped a payment by phone", "payment.consent_recorded": "Noted where the recording of your permission is kept",
		"refund.seen": "Looked at a refund of your payment", "refund.approved": "Approved a refund for you", "refund.anew": "Worked on a refund for you"} {
		h.logged(audit.Entry{At: h.clock(), Actor: "acc_agent", Role: audit.Supervisor, Action: action, Member: h.people["Rosa"]})
		rosa.get("/account/activity").mustSay(t, "Support supervisor "+says)
	}
}

func TestRoughly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"192.0.2.1": "192.0.…", "::ffff:192.0.2.1": "192.0.…", "2001:db8:1:2::3": "2001:0db8:…", "fe80::1%eth0": "fe80:0000:…", "": "", "pipe": "", hostile: ""} {
		if got := roughly(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

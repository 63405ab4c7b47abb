package household_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/consent"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"slices"
)

// home is a mother, her child and a grown-up she pays for, a helper, and what pays.
type home struct {
	*world
	pay                    *paymenttest.World
	mother, child, grown   string // members
	account, helper, third string // accounts: the mother's, the helper's, a stranger's
}

func openHome(t testing.TB, d *db.DB) *home {
	t.Helper()
	pay := paymenttest.New(t, d)
	h := &home{world: openWith(t, d, pay.Seal), pay: pay}
	h.now = h.pay.Now()
	ids := h.bring(
		member.Incoming{MemberID: "R-1", Given: "Rosa", Family: "Quintero", BirthDate: born, Language: "es"},
		member.Incoming{MemberID: "C-1", Guarantor: "R-1", Given: "Mateo", Family: "Quintero", BirthDate: day.MustParse("2015-01-01")},
		member.Incoming{MemberID: "G-1", Guarantor: "R-1", Given: "Gina", Family: "Quintero", BirthDate: day.MustParse("2000-01-01")},
	)
	h.mother, h.child, h.grown = ids[0], ids[1], ids[2]
	h.account, h.helper, h.third = h.opened("rosa@mail.example", h.mother), h.opened("sam@mail.example"), h.opened("tom@mail.example")
	return h
}

// opened opens an account.
func (h *home) opened(email string, members ...string) (accountID string) {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) {
		accountID, err = h.Accounts.Open(h.Context(), tx, h.now, identity.NewAccount{Email: email, Role: identity.Member, Language: "en", Members: members})
		return err
	})
	return accountID
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.Helper()
	if err := w.DB.Write(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

var someone = audit.Who{Role: audit.Guest, From: "192.0.2.9"}

func (h *home) invitation() household.Invitation {
	return household.Invitation{MemberID: h.mother, AccountID: h.account, Name: "Sam", Email: "sam@mail.example", For: []string{h.mother}, Medical: true,
		LastDay: day.Of(h.now, time.UTC).AddDays(60), Zone: time.UTC, Language: "en"}
}

// invite sends an invitation and returns the permission's id and the link's token.
func (h *home) invite(in household.Invitation) (helpID, token string) {
	h.Helper()
	helpID, err := h.Invite(h.Context(), h.now, someone, in)
	if err != nil {
		h.Fatal(err)
	}
	sent, err := h.Outbox.Of(h.Context(), h.DB.Read(), helpID)
	if err != nil || len(sent) != 1 || sent[0].Recipient != in.Email || sent[0].Kind != letter.KindHelperInvited {
		h.Fatalf("%v, %v", sent, err)
	}
	var data struct{ URL string }
	if err := json.Unmarshal(sent[0].Data.(json.RawMessage), &data); err != nil {
		h.Fatal(err)
	}
	_, token, _ = strings.Cut(data.URL, "https://pay.larkspur.example/invited/")
	return helpID, token
}

func (h *home) help(helpID string) member.Help {
	h.Helper()
	help, err := member.GetHelp(h.Context(), h.DB.Read(), helpID)
	if err != nil {
		h.Fatal(err)
	}
	return help
}

func (h *home) accept(token, proof, accountID string) error {
	return h.DB.Write(h.Context(), func(tx *db.Tx) error {
		_, err := h.Accept(h.Context(), tx, h.now, someone, token, proof, accountID)
		return err
	})
}

// lets makes an invitation live for the helper.
func (h *home) lets(in household.Invitation) string {
	h.Helper()
	helpID, token := h.invite(in)
	code, err := h.NewCode(h.Context(), h.now, someone, h.help(helpID))
	if err != nil {
		h.Fatal(err)
	}
	proof, err := h.ProveInvited(h.Context(), h.now, someone, token, code)
	if err != nil {
		h.Fatal(err)
	}
	if err := h.accept(token, proof, h.helper); err != nil {
		h.Fatal(err)
	}
	return helpID
}

// live is for whom the helper may pay now.
func (h *home) live() []string {
	h.Helper()
	list, err := member.LiveHelps(h.Context(), h.DB.Read(), h.now, day.Of(h.now, time.UTC), h.helper)
	if err != nil {
		h.Fatal(err)
	}
	var out []string
	for _, x := range list {
		out = append(out, x.For...)
	}
	return out
}

// bill brings an open bill of a patient for which the mother owes.
func (h *home) bill(patient string, share money.Cents) bill.Bill {
	h.Helper()
	in := h.pay.Incoming(patient, share)
	in.GuarantorID = h.mother
	return h.pay.Look(h, h.pay.Import(h, in)[0].BillID)
}

// request is the helper's wish to pay part of a bill.
func (h *home) request(helpID string, b bill.Bill, amount money.Cents, token string) payment.Request {
	r := h.pay.Request(b, amount, token)
	r.AccountID, r.Helping = h.helper, payment.Helping{HelpID: helpID, Today: day.Of(h.now, time.UTC), Month: h.now.AddDate(0, 0, -20)}
	return r
}

func TestInvitationRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		today := day.Of(h.now, time.UTC)
		for name, c := range map[string]struct {
			change func(in *household.Invitation)
			want   error
		}{
			"for nobody":               {func(in *household.Invitation) { in.For = nil }, household.ErrForWhom},
			"for a grown-up":           {func(in *household.Invitation) { in.For = []string{h.grown} }, household.ErrForWhom},
			"for a stranger":           {func(in *household.Invitation) { in.For = []string{h.mother, "mem_x"} }, household.ErrForWhom},
			"for one twice":            {func(in *household.Invitation) { in.For = []string{h.mother, h.mother} }, household.ErrForWhom},
			"by another's member":      {func(in *household.Invitation) { in.AccountID = h.third }, household.ErrForWhom},
			"by a child's row":         {func(in *household.Invitation) { in.MemberID = h.child }, household.ErrForWhom},
			"for more than a year":     {func(in *household.Invitation) { in.LastDay = today.AddDays(367) }, household.ErrLastDay},
			"until yesterday":          {func(in *household.Invitation) { in.LastDay = today.AddDays(-1) }, household.ErrLastDay},
			"for no kind of bill":      {func(in *household.Invitation) { in.Medical = false }, household.ErrKinds},
			"to an address that isn't": {func(in *household.Invitation) { in.Email = "sam" }, identity.ErrEmail},
		} {
			in := h.invitation()
			c.change(&in)
			if _, err := h.Invite(t.Context(), h.now, someone, in); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		// The rejected ones count as tries, so a day passes.
		h.now = h.now.Add(25 * time.Hour)
		first, _ := h.invite(h.invitation())
		second, _ := h.invite(h.invitation())
		if h.help(first).State(h.now) != member.HelpEnded || h.help(second).State(h.now) != member.HelpInvited {
			t.Error("a second invitation to one address does not replace the first")
		}
		for i := range 8 {
			in := h.invitation()
			in.Email = string(rune('a'+i)) + "@mail.example"
			h.invite(in)
		}
		in := h.invitation()
		in.Email = "z@mail.example"
		if _, err := h.Invite(t.Context(), h.now, someone, in); !fault.Is(err, fault.Busy) {
			t.Errorf("the eleventh e-mail of a day: %v", err)
		}
		h.now = h.now.Add(25 * time.Hour)
		h.invite(in)
		in.Email = "y@mail.example"
		if _, err := h.Invite(t.Context(), h.now, someone, in); !errors.Is(err, household.ErrTooManyHelpers) {
			t.Errorf("the eleventh permission: %v", err)
		}
	})
}

func TestAcceptingAnInvitation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		helpID, token := h.invite(h.invitation())
		if err := h.accept(token, "", h.helper); !fault.Is(err, fault.NotFound) {
			t.Errorf("accepted without the code: %v", err)
		}
		if _, err := h.ProveInvited(t.Context(), h.now, someone, token, "000000"); !errors.Is(err, identity.ErrCodeOver) {
			t.Errorf("before the member has shown a code: %v", err)
		}
		code, err := h.NewCode(t.Context(), h.now, someone, h.help(helpID))
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := h.ProveInvited(t.Context(), h.now, someone, token, "x"+code); !fault.Is(err, fault.Invalid) {
				t.Errorf("a wrong code: %v", err)
			}
		}
		if _, err := h.ProveInvited(t.Context(), h.now, someone, token, code); !errors.Is(err, identity.ErrCodeOver) {
			t.Errorf("the right code after five wrong ones: %v", err)
		}
		if code, err = h.NewCode(t.Context(), h.now, someone, h.help(helpID)); err != nil {
			t.Fatal(err)
		}
		proof, err := h.ProveInvited(t.Context(), h.now, someone, token, code[:3]+" "+code[3:])
		if err != nil {
			t.Fatal(err)
		}
		if err := h.accept(token, proof+"x", h.helper); !fault.Is(err, fault.NotFound) {
			t.Errorf("accepted by another browser: %v", err)
		}
		if err := h.accept(token, proof, h.account); !errors.Is(err, household.ErrOwnHelper) {
			t.Errorf("the member helps herself: %v", err)
		}
		if len(h.live()) != 0 {
			t.Error("an invitation counts before it is accepted")
		}
		// Two browsers accept at once: one account gets it.
		results := make([]error, 2)
		var both sync.WaitGroup
		for i, accountID := range []string{h.helper, h.third} {
			both.Go(func() { results[i] = h.accept(token, proof, accountID) })
		}
		both.Wait()
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("two accounts accepted one invitation: %v", results)
		}
		if _, err := h.Invited(t.Context(), h.now, token, proof); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link opens again: %v", err)
		}
		if got := h.outbox(letter.KindAccountChanged); len(got) != 1 || !strings.Contains(got[0], "mail rosa@mail.example") || !strings.Contains(got[0], "helper_added") {
			t.Errorf("the member was told %q", got)
		}
		late, token := h.invite(h.invitation())
		if code, err = h.NewCode(t.Context(), h.now, someone, h.help(late)); err != nil {
			t.Fatal(err)
		}
		h.now = h.now.Add(household.InvitationLife)
		if _, err := h.ProveInvited(t.Context(), h.now, someone, token, code); !fault.Is(err, fault.NotFound) {
			t.Errorf("after seven days: %v", err)
		}
		if _, err := h.NewCode(t.Context(), h.now, someone, h.help(late)); !fault.Is(err, fault.NotFound) {
			t.Errorf("a code for an invitation that has run out: %v", err)
		}
	})
}

// TestWhenAPermissionCounts ends permissions in every way there is.
func TestWhenAPermissionCounts(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *home, helpID string){
		"revoked": func(h *home, helpID string) {
			if err := h.Revoke(h.Context(), h.now, someone, h.help(helpID)); err != nil {
				h.Fatal(err)
			}
			if got := h.outbox(letter.KindHelperRevoked); len(got) != 1 || !strings.Contains(got[0], "sam@mail.example") || strings.Contains(got[0], "Quintero") {
				h.Errorf("the helper was told %q", got)
			}
		},
		"stepped back": func(h *home, helpID string) {
			for range 2 {
				if err := h.StepBack(h.Context(), h.now, someone, h.help(helpID)); err != nil {
					h.Fatal(err)
				}
			}
			if got := strings.Join(h.outbox(letter.KindAccountChanged), " "); strings.Count(got, "helper_ended") != 1 {
				h.Errorf("the member was told %q", got)
			}
		},
		"its last day is past": func(h *home, helpID string) {
			ends := h.help(helpID).EndsAt
			h.pay.Pass(ends.Sub(h.now))
			h.now = ends
		},
		"the account that gave it was closed": func(h *home, _ string) {
			h.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(h.Context(), "UPDATE account SET closed_at = 1 WHERE id = $1", h.account)
				return err
			})
		},
		"the account acts for the member no more": func(h *home, _ string) {
			h.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(h.Context(), "DELETE FROM account_member WHERE account_id = $1", h.account)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				h := openHome(t, d)
				in := h.invitation()
				in.For = []string{h.mother, h.child}
				helpID, b := h.lets(in), h.bill(h.mother, 10_000)
				if n := len(h.live()); n != 2 {
					t.Fatalf("it is for %d people before", n)
				}
				end(h, helpID)
				if got := h.live(); len(got) != 0 {
					t.Errorf("it still counts for %v", got)
				}
				if _, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, b, 100, "")); !errors.Is(err, payment.ErrHelpEnded) {
					t.Errorf("a payment is still taken: %v", err)
				}
				if now := h.pay.Look(t, b.ID); now.Pending != 0 {
					t.Errorf("%s are held on the bill", now.Pending)
				}
			})
		})
	}
	t.Run("a child comes of age, or somebody else pays for it", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			h := openHome(t, d)
			in := h.invitation()
			in.For = []string{h.mother, h.child}
			helpID, b := h.lets(in), h.bill(h.child, 10_000)
			for _, born := range []string{day.Of(h.now, time.UTC).String(), "2000-01-01"} {
				h.write(func(tx *db.Tx) error {
					_, err := tx.ExecContext(h.Context(), "UPDATE member SET birth_date = $2 WHERE id = $1", h.child, born)
					return err
				})
				_, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, b, 100, ""))
				if grown := born == "2000-01-01"; grown != errors.Is(err, payment.ErrHelpEnded) || (len(h.live()) == 1) != grown {
					t.Errorf("born %s: for %v, %v", born, h.live(), err)
				}
			}
		})
	})
}

// TestWhatAHelperMayPay tries bills and amounts at the edges of a permission.
func TestWhatAHelperMayPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		in := h.invitation()
		in.For, in.PaymentLimit, in.MonthLimit = []string{h.mother, h.child}, 5_000, 8_000
		helpID := h.lets(in)
		own, child, grown := h.bill(h.mother, 90_000), h.bill(h.child, 90_000), h.bill(h.grown, 90_000)
		foreign := h.pay.Bill(t, 90_000)
		premium := h.pay.Incoming(h.mother, 90_000)
		premium.Kind, premium.Payee = bill.Premium, "premium"
		price := h.pay.Look(t, h.pay.Import(t, premium)[0].BillID)
		asOther := h.request(helpID, own, 100, "")
		asOther.AccountID = h.third
		asSelf := h.request(helpID, own, 100, "")
		asSelf.PayerID = h.child
		for _, c := range []struct {
			name string
			r    payment.Request
			want error
		}{
			{"a grown-up's bill", h.request(helpID, grown, 100, ""), payment.ErrHelpEnded},
			{"a stranger's bill", h.request(helpID, foreign, 100, ""), payment.ErrHelpEnded},
			{"another kind of bill", h.request(helpID, price, 100, ""), payment.ErrHelpEnded},
			{"by another account", asOther, payment.ErrHelpEnded},
			{"for another payer", asSelf, payment.ErrHelpEnded},
			{"a permission that never was", h.request("hlp_none", own, 100, ""), payment.ErrHelpEnded},
			{"a cent too much", h.request(helpID, own, 5_001, ""), payment.ErrHelpPayment},
			{"all of it", h.request(helpID, own, 5_000, ""), nil},
			{"a cent too much in the month", h.request(helpID, child, 3_001, ""), payment.ErrHelpMonth},
			{"the rest of the month", h.request(helpID, child, 3_000, ""), nil},
			{"one cent more", h.request(helpID, child, 1, ""), payment.ErrHelpMonth},
		} {
			if _, _, err := h.pay.Payments.Submit(t.Context(), c.r); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		// What came to nothing leaves room again, and a repeat of a payment is the same payment.
		list, err := payment.ByHelp(t.Context(), d.Read(), helpID, 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d payments, %v", len(list), err)
		}
		if _, err := h.pay.Payments.Cancel(t.Context(), list[0], someone); err != nil {
			t.Fatal(err)
		}
		again := h.request(helpID, child, 2_000, "")
		first, fresh, err := h.pay.Payments.Submit(t.Context(), again)
		if err != nil || !fresh {
			t.Fatalf("after a cancellation: %v", err)
		}
		if err := h.Revoke(t.Context(), h.now, someone, h.help(helpID)); err != nil {
			t.Fatal(err)
		}
		if same, fresh, err := h.pay.Payments.Submit(t.Context(), again); err != nil || fresh || same.ID != first.ID {
			t.Errorf("the same payment again: %v %v", fresh, err)
		}
	})
}

// TestLimitsHoldUnderACrowd sends many payments at once against one month's limit.
func TestLimitsHoldUnderACrowd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		in := h.invitation()
		in.MonthLimit = 10_000
		helpID := h.lets(in)
		const crowd = 24
		requests := make([]payment.Request, crowd)
		for i := range requests {
			token := ""
			if i%2 == 1 {
				token = "ctok_ok"
			}
			requests[i] = h.request(helpID, h.bill(h.mother, 50_000), 1_500, token)
		}
		results := make([]error, crowd)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i, r := range requests {
			all.Go(func() {
				<-start
				_, _, results[i] = h.pay.Payments.Submit(t.Context(), r)
			})
		}
		close(start)
		all.Wait()
		made := 0
		for _, err := range results {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, payment.ErrHelpMonth):
				t.Errorf("refused with %v", err)
			}
		}
		sum, err := payment.HelpedSince(t.Context(), d.Read(), helpID, time.Time{})
		if err != nil || made != 6 || sum != 9_000 {
			t.Errorf("%d payments, %s together, %v", made, sum, err)
		}
	})
}

// TestMembersAreToldWhatHelpersPaid: once for each payment that was accepted, and never for one that failed.
func TestMembersAreToldWhatHelpersPaid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		helpID := h.lets(h.invitation())
		bank, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, h.bill(h.mother, 9_000), 4_200, ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, h.bill(h.mother, 9_000), 1_000, "ctok_later")); err != nil {
			t.Fatal(err)
		}
		canceled, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, h.bill(h.mother, 9_000), 7_700, ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.pay.Payments.Cancel(t.Context(), canceled, someone); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if _, err := h.TellPaid(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		got := h.outbox(letter.KindHelperPaid)
		if len(got) != 1 || !strings.Contains(got[0], "mail rosa@mail.example en") || !strings.Contains(got[0], `"helper":"Sam"`) || !strings.Contains(got[0], "4200") {
			t.Errorf("told: %q", got)
		}
		if err := h.Looked(t.Context(), h.pay.Now(), someone, []household.Look{{HelpID: helpID, Payer: h.mother, BillID: ""}}); err != nil {
			t.Fatal(err)
		}
		deeds, err := h.Deeds(t.Context(), h.help(helpID))
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, x := range deeds {
			text = append(text, x.What)
		}
		if all := strings.Join(text, " "); strings.Count(all, "paid") != 3 || !strings.Contains(all, "looked") || !strings.HasSuffix(all, "invited") || !strings.Contains(all, "accepted") {
			t.Errorf("the log says %s of %s", all, bank.ID)
		}
	})
}

func TestALookIsNotedOnceAnHour(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		helpID := h.lets(h.invitation())
		look := []household.Look{{HelpID: helpID, Payer: h.mother, BillID: "bill_1"}, {HelpID: helpID, Payer: h.mother}}
		at := h.now.Truncate(time.Hour)
		for _, pause := range []time.Duration{0, time.Minute, 59 * time.Minute, time.Hour} {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					if err := h.Looked(t.Context(), at.Add(pause), someone, look); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
		}
		looks, err := member.HelpLooks(t.Context(), d.Read(), helpID, 100)
		if err != nil || len(looks) != 4 {
			t.Errorf("%d looks, %v", len(looks), err)
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Action: "help.looked"}, 100)
		if err != nil || len(entries) != 4 || entries[0].Role != audit.Helper || entries[0].Member != h.mother {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

// TestHelperNewsIsObeyed: who wants no news of helpers gets none, who wants a text gets a text and no mail.
func TestHelperNewsIsObeyed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openHome(t, d)
		helpID := h.lets(h.invitation())
		pays := func(amount money.Cents) []string {
			t.Helper()
			before := h.outbox(letter.KindHelperPaid)
			if _, _, err := h.pay.Payments.Submit(t.Context(), h.request(helpID, h.bill(h.mother, 9_000), amount, "")); err != nil {
				t.Fatal(err)
			}
			if _, err := h.TellPaid(t.Context()); err != nil {
				t.Fatal(err)
			}
			var fresh []string
			for _, m := range h.outbox(letter.KindHelperPaid) {
				if !slices.Contains(before, m) {
					fresh = append(fresh, m)
				}
			}
			return fresh
		}
		prefer := func(w consent.Ways) {
			h.write(func(tx *db.Tx) error {
				return consent.Prefer(t.Context(), tx, h.now, h.account, map[consent.Topic]consent.Ways{consent.HelperNews: w})
			})
		}
		prefer(consent.Ways{})
		if got := pays(1_100); len(got) != 0 {
			t.Errorf("off: %q", got)
		}
		prefer(consent.Ways{Text: true})
		if got := pays(1_200); len(got) != 0 {
			t.Errorf("a text without a phone or a consent: %q", got)
		}
		h.write(func(tx *db.Tx) error {
			pointID, err := h.Accounts.AddContactPoint(t.Context(), tx, h.now, h.account, identity.PhonePoint, "503-555-0142")
			if err != nil {
				return err
			}
			if err := h.Accounts.VerifyContactPoint(t.Context(), tx, h.now, h.account, pointID); err != nil {
				return err
			}
			offer, err := consent.Offer(t.Context(), tx, h.now, h.account, consent.Texts, consent.Words{Version: consent.Version[consent.Texts], Language: "en", Text: "Texts, please."})
			if err != nil {
				return err
			}
			_, err = consent.Agree(t.Context(), tx, h.now, h.account, offer.ID, consent.Where{Address: "192.0.2.9"}, "")
			return err
		})
		if got := pays(1_300); len(got) != 1 || !strings.HasPrefix(got[0], "text +15035550142 en") || !strings.Contains(got[0], "1300") {
			t.Errorf("by text: %q", got)
		}
	})
}

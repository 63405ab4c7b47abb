package desk

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/phonepay"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/words"
)

// onPhone is an agent in a call in which Rosa has proved who she is.
type onPhone struct {
	*visitor
	who  audit.Who
	call string // address
	bill string // row id
}

func (o *office) onPhone() onPhone {
	o.t.Helper()
	agent, _ := o.hire(identity.Agent)
	who, call := o.provedTo(agent)
	return onPhone{o.opened(agent, "passkey"), who, "/desk/calls/" + call.ID, o.onlyBill()}
}

// onlyBill is the row id of Rosa's bill.
func (o *office) onlyBill() string {
	o.t.Helper()
	list, err := bill.List(o.t.Context(), o.db.Read(), bill.Scope{Members: []string{o.member}}, 10)
	o.must(err)
	return list[0].ID
}

// begin begins a payment of an amount and returns its address.
func (v onPhone) begin(amount string) string {
	v.o.t.Helper()
	a := v.post(v.call+"/pay", "bills", v.bill, "how", "other", "amount", amount)
	if !strings.HasPrefix(a.To, v.call+"/pay/draft_") {
		v.o.t.Fatalf("no payment was begun: %d %s", a.Status, a.Text())
	}
	return a.To
}

func draftOf(path string) string { return path[strings.LastIndex(path, "/")+1:] }

var goodBank = []string{"name", "Rosa Quintero", "routing", "091000019", "account", "0001234567", "confirm", "000 123 4567", "type", "checking"}

var markOf = regexp.MustCompile(`name="mark" value="([^"]+)"`)

// reviewed goes to the review and returns the mark of what it shows.
func (v onPhone) reviewed(path string) string {
	v.o.t.Helper()
	a := v.get(path + "/review")
	m := markOf.FindStringSubmatch(a.Body)
	if m == nil {
		v.o.t.Fatalf("no review: %d %s %s", a.Status, a.To, a.Text())
	}
	return m[1]
}

func (o *office) paid(draftID string) payment.Payment {
	o.t.Helper()
	pay, err := payment.ByKey(o.t.Context(), o.db.Read(), draftID)
	o.must(err)
	return pay
}

// token is the token of the latest link that was sent for a draft.
func (o *office) token(draftID string) string {
	o.t.Helper()
	l, ok, err := phonepay.LinkOf(o.t.Context(), o.db.Read(), draftID)
	if err != nil || !ok {
		o.t.Fatalf("no link was sent: %v", err)
	}
	list, err := o.outbox.Of(o.t.Context(), o.db.Read(), l.MessageID)
	o.must(err)
	var d letter.PayLink
	o.must(list[0].Read(&d))
	return d.URL[strings.LastIndex(d.URL, "/")+1:]
}

// TestPayByLink: a caller who proved who they are gets a link, and the agent sees how far they are; never a card.
func TestPayByLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		o.chats.Hub.Stop() // a stream says what there is, and ends
		v := o.onPhone()
		ctx, phone := t.Context(), o.desk.Phone
		v.get(v.call).says(t, 200, "Take a payment")
		v.get(v.call+"/pay").says(t, 200, "M-90417", "$150.25")
		v.post(v.call+"/pay", "how", "full").says(t, 422, "Tick at least one bill")
		v.post(v.call+"/pay", "bills", v.bill, "how", "other", "amount", "900").says(t, 422, "$150.25")
		v.post(v.call+"/pay", "bills", v.bill, "how", "other", "amount", hostileText).says(t, 422)
		path := v.begin("40")
		v.get(path).says(t, 200, "$40.00", "Send a link to r•••@m•••.example", "ends in 99", "you may not hear it or type it")
		v.post(path+"/link", "channel", "fax").says(t, 422, "not on file")
		v.post(path+"/link", "channel", "mail").leads(t, path)
		page := v.get(path)
		page.says(t, 200, "Not opened yet", "$40.00", "On its way", "Send a new link to r•••@m•••.example")
		token := o.token(draftOf(path))
		if strings.Contains(page.Body, token) {
			t.Error("the agent has the link")
		}

		guest := audit.Who{Role: audit.Guest}
		if _, err := phone.Prove(ctx, o.clock(), guest, token, day.MustParse("1984-05-03")); !errors.Is(err, phonepay.ErrBirth) {
			t.Errorf("a wrong date of birth: %v", err)
		}
		b, err := phone.Prove(ctx, o.clock(), guest, token, day.MustParse("1984-03-05"))
		o.must(err)
		owner := payment.Owner{SessionID: "ses_rosa"}
		o.must(phone.Take(ctx, o.clock(), guest, b, owner))
		v.get(path).says(t, 200, "The link is open")
		o.must(phone.At(ctx, o.clock(), b.DraftID, "method"))
		v.get(path).says(t, 200, "Chooses how to pay")
		o.must(phone.Typed(ctx, o.clock(), b.DraftID))
		v.get(path+"/events").says(t, 200, "Is typing")
		o.pass(20 * time.Second)
		v.get(path).says(t, 200, "Chooses how to pay")
		for _, step := range []string{"/bank", "/review", "/bills"} {
			v.get(path+step).leads(t, path) // the payer has it
		}
		draft, err := o.pays.ChangeDraft(ctx, owner, b.DraftID, func(d *payment.Draft) error {
			card, err := o.pays.LookCard(ctx, paymenttest.Good)
			d.SetCard(paymenttest.Good, card, false)
			d.Answers.Email, d.Answers.Emailed = "rosa@mail.example", true
			d.Answers.Reviewed = payment.Reviewed{Mark: "m", Authorization: "I pay.", Language: "en", Until: o.clock().Add(time.Hour)}
			return err
		})
		o.must(err)
		draft.Answers.Reviewed = payment.Reviewed{Authorization: "I pay.", Language: "en"}
		r, err := draft.Request(phone.Seal)
		o.must(err)
		pay, err := o.pays.Pay(ctx, r)
		o.must(err)
		v.get(path).says(t, 200, "Payment received", id.Grouped(pay.Confirmation), "By email to r•••@m•••.example", phonepay.Script)
		v.get(path+"/events").says(t, 200, "Payment received")
		got, err := payment.PhonePayments(ctx, d.Read(), []string{pay.ID})
		if b := got[pay.ID]; err != nil || b.AgentID != v.who.Actor || b.Script != phonepay.Script || !strings.Contains(v.get(v.call).Text(), b.Reference) {
			t.Errorf("the payment does not tell who took it: %+v, %v", b, err)
		}
		o.must(o.staff.Open(ctx, o.clock(), v.who, o.member, "A good reason"))
		v.get("/desk/members/"+o.member).says(t, 200, "By phone with Iris, call "+got[pay.ID].Reference)
		v.post(path+"/cancel").leads(t, path) // what a caller paid on their own device is theirs to cancel
		if p := o.paid(b.DraftID); p.State != payment.Succeeded {
			t.Errorf("it is %s", p.State)
		}
	})
}

// TestTheDeskFollows: a payer whose card is declined begins again on their device; the agent sees that one, from the page of
// the first, and stops it there.
func TestTheDeskFollows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		o.chats.Hub.Stop()
		v := o.onPhone()
		ctx, phone, guest, owner := t.Context(), o.desk.Phone, audit.Who{Role: audit.Guest}, payment.Owner{SessionID: "ses_rosa"}
		path := v.begin("40")
		v.post(path+"/link", "channel", "mail").leads(t, path)
		b, err := phone.Prove(ctx, o.clock(), guest, o.token(draftOf(path)), day.MustParse("1984-03-05"))
		o.must(err)
		o.must(phone.Take(ctx, o.clock(), guest, b, owner))
		failed := o.paysCard(owner, b.DraftID, paymenttest.Decline)
		declined := v.get(path)
		declined.says(t, 200, "The card was declined", "Nothing was paid", "What the caller reads", "There was not enough money or credit on this card.", "Pay another way")
		for _, s := range []string{"write it down", "By email to", "Your payment", "Confirmation number"} {
			if strings.Contains(declined.Text(), s) {
				t.Errorf("where nothing was paid, the desk says %q", s)
			}
		}
		if !strings.Contains(declined.Body, path+"/events") {
			t.Error("the page of a declined payment does not tell how it goes on")
		}
		next, ok, err := phone.Again(ctx, o.clock(), guest, failed, owner, payment.Answers{Kind: bill.Medical, Payee: failed.Payee, Ticked: []string{v.bill}, Lines: []payment.Line{{BillID: v.bill, Amount: 4000}}})
		if err != nil || !ok {
			t.Fatalf("it is not in the call: %v", err)
		}
		to := v.call + "/pay/" + next.ID
		o.must(phone.At(ctx, o.clock(), next.ID, "method"))
		v.get(path).leads(t, to)
		live := v.get(path + "/events")
		if live.says(t, 200, "Chooses how to pay"); !strings.Contains(live.Body, to+"/cancel") {
			t.Error("what the agent stops is not what the payer pays")
		}
		v.get(to).says(t, 200, "Chooses how to pay", "$40.00", "Before this one", "The card was declined")
		v.post(path+"/cancel").leads(t, to)
		v.get(to).says(t, 200, "This payment was stopped")
		if _, ok, err := phone.Again(ctx, o.clock(), guest, failed, owner, payment.Answers{}); ok || err != nil {
			t.Errorf("what the desk stopped is begun again in the call: %v", err)
		}

		// Paid at last: the record tells by whom, in which call.
		path = v.begin("30")
		v.post(path+"/link", "channel", "mail").leads(t, path)
		b, err = phone.Prove(ctx, o.clock(), guest, o.token(draftOf(path)), day.MustParse("1984-03-05"))
		o.must(err)
		o.must(phone.Take(ctx, o.clock(), guest, b, owner))
		failed = o.paysCard(owner, b.DraftID, paymenttest.Decline)
		next, _, err = phone.Again(ctx, o.clock(), guest, failed, owner, payment.Answers{Kind: bill.Medical, Payee: failed.Payee, Ticked: []string{v.bill}, Lines: []payment.Line{{BillID: v.bill, Amount: 3000}}})
		o.must(err)
		paid := o.paysCard(owner, next.ID, paymenttest.Good)
		v.get(path).leads(t, v.call+"/pay/"+next.ID)
		v.get(v.call+"/pay/"+next.ID).says(t, 200, "Payment received", id.Grouped(paid.Confirmation), b.Reference, phonepay.Script)
		o.must(o.staff.Open(ctx, o.clock(), v.who, o.member, "A good reason"))
		if text := v.get("/desk/members/" + o.member).Text(); strings.Count(text, "By phone with Iris, call "+b.Reference) != 6 { // three payments, each begun and ended
			t.Errorf("not every payment tells its call: %s", text)
		}
		if n := strings.Count(v.get("/desk/members/"+o.member).Text(), "of payment "); n != 1 {
			t.Errorf("%d of three payments can be refunded, and two were declined", n)
		}

		// The overview counts the one that was made, of four begun.
		lead, _ := o.hire(identity.Supervisor)
		s := o.opened(lead, "passkey")
		s.get("/desk/overview").says(t, 200, "Payments made by phone")
		if file := s.get("/desk/overview.csv").Body; !regexp.MustCompile(`(?m)^2026-11-23,Iris Example,1,\d+,0,0,0,0,0,1,0,0$`).MatchString(file) {
			t.Errorf("the file says %q", file)
		}
	})
}

// paysCard pays a draft with a card, as its payer does on their own device.
func (o *office) paysCard(owner payment.Owner, draftID, token string) payment.Payment {
	o.t.Helper()
	ctx := o.t.Context()
	draft, err := o.pays.ChangeDraft(ctx, owner, draftID, func(d *payment.Draft) error {
		card, err := o.pays.LookCard(ctx, token)
		d.SetCard(token, card, false)
		d.Answers.Email, d.Answers.Emailed = "rosa@mail.example", true
		return err
	})
	o.must(err)
	draft.Answers.Reviewed = payment.Reviewed{Authorization: "I pay.", Language: "en"}
	r, err := draft.Request(o.desk.Phone.Seal)
	o.must(err)
	pay, err := o.pays.Pay(ctx, r)
	o.must(err)
	return pay
}

const hostileText = `<script>alert(1)</script> "quoted" & 'single' =1+1`

// TestALinkEnds: it leads nowhere after five wrong dates of birth, after its time, once it is replaced and once the desk
// gave the payment up, even for somebody who has the draft in their browser.
func TestALinkEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		o.chats.Hub.Stop() // a stream says what there is, and ends
		v := o.onPhone()
		ctx, phone, guest, born := t.Context(), o.desk.Phone, audit.Who{Role: audit.Guest}, day.MustParse("1984-03-05")
		path := v.begin("40")
		v.post(path+"/link", "channel", "text").leads(t, path)
		first := o.token(draftOf(path))
		for i := range 5 {
			want := phonepay.ErrBirth
			if i == 4 {
				want = phonepay.ErrLink
			}
			if _, err := phone.Prove(ctx, o.clock(), guest, first, day.MustParse("1990-01-01")); !errors.Is(err, want) {
				t.Errorf("try %d: %v", i, err)
			}
			if i == 1 {
				v.get(path).says(t, 200, "typed a wrong date of birth (2 of 5)", "Can be opened until")
			}
		}
		if _, err := phone.Prove(ctx, o.clock(), guest, first, born); !errors.Is(err, phonepay.ErrLink) {
			t.Errorf("after five wrong tries: %v", err)
		}
		ended := v.get(path)
		ended.says(t, 200, "The link has ended", "5 wrong dates of birth", "Send a new link")
		for _, s := range []string{"Can be opened until", "I have sent you a link"} {
			if strings.Contains(ended.Text(), s) {
				t.Errorf("of a link that has ended the page says %q", s)
			}
		}
		v.post(path+"/link", "channel", "text").leads(t, path)
		second := o.token(draftOf(path))
		v.post(path+"/link", "channel", "mail").leads(t, path)
		third := o.token(draftOf(path))
		for _, token := range []string{first, second, "none", ""} {
			if _, err := phone.Prove(ctx, o.clock(), guest, token, born); !errors.Is(err, phonepay.ErrLink) {
				t.Errorf("an old link: %v", err)
			}
		}
		b, err := phone.Prove(ctx, o.clock(), guest, third, born)
		o.must(err)
		owner := payment.Owner{SessionID: "ses_rosa"}
		o.must(phone.Take(ctx, o.clock(), guest, b, owner))
		draft, err := payment.GetDraft(ctx, d.Read(), owner, b.DraftID)
		o.must(err)
		v.post(path+"/cancel").leads(t, path)
		v.get(path).says(t, 200, "This payment was stopped")
		if _, err := phone.Prove(ctx, o.clock(), guest, third, born); !errors.Is(err, phonepay.ErrLink) {
			t.Errorf("after it was stopped: %v", err)
		}
		if err := phone.Take(ctx, o.clock(), guest, b, owner); !errors.Is(err, phonepay.ErrLink) {
			t.Errorf("taken after it was stopped: %v", err)
		}
		if _, err := payment.GetDraft(ctx, d.Read(), owner, b.DraftID); err == nil {
			t.Error("the payer still has the draft")
		}
		alone := func(string) (bool, error) { return false, nil }
		if _, err := o.pays.AdoptDraft(ctx, owner, []string{o.member}, b.DraftID, alone); err == nil {
			t.Error("the payer takes the draft back")
		}
		// The page with the button was open when the desk stopped it.
		draft.Answers.CardToken, draft.Answers.Rail = paymenttest.Good, payment.Card
		draft.Answers.Reviewed = payment.Reviewed{Authorization: "I pay.", Language: "en"}
		r, err := draft.Request(phone.Seal)
		o.must(err)
		if pay, err := o.pays.Pay(ctx, r); !errors.Is(err, payment.ErrCallOver) || pay.Confirmation != "" {
			t.Errorf("paid after it was stopped: %v", err)
		}
		if n := o.count("SELECT COUNT(*) FROM payment"); n != 0 {
			t.Errorf("%d payments", n)
		}
		late := v.begin("20")
		v.post(late+"/link", "channel", "mail").leads(t, late)
		token := o.token(draftOf(late))
		o.pass(phonepay.LinkLife)
		if _, _, err := phone.Find(ctx, o.clock(), token); !errors.Is(err, phonepay.ErrLink) {
			t.Errorf("after its time: %v", err)
		}
	})
}

// TestStopAgainstPay: of an agent who stops a payment and a payer who presses the button at the same moment, one wins.
func TestStopAgainstPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		v := o.onPhone()
		ctx, phone := t.Context(), o.desk.Phone
		for range 8 {
			b, err := payment.PhoneDraft(ctx, d.Read(), draftOf(v.begin("1")))
			o.must(err)
			draft, err := payment.GetDraft(ctx, d.Read(), payment.CallOwner(b.CallID), b.DraftID)
			o.must(err)
			draft.Answers.Rail, draft.Answers.CardToken = payment.Card, paymenttest.Good
			draft.Answers.Reviewed = payment.Reviewed{Authorization: "I pay.", Language: "en"}
			r, err := draft.Request(phone.Seal)
			o.must(err)
			var stopped, refused error
			var both sync.WaitGroup
			both.Go(func() { stopped = phone.Cancel(ctx, o.clock(), v.who, b) })
			both.Go(func() { _, refused = o.pays.Pay(ctx, r) })
			both.Wait()
			if (stopped == nil) == (refused == nil) {
				t.Errorf("stopping says %v, paying says %v", stopped, refused)
			}
			for _, err := range []error{stopped, refused} {
				if err != nil && !errors.Is(err, payment.ErrCallOver) {
					t.Error(err)
				}
			}
			b, err = payment.PhoneDraft(ctx, d.Read(), b.DraftID)
			if err != nil || (b.PaymentID != "") == !b.EndedAt.IsZero() || (b.PaymentID != "") != (refused == nil) {
				t.Errorf("it stands as %+v, %v", b, err)
			}
		}
	})
}

// TestOnlyWhoProvedPays: without a proof that holds nothing begins and nothing goes on.
func TestOnlyWhoProvedPays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.chats.Hub.Stop()
	v := o.onPhone()
	path := v.begin("40")
	v.post(path+"/bank", goodBank...).leads(t, path+"/review")
	mark := v.reviewed(path)
	other := o.onPhone()
	for _, p := range []string{path, path + "/bank", path + "/review", path + "/events", other.call + "/pay/" + draftOf(path)} {
		if a := other.get(p); a.Status != 404 {
			t.Errorf("another agent opens %s: %d", p, a.Status)
		}
	}
	fresh := v.post("/desk/calls").To
	v.get(fresh+"/pay").leads(t, fresh)
	v.post(fresh+"/pay", "bills", v.bill, "how", "full").leads(t, fresh)
	o.pass(time.Hour)
	v.visitor = o.opened(v.who.Actor, "passkey") // only the proof is over
	v.get(v.call+"/pay").leads(t, v.call)
	for _, p := range []string{"/bank", "/review"} {
		v.get(path+p).leads(t, path)
	}
	v.post(path+"/review", "mark", mark, "agreed", "yes", "evidence", "recording", "recording", "REC-1").leads(t, path)
	v.post(path+"/link", "channel", "mail").leads(t, path)
	over := v.get(path)
	over.says(t, 200, "The payment was not made: the time of the verification is over", "What you entered is kept")
	if strings.Contains(over.Body, path+"/link") || !strings.Contains(over.Body, `href="`+v.call+`"`) {
		t.Errorf("the page offers a link, or does not lead to the call: %s", over.Text())
	}
	if n := o.count("SELECT COUNT(*) FROM payment") + o.count("SELECT COUNT(*) FROM pay_link"); n != 0 {
		t.Errorf("%d payments and links without a proof", n)
	}
	v.post(v.call+"/check", rosaSays...)
	v.get(v.call).says(t, 200, "Go on with the payment begun at")
	v.get(path).says(t, 200, "Send a link")
	for _, role := range []identity.Actor{identity.Finance, identity.Administrator, identity.Auditor} {
		accountID, _ := o.hire(role)
		if a := o.opened(accountID, "passkey").get(v.call + "/pay"); a.Status != 403 {
			t.Errorf("%s: %d", role, a.Status)
		}
	}
}

// TestPayByBank: a debit by telephone goes into a file of its own class once its consent is on record, and not before.
func TestPayByBank(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		o.chats.Hub.Stop() // a stream says what there is, and ends
		v := o.onPhone()
		path := v.begin("40")
		v.get(path+"/review").leads(t, path+"/bank")
		v.get(path+"/bank").says(t, 200, "Never type a card number")
		v.post(path+"/bank", "name", hostileText, "routing", "123", "account", "4242424242424242", "confirm", "4242424242424242").says(t, 422, "card")
		v.post(path+"/bank", goodBank...).leads(t, path+"/review")
		review := v.get(path + "/review")
		review.says(t, 200, "Checking account ending in 4567", "Pay $40.00", "Today is November 23, 2026. You, Rosa Quintero, authorize", "one single electronic withdrawal (ACH debit) of $40.00",
			"ending in 4567", "by telephone", "take it back until", "1-800-555-0142", "say yes or no")
		mark := v.reviewed(path)
		v.post(path+"/review", "mark", "other", "agreed", "yes", "evidence", "recording", "recording", "REC-1").says(t, 409, "Pay $40.00")
		v.post(path+"/review", "mark", mark, "evidence", "recording", "recording", "REC-1").says(t, 422, "tick this once the caller said yes")
		v.post(path+"/review", "mark", mark, "agreed", "yes").says(t, 422, "Choose how the consent is on record")
		v.post(path+"/review", "mark", mark, "agreed", "yes", "evidence", "letter").says(t, 422, "Choose how") // no address on file
		for _, wrong := range []string{"", "x", "4242 4242 4242 4242", hostileText, strings.Repeat("9", 61)} {
			a := v.post(path+"/review", "mark", mark, "agreed", "yes", "evidence", "recording", "recording", wrong)
			a.says(t, 422, "Write where the recording is found")
			if strings.Contains(a.Body, "4242 4242") {
				t.Error("a card number is shown again")
			}
		}
		v.post(path+"/review", "mark", mark, "agreed", "yes", "evidence", "recording", "recording", "2026-11-23/4711").leads(t, path)
		v.post(path+"/review", "mark", mark, "agreed", "yes", "evidence", "recording", "recording", "2026-11-23/4711").leads(t, path)
		pay := o.paid(draftOf(path))
		outcome := v.get(path)
		outcome.says(t, 200, "Payment submitted", id.Grouped(pay.Confirmation), "Recording 2026-11-23/4711", "Cancel this payment of $40.00")
		for _, page := range []answer{review, outcome} {
			if strings.Contains(page.Body, "0001234567") || strings.Contains(page.Body, "1234567") {
				t.Error("the account number is shown again")
			}
		}

		byMail := v.begin("20")
		v.post(byMail+"/bank", goodBank...).leads(t, byMail+"/review")
		v.post(byMail+"/review", "mark", v.reviewed(byMail), "agreed", "yes", "evidence", "mail").leads(t, byMail)
		v.get(byMail).says(t, 200, "Not for the bank yet", "once the email is sent")
		lead, _ := o.hire(identity.Supervisor)
		above := o.opened(lead, "passkey")
		above.get("/desk/overview").says(t, 200, "Bank payments by phone whose consent is not on record 1")
		above.get(byMail).says(t, 200, "Not for the bank yet", "$20.00")
		for _, p := range []string{path, v.begin("1"), byMail + "/bank"} { // only what waits, and no step of it
			if a := above.get(p); a.Status != 404 && a.To != byMail {
				t.Errorf("a supervisor opens %s: %d %s", p, a.Status, a.To)
			}
		}
		if a := o.onPhone().get(byMail); a.Status != 404 {
			t.Errorf("another agent opens it: %d", a.Status)
		}

		o.pass(2 * time.Second)
		report, err := o.bank.Cut(t.Context())
		o.must(err)
		if report.Entries() != 1 || report.Total() != 4000 {
			t.Fatalf("the file has %+v", report)
		}
		content, err := os.ReadFile(filepath.Join(o.outbound, report.Files[0].Name))
		o.must(err)
		if !strings.Contains(string(content), pay.Confirmation) || !regexp.MustCompile(`(?m)^5225.{46}TEL`).Match(content) || strings.Contains(string(content), "WEB") {
			t.Errorf("not a file of TEL entries:\n%s", content)
		}
		if n, err := o.pays.ClearTold(t.Context()); n != 0 || err != nil {
			t.Errorf("%d cleared though nothing was sent, %v", n, err)
		}
		second := o.paid(draftOf(byMail))
		become := func(state string) {
			t.Helper()
			o.must(d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE outbox SET state = $2 WHERE subject = $1", second.ID, state)
				return err
			}))
		}
		become("failed") // the address does not exist
		for range 2 {
			if n, err := o.pays.ClearTold(t.Context()); n != 0 || err != nil {
				t.Errorf("%d cleared by a notice that failed, %v", n, err)
			}
		}
		if n := o.count("SELECT COUNT(*) FROM exception WHERE kind = 'payment.notice_unsent' AND subject = $1", second.ID); n != 1 {
			t.Errorf("%d exceptions of a notice that failed", n)
		}
		become("sent")
		if n, err := o.pays.ClearTold(t.Context()); n != 1 || err != nil {
			t.Errorf("%d cleared, %v", n, err)
		}
		if report, err = o.bank.Cut(t.Context()); err != nil || report.Entries() != 1 || report.Total() != 2000 {
			t.Errorf("the next file has %+v, %v", report, err)
		}
		v.post(byMail+"/cancel").says(t, 409, "cannot be canceled any more")

		later := v.begin("10")
		v.post(later+"/bank", goodBank...).leads(t, later+"/review")
		v.post(later+"/review", "mark", v.reviewed(later), "agreed", "yes", "evidence", "mail").leads(t, later)
		v.post(later+"/recording", "recording", hostileText).says(t, 422, "Write where")
		above.post(later+"/recording", "recording", "REC-9").leads(t, "/desk/overview")
		v.get(later).says(t, 200, "Recording REC-9")
		v.post(later+"/cancel").leads(t, later)
		v.get(later).says(t, 200, "This payment was canceled")

		told := o.entries("payment.by_phone")
		if len(told) != 3 || told[0].Actor != v.who.Actor || told[0].Role != audit.Agent || told[0].Member != o.member {
			t.Errorf("the audit log has %+v", told)
		}
		if list, err := o.outbox.Of(t.Context(), d.Read(), pay.ID); err != nil || len(list) != 1 || list[0].Kind != "payment.submitted" || list[0].Recipient != "rosa@mail.example" {
			t.Errorf("the receipt: %+v, %v", list, err)
		}
		raw, err := json.Marshal(pay.Authorization)
		if err != nil || !strings.Contains(string(raw), "You give this authorization by telephone") {
			t.Errorf("the words kept are %s", raw)
		}
	})
}

// TestTakenBackByPhone: the words that are read out name the last moment at which somebody answers before the file is cut,
// in the caller's language, and hold no longer than that; where nobody answers before, they promise no call.
func TestTakenBackByPhone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	catalog, err := words.Load()
	o.must(err)
	site := &web.Site{Brand: brand.Default(), Words: catalog}
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC) // noon on the Wednesday before a holiday
	m := member.Member{}
	a := payment.Answers{Payee: "medical", Rail: payment.Bank, BankName: "Rosa Quintero", BankLast4: "4567", BankRouting: "129900010"}
	for what, x := range map[string]struct {
		lang      string
		now, cut  time.Time
		says, not string
		until     time.Time
	}{
		"open until the file":   {"en", now, now.Add(time.Hour), "take it back until it is sent to your bank, which is planned for November 25, 2026 at 1:00 PM", "phones close", now.Add(time.Hour)},
		"closed on the holiday": {"en", now, now.Add(43 * time.Hour), "call 1-800-555-0142 by November 25, 2026 at 6:00 PM Pacific, when our phones close", "until it is sent", now.Add(6 * time.Hour)},
		"on the holiday":        {"en", now.Add(22 * time.Hour), now.Add(43 * time.Hour), "tell us before this call ends", "call 1-800-555-0142 by", now.Add(36 * time.Hour)},
		"en español":            {"es", now, now.Add(43 * time.Hour), "llame al 1-800-555-0142 a más tardar el 25 de noviembre de 2026", "hasta que se envíe", now.Add(6 * time.Hour)},
		"en el día festivo":     {"es", now.Add(22 * time.Hour), now.Add(43 * time.Hour), "antes de que termine esta llamada", "a más tardar", now.Add(36 * time.Hour)},
	} {
		o.desk.Phone.LastCall = func(time.Time) time.Time { return x.cut }
		m.Language = x.lang
		text, w, until := o.desk.authorize(&web.Context{Site: site, Now: x.now, Words: catalog.For("en")}, m, a)
		if !strings.Contains(text, x.says) || strings.Contains(text, x.not) || w.Lang() != x.lang || !until.Equal(x.until) {
			t.Errorf("%s: until %v, %q", what, until, text)
		}
	}
}

// TestAnybodyTakesADebitBack: a member who calls again reaches another agent, proves who they are and has the debit canceled,
// as was read out to them; without that proof, and for another member, it is not there.
func TestAnybodyTakesADebitBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		first := o.onPhone()
		made := func(evidence ...string) string {
			path := first.begin("40")
			first.post(path+"/bank", goodBank...).leads(t, path+"/review")
			first.post(path+"/review", append([]string{"mark", first.reviewed(path), "agreed", "yes"}, evidence...)...).leads(t, path)
			return draftOf(path)
		}
		recorded, told := made("evidence", "recording", "recording", "REC-1"), made("evidence", "mail")
		open := first.begin("10")
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		call, err := o.desk.Calls.Open(t.Context(), o.clock(), audit.Who{Actor: agent, Role: audit.Agent}, "")
		o.must(err)
		for _, draft := range []string{recorded, told, draftOf(open)} {
			v.get("/desk/calls/"+call.ID+"/pay/"+draft).says(t, 404)
			v.post("/desk/calls/"+call.ID+"/pay/"+draft+"/cancel").says(t, 404)
		}
		_, call = o.provedTo(agent)
		at := "/desk/calls/" + call.ID
		v.get(at).says(t, 200, "Take back the bank payment of $40.00 by phone")
		for _, step := range []string{"", "/bank", "/review", "/bills"} {
			if a := v.get(at + "/pay/" + draftOf(open) + step); a.Status != 404 {
				t.Errorf("another agent goes on with a payment that was not made: %d", a.Status)
			}
		}
		waits := v.get(at + "/pay/" + told)
		waits.says(t, 200, "Not for the bank yet", "Cancel this payment of $40.00")
		if strings.Contains(waits.Body, "/recording") {
			t.Error("another agent is asked where the call is recorded")
		}
		v.post(at+"/pay/"+told+"/recording", "recording", "REC-2").leads(t, at+"/pay/"+told)
		for _, draft := range []string{recorded, told} {
			path := at + "/pay/" + draft
			v.get(path).says(t, 200, "$40.00")
			v.get(path+"/review").leads(t, path)
			v.post(path+"/cancel").leads(t, path)
			v.get(path).says(t, 200, "This payment was canceled")
			if pay := o.paid(draft); pay.State != payment.Canceled {
				t.Errorf("the debit is %s", pay.State)
			}
		}
		if text := v.get(at).Text(); strings.Contains(text, "Take back") {
			t.Error("what is canceled can be taken back")
		}
	})
}

// TestNoTelephoneInTheOffice: whoever stands before the agent authorizes nothing by telephone.
func TestNoTelephoneInTheOffice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	v := o.onPhone()
	call, err := o.desk.Calls.Visited(t.Context(), o.clock(), v.who, o.member, caller.Visit{Document: caller.Documents[0], Office: "Main", Name: true, Birth: true, Photo: true})
	o.must(err)
	v.call = "/desk/calls/" + call.ID
	path := v.begin("40")
	v.get(path).says(t, 200, "Send a link to", "Somebody who stands before you")
	v.get(path+"/bank").leads(t, path)
	v.post(path+"/bank", goodBank...).leads(t, path)
	v.get(path+"/review").leads(t, path)
}

// TestNoCardFieldAtTheDesk: no page of the desk asks for a card, and none loads the processor's frame.
func TestNoCardFieldAtTheDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.chats.Hub.Stop()
	v := o.onPhone()
	path := v.begin("40")
	v.post(path+"/bank", goodBank...)
	names := regexp.MustCompile(`(?i)name="(card|pan|cvc|cvv|expiry|exp|cc)[^"]*"|autocomplete="cc-|data-card|stripe`)
	seen := 0
	for _, p := range []string{v.call, v.call + "/pay", path, path + "/bills", path + "/bank", path + "/review"} {
		a := v.get(p)
		if a.Status != 200 {
			t.Errorf("%s: %d", p, a.Status)
		}
		seen++
		if s := names.FindString(a.Body); s != "" {
			t.Errorf("%s has %s", p, s)
		}
	}
	if seen != 6 {
		t.Error("pages are missing")
	}
}

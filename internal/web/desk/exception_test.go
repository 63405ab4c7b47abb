package desk

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/staff"
)

// saysTooLittle is news that the processor took another amount than the member paid: an exception.
func (o *office) saysTooLittle() string {
	o.t.Helper()
	_, err := o.pays.Record(o.t.Context(), o.paidByCard().ID, payment.Change{To: payment.Succeeded, Amount: 4_900})
	o.must(err)
	list, err := payment.ExceptionWork(o.t.Context(), o.db.Read(), 10)
	o.must(err)
	return list[0].ID
}

// exceptionIsOver is an exception that somebody closed: nothing that is done with it changes anything without words.
func (o *office) exceptionIsOver() string {
	o.t.Helper()
	done, err := payment.ExceptionsDone(o.t.Context(), o.db.Read(), time.Time{}, 1)
	o.must(err)
	if len(done) > 0 {
		return done[0].ID
	}
	x := o.saysTooLittle()
	o.must(o.pays.CloseException(o.t.Context(), audit.Who{Actor: "acc_nobody", Role: audit.Finance}, x, 1, "A fee of the processor."))
	return x
}

// happens writes an exception as an earlier or later program might have.
func (o *office) happens(kind, subject, detail string) string {
	o.t.Helper()
	x := id.New("exc")
	o.must(o.db.Write(o.t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(o.t.Context(), "INSERT INTO exception (id, kind, subject, detail, opened_at) VALUES ($1, $2, $3, $4, $5)", x, kind, subject, detail, db.Micros(o.clock()))
		return err
	}))
	return x
}

// TestAnExceptionAtTheDesk: finance sees it in the list, reads what to do, closes it with what was done, and opens it again.
func TestAnExceptionAtTheDesk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		finance, _ := o.hire(identity.Finance)
		lead, _ := o.hire(identity.Supervisor)
		f, s := o.opened(finance, "passkey"), o.opened(lead, "passkey")
		f.get("/desk").says(t, 200, "To look into", "Look into what went wrong with money")
		f.get("/desk/exceptions").says(t, 200, "Nothing here.")
		path := "/desk/exceptions/" + o.saysTooLittle()
		number := id.Grouped(o.paidByCard().Confirmation)
		list := f.get("/desk/exceptions")
		list.says(t, 200, "The processor names another amount than we asked for", "Payment "+number, "check that amount and currency", "November 23, 2026 at")
		record := "/desk/members/" + o.member
		if strings.Contains(list.Body, record) {
			t.Error("the list leads where finance may not go")
		}
		if !strings.Contains(s.get("/desk/exceptions").Body, record) {
			t.Error("the list does not lead to the record")
		}
		page := f.get(path)
		page.says(t, 200, "What to do", number, "We asked for $50.00", "The processor says $49.00", "$50.00 on November 23, 2026", "By card", "First seen", "It happened")
		for _, secret := range []string{"Quintero", "4242", record} {
			if strings.Contains(page.Body, secret) {
				t.Errorf("finance reads %q", secret)
			}
		}
		s.get(path).says(t, 200, "Open the record")
		s.get("/desk/overview").says(t, 200, "To look into 1 1 0 November 23, 2026 at")
		f.post(path+"/close", "seen", "1", "note", " ").says(t, 422, "Say in a few words what was done")
		f.post(path+"/close", "seen", "1", "note", strings.Repeat("a", 1001)).says(t, 422, "at most 1,000 characters")
		f.post(path+"/close", "note", "No number.").says(t, 409, "Something happened here since you opened this page", "No number.")
		f.post(path+"/close", "seen", "1", "note", "Card <script>alert(1)</script> 4242 4242 4242 4242\nwas charged a fee.").leads(t, path)
		f.get(path).says(t, 200, "Closed", "Iris Example, November 23, 2026 at", "[card number removed] was charged a fee.", "Closed by mistake?")
		s.post(path+"/close", "seen", "1", "note", "I closed it.").says(t, 409, "Somebody was faster and closed this", "was charged a fee.", "What you wrote was not kept", "I closed it.")
		f.get("/desk/exceptions").says(t, 200, "Nothing here.")
		f.get("/desk/exceptions?show=closed").says(t, 200, "Payment "+number, "Closed by", "Iris Example")
		s.get("/desk/overview").says(t, 200, "To look into 0 0 0 None")
		o.pass(25 * time.Hour)
		f, s = o.opened(finance, "passkey"), o.opened(lead, "passkey")
		s.post(path+"/reopen", "seen", "2", "note", "").says(t, 422, "Say in a few words")
		s.post(path+"/reopen", "seen", "2", "note", "The fee was for another charge.").leads(t, path)
		f.post(path+"/reopen", "seen", "2", "note", "Me too.").says(t, 409, "Somebody was faster and opened this again", "Me too.")
		f.get(path).says(t, 200, "Open again", "Waiting since November 24, 2026", "The fee was for another charge.", "was charged a fee.")
		f.get("/desk/exceptions").says(t, 200, "November 24, 2026 at", "Open again")
		o.pass(25 * time.Hour)
		s = o.opened(lead, "passkey")
		s.get("/desk/overview").says(t, 200, "To look into 1 1 1 November 24, 2026 at")
		s.post(record, "reason", "Called about a payment").leads(t, record)
		s.get(record).says(t, 200, "Iris looked into something about a payment, and closed it", "Iris opened again what is to be looked into")
		for action, want := range map[string]int{"exception.listed": 6, "exception.closed": 1, "exception.reopened": 1} {
			if got := len(o.entries(action)); got != want {
				t.Errorf("%d times %s, want %d", got, action, want)
			}
		}
		for _, e := range o.entries("exception.seen") {
			if e.Member != o.member || strings.Contains(e.Detail, "fee") {
				t.Errorf("a look is noted as %+v", e)
			}
		}
		if n := o.count("SELECT COUNT(*) FROM exception_step"); n != 3 {
			t.Errorf("%d steps", n)
		}
		o.pass(31 * 24 * time.Hour)
		o.must(o.pays.CloseException(t.Context(), audit.Who{Actor: lead, Role: audit.Supervisor}, strings.TrimPrefix(path, "/desk/exceptions/"), 3, "Done."))
		o.pass(31 * 24 * time.Hour)
		o.opened(finance, "passkey").get("/desk/exceptions?show=closed").says(t, 200, "Nothing here.")
	})
}

// TestWhoLooksIntoExceptions: supervisors and finance, and nobody else.
func TestWhoLooksIntoExceptions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	path := "/desk/exceptions/" + o.saysTooLittle()
	for _, role := range identity.StaffRoles {
		accountID, _ := o.hire(role)
		v, want := o.opened(accountID, "passkey"), 403
		if role == identity.Supervisor || role == identity.Finance {
			want = 200
		}
		v.get("/desk/exceptions").says(t, want)
		v.get(path).says(t, want)
		if want == 403 {
			v.post(path+"/close", "seen", "1", "note", "Done.").says(t, 403)
			v.post(path+"/reopen", "seen", "1", "note", "Done.").says(t, 403)
			if strings.Contains(v.get("/desk").Body, "/desk/exceptions") {
				t.Errorf("%s is led there", role)
			}
		}
		v.get("/desk/exceptions/exc_none").says(t, map[int]int{200: 404, 403: 403}[want])
	}
	if n := o.count("SELECT COUNT(*) FROM exception WHERE closed_at = 0"); n != 1 {
		t.Errorf("%d are open", n)
	}
	// In an emergency finance opens the record from here.
	finance, _ := o.hire(identity.Finance)
	f := o.opened(finance, "passkey")
	f.post("/desk/break-glass", "reason", "The lead is ill and a member waits").leads(t, "/desk/members")
	f.get(path).says(t, 200, "Open the record")
}

// TestTwoCloseAtOnce: one of them does, the other is told who did.
func TestTwoCloseAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		path := "/desk/exceptions/" + o.saysTooLittle()
		answers := make([]answer, 6)
		var wg sync.WaitGroup
		for i := range answers {
			accountID, _ := o.hire(identity.Finance)
			v := o.opened(accountID, "passkey")
			wg.Go(func() { answers[i] = v.post(path+"/close", "seen", "1", "note", fmt.Sprint("Done by ", i)) })
		}
		wg.Wait()
		done := 0
		for _, a := range answers {
			switch a.Status {
			case 303:
				done++
			default:
				a.says(t, 409, "Somebody was faster and closed this", "Iris Example", "Done by")
			}
		}
		if n := o.count("SELECT COUNT(*) FROM exception_step WHERE step = 'closed'"); done != 1 || n != 1 || len(o.entries("exception.closed")) != 1 {
			t.Errorf("%d closed it, %d steps, %d entries", done, n, len(o.entries("exception.closed")))
		}
	})
}

// TestEveryExceptionIsShown opens one of every kind, with what its writers say, and with what nobody writes, in both languages.
func TestEveryExceptionIsShown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lead, _ := o.hire(identity.Supervisor)
	v := o.opened(lead, "passkey")
	pay, refund := o.paidByCard(), o.asksRefund("acc_nobody", 1_000)
	const evil = `<script>alert(1)</script>"><b onmouseover=x>`
	says := map[string][]string{
		"payment.amount_mismatch":    {"we asked for $50.00, the processor says $49.00"},
		"payment.back_during_refund": {"it is returned now, while refunds of $10.00 are under way"},
		"payment.back_twice":         {"it is charged_back now, after refunds of $10.00"},
		"payment.late_dispute":       {"news of a dispute (charged_back) while the payment is failed"},
		"payment.late_success":       {"the money arrived after the payment was recorded as canceled"},
		"payment.no_answer":          {"the processor cannot say what became of charge ch_" + evil},
		"refund.back":                {"the money came back to us on 2026-11-20 18:30: Lost in the mail " + evil, "the money came back to us on then: x"},
		"refund.failed":              {"the payment's money went back before it was sent", "the processor refused it: expired_or_canceled_card", "the processor refused it: "},
		"refund.beyond":              {"$10.00 went back, and only $4.00 of the payment was still here"},
		"refund.no_answer":           {"the processor does not say what became of the refund; it is pending"},
		"refund.foreign":             {"refund re_1 of $10.00 was made at the processor"},
		"ach.change_notice":          {`{"trace":"091000010000001","code":"C01","corrected":"******1614","payment_id":"` + pay.ID + `"}`},
		"ach.second_return":          {`{"trace":"091000010000001","code":"R10","before":"R01","amount_cents":5000,"sent_cents":5000,"payment_id":"` + pay.ID + `"}`},
		"ach.other_entries":          {`{"file":"` + `<script>alert(1)` + `","count":3}`},
		"ach.unknown_trace":          {`{"trace":"091000010000777","amount_cents":100}`},
	}
	var all []string
	for _, kind := range exceptionKinds(t) {
		subject := pay.ID
		if strings.HasPrefix(kind, "refund.") && kind != "refund.foreign" {
			subject = refund.ID
		}
		for _, detail := range append(says[kind], evil, "", `{"broken`) {
			all = append(all, o.happens(kind, subject, detail))
		}
	}
	all = append(all, o.happens("ach.unknown_trace", evil, "{}"), o.happens("payment.no_answer", "pay_gone", "x"), o.happens("later.kind", evil, evil))
	for _, lang := range []string{"es", "en"} {
		list := v.get("/desk/exceptions?lang=" + lang)
		for _, x := range all {
			if !strings.Contains(list.Body, `"/desk/exceptions/`+x+`"`) {
				t.Errorf("%s is not listed", x)
			}
			a := v.get("/desk/exceptions/" + x + "?lang=" + lang)
			a.says(t, 200)
			for _, bad := range []string{"<script>alert", "<b onmouseover"} {
				if strings.Contains(a.Body+list.Body, bad) {
					t.Fatalf("%s runs what somebody wrote", x)
				}
			}
		}
	}
	v.get("/desk/exceptions/"+all[len(all)-1]).says(t, 200, "Something new: later.kind")
	o.happens("refund.back", refund.ID, "the money came back to us on 2026-11-21 18:30: account_closed")
	list := v.get("/desk/exceptions")
	list.says(t, 200, "Refund of $10.00, payment "+id.Grouped(pay.Confirmation))
	if !strings.Contains(list.Body, `href="/desk/refunds/`+refund.ID+`"`) {
		t.Error("the list does not lead to the refund")
	}
}

// TestANoticeThatCannotGo leads to where the recording is noted.
func TestANoticeThatCannotGo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lead, _ := o.hire(identity.Supervisor)
	finance, _ := o.hire(identity.Finance)
	pay := o.pays50("pay-by-phone-for-rosa", payment.Method{CardToken: paymenttest.Good})
	begun := draftOf(o.onPhone().begin("40"))
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE phone_payment SET payment_id = $1 WHERE draft_id = $2", pay.ID, begun)
		return err
	}))
	x := o.happens("payment.notice_unsent", pay.ID, "the notice of a debit by telephone cannot be sent, and the debit waits: note where the consent is recorded, or cancel it")
	a := o.opened(lead, "passkey").get("/desk/exceptions/" + x)
	a.says(t, 200, "Note the recording", "The debit waits.")
	if !strings.Contains(a.Body, "/pay/"+begun+`"`) {
		t.Error("it does not lead to the payment by phone")
	}
	if b := o.opened(finance, "passkey").get("/desk/exceptions/" + x); strings.Contains(b.Body, "/desk/calls/") {
		t.Error("finance is led to a call")
	}
}

package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// phoneDraft is one payment that was begun in a call.
type phoneDraft struct {
	call  caller.Call
	phone payment.ByPhone
	draft payment.Draft // the zero Draft once it is gone
	path  string
	later bool // the call of the address came after it was made: it can be looked at and canceled, and no more
}

// phoneBegun is the payment of the address. It belongs to a call of whoever reads it; what may still be done in it depends
// on the proof of who calls, which entitled asks for. A debit that was made belongs to every later call in which its member
// has proved who they are: whoever answers can take it back for them. One that came to nothing and was begun again by its
// payer leads to what was begun last.
func (d *Desk) phoneBegun(c *web.Context) (x phoneDraft, err error) {
	ctx, q := c.R.Context(), d.DB.Read()
	if x.call, err = d.Calls.Get(ctx, q, c.Session.AccountID, c.R.PathValue("call")); err != nil {
		if fault.Is(err, fault.NotFound) && c.Session.Actor().May(identity.Supervise) {
			return d.phoneWaits(c)
		}
		return x, err
	}
	if x.phone, err = payment.PhoneDraft(ctx, q, c.R.PathValue("draft")); err != nil {
		return x, err
	}
	x.path = "/desk/calls/" + x.call.ID + "/pay/" + x.phone.DraftID
	if x.phone.CallID != x.call.ID && x.phone.Evidence != "" && x.phone.MemberID == x.call.MemberID {
		_, x.later, err = d.verification(c, x.call)
		if err == nil && !x.later {
			err = caller.ErrNoCall
		}
		return x, err
	}
	if x.phone.CallID != x.call.ID || x.phone.AgentID != c.Session.AccountID {
		return x, caller.ErrNoCall
	}
	if x.phone, err = payment.LastByPhone(ctx, q, x.phone); err != nil { // begun again by the payer: it goes on there
		return x, err
	}
	x.path = "/desk/calls/" + x.call.ID + "/pay/" + x.phone.DraftID
	x.draft, err = payment.GetDraft(ctx, q, payment.CallOwner(x.call.ID), x.phone.DraftID)
	if fault.Is(err, fault.NotFound) { // the payer has it, or it is swept away
		return x, nil
	}
	return x, err
}

// phoneWaits is the payment of the address, of whichever agent, where its debit waits for its consent: a supervisor looks after
// those that nobody else does. Nothing but the recording and the cancellation is theirs.
func (d *Desk) phoneWaits(c *web.Context) (x phoneDraft, err error) {
	if x.phone, err = payment.PhoneDraft(c.R.Context(), d.DB.Read(), c.R.PathValue("draft")); err != nil {
		return x, err
	}
	waits, err := d.Phone.Payments.Uncleared(c.R.Context(), x.phone.PaymentID)
	if err == nil && (!waits || x.phone.CallID != c.R.PathValue("call")) {
		err = caller.ErrNoCall
	}
	x.call = caller.Call{ID: x.phone.CallID, Reference: x.phone.Reference, MemberID: x.phone.MemberID}
	x.path = "/desk/calls/" + x.call.ID + "/pay/" + x.phone.DraftID
	return x, err
}

// after is where whoever did something with a payment that was made goes on: to it, or, where it is another's, to what waits.
func (x phoneDraft) after(c *web.Context) string {
	if x.phone.AgentID != c.Session.AccountID && !x.later {
		return "/desk/overview"
	}
	return x.path
}

// open reports whether the desk can still work on it.
func (x phoneDraft) open() bool {
	return x.phone.PaymentID == "" && x.phone.EndedAt.IsZero() && x.draft.ID != ""
}

// looks notes down that a page shows the member's money.
func (d *Desk) looks(c *web.Context, memberID string) error {
	return audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "member.view", memberID, memberID))
}

func phoneFrame(c *web.Context, call caller.Call, title, path string) ui.Page {
	frame := page(c, title)
	frame.Path = path
	frame.Back = &ui.Link{Label: c.T("call.one", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	return frame
}

// phoneWork is the payment of the address and its member, for a step that only somebody may ask for who has proved who they
// are, and only while the desk has the draft. done says that the answer was given another way.
func (d *Desk) phoneWork(c *web.Context) (x phoneDraft, m member.Member, done bool, err error) {
	if x, err = d.phoneBegun(c); err != nil {
		return x, m, true, err
	}
	if _, m, err = d.entitled(c); fault.CodeOf(err) == caller.ErrProof.Code {
		return x, m, true, c.Redirect(x.path) // which says that the time is over, or that it was paid
	}
	if err != nil {
		return x, m, true, err
	}
	if !x.open() || x.phone.MemberID != m.ID {
		return x, m, true, c.Redirect(x.path)
	}
	return x, m, false, nil
}

// phonePayView is one payment by phone: how the caller wants to pay, where they are on their device, what became of it.
type phonePayView struct {
	Path, Events string
	Amount       string
	Summary      []ui.Row

	Ask      bool
	Contacts []ui.Button
	Bank     string
	Codes    []ui.Row // pay codes to read out, where there is no contact on file
	Failed   string

	Live   bool
	Say    string // what to tell the caller
	Tone   ui.Tone
	Title  string
	Text   string
	Steps  []ui.Row
	Resend []ui.Button

	Ended bool
	Again string

	TimeOver string // what to do, where the proof of who calls is over and nothing was paid
	Prove    string // address of the call, to ask again; "" where it is over

	Paid   bool
	Panel  ui.Panel
	Spell  []string
	Rows   []ui.Row
	Waits  string // the debit waits for its consent
	Record bool   // and the reader may say where it is recorded
	Cancel string
}

// phonePay shows one payment by phone as it stands.
func (d *Desk) phonePay(c *web.Context) error { return d.showPhonePay(c, http.StatusOK, "") }

func (d *Desk) showPhonePay(c *web.Context, status int, failed string, problems ...ui.Problem) error {
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if x.phone.DraftID != c.R.PathValue("draft") && failed == "" && len(problems) == 0 {
		return c.Redirect(x.path)
	}
	v, err := d.phoneView(c, x)
	if err != nil {
		return err
	}
	v.Failed = failed
	if err := d.looks(c, x.phone.MemberID); err != nil {
		return err
	}
	frame := phoneFrame(c, x.call, c.T("phone.title"), x.path)
	frame.Problems = problems
	if v.Live {
		frame.Modules = []string{ui.URL("board.js")}
	}
	return c.Render(status, phonePayPage(frame, v))
}

// phoneView reads how a payment by phone stands.
func (d *Desk) phoneView(c *web.Context, x phoneDraft) (v phonePayView, err error) {
	ctx, q := c.R.Context(), d.DB.Read()
	v.Path, v.Events, v.Again = x.path, x.path+"/events", "/desk/calls/"+x.call.ID+"/pay"
	if x.phone.PaymentID != "" {
		return v, d.phonePaid(c, x, &v)
	}
	if !x.phone.EndedAt.IsZero() {
		v.Ended = true
		return v, nil
	}
	m, err := member.Get(ctx, q, x.phone.MemberID)
	if err != nil {
		return v, err
	}
	contacts := d.Phone.Contacts(m)
	_, proved, err := d.verification(c, x.call)
	if err != nil {
		return v, err
	}
	link, sent, err := phonepay.LinkOf(ctx, q, x.phone.DraftID)
	if err != nil {
		return v, err
	}
	if sent {
		v.Live = true
		if proved {
			v.Resend = linkButtons(c, contacts, "phone.resend")
		}
		return v, d.phoneLive(c, x, link, &v)
	}
	if !proved {
		if v.TimeOver = c.T("phone.time.call"); x.call.On(c.Now) {
			v.TimeOver, v.Prove = c.T("phone.time.ask"), "/desk/calls/"+x.call.ID
		}
		return v, nil
	}
	if v.Ask = true; x.call.Kind != caller.Office {
		v.Bank = x.path + "/bank"
	}
	v.Amount = c.Words.Amount(total(x.draft.Answers.Lines))
	v.Summary = []ui.Row{{Key: c.T("phone.payee"), Value: payeeName(c, x.draft.Answers.Payee)},
		{Key: c.T("paid.amount"), Value: v.Amount, Strong: true, Change: &ui.Link{Href: x.path + "/bills", What: c.T("phone.change.bills")}}}
	if !x.draft.TooSmallForCard(payment.Card) {
		v.Contacts = linkButtons(c, contacts, "phone.send")
	}
	if len(contacts) == 0 {
		bills, err := bill.ByIDs(ctx, q, bill.Scope{Members: []string{m.ID}}, x.draft.Answers.Ticked)
		if err != nil {
			return v, err
		}
		for _, billID := range x.draft.Answers.Ticked {
			if b, ok := bills[billID]; ok {
				v.Codes = append(v.Codes, ui.Row{Key: numberOf(b), Value: id.Grouped(b.PayCode)})
			}
		}
	}
	return v, nil
}

func payeeName(c *web.Context, payee string) string {
	if name := c.Site.Brand.Payee(payee).LegalName; name != "" {
		return name
	}
	return c.Site.Brand.Name
}

// phonePaid tells what became of a payment that was made.
func (d *Desk) phonePaid(c *web.Context, x phoneDraft, v *phonePayView) error {
	ctx := c.R.Context()
	pay, err := payment.ByID(ctx, d.DB.Read(), x.phone.PaymentID)
	if err != nil {
		return err
	}
	v.Paid = true
	key, err := d.phoneState(c, pay)
	if err != nil {
		return err
	}
	v.Panel = ui.Panel{Within: true, Tone: toneOf(pay.State), Title: c.T("phone.paid." + key), Text: c.T("phone.paid." + key + ".body")}
	v.Rows = append(reasonRows(c, pay, key), ui.Row{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount), Strong: true}, ui.Row{Key: c.T("phone.payee"), Value: payeeName(c, pay.Payee)})
	if pay.State == payment.Pending || pay.State == payment.Succeeded {
		v.Panel.Label, v.Panel.Number = c.T("paid.number"), id.Grouped(pay.Confirmation)
		for _, group := range strings.Split(id.Grouped(pay.Confirmation), "-") {
			v.Spell = append(v.Spell, strings.Join(letters(c, group), ", "))
		}
		receipt := c.T("phone.receipt.none")
		if pay.Email != "" {
			receipt = c.T("phone.receipt.to", "Address", maskedMail(pay.Email))
		}
		v.Rows = append(v.Rows, ui.Row{Key: c.T("phone.receipt"), Value: receipt})
	} else { // nothing to write down
		v.Rows = append(v.Rows, ui.Row{Key: c.T("paid.number.other"), Value: id.Grouped(pay.Confirmation)})
		v.Live = x.phone.Evidence == "" // it may change, or be begun again, on the payer's device
	}
	v.Rows = append(v.Rows, ui.Row{Key: c.T("phone.call"), Value: x.phone.Reference}, ui.Row{Key: c.T("phone.script"), Value: x.phone.Script})
	if pay.Rail == payment.Bank && x.phone.Evidence != "" {
		v.Rows = append(v.Rows, ui.Row{Key: c.T("phone.evidence"), Value: c.T("phone.evidence."+string(x.phone.Evidence), "Reference", x.phone.Recording)})
	}
	if pay.Rail == payment.Bank && pay.State == payment.Pending {
		waits, err := d.Phone.Payments.Uncleared(ctx, pay.ID)
		if err != nil {
			return err
		}
		if waits {
			v.Waits = c.T("phone.waits." + string(x.phone.Evidence))
		}
		if x.phone.Evidence != "" && d.takesBack(c, pay, waits) {
			v.Cancel = c.T("phone.cancel.payment", "Amount", pay.Amount)
		}
		v.Record = waits && !x.later
	}
	return nil
}

// phoneState is how the desk calls the state of a payment: the part of the keys phone.paid.* that names it.
//
// words: phone.paid.*
func (d *Desk) phoneState(c *web.Context, pay payment.Payment) (string, error) {
	if pay.State != payment.Failed && pay.State != payment.Canceled {
		return string(pay.State), nil
	}
	facts, err := event.Of(c.R.Context(), d.DB.Read(), pay.ID)
	switch {
	case err != nil:
		return "", err
	case slices.ContainsFunc(facts, func(e event.Event) bool { return e.Kind == "payment.late_success" }):
		return "late", nil
	case pay.State == payment.Failed && !slices.Contains([]string{"abandoned", "canceled", "processing", "unreachable"}, pay.Reason):
		return "declined", nil
	}
	return string(pay.State), nil
}

// reasonRows tell why a payment came to nothing, in the words that its payer reads.
//
// words: decline.* return.*
func reasonRows(c *web.Context, pay payment.Payment, key string) []ui.Row {
	area, other := "decline.", "decline.generic"
	switch {
	case pay.State == payment.Returned:
		area, other = "return.", "return.other"
	case pay.State != payment.Failed || key == "late":
		return nil
	}
	reads := area + pay.Reason
	if !c.Words.Has(reads) || !c.Words.Has(reads+".next") {
		reads = other
	}
	return []ui.Row{{Key: c.T("phone.reason"), Value: c.T(reads, "Code", pay.Reason), Lines: []string{c.T(reads + ".next")}}}
}

// takesBack reports whether a debit can be canceled now: it is in no file, and none was due. waits says that it waits for
// its consent, without which it is in none.
func (d *Desk) takesBack(c *web.Context, pay payment.Payment, waits bool) bool {
	return pay.Rail == payment.Bank && pay.State == payment.Pending && (waits || c.Now.Before(d.Phone.LastCall(pay.SubmittedAt)))
}

// toTakeBack leads to the debits by telephone of a member that can still be canceled, in a call in which they have proved
// who they are.
func (d *Desk) toTakeBack(c *web.Context, callID, memberID string) (out []ui.Link, err error) {
	ctx, q := c.R.Context(), d.DB.Read()
	list, err := payment.PendingByPhone(ctx, q, memberID)
	if err != nil {
		return nil, err
	}
	for _, b := range list {
		pay, err := payment.ByID(ctx, q, b.PaymentID)
		if err != nil {
			return nil, err
		}
		waits, err := d.Phone.Payments.Uncleared(ctx, pay.ID)
		if err != nil {
			return nil, err
		}
		if d.takesBack(c, pay, waits) {
			out = append(out, ui.Link{Label: c.T("phone.take_back", "Amount", pay.Amount, "Number", id.Grouped(pay.Confirmation)), Href: "/desk/calls/" + callID + "/pay/" + b.DraftID})
		}
	}
	return out, nil
}

// phoneCancel gives a payment up that was not made, or cancels a debit that is in no file yet.
func (d *Desk) phoneCancel(c *web.Context) error {
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if x.phone.PaymentID == "" {
		err := d.Phone.Cancel(c.R.Context(), c.Now, who(c), x.phone)
		if err != nil && !errors.Is(err, payment.ErrCallOver) { // it was paid a moment ago: the page says so
			return err
		}
		return c.Redirect(x.path)
	}
	pay, err := payment.ByID(c.R.Context(), d.DB.Read(), x.phone.PaymentID)
	if err != nil {
		return err
	}
	if pay.Rail != payment.Bank || x.phone.Evidence == "" { // what a caller paid on their own device is theirs to cancel
		return c.Redirect(x.path)
	}
	_, err = d.Phone.Payments.Cancel(c.R.Context(), pay, who(c))
	if errors.Is(err, payment.ErrTooLate) {
		return d.showPhonePay(c, http.StatusConflict, c.T("phone.error.late"))
	}
	if err != nil {
		return err
	}
	return c.Redirect(x.after(c))
}

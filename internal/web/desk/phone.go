package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// Payment by phone: an agent chooses the bills with a caller who has proved who they are. A card is typed by the caller, on
// their own device, behind a link; a bank account is read out. No page of the desk has a field for a card.

// phoneChooseView asks which bills a caller pays, and how much.
type phoneChooseView struct {
	Action            string
	Name              string
	Medical, Premiums []ui.Option
	Full, Other       bool
	Amount            string
	None              bool
	Begun             []ui.Link // other payments of this call
}

// phoneDraft is one payment that was begun in a call.
type phoneDraft struct {
	call  caller.Call
	phone payment.ByPhone
	draft payment.Draft // the zero Draft once it is gone
	path  string
}

// phoneBegun is the payment of the address. It belongs to a call of whoever reads it; what may still be done in it depends
// on the proof of who calls, which entitled asks for.
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
	if x.phone.CallID != x.call.ID || x.phone.AgentID != c.Session.AccountID {
		return x, caller.ErrNoCall
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
	if x.phone.AgentID != c.Session.AccountID {
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

// phoneChoose asks which bills a caller pays.
func (d *Desk) phoneChoose(c *web.Context) error {
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	return d.showPhoneChoose(c, http.StatusOK, call, m, phoneChooseView{Full: true}, nil)
}

// showPhoneChoose shows the bills of a member that can be paid; ticked are those that are chosen.
func (d *Desk) showPhoneChoose(c *web.Context, status int, call caller.Call, m member.Member, v phoneChooseView, ticked []string, problems ...ui.Problem) error {
	list, err := d.payable(c, m)
	if err != nil {
		return err
	}
	if v.Action == "" {
		v.Action = "/desk/calls/" + call.ID + "/pay"
	}
	v.Name, v.None = m.Name(), len(list) == 0
	for _, b := range list {
		o := ui.Option{Value: b.ID, Label: numberOf(b), Aside: c.Words.Amount(b.Due()), Checked: slices.Contains(ticked, b.ID) || len(list) == 1}
		if !b.DueDate.IsZero() {
			o.Lines = append(o.Lines, c.T("phone.due", "Date", dateOf(c, b.DueDate)))
		}
		if b.Kind == bill.Premium {
			v.Premiums = append(v.Premiums, o)
		} else {
			v.Medical = append(v.Medical, o)
		}
	}
	begun, err := payment.PhoneDrafts(c.R.Context(), d.DB.Read(), call.ID)
	if err != nil {
		return err
	}
	for _, b := range begun {
		v.Begun = append(v.Begun, ui.Link{Label: c.T("phone.begun.at", "Time", c.Words.Time(b.BegunAt.In(c.Site.Brand.Zone()))), Href: "/desk/calls/" + call.ID + "/pay/" + b.DraftID})
	}
	if err := d.looks(c, m.ID); err != nil {
		return err
	}
	frame := phoneFrame(c, call, c.T("phone.choose"), v.Action)
	frame.Problems = problems
	return c.Render(status, phoneChoosePage(frame, v))
}

// payable are the bills of a member that can be paid now.
func (d *Desk) payable(c *web.Context, m member.Member) ([]bill.Bill, error) {
	list, err := bill.List(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, mostBills)
	return slices.DeleteFunc(list, func(b bill.Bill) bool { return !b.Payable() }), err
}

// phoneChosen reads the answer: the lines of the payment, or what to correct.
func (d *Desk) phoneChosen(c *web.Context, m member.Member) (a payment.Answers, v phoneChooseView, problems []ui.Problem, err error) {
	list, err := d.payable(c, m)
	if err != nil {
		return a, v, nil, err
	}
	wrong := func(field, key string, pairs ...any) {
		problems = append(problems, ui.Problem{Field: field, Text: c.T(key, pairs...)})
	}
	amount := c.Form("amount")
	v = phoneChooseView{Full: c.Form("how") == "full", Other: c.Form("how") == "other", Amount: strings.ToValidUTF8(amount[:min(len(amount), 40)], "")}
	ticked := slices.Concat(c.Forms("bills"), c.Forms("premiums"))
	var picked []bill.Bill
	var due money.Cents
	for _, b := range list {
		if slices.Contains(ticked, b.ID) {
			picked, due = append(picked, b), due+b.Due()
			a.Ticked = append(a.Ticked, b.ID)
		}
	}
	pay := due
	switch {
	case len(picked) == 0:
		wrong("bills", "phone.error.bills")
	case slices.ContainsFunc(picked, func(b bill.Bill) bool { return b.Payee != picked[0].Payee }):
		wrong("bills", "phone.error.one_payee")
	case v.Full && due > money.Max:
		wrong("how", "amount.too_large")
	case v.Other:
		// words: amount.*
		if pay, err = money.ParseInput(amount); err != nil {
			wrong("amount", err.Error())
		} else if pay > due {
			wrong("amount", "amount.over_due", "Due", due)
		}
	case !v.Full:
		wrong("how", "error.amount.choose")
	}
	if len(problems) > 0 {
		return a, v, problems, nil
	}
	a.Kind, a.Payee, a.Full, a.Lines = picked[0].Kind, picked[0].Payee, v.Full, payment.Spend(picked, pay)
	return a, v, nil, nil
}

// phoneBegin begins a payment of the bills that were chosen.
func (d *Desk) phoneBegin(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	call, m, err := d.entitled(c)
	if err != nil {
		return d.unproved(c, err)
	}
	a, v, problems, err := d.phoneChosen(c, m)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return d.showPhoneChoose(c, http.StatusUnprocessableEntity, call, m, v, a.Ticked, problems...)
	}
	draft, err := d.Phone.Begin(c.R.Context(), c.Now, who(c), call, a)
	if err != nil {
		return d.unproved(c, err)
	}
	return c.Redirect("/desk/calls/" + call.ID + "/pay/" + draft.ID)
}

// phoneBills asks again which bills are paid, while the desk has the draft.
func (d *Desk) phoneBills(c *web.Context) error {
	x, m, done, err := d.phoneWork(c)
	if done {
		return err
	}
	a := x.draft.Answers
	v := phoneChooseView{Action: x.path + "/bills", Full: a.Full, Other: !a.Full}
	if v.Other {
		v.Amount = payment.Request{Lines: a.Lines}.Total().Plain()
	}
	return d.showPhoneChoose(c, http.StatusOK, x.call, m, v, a.Ticked)
}

func (d *Desk) phoneBillsPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, m, done, err := d.phoneWork(c)
	if done {
		return err
	}
	a, v, problems, err := d.phoneChosen(c, m)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		v.Action = x.path + "/bills"
		return d.showPhoneChoose(c, http.StatusUnprocessableEntity, x.call, m, v, a.Ticked, problems...)
	}
	_, err = d.Phone.Payments.ChangeDraft(c.R.Context(), payment.CallOwner(x.call.ID), x.draft.ID, func(now *payment.Draft) error {
		now.Answers.Kind, now.Answers.Payee, now.Answers.Full, now.Answers.Lines, now.Answers.Ticked = a.Kind, a.Payee, a.Full, a.Lines, a.Ticked
		return nil
	})
	if err != nil {
		return err
	}
	if x.draft.Answers.Rail == payment.Bank {
		return c.Redirect(x.path + "/review")
	}
	return c.Redirect(x.path)
}

// phoneWork is the payment of the address and its member, for a step that only somebody may ask for who has proved who they
// are, and only while the desk has the draft. done says that the answer was given another way.
func (d *Desk) phoneWork(c *web.Context) (x phoneDraft, m member.Member, done bool, err error) {
	if x, err = d.phoneBegun(c); err != nil {
		return x, m, true, err
	}
	if _, m, err = d.entitled(c); err != nil {
		return x, m, true, d.unproved(c, err)
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

	Paid   bool
	Panel  ui.Panel
	Spell  []string
	Rows   []ui.Row
	Waits  string // the debit waits for its consent
	Cancel string
}

// phonePay shows one payment by phone as it stands.
func (d *Desk) phonePay(c *web.Context) error { return d.showPhonePay(c, http.StatusOK, "") }

func (d *Desk) showPhonePay(c *web.Context, status int, failed string, problems ...ui.Problem) error {
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
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
	link, sent, err := phonepay.LinkOf(ctx, q, x.phone.DraftID)
	if err != nil {
		return v, err
	}
	if sent {
		v.Live = true
		v.Resend = linkButtons(c, contacts, "phone.resend")
		return v, d.phoneLive(c, x, link, &v)
	}
	if v.Ask = true; x.call.Kind != caller.Office {
		v.Bank = x.path + "/bank"
	}
	total := payment.Request{Lines: x.draft.Answers.Lines}.Total()
	v.Amount = c.Words.Amount(total)
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

// linkButtons are the ways on file to send a link.
//
// words: phone.send.* phone.resend.*
func linkButtons(c *web.Context, contacts []phonepay.Contact, key string) (out []ui.Button) {
	for i, x := range contacts {
		b := ui.Button{Label: c.T(key+"."+x.Channel, "Where", x.Masked), Name: "channel", Value: x.Channel}
		if i > 0 || key == "phone.resend" {
			b.Kind = ui.Secondary
		}
		out = append(out, b)
	}
	return out
}

func payeeName(c *web.Context, payee string) string {
	if name := c.Site.Brand.Payee(payee).LegalName; name != "" {
		return name
	}
	return c.Site.Brand.Name
}

// stages are the steps of a link in their order.
var stages = []string{phonepay.Sent, phonepay.Opened, phonepay.Bills, phonepay.Method, phonepay.Review}

// phoneLive tells where the payer is on their own device.
//
// words: phone.stage.* phone.message.*
func (d *Desk) phoneLive(c *web.Context, x phoneDraft, link phonepay.Link, v *phonePayView) error {
	zone := c.Site.Brand.Zone()
	stage, tone := link.Stage, ui.Info
	switch {
	case link.Stage == phonepay.Method && link.Types(c.Now):
		stage = "typing"
	case link.Stage == phonepay.Sent && link.Over(c.Now):
		stage, tone = "over", ui.Warning
	}
	v.Tone, v.Title, v.Text = tone, c.T("phone.stage."+stage), c.T("phone.stage."+stage+".body")
	v.Say = c.T("phone.say.link")
	messages, err := event.MessagesAbout(c.R.Context(), d.DB.Read(), []string{link.MessageID}, 1)
	if err != nil {
		return err
	}
	state := "queued"
	if len(messages) > 0 {
		state = messages[0].State
	}
	drafts, err := payment.DraftsOf(c.R.Context(), d.DB.Read(), x.phone.MemberID, mostDrafts)
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		if draft.ID == x.phone.DraftID {
			v.Steps = []ui.Row{{Key: c.T("paid.amount"), Value: c.Words.Amount(total(draft.Answers.Lines)), Strong: true}}
		}
	}
	v.Steps = append(v.Steps, []ui.Row{{Key: c.T("phone.message"), Value: c.T("phone.message." + state)},
		{Key: c.T("phone.since"), Value: c.Words.Time(link.StageAt.In(zone))},
		{Key: c.T("phone.until"), Value: c.Words.Time(link.ExpiresAt.In(zone))}}...)
	return nil
}

// phonePaid tells what became of a payment that was made.
func (d *Desk) phonePaid(c *web.Context, x phoneDraft, v *phonePayView) error {
	ctx := c.R.Context()
	pay, err := payment.ByID(ctx, d.DB.Read(), x.phone.PaymentID)
	if err != nil {
		return err
	}
	v.Paid = true
	v.Panel = ui.Panel{Tone: toneOf(pay.State), Title: c.T("state." + string(pay.State) + ".title"), Text: c.T("phone.paid.read"),
		Label: c.T("paid.number"), Number: id.Grouped(pay.Confirmation)}
	for _, group := range strings.Split(id.Grouped(pay.Confirmation), "-") {
		v.Spell = append(v.Spell, strings.Join(letters(c, group), ", "))
	}
	receipt := c.T("phone.receipt.none")
	if pay.Email != "" {
		receipt = c.T("phone.receipt.to", "Address", maskedMail(pay.Email))
	}
	v.Rows = []ui.Row{{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount), Strong: true}, {Key: c.T("phone.payee"), Value: payeeName(c, pay.Payee)},
		{Key: c.T("phone.receipt"), Value: receipt}, {Key: c.T("phone.call"), Value: x.phone.Reference}, {Key: c.T("phone.script"), Value: x.phone.Script}}
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
		if x.phone.Evidence != "" && (waits || c.Now.Before(d.Phone.LastCall(pay.SubmittedAt))) {
			v.Cancel = c.T("phone.cancel.payment", "Amount", pay.Amount)
		}
	}
	return nil
}

// phoneEvents tells where the payer is whenever it changes.
func (d *Desk) phoneEvents(c *web.Context) error {
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if err := d.looks(c, x.phone.MemberID); err != nil {
		return err
	}
	s, err := c.Stream()
	if err != nil {
		return nil
	}
	beat, look := time.NewTicker(web.Beat), time.NewTicker(time.Second)
	defer beat.Stop()
	defer look.Stop()
	frame := phoneFrame(c, x.call, c.T("phone.title"), x.path)
	shown := ""
	for {
		c.Now = c.Site.Now()
		if x, err = d.phoneBegun(c); err != nil {
			return nil
		}
		v, err := d.phoneView(c, x)
		if err != nil {
			return err
		}
		var html strings.Builder
		if err := phoneState(frame, v).Render(c.R.Context(), &html); err != nil {
			return err
		}
		if html.String() != shown {
			said := v.Title
			if v.Paid {
				said = v.Panel.Title
			}
			shown = html.String()
			s.Event("board", 0, shown)
			s.Event("count", 0, said)
			if err := s.Flush(); err != nil {
				return nil
			}
		}
		select {
		case <-look.C:
		case <-beat.C:
			s.Alive()
			if err := s.Flush(); err != nil {
				return nil
			}
			if alive, err := c.Site.Accounts.Alive(c.R.Context(), c.Site.Now(), c.Session.ID); err != nil || !alive {
				return err
			}
		case <-d.Chats.Hub.Done():
			return nil
		case <-c.R.Context().Done():
			return nil
		}
	}
}

// phoneLink sends the caller a link to pay.
func (d *Desk) phoneLink(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, err := d.phoneBegun(c)
	if err != nil {
		return err
	}
	if _, _, err = d.entitled(c); err != nil {
		return d.unproved(c, err)
	}
	err = d.Phone.SendLink(c.R.Context(), c.Now, who(c), x.phone, c.Form("channel"), c.Words.Lang())
	switch {
	case errors.Is(err, phonepay.ErrNowhere):
		return d.showPhonePay(c, http.StatusUnprocessableEntity, c.T("phone.error.nowhere"))
	case fault.Is(err, fault.Busy):
		return d.showPhonePay(c, http.StatusTooManyRequests, c.T("phone.error.often"))
	case err != nil && !errors.Is(err, payment.ErrCallOver):
		return err
	}
	return c.Redirect(x.path)
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

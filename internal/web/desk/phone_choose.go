package desk

import (
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
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
		v.Amount = total(a.Lines).Plain()
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

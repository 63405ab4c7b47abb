package desk

import (
	"errors"
	"net/http"

	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// refundAskView asks for a refund of one payment.
type refundAskView struct {
	Action  string
	Key     string
	About   []ui.Row
	Earlier []ui.Link // refunds of the same payment
	Not     string    // why nothing may go back now, "" where something may
	Whole   bool
	WholeOf []string // what all of it is, where a bill can be chosen
	Part    bool
	Amount  string
	Left    string
	Stands  []ui.Option
	Reasons []ui.Option
	Note    string
	Check   bool // it goes back by check
	NoEmail bool // nobody is told of it by mail
}

// refundCell leads from a payment to its refund, where some of it is here. Of one that was told to have failed, that is only
// what came too late.
func (d *Desk) refundCell(c *web.Context, memberID string, p payment.Payment) (ui.Cell, error) {
	if p.Amount == p.Refunded {
		return ui.Cell{Text: c.T("desk.refund.all")}, nil
	}
	switch {
	case p.State == payment.Failed || p.State == payment.Canceled:
		_, err := d.Phone.Payments.Refundable(c.R.Context(), d.DB.Read(), p)
		if errors.Is(err, payment.ErrRefundNothing) || errors.Is(err, payment.ErrRefundDisputed) {
			return ui.Cell{}, nil
		}
		if err != nil && !errors.Is(err, payment.ErrRefundEarly) {
			return ui.Cell{}, err
		}
	case !p.State.Good():
		return ui.Cell{}, nil
	}
	return ui.Cell{Text: c.T("desk.refund.ask"), Href: refundPath(memberID, p.ID), What: c.T("desk.refund.of_payment", "Number", id.Grouped(p.Confirmation))}, nil
}

func refundPath(memberID, paymentID string) string {
	return "/desk/members/" + memberID + "/payments/" + paymentID + "/refund"
}

// refundAsk asks what of a payment is to go back, and why. The member's record is open to whoever asks.
func (d *Desk) refundAsk(c *web.Context) error {
	return d.showRefundAsk(c, http.StatusOK, refundAskView{Key: id.New("ask"), Whole: true})
}

func (d *Desk) showRefundAsk(c *web.Context, status int, v refundAskView, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	m, pay, err := d.refundOf(c)
	if err != nil {
		return d.closed(c, c.R.PathValue("member"), err)
	}
	v.Action = refundPath(m.ID, pay.ID)
	v.About = []ui.Row{{Key: c.T("desk.record.name"), Value: m.Brief()}, {Key: c.T("paid.number"), Value: id.Grouped(pay.Confirmation)},
		{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount)}, {Key: c.T("desk.record.state"), Value: c.T("state." + string(pay.State) + ".title")}}
	earlier, err := d.Phone.Payments.RefundsOf(ctx, q, []string{pay.ID})
	if err != nil {
		return err
	}
	for _, r := range earlier {
		v.Earlier = append(v.Earlier, ui.Link{Label: c.T("timeline.refund", "Amount", r.Amount, "State", refundTag(c, r).Text), Href: "/desk/refunds/" + r.ID})
	}
	can, err := d.Phone.Payments.Refundable(ctx, q, pay)
	v.Check, v.NoEmail = can.Way == payment.ByCheck, pay.Email == ""
	var f *fault.Error
	switch {
	case errors.Is(err, payment.ErrRefundEarly):
		v.Not = c.T("desk.refund.early", "Date", dateOf(c, can.From))
	case errors.As(err, &f) && f.Kind == fault.Conflict:
		v.Not = c.T("desk.error." + f.Code)
	case err != nil:
		return err
	}
	v.Left = c.Words.Amount(can.Left)
	if err := d.refundChoices(c, m, &v, can); err != nil {
		return err
	}
	frame := page(c, c.T("desk.refund.ask.title"))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.record.title"), Href: "/desk/members/" + m.ID + "#payments"}
	return c.Render(status, refundAskPage(frame, v))
}

// refundChoices are off what it is taken, and why it goes back. A bill of somebody else, whose record is not open, is none.
//
// words: desk.refund.reason.*
func (d *Desk) refundChoices(c *web.Context, m member.Member, v *refundAskView, can payment.Refundable) error {
	var ids []string
	for _, s := range can.Where {
		ids = append(ids, s.BillID)
	}
	bills, err := bill.ByIDs(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, ids)
	if err != nil {
		return err
	}
	picked := c.Form("stands")
	if len(can.Where) > 1 {
		v.Stands = append(v.Stands, ui.Option{Value: "", Label: c.T("desk.refund.stands.any"), Checked: picked == ""})
	}
	for _, s := range can.Where {
		if b, theirs := bills[s.BillID]; theirs && len(can.Where) > 1 { // credit always goes first
			v.Stands = append(v.Stands, ui.Option{Value: s.BillID, Label: c.T("desk.refund.stands.bill", "Bill", numberOf(b)), Aside: c.Words.Amount(s.Amount), Checked: picked == s.BillID})
		}
	}
	if len(v.Stands) > 1 {
		v.WholeOf = []string{c.T("desk.refund.how.whole.of")}
	}
	for _, r := range payment.RefundReasons {
		v.Reasons = append(v.Reasons, ui.Option{Value: r, Label: c.T("desk.refund.reason." + r), Checked: c.Form("reason") == r})
	}
	return nil
}

// refundOf is the payment of a member whose record is open to whoever reads it. The look is noted down.
func (d *Desk) refundOf(c *web.Context) (m member.Member, pay payment.Payment, err error) {
	if m, err = member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member")); err != nil {
		return m, pay, err
	}
	if _, err = d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "refund"); err != nil {
		return m, pay, err
	}
	if pay, err = payment.ByID(c.R.Context(), d.DB.Read(), c.R.PathValue("payment")); err == nil && pay.PayerID != m.ID {
		pay, err = payment.Payment{}, fault.New(fault.NotFound, "payment.not_found")
	}
	return m, pay, err
}

// refundAskPost asks for a refund; somebody else decides.
func (d *Desk) refundAskPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, pay, err := d.refundOf(c)
	if err != nil {
		return d.closed(c, c.R.PathValue("member"), err)
	}
	v := refundAskView{Key: clipped(c.Form("key"), 60), Whole: c.Form("how") == "whole", Part: c.Form("how") == "part", Amount: clipped(c.Form("amount"), 40), Note: clipped(c.Form("note"), payment.MaxRefundNote)}
	wish := payment.RefundWish{Key: v.Key, PaymentID: pay.ID, Stands: c.Form("stands"), Reason: c.Form("reason"), Note: c.Form("note")}
	if known, err := d.Phone.Payments.AskedRefund(c.R.Context(), d.DB.Read(), who(c), v.Key); err == nil && v.Whole && known.PaymentID == pay.ID {
		return c.Redirect("/desk/refunds/" + known.ID) // the button twice
	}
	switch {
	case v.Part:
		// words: amount.*
		if wish.Amount, err = money.ParseInput(c.Form("amount")); err != nil {
			return d.showRefundAsk(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "amount", Text: c.T(err.Error())})
		}
	case v.Whole:
		if wish.Amount, err = d.wholeOf(c, pay, wish.Stands); fault.Is(err, fault.Conflict) {
			return d.showRefundAsk(c, http.StatusConflict, v)
		} else if err != nil {
			return err
		}
	default:
		return d.showRefundAsk(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "how", Text: c.T("error.amount.choose")})
	}
	if err := d.billOf(c, m, wish.Stands); err != nil {
		p, ok := problem(c, err)
		if !ok {
			return err
		}
		return d.showRefundAsk(c, http.StatusUnprocessableEntity, v, p)
	}
	r, err := d.Phone.Payments.AskRefund(c.R.Context(), who(c), wish)
	if p, ok := problem(c, err); ok {
		return d.showRefundAsk(c, http.StatusUnprocessableEntity, v, p)
	}
	if fault.Is(err, fault.Conflict) {
		v.Key = id.New("ask")
		return d.showRefundAsk(c, http.StatusConflict, v, ui.Problem{Text: c.T("desk.error." + fault.CodeOf(err))})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/refunds/" + r.ID)
}

// billOf checks that a bill ("" for none) is in the record that is open.
func (d *Desk) billOf(c *web.Context, m member.Member, billID string) error {
	if billID == "" {
		return nil
	}
	list, err := bill.ByIDs(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, []string{billID})
	if err == nil && len(list) == 0 {
		err = payment.ErrRefundStands
	}
	return err
}

// wholeOf is everything that may go back of a payment, or of what stands on one bill.
func (d *Desk) wholeOf(c *web.Context, pay payment.Payment, billID string) (money.Cents, error) {
	can, err := d.Phone.Payments.Refundable(c.R.Context(), d.DB.Read(), pay)
	for _, s := range can.Where {
		if billID != "" && s.BillID == billID {
			return min(s.Amount, can.Left), err
		}
	}
	return can.Left, err
}

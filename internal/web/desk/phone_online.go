package desk

import (
	"errors"
	"net/http"
	"slices"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/id"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// A bank payment that was made online can be taken back by telephone until it is sent to the bank: the payer authorized it
// under those words.

// onlineView is one such payment.
type onlineView struct {
	Action string
	State  ui.Tag
	Rows   []ui.Row
	Cancel string // "" where it cannot be canceled any more
}

// onlineToTakeBack leads to the payments that a member (row id) may take back in a call in which they have proved who they
// are: their own, as a guest or from an account that acts for them. What a helper pays from theirs is not among them.
func (d *Desk) onlineToTakeBack(c *web.Context, callID, memberID string) (out []ui.Link, err error) {
	accounts, err := c.Site.Accounts.Holding(c.R.Context(), d.DB.Read(), memberID)
	if err != nil {
		return nil, err
	}
	list, err := payment.PendingOnline(c.R.Context(), d.DB.Read(), memberID, accounts)
	for _, pay := range list {
		if d.takesBack(c, pay, false) {
			out = append(out, ui.Link{Label: c.T("phone.online", "Amount", pay.Amount, "Number", id.Grouped(pay.Confirmation)), Href: "/desk/calls/" + callID + "/payments/" + pay.ID})
		}
	}
	return out, err
}

// takeBack shows the payment. One that is over says how it ended.
func (d *Desk) takeBack(c *web.Context) error {
	call, pay, err := d.madeOnline(c)
	if err != nil {
		return d.unproved(c, err)
	}
	return d.showTakeBack(c, http.StatusOK, call, pay)
}

// madeOnline is the payment of the address and the call of whoever reads it, or caller.ErrProof, or payment's not found.
func (d *Desk) madeOnline(c *web.Context) (caller.Call, payment.Payment, error) {
	call, m, err := d.entitled(c)
	if err != nil {
		return call, payment.Payment{}, err
	}
	pay, err := payment.ByID(c.R.Context(), d.DB.Read(), c.R.PathValue("payment"))
	if err != nil {
		return call, pay, err
	}
	accounts, err := c.Site.Accounts.Holding(c.R.Context(), d.DB.Read(), m.ID)
	if err != nil {
		return call, pay, err
	}
	if !slices.Contains(append(accounts, ""), pay.AccountID) || pay.PayerID != m.ID || pay.Rail != payment.Bank {
		return call, pay, caller.ErrNoCall
	}
	return call, pay, nil
}

func (d *Desk) showTakeBack(c *web.Context, status int, call caller.Call, pay payment.Payment, problems ...ui.Problem) error {
	v := onlineView{Action: "/desk/calls/" + call.ID + "/payments/" + pay.ID, State: ui.Tag{Text: c.T("state." + string(pay.State) + ".title"), Tone: toneOf(pay.State)}}
	v.Rows = []ui.Row{{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount), Strong: true}, {Key: c.T("paid.number"), Value: id.Grouped(pay.Confirmation)},
		{Key: c.T("desk.record.when"), Value: c.Words.DateTime(pay.SubmittedAt, c.Site.Brand.Zone())}}
	if d.takesBack(c, pay, false) {
		v.Cancel = c.T("phone.cancel.payment", "Amount", pay.Amount)
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "member.view", pay.PayerID, pay.PayerID)); err != nil {
		return err
	}
	frame := page(c, c.T("phone.online.title"))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("call.one", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	return c.Render(status, onlinePage(frame, v))
}

// takeBackPost cancels the payment.
func (d *Desk) takeBackPost(c *web.Context) error {
	call, pay, err := d.madeOnline(c)
	if err != nil {
		return d.unproved(c, err)
	}
	pay, err = d.Phone.Payments.Cancel(c.R.Context(), pay, who(c))
	if errors.Is(err, payment.ErrTooLate) {
		return d.showTakeBack(c, http.StatusConflict, call, pay, ui.Problem{Text: c.T("phone.error.late")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/calls/" + call.ID + "/payments/" + pay.ID)
}

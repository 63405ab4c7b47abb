package portal

import (
	"net/http"

	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// closeView says what closing an account means.
type closeView struct {
	Going string // payments that are on their way and go on, "" for none
}

// closeAccount says what goes and what the law has us keep, and asks.
func (p *Portal) closeAccount(c *web.Context) error { return p.showClose(c, http.StatusOK) }

func (p *Portal) showClose(c *web.Context, status int, problems ...ui.Problem) error {
	list, err := payment.List(c.R.Context(), p.DB.Read(), ownPayments(c), mostPayments)
	if err != nil {
		return err
	}
	going := 0
	for _, pay := range list {
		if !pay.State.Final() {
			going++
		}
	}
	var v closeView
	if going > 0 {
		v.Going = c.Words.N("close.going", going)
	}
	frame := accountFrame(c, c.T("close.title"))
	frame.Path, frame.Problems = "/account/close", problems
	return c.Render(status, closePage(frame, v))
}

// closeAccountPost lets go of the saved cards, closes the account and signs out. Payments that are on their way go on.
func (p *Portal) closeAccountPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if c.Form("sure") != "yes" {
		return p.showClose(c, http.StatusUnprocessableEntity, ui.Problem{Field: "sure", Text: c.T("close.sure.required")})
	}
	ctx, accountID := c.R.Context(), c.Session.AccountID
	cards, err := payment.SavedCards(ctx, p.DB.Read(), accountID)
	if err != nil {
		return err
	}
	for _, card := range cards { // first of all: an account that is closed has no way to let go of them
		if err := p.Payments.ForgetCard(ctx, accountID, card.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	err = p.change(c, "account.closed", letter.AccountChanged{What: letter.Closed}, func(tx *db.Tx) error {
		if err := consent.Forget(ctx, tx, c.Now, accountID, whereFrom(c)); err != nil {
			return err
		}
		return c.Site.Accounts.Close(ctx, tx, c.Now, accountID)
	})
	if err != nil {
		return err
	}
	if err := c.SignOut(); err != nil {
		return err
	}
	c.Session = identity.Session{}
	v := failView{Title: c.T("close.done"), Text: c.T("close.done.body"), Main: ui.Button{Label: c.T("fault.home"), Href: "/"}}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(http.StatusOK, failPage(frame, v))
}

package portal

import (
	"errors"
	"net/http"
	"slices"

	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// A caller pays on their own device: the link that the desk sent them leads to the payment that was begun in their call.

// payLinkView asks for the date of birth of whoever opens a link to pay.
type payLinkView struct {
	Action           string
	Month, Day, Year string
	Wrong            []string
	Phone            string
}

// payLink asks for the date of birth. A browser that has the payment already goes on with it.
func (p *Portal) payLink(c *web.Context) error {
	link, b, err := p.Phone.Find(c.R.Context(), c.Now, c.R.PathValue("paylink"))
	if fault.Is(err, fault.NotFound) {
		return p.payLinkOver(c)
	}
	if err != nil {
		return err
	}
	d, err := payment.GetDraft(c.R.Context(), p.DB.Read(), owner(c), b.DraftID)
	switch {
	case err == nil:
		return c.Redirect(step(d.ID, "method"))
	case !fault.Is(err, fault.NotFound):
		return err
	}
	if err := p.Phone.Seen(c.R.Context(), c.Now, link); err != nil {
		return err
	}
	return p.showPayLink(c, http.StatusOK, payLinkView{})
}

func (p *Portal) showPayLink(c *web.Context, status int, v payLinkView, problems ...ui.Problem) error {
	v.Action, v.Phone = "/pay-link/"+c.R.PathValue("paylink"), c.Site.Brand.Phone.Display
	frame := page(c, c.T("phone.link.title"))
	frame.Path, frame.Problems = v.Action, problems
	return c.Render(status, payLinkPage(frame, v))
}

// payLinkOver says that a link leads nowhere any more, and the ways on.
func (p *Portal) payLinkOver(c *web.Context) error {
	frame := page(c, c.T("phone.link.over"))
	frame.Path = "/pay-link/" + c.R.PathValue("paylink")
	return c.Render(http.StatusNotFound, payLinkOverPage(frame, c.T("phone.link.over.body", "Phone", c.Site.Brand.Phone.Display)))
}

// stopped answers for a draft of the reader that the desk stopped in the call, and reports whether it is one.
func (p *Portal) stopped(c *web.Context, draftID string) (bool, error) {
	b, err := payment.PhoneDraft(c.R.Context(), p.DB.Read(), draftID)
	if err != nil || b.EndedAt.IsZero() || !slices.Contains(c.Session.Members, b.MemberID) {
		return false, ignoreNotFound(err)
	}
	return true, p.payLinkStopped(c)
}

// payLinkStopped says that the desk stopped the payment and nothing was paid, and the ways on.
func (p *Portal) payLinkStopped(c *web.Context) error {
	frame := page(c, c.T("phone.link.stopped"))
	frame.Path = ""
	if draftID := c.R.PathValue("draft"); draftID != "" {
		frame.Path = step(draftID, "review") // the language links lead to a page that says the same
	}
	return c.Render(http.StatusNotFound, payLinkOverPage(frame, c.T("phone.link.stopped.body", "Phone", c.Site.Brand.Phone.Display)))
}

// payLinkPost checks the date of birth and hands the payment to this browser.
func (p *Portal) payLinkPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	token := c.R.PathValue("paylink")
	f := findView{Number: "-", Month: c.Form("birth_month"), Day: c.Form("birth_day"), Year: c.Form("birth_year")}
	birth, problems := f.birth(c)
	v := payLinkView{Month: f.Month, Day: f.Day, Year: f.Year, Wrong: f.Wrong}
	if len(problems) > 0 {
		return p.showPayLink(c, http.StatusUnprocessableEntity, v, problems...)
	}
	b, err := p.Phone.Prove(c.R.Context(), c.Now, c.Who(), token, birth)
	switch {
	case fault.Is(err, fault.NotFound):
		return p.payLinkOver(c)
	case errors.Is(err, phonepay.ErrBirth):
		return p.showPayLink(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "birth_month", Text: c.T("phone.link.wrong")})
	case err != nil:
		return err
	}
	if !slices.Contains(c.Session.Members, b.MemberID) {
		if err := c.SeeToo(union(c.Session.Members, []string{b.MemberID})); err != nil {
			return err
		}
	}
	if b.PaymentID != "" {
		pay, err := payment.ByID(c.R.Context(), p.DB.Read(), b.PaymentID)
		if err != nil {
			return err
		}
		return c.Redirect(paymentPath(pay))
	}
	err = p.Phone.Take(c.R.Context(), c.Now, c.Who(), b, owner(c))
	if fault.Is(err, fault.NotFound) {
		return p.payLinkOver(c)
	}
	if err != nil {
		return err
	}
	return c.Redirect(step(b.DraftID, "method"))
}

// typed notes, for the agent who waits on the phone, that the payer of a draft types. What is typed is never sent.
func (p *Portal) typed(c *web.Context) error {
	d, err := payment.GetDraft(c.R.Context(), p.DB.Read(), owner(c), c.R.PathValue("draft"))
	if err != nil {
		return err
	}
	if d.Answers.Call != "" {
		if err := p.Phone.Typed(c.R.Context(), c.Now, d.ID); err != nil {
			return err
		}
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

// birth reads the date of birth of the form.
func (v *findView) birth(c *web.Context) (birth day.Date, problems []ui.Problem) {
	birth, err := day.ParseParts(v.Year, v.Month, v.Day)
	key, wrong := birthProblem(birth, err, day.Of(c.Now, c.Site.Brand.Zone()), v.Month, v.Day)
	if key != "" {
		v.Wrong = wrong
		problems = append(problems, ui.Problem{Field: "birth_" + wrong[0], Text: c.T(key)})
	}
	return birth, problems
}

package portal

import (
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// paragraph stands between the paragraphs of an authorization.
const paragraph = "\n\n"

// authorization is the text the payer agrees to with the button, word for word as it is stored, and until when its dates
// are right. A bank debit is a single WEB entry: who, how much, once, from which account, when, and how to revoke.
func (p *Portal) authorization(c *web.Context, d payment.Draft) (text string, until time.Time) {
	a, zone := d.Answers, c.Site.Brand.Zone()
	amount, today := total(a.Lines), day.Of(c.Now, zone)
	midnight := today.AddDays(1).At(0, 0, zone)
	payee := c.Site.Brand.Payee(a.Payee)
	if a.Rail == payment.Card {
		parts := []string{c.T("review.auth.card", "Amount", amount, "Payee", payeeName(c, a.Payee), "Card", cardName(c, a.Card),
			"Today", date(c, today), "Descriptor", payee.Descriptor)}
		if a.SaveCard {
			parts = append(parts, c.T("review.auth.card.save"))
		}
		return strings.Join(parts, paragraph), midnight
	}
	account := c.T("review.auth.account.checking")
	if a.BankType == "savings" {
		account = c.T("review.auth.account.savings")
	}
	cut := p.LastCall(c.Now)
	text = strings.Join([]string{
		c.T("review.auth.bank", "Amount", amount, "Name", a.BankName, "Today", date(c, today), "Payee", payeeName(c, a.Payee),
			"Account", account, "Last4", a.BankLast4, "RoutingLast4", tail(a.BankRouting), "Date", date(c, p.Arrives(c.Now))),
		c.T("review.auth.bank.once"),
		c.T("review.auth.bank.owner"),
		c.T("review.auth.bank.revoke", "Phone", c.Site.Brand.Phone.Display, "Cutoff", moment(c, cut)),
	}, paragraph)
	if cut.Before(midnight) {
		return text, cut
	}
	return text, midnight
}

// moment writes day, time and how people here call the time zone.
func moment(c *web.Context, t time.Time) string {
	b := c.Site.Brand
	return c.Words.DateTime(t, b.Zone()) + " " + b.ZoneName.In(c.Words.Lang())
}

// payeeName is the payee as authorizations and receipts name it.
func payeeName(c *web.Context, payee string) string {
	if name := c.Site.Brand.Payee(payee).LegalName; name != "" {
		return name
	}
	return c.Site.Brand.Name
}

// tail is the last four characters.
func tail(s string) string { return s[max(0, len(s)-4):] }

package portal

import (
	"bytes"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/ledger"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// Whoever went paperless keeps the right to paper: a copy of a bill or a receipt goes by mail to the address on file.

// Limits of paper copies: one of a document until it had time to come, and a few a day.
var (
	copyOfOne = identity.Limit{Name: "paper/document", Hits: 1, Window: 7 * 24 * time.Hour}
	copiesDay = identity.Limit{Name: "paper/account", Hits: 5, Window: 24 * time.Hour}
)

// paperView is the offer of a paper copy on the page of a document, or what became of it.
type paperView struct {
	Action string // "" where none can be had
	Home   string // where it goes
	Done   string // what to say of the one that was asked for
}

// paperOf is the offer of a paper copy of the document at path for the reader, about a bill or payment whose payer is one
// of prefer.
func (p *Portal) paperOf(c *web.Context, path string, prefer ...string) (v paperView, err error) {
	home, err := p.homeOf(c, prefer)
	if err != nil || home.ID == "" {
		return v, err
	}
	v = paperView{Action: path + "/paper", Home: strings.Join(home.Address(), ", ")}
	switch c.R.URL.Query().Get("paper") {
	case "asked":
		v.Done = c.T("paper.asked", "Address", v.Home)
	case "before":
		v.Done = c.T("paper.before")
	case "enough":
		v.Done = c.T("paper.enough", "Phone", c.Site.Brand.Phone.Display)
	}
	return v, nil
}

// homeOf is the member of the reader's account to whose home paper goes: one of prefer, else the first who has an address on
// file; the zero Member where there is none or nothing is printed. A helper gets no paper.
func (p *Portal) homeOf(c *web.Context, prefer []string) (member.Member, error) {
	if !p.CanPrint || !c.Session.SignedIn() {
		return member.Member{}, nil
	}
	account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return member.Member{}, err
	}
	people, err := p.membersOf(c, account)
	if err != nil {
		return member.Member{}, err
	}
	var first member.Member
	for _, m := range people {
		if m.Deceased || len(m.Address()) == 0 {
			continue
		}
		for _, who := range prefer {
			if m.ID == who {
				return m, nil
			}
		}
		if first.ID == "" {
			first = m
		}
	}
	return first, nil
}

// billPaper orders a paper copy of a bill, with no more than the reader may see on the page.
func (p *Portal) billPaper(c *web.Context) error {
	b, d, err := p.billDocument(c)
	if err != nil {
		return err
	}
	return p.orderPaper(c, "/bills/"+b.ID, b.ID, d, b.GuarantorID, b.PatientID)
}

// receiptPaper orders a paper copy of the document of a payment.
func (p *Portal) receiptPaper(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	if !own(c, pay) {
		return fault.New(fault.NotFound, "payment.not_found")
	}
	if states[pay.State].pdf == "" {
		return c.Redirect(paymentPath(pay))
	}
	d, err := p.receiptDocument(c, pay)
	if err != nil {
		return err
	}
	return p.orderPaper(c, paymentPath(pay), pay.ID, d, pay.PayerID)
}

// orderPaper puts a document into the outbox for the print folder, once a week, and says so on the page at path. subject is
// the id of what it is about.
func (p *Portal) orderPaper(c *web.Context, path, subject string, d paper.Document, prefer ...string) error {
	home, err := p.homeOf(c, prefer)
	if err != nil {
		return err
	}
	if home.ID == "" {
		return c.Redirect(path)
	}
	d.Address = append([]string{home.Name()}, home.Address()...)
	var pdf bytes.Buffer
	if err := paper.Write(&pdf, d); err != nil {
		return err
	}
	ctx, result := c.R.Context(), "asked"
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		result = "asked"
		for _, l := range []struct {
			identity.Limit
			subject, result string
		}{{copyOfOne, c.Session.AccountID + " " + subject, "before"}, {copiesDay, c.Session.AccountID, "enough"}} {
			if err := identity.AllowIn(ctx, tx, c.Now, l.Limit, l.subject); fault.Is(err, fault.Busy) {
				result = l.result
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := audit.Append(ctx, tx, c.Did("paper.asked", subject, home.ID)); err != nil {
			return err
		}
		return p.Outbox.Tell(ctx, tx, c.Now, letter.New(letter.Copy{PDF: pdf.Bytes()}, id.New("cpy"),
			letter.To{Channel: event.Print, Recipient: letter.Address{Name: home.Name(), Lines: home.Address()}.String(), Language: c.Words.Lang()}))
	})
	if err != nil {
		return err
	}
	return c.Redirect(path + "?paper=" + result)
}

// billDocument is the bill of the address as a document.
func (p *Portal) billDocument(c *web.Context) (bill.Bill, paper.Document, error) {
	ctx, q := c.R.Context(), p.DB.Read()
	scope, err := p.scope(c)
	if err != nil {
		return bill.Bill{}, paper.Document{}, err
	}
	b, err := bill.Get(ctx, q, scope, c.R.PathValue("bill"))
	if err != nil {
		return b, paper.Document{}, err
	}
	sights, err := p.sights(c, scope, []bill.Bill{b})
	if err != nil {
		return b, paper.Document{}, err
	}
	if sights[b.ID] < seesMoney {
		return b, paper.Document{}, fault.New(fault.NotFound, "bill.not_found") // the document of a bill is its owner's
	}
	known, err := namesFor(ctx, q, c, scope, []bill.Bill{b})
	if err != nil {
		return b, paper.Document{}, err
	}
	back, err := ledger.TakenOff(ctx, q, b.ID, payment.RefundPosted)
	if err != nil {
		return b, paper.Document{}, err
	}
	s := billScribe{w: c.Words, today: today(c), names: known, back: backLines(c, back)}
	return b, document(c, c.T("bill.title", "Number", billNumber(b)), p.billBlocks(c, s, b, sights[b.ID] == seesCare)), nil
}

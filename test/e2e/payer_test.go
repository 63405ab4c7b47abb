package e2e

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"memberpay/test/e2e/walker"
)

// payer is one person who pays as a guest, over HTTP, by the names on the pages.
type payer struct {
	*walker.Visitor
	w      *world
	person person
	known  bool // the look-up worked: the site knows this visitor
}

// receipt is what the page of a payment told its payer.
type receipt struct {
	Heading      string
	Confirmation string
	Ref          string // the last part of the page's address
}

// goodRouting and goodAccount are a bank account whose debits settle.
const (
	goodRouting = "110000000"
	goodAccount = "000123456789"
)

const (
	received  = "Payment received"
	submitted = "Payment submitted"
)

var confirmationNumber = regexp.MustCompile(`\b[2-9B-Z]{3}-[2-9B-Z]{3}-[2-9B-Z]{4}\b`)

var (
	// errAnother is a page that is not the one the step promises; the payer starts again.
	errAnother = errors.New("another page came")
	// errLookAgain is the review page in place of an answer: what it says, such as the day of the debit, has changed.
	errLookAgain = errors.New("the review has to be read again")
)

func (w *world) newPayer(who person) (*payer, error) {
	v, err := walker.New(w.URL, 30*time.Second)
	if err != nil {
		return nil, err
	}
	v.From = fmt.Sprintf("198.51.100.%d", 1+w.visitors.Add(1)%250)
	return &payer{Visitor: v, w: w, person: who}, nil
}

// begin starts a payment: from the list of bills once the site knows the visitor, else by looking the person up. It
// returns the choice of bills.
func (p *payer) begin(ctx context.Context) (*walker.Page, error) {
	if !p.known {
		page, err := p.find(ctx)
		p.known = err == nil
		return page, err
	}
	page, err := p.Open(ctx, "/bills")
	if err != nil {
		return nil, err
	}
	form, err := page.Form("Pay these bills")
	if err != nil {
		return nil, err
	}
	return p.expect(ctx, form, "Choose what to pay")
}

// find looks the person up and returns the choice of bills.
func (p *payer) find(ctx context.Context) (*walker.Page, error) {
	page, err := p.Open(ctx, "/pay")
	if err != nil {
		return nil, err
	}
	form, err := page.Form("Continue")
	if err != nil {
		return nil, err
	}
	born := p.person.born
	for label, value := range map[string]string{
		"Member ID, bill number or pay code": p.person.memberID,
		"Month":                              fmt.Sprint(int(born.Month())),
		"Day":                                fmt.Sprint(born.Day()),
		"Year":                               fmt.Sprint(born.Year()),
	} {
		if err := form.Fill(label, value); err != nil {
			return nil, err
		}
	}
	return p.expect(ctx, form, "Choose what to pay")
}

// choose pays an amount such as "12.34" on the first bill and returns the choice of method.
func (p *payer) choose(ctx context.Context, page *walker.Page, amount string) (*walker.Page, error) {
	form, err := page.Form("Continue")
	if err != nil {
		return nil, err
	}
	form.Tick(0)
	if err := errors.Join(form.Choose("Other amount"), form.Fill("Amount to pay", amount)); err != nil {
		return nil, err
	}
	return p.expect(ctx, form, "How do you want to pay?")
}

// byBank fills in the bank account and returns the review page.
func (p *payer) byBank(ctx context.Context, page *walker.Page) (*walker.Page, error) {
	form, err := page.Form("Continue")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		form.Choose("Bank account"),
		form.Fill("Name on account", "Jordan Example"),
		form.Fill("Routing number", goodRouting),
		form.Fill("Account number", goodAccount),
		form.Fill("Confirm account number", goodAccount),
		form.Choose("Checking"),
	); err != nil {
		return nil, err
	}
	return p.expect(ctx, form, "Review your payment")
}

// byCard gives the card to the processor, as the card frame does, sends the token on, and returns the review page.
func (p *payer) byCard(ctx context.Context, page *walker.Page, number string) (*walker.Page, error) {
	token, err := p.w.token(ctx, number)
	if err != nil {
		return nil, err
	}
	form, err := page.Form("Continue")
	if err != nil {
		return nil, err
	}
	if err := form.Choose("Card"); err != nil {
		return nil, err
	}
	form.Set(tokenField, token)
	return p.expect(ctx, form, "Review your payment")
}

// confirm presses the one button and returns what the payment's page says.
func (p *payer) confirm(ctx context.Context, review *walker.Page) (receipt, error) {
	form, err := review.Form("Pay $")
	if err != nil {
		return receipt{}, err
	}
	page, err := form.Send(ctx, p.Visitor)
	if err != nil {
		return receipt{}, err
	}
	if page.Status == 200 && page.Heading() == review.Heading() {
		return receipt{}, errLookAgain
	}
	return read(page)
}

// read takes the receipt from the page of a payment.
func read(page *walker.Page) (receipt, error) {
	ref, ok := strings.CutPrefix(page.URL.Path, "/payments/")
	if !ok || page.Status != 200 {
		return receipt{}, fmt.Errorf("%s, status %d, %q: %w: %.200s", page.URL, page.Status, page.Heading(), errAnother, page.Text())
	}
	return receipt{Heading: page.Heading(), Ref: ref, Confirmation: confirmationNumber.FindString(page.Text())}, nil
}

func (p *payer) expect(ctx context.Context, form *walker.Form, heading string) (*walker.Page, error) {
	page, err := form.Send(ctx, p.Visitor)
	if err != nil {
		return nil, err
	}
	if page.Heading() != heading {
		return nil, fmt.Errorf("wanted %q, got %q at %s, status %d: %w: %.300s", heading, page.Heading(), page.URL, page.Status, errAnother, page.Text())
	}
	return page, nil
}

const tokenField = "card_token" // hidden field that the card script fills in

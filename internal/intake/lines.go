package intake

import (
	"strings"

	"memberpay/internal/money"
)

// itemFigures are the exact amounts of one item.
type itemFigures struct {
	statement
	charged, planPaid money.Decimal
	hasCharged        bool
}

// readItems reads the amounts of every item once, for the rule and for the lines.
func readItems(e *eob) ([]itemFigures, error) {
	out := make([]itemFigures, len(e.Item))
	for i := range e.Item {
		if err := out[i].read(&e.Item[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read reads one item: what was charged, what the plan paid, and what it states of the patient's share.
func (f *itemFigures) read(it *item) (err error) {
	var submitted, paidProvider, benefit money.Decimal
	var hasSubmitted, hasPaidProvider bool
	for i := range it.Adjudication {
		a := &it.Adjudication[i]
		if !a.Amount.set() {
			continue
		}
		for _, c := range a.Category.Coding {
			to := &benefit
			code := string(c.Code)
			switch {
			case code == "submitted", strings.HasSuffix(code, "line_sbmtd_chrg_amt"):
				to, hasSubmitted = &submitted, true
			case code == "paidtoprovider", strings.HasSuffix(code, "line_prvdr_pmt_amt"):
				to, hasPaidProvider = &paidProvider, true
			case code == "benefit":
			default:
				continue
			}
			d, err := a.Amount.decimal()
			if err != nil {
				return err
			}
			*to = to.Add(d)
			break
		}
		if err := f.add(a); err != nil {
			return err
		}
	}
	f.planPaid = benefit
	if hasPaidProvider {
		f.planPaid = paidProvider
	}
	f.charged, f.hasCharged = submitted, hasSubmitted
	if !hasSubmitted && it.Net.set() {
		f.hasCharged = true
		f.charged, err = it.Net.decimal()
	}
	return err
}

// running rounds a growing exact sum so that the parts add up to the rounded whole.
type running struct {
	exact   money.Decimal
	rounded money.Cents
}

func (r *running) next(d money.Decimal) (money.Cents, error) {
	r.exact = r.exact.Add(d)
	all, err := round(r.exact)
	if err != nil {
		return 0, err
	}
	part := all - r.rounded
	r.rounded = all
	return part, nil
}

// figures fills the lines and the bill's own totals.
func (c *Claim) figures(e *eob, read []itemFigures) error {
	var charged, paid, share running
	c.Lines = make([]Line, 0, len(e.Item))
	anyCharge := false
	for i := range e.Item {
		f := &read[i]
		owed, stated := f.owed()
		l := Line{Text: describe(e.Item[i].ProductOrService), HasShare: stated}
		if l.Date = fhirDay(e.Item[i].ServicedPeriod.Start); l.Date.IsZero() {
			l.Date = fhirDay(e.Item[i].ServicedDate)
		}
		var err error
		if l.Charged, err = charged.next(f.charged); err != nil {
			return err
		}
		if l.PlanPaid, err = paid.next(f.planPaid); err != nil {
			return err
		}
		if l.Share, err = share.next(owed); err != nil {
			return err
		}
		if stated || f.hasCharged {
			l.Adjustments = l.Charged - l.PlanPaid - l.Share
		}
		anyCharge = anyCharge || f.hasCharged
		c.Lines = append(c.Lines, l)
	}
	return c.totals(e, anyCharge, charged.rounded, paid.rounded)
}

// totals sets the bill's own figures: from the lines where they state charges, else from the totals.
func (c *Claim) totals(e *eob, fromLines bool, charged, planPaid money.Cents) error {
	stated := map[string]money.Cents{}
	for i := range e.Total {
		for _, code := range [...]string{"submitted", "paidtoprovider", "benefit"} {
			if !e.Total[i].Category.has(code) {
				continue
			}
			d, err := e.Total[i].Amount.decimal()
			if err != nil {
				return err
			}
			if stated[code], err = round(d); err != nil {
				return err
			}
		}
	}
	blueButton := fromLines && c.Owed.Rule == RuleItems
	if submitted, ok := stated["submitted"]; ok && !blueButton {
		charged = submitted
		planPaid = stated["benefit"]
		if p, ok := stated["paidtoprovider"]; ok {
			planPaid = p
		}
	}
	r := c.Owed.Responsibility
	c.Charged, c.PlanPaid = charged, planPaid
	switch rest := charged - planPaid - r; {
	case charged == 0:
		c.Charged = planPaid + r // the source states no charge: what was paid and what is owed is all that is known
	case rest >= -2 && rest <= 2:
		c.PlanPaid += rest // the cent that rounding left over
	default:
		c.Adjustments = rest
	}
	return nil
}

// tags that clinical vocabularies put behind a name; a bill reads better without.
var semanticTags = []string{"procedure", "disorder", "finding", "regime/therapy", "situation", "product", "substance",
	"physical object", "medicinal product", "clinical drug", "event", "record artifact", "environment"}

// describe is the plain description of an item: its text, else the first name of a code, else the code.
func describe(c concept) string {
	text := c.Text
	for i := 0; text == "" && i < len(c.Coding); i++ {
		text = c.Coding[i].Display
	}
	for i := 0; text == "" && i < len(c.Coding); i++ {
		text = c.Coding[i].Code
	}
	text = strings.TrimSpace(text)
	if open := strings.LastIndex(text, " ("); open > 0 && strings.HasSuffix(text, ")") {
		tag := text[open+2 : len(text)-1]
		for _, known := range semanticTags {
			if tag == known {
				return text[:open]
			}
		}
	}
	return cut(text, 300)
}

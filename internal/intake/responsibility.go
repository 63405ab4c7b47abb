package intake

import (
	"strings"

	"memberpay/internal/money"
)

// Rule says which statement of an ExplanationOfBenefit gave what the patient owes.
type Rule string

const (
	RuleLiability Rule = "total.memberliability" // the total says it outright
	RuleShares    Rule = "total.shares"          // copay + coinsurance + deductible + noncovered of the totals
	RuleItems     Rule = "items"                 // sum over the items
	RuleNone      Rule = ""                      // nothing states it
)

// Verdict is what an ExplanationOfBenefit comes to.
type Verdict string

const (
	Bill       Verdict = "bill"        // there is something to pay
	NothingDue Verdict = "nothing_due" // decided, and nothing is owed
	Review     Verdict = "review"      // a person has to look
)

// Owed is the answer of the rule for one ExplanationOfBenefit.
type Owed struct {
	Verdict        Verdict
	Rule           Rule
	Responsibility money.Cents // what the patient owes in all, R
	PaidByPatient  money.Cents // what the patient has paid of it to the provider
	Due            money.Cents // R - PaidByPatient, rounded once; never below 0

	// Review only.
	Reason string        // "no_adjudication", "not_stated", "disagree", "credit", "repeated", "added_items"
	Detail string        // the figures, in words
	Offer  []money.Cents // amounts a person may choose from; no_adjudication and disagree only
}

// The codes that say what a patient owes.
const (
	codeLiability   = "memberliability"
	codePaidPatient = "paidbypatient"
	lineCoinsurance = "line_coinsrnc_amt"
	lineDeductible  = "line_bene_ptb_ddctbl_amt"
)

var shareCodes = [...]string{"copay", "coinsurance", "deductible", "noncovered"}

// statement sums what one list of adjudications (the totals, or one item's) says, by meaning.
type statement struct {
	liability, shares, lines, paid     money.Decimal
	hasLiability, hasShares, hasLines  bool
	hasPaid, repeated                  bool
	seenLiability, seenPaid, seenShare int // bit per share code
}

// add takes one adjudication into the statement. Amounts of other codes are left alone.
func (s *statement) add(from *adjudication) error {
	a := from.Amount
	for _, c := range from.Category.Coding {
		to, has, seen, bit := s.slot(string(c.Code))
		if to == nil {
			continue
		}
		if !a.set() {
			return nil
		}
		d, err := a.decimal()
		if err != nil {
			return err
		}
		if seen != nil {
			s.repeated = s.repeated || *seen&bit != 0
			*seen |= bit
		}
		*to, *has = to.Add(d), true
		return nil
	}
	return nil
}

func (s *statement) slot(code string) (to *money.Decimal, has *bool, seen *int, bit int) {
	switch code {
	case codeLiability:
		return &s.liability, &s.hasLiability, &s.seenLiability, 1
	case codePaidPatient:
		return &s.paid, &s.hasPaid, &s.seenPaid, 1
	}
	for i, name := range shareCodes {
		if code == name {
			return &s.shares, &s.hasShares, &s.seenShare, 1 << i
		}
	}
	if strings.HasSuffix(code, lineCoinsurance) || strings.HasSuffix(code, lineDeductible) {
		return &s.lines, &s.hasLines, nil, 0
	}
	return nil, nil, nil, 0
}

// owed is the item's part of rule c: liability, else the four shares, else the Blue Button line amounts.
func (s *statement) owed() (money.Decimal, bool) {
	switch {
	case s.hasLiability:
		return s.liability, true
	case s.hasShares:
		return s.shares, true
	}
	return s.lines, s.hasLines
}

// responsibility works out what the patient owes. Every amount is taken as an exact decimal, summed exactly and rounded
// once, half up, to cents. It returns a *Refusal for numbers out of all proportion. It looks at amounts only; currency,
// status, use and outcome are the caller's. read holds the items, as readItems gives them.
func responsibility(e *eob, read []itemFigures) (Owed, error) {
	var totals statement
	for i := range e.Total {
		if err := totals.add(&e.Total[i]); err != nil {
			return Owed{}, err
		}
	}
	items, err := sumItems(e, read)
	if err != nil {
		return Owed{}, err
	}
	paid := items.paid
	if totals.hasPaid {
		paid = totals.paid
	}
	switch {
	case totals.repeated:
		return review("repeated", "the totals state one category twice"), nil
	case totals.hasLiability && totals.hasShares && !totals.liability.Equal(totals.shares):
		return disagree("totals", totals.liability, totals.shares)
	case totals.hasLiability:
		return decide(RuleLiability, totals.liability, paid)
	case totals.hasShares:
		return decide(RuleShares, totals.shares, paid)
	case items.repeated:
		return review("repeated", "an item states one category twice"), nil
	case items.disagree:
		return disagree("items", items.liability, items.shares)
	case items.stated && items.added:
		return review("added_items", "the plan added items with a patient share of their own"), nil
	case items.stated:
		return decide(RuleItems, items.owed, paid)
	}
	return unstated(e)
}

// itemSum is what all items say together.
type itemSum struct {
	owed, paid        money.Decimal
	stated            bool // at least one item states a share
	repeated          bool
	added             bool // addItem states a share
	disagree          bool // an item's liability is not the sum of its shares
	liability, shares money.Decimal
}

func sumItems(e *eob, read []itemFigures) (itemSum, error) {
	var sum itemSum
	for i := range read {
		s := &read[i].statement
		sum.repeated = sum.repeated || s.repeated
		sum.paid = sum.paid.Add(s.paid)
		if s.hasLiability && s.hasShares && !s.liability.Equal(s.shares) {
			sum.disagree = true
			sum.liability, sum.shares = sum.liability.Add(s.liability), sum.shares.Add(s.shares)
		}
		if owed, ok := s.owed(); ok {
			sum.stated = true
			sum.owed = sum.owed.Add(owed)
		}
	}
	for i := range e.AddItem {
		var s statement
		for j := range e.AddItem[i].Adjudication {
			if err := s.add(&e.AddItem[i].Adjudication[j]); err != nil {
				return sum, err
			}
		}
		if owed, ok := s.owed(); ok && owed.Sign() != 0 {
			sum.added = true
		}
	}
	return sum, nil
}

// decide rounds and compares. A negative result is never a bill: it is a credit for a person to look at.
func decide(rule Rule, owed, paid money.Decimal) (Owed, error) {
	r, err := round(owed)
	if err != nil {
		return Owed{}, err
	}
	p, err := round(paid)
	if err != nil {
		return Owed{}, err
	}
	due, err := round(owed.Add(paid.Neg()))
	if err != nil {
		return Owed{}, err
	}
	o := Owed{Verdict: Bill, Rule: rule, Responsibility: r, PaidByPatient: p, Due: due}
	switch {
	case owed.Sign() < 0 || paid.Sign() < 0 || due < 0:
		o.Verdict, o.Reason, o.Due = Review, "credit", max(due, 0)
		o.Detail = "the patient's share is " + r.String() + " and " + p.String() + " is already paid: a credit of " + (-due).String()
		if due >= 0 {
			o.Detail = "the patient's share is " + r.String() + " and the patient's own payment " + p.String() + ": one of them is below zero"
		}
	case due == 0:
		o.Verdict = NothingDue
	}
	return o, nil
}

func disagree(where string, liability, shares money.Decimal) (Owed, error) {
	a, err := round(liability)
	if err != nil {
		return Owed{}, err
	}
	b, err := round(shares)
	if err != nil {
		return Owed{}, err
	}
	o := review("disagree", "the "+where+" state a member liability of "+a.String()+" but shares that sum to "+b.String())
	o.Offer = []money.Cents{a, b}
	return o, nil
}

func review(reason, detail string) Owed {
	return Owed{Verdict: Review, Reason: reason, Detail: detail}
}

// unstated is rule d: nothing states what the patient owes. Only where nothing was adjudicated at all may a person be
// offered submitted - payment, and only where that is positive.
func unstated(e *eob) (Owed, error) {
	if adjudicated(e) {
		return review("not_stated", "adjudicated, but nothing states what the patient owes"), nil
	}
	var submitted money.Decimal
	only, found := true, false
	for i := range e.Total {
		if !e.Total[i].Category.has("submitted") {
			only = false
			continue
		}
		d, err := e.Total[i].Amount.decimal()
		if err != nil {
			return Owed{}, err
		}
		submitted, found = submitted.Add(d), true
	}
	o := review("no_adjudication", "no adjudication: nothing states what the patient owes")
	if !only || !found {
		return o, nil
	}
	paid, err := e.Payment.Amount.decimal()
	if err != nil {
		return Owed{}, err
	}
	rest, err := round(submitted.Add(paid.Neg()))
	if err != nil {
		return Owed{}, err
	}
	if rest > 0 {
		o.Offer = []money.Cents{rest}
		o.Detail += "; submitted less paid is " + rest.String()
	}
	return o, nil
}

func adjudicated(e *eob) bool {
	if len(e.Adjudication) > 0 {
		return true
	}
	for i := range e.Item {
		if len(e.Item[i].Adjudication) > 0 {
			return true
		}
	}
	for i := range e.AddItem {
		if len(e.AddItem[i].Adjudication) > 0 {
			return true
		}
	}
	return false
}

func hasCode(c concept, code string) bool {
	for i := range c.Coding {
		if c.Coding[i].Code == code {
			return true
		}
	}
	return false
}

func round(d money.Decimal) (money.Cents, error) {
	c, err := d.Round()
	if err != nil {
		return 0, refuse("amount", "an amount is larger than %s", money.Max)
	}
	return c, nil
}

// checkCurrency refuses an ExplanationOfBenefit with any amount in another currency than USD, or with amounts and no
// currency at all.
func checkCurrency(e *eob) error {
	var amounts, named int
	var other string
	look := func(a *amount) {
		if a.set() {
			amounts++
		}
		switch {
		case a.Currency == "USD":
			named++
		case a.Currency != "":
			other = a.Currency
		}
	}
	list := func(all []adjudication) {
		for i := range all {
			look(&all[i].Amount)
		}
	}
	for i := range e.Total {
		look(&e.Total[i].Amount)
	}
	look(&e.Payment.Amount)
	list(e.Adjudication)
	for i := range e.Item {
		look(&e.Item[i].Net)
		list(e.Item[i].Adjudication)
	}
	for i := range e.AddItem {
		list(e.AddItem[i].Adjudication)
	}
	switch {
	case other != "":
		return refuse("currency", "amounts in %s; only USD is taken", cut(other, 12))
	case amounts > 0 && named == 0:
		return refuse("currency", "no amount names its currency; USD must be stated")
	}
	return nil
}

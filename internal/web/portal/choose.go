package portal

import (
	"context"
	"slices"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// chosen is the answer to "Choose what to pay", as sent or as kept.
type chosen struct {
	ticked []string
	full   bool
	other  bool
	amount string // as typed
}

// choose shows the open bills and asks which of them to pay, and how much.
func (p *Portal) choose(c *web.Context) error {
	d, done, err := p.draft(c)
	if done {
		return err
	}
	scope, err := p.scope(c)
	if err != nil {
		return err
	}
	bills, err := bill.List(c.R.Context(), p.DB.Read(), scope, maxBills)
	if err != nil {
		return err
	}
	answer := kept(d)
	if payable := onlyPayable(bills); len(answer.ticked) == 0 && payable != "" {
		answer.ticked = []string{payable} // there is nothing to choose
	}
	return p.choosePage(c, d, scope, bills, answer, nil)
}

// onlyPayable is the one bill that can be paid, "" where there are none or several.
func onlyPayable(bills []bill.Bill) string {
	found := ""
	for _, b := range bills {
		if b.Payable() && found != "" {
			return ""
		}
		if b.Payable() {
			found = b.ID
		}
	}
	return found
}

// kept is what a draft has as the answer, or the answer to begin with.
func kept(d payment.Draft) chosen {
	if !d.Chosen() {
		return chosen{ticked: d.Answers.Ticked, full: true}
	}
	a := chosen{full: d.Answers.Full, other: !d.Answers.Full}
	var sum money.Cents
	for _, l := range d.Answers.Lines {
		a.ticked = append(a.ticked, l.BillID)
		sum += l.Amount
	}
	if len(d.Answers.Ticked) > len(a.ticked) { // another amount did not reach every bill that was ticked
		a.ticked = d.Answers.Ticked
	}
	if a.other {
		a.amount = sum.Plain()
	}
	return a
}

func (p *Portal) choosePost(c *web.Context) error {
	d, done, err := p.draft(c)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	scope, err := p.scope(c)
	if err != nil {
		return err
	}
	bills, err := bill.List(c.R.Context(), p.DB.Read(), scope, maxBills)
	if err != nil {
		return err
	}
	answer := chosen{ticked: slices.Concat(c.Forms("bills"), c.Forms("premiums")), amount: c.Form("amount")}
	answer.full, answer.other = c.Form("how") == "full", c.Form("how") == "other"
	picked, lines, problems := allocate(c, bills, answer)
	if len(problems) == 0 {
		if problems, err = p.withinHelp(c, scope, picked, answer, total(lines)); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return p.choosePage(c, d, scope, bills, answer, problems)
	}
	of := purseOf(scope, picked[0])
	_, err = p.Payments.ChangeDraft(c.R.Context(), owner(c), d.ID, func(d *payment.Draft) error {
		d.PayerID, d.Answers.Help = payer(scope, picked[0]), of.help
		d.Answers.Kind, d.Answers.Payee = picked[0].Kind, picked[0].Payee
		d.Answers.Lines, d.Answers.Full, d.Answers.Ticked = lines, answer.full, nil
		for _, b := range picked {
			d.Answers.Ticked = append(d.Answers.Ticked, b.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if d.Answers.Rail != "" && d.Answers.Emailed {
		return c.Redirect(step(d.ID, "review")) // a Change link comes back to the review
	}
	return c.Redirect(step(d.ID, "method"))
}

// allocate says which bills were picked and how much each gets, or what is wrong with the answer. bills is in the order
// in which an amount is spent: oldest first.
func allocate(c *web.Context, bills []bill.Bill, answer chosen) (picked []bill.Bill, lines []payment.Line, problems []ui.Problem) {
	wrong := func(field, key string, pairs ...any) {
		problems = append(problems, ui.Problem{Field: field, Text: c.T(key, pairs...)})
	}
	var due money.Cents
	for _, b := range bills {
		if b.Payable() && slices.Contains(answer.ticked, b.ID) {
			picked = append(picked, b)
			due += b.Due()
		}
	}
	field := firstList(bills)
	switch {
	case len(picked) == 0 && len(answer.ticked) == 0:
		wrong(field, "error.bills.required")
	case len(picked) < len(unique(answer.ticked)):
		wrong(field, "error.bills.gone")
	case slices.ContainsFunc(picked, func(b bill.Bill) bool { return b.Payee != picked[0].Payee }):
		wrong(field, "error.bills.one_payee")
	}
	amount := due
	switch {
	case answer.full:
		if due > money.Max {
			wrong("how", "amount.too_large")
		}
	case answer.other:
		var err error
		// words: amount.*
		if amount, err = money.ParseInput(answer.amount); err != nil {
			wrong("amount", err.Error())
		} else if len(problems) == 0 && amount > due {
			wrong("amount", "amount.over_due", "Due", due)
		}
	default:
		wrong("how", "error.amount.choose")
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	return picked, payment.Spend(picked, amount), nil
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// firstList is the name of the first list of bills on the page.
func firstList(bills []bill.Bill) string {
	for _, b := range bills {
		if b.State == bill.Open && b.Kind == bill.Medical {
			return "bills"
		}
	}
	return "premiums"
}

// chooseView is the page "Choose what to pay".
type chooseView struct {
	Action    string
	Medical   []ui.Option
	Premiums  []ui.Option
	OnTheWay  []ui.Row // bills that are open and cannot be paid, because payments for all of them are on their way
	Changed   []string // what is no longer as it was chosen
	Moved     string   // the reader was found by an old member ID
	Limits    []string // how much a helper may pay
	Total     string
	Full      bool
	Other     bool
	Amount    string
	Help      string // what to do if it is too much
	HelpURL   string
	None      bool // nothing can be paid now
	BillsPath string
}

func (v chooseView) both() bool { return len(v.Medical) > 0 && len(v.Premiums) > 0 }

func (p *Portal) choosePage(c *web.Context, d payment.Draft, scope bill.Scope, bills []bill.Bill, answer chosen, problems []ui.Problem) error {
	people, err := namesFor(c.R.Context(), p.DB.Read(), c, scope, bills)
	if err != nil {
		return err
	}
	sights, err := p.sights(c, scope, bills)
	if err != nil {
		return err
	}
	v := chooseView{Action: step(d.ID, "bills"), Full: answer.full, Other: answer.other, Amount: answer.amount, None: true,
		Help: c.Site.Brand.FinancialHelp.In(c.Words.Lang()), HelpURL: c.Site.Brand.Links.FinancialHelp}
	var total money.Cents
	today := day.Of(c.Now, c.Site.Brand.Zone())
	for _, b := range bills {
		if b.State != bill.Open {
			continue
		}
		total += b.Due()
		if !b.Payable() {
			v.OnTheWay = append(v.OnTheWay, ui.Row{Key: billText(c, b), Value: c.T("bills.for", "Name", people.of(b.PatientID)),
				Lines: []string{c.T("bill.pending", "Amount", b.Pending)}})
			continue
		}
		v.None = false
		o := billOption(c, b, people.of(b.PatientID), today, sights[b.ID] == seesCare)
		o.Checked = slices.Contains(answer.ticked, b.ID)
		if b.Kind == bill.Premium {
			v.Premiums = append(v.Premiums, o)
		} else {
			v.Medical = append(v.Medical, o)
		}
	}
	v.Total = c.T("choose.total", "Amount", total)
	if v.Limits, err = p.limitWords(c, scope); err != nil {
		return err
	}
	status := 200
	if len(problems) > 0 {
		status = 422
	} else if c.R.URL.Query().Has("changed") {
		v.Changed = changedBills(c, d, bills)
	} else if c.R.URL.Query().Has("limit") {
		v.Changed = []string{c.T("household.limit.reached")}
	}
	if v.Moved, err = p.movedNotice(c); err != nil {
		return err
	}
	if err := p.looked(c, scope, "", bills); err != nil {
		return err
	}
	f := payPage(c, d, 1, c.T("choose.title"))
	f.Problems = problems
	f.Back = &ui.Link{Label: c.T("paid.to_bills"), Href: "/bills"}
	return c.Render(status, choosePage(f, v))
}

// billOption is one bill to tick.
func billOption(c *web.Context, b bill.Bill, name string, today day.Date, care bool) ui.Option {
	o := ui.Option{Value: b.ID, Label: c.T("bills.for", "Name", name), Aside: c.Words.Amount(b.Due()),
		Lines: []string{billText(c, b)}}
	if care && b.Provider != "" && b.Kind == bill.Medical {
		o.Lines = append(o.Lines, b.Provider)
	}
	switch {
	case b.DueDate.IsZero():
	case b.Overdue(today):
		o.Lines = append(o.Lines, c.T("bill.due.was", "Date", date(c, b.DueDate)))
		o.Tag = &ui.Tag{Tone: ui.Bad, Text: c.T("billstate.past_due")}
	default:
		o.Lines = append(o.Lines, c.T("bill.due.by", "Date", date(c, b.DueDate)))
	}
	if b.Pending > 0 {
		o.Lines = append(o.Lines, c.T("choose.row.pending", "Amount", b.Pending))
	}
	return o
}

// changedBills tells, in a sentence a bill, what can no longer be paid as the draft has it.
func changedBills(c *web.Context, d payment.Draft, bills []bill.Bill) []string {
	var out []string
	for _, l := range d.Answers.Lines {
		i := slices.IndexFunc(bills, func(b bill.Bill) bool { return b.ID == l.BillID })
		switch {
		case i < 0:
			out = append(out, c.T("error.bills.gone"))
		case bills[i].Due() >= l.Amount:
		case bills[i].Due() > 0:
			out = append(out, c.T("choose.changed.less", "Number", billNumber(bills[i]), "Amount", bills[i].Due()))
		case bills[i].Pending > 0:
			out = append(out, c.T("choose.changed.pending", "Number", billNumber(bills[i]), "Amount", bills[i].Pending))
		default:
			out = append(out, c.T("choose.changed.settled", "Number", billNumber(bills[i])))
		}
	}
	return out
}

// dueNow returns the bills of lines as they are now, in the same order, and whether each can take its line. bills is nil
// where one is gone.
func (p *Portal) dueNow(ctx context.Context, scope bill.Scope, lines []payment.Line) (bills []bill.Bill, fits bool, err error) {
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.BillID
	}
	known, err := bill.ByIDs(ctx, p.DB.Read(), scope, ids)
	if err != nil {
		return nil, false, err
	}
	fits = true
	for _, l := range lines {
		b, ok := known[l.BillID]
		if !ok {
			return nil, false, nil
		}
		bills = append(bills, b)
		fits = fits && b.Due() >= l.Amount
	}
	return bills, fits, nil
}

package portal

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"memberpay/internal/bill"
	"memberpay/internal/id"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// maxQuery is the longest search, in characters.
const maxQuery = 100

// historyView is the list of payments.
type historyView struct {
	Query   string
	Count   string
	Table   ui.Table
	CSV     string // address of the same list as a file
	NoMatch string
	Any     bool   // there are payments at all
	Older   string // address of all payments, where older ones are left out
	Pages   ui.Pages
}

// history lists the payments of whoever is reading, newest first, all or those that match a search. Those of long ago are
// shown to somebody who has just proved who they are.
func (p *Portal) history(c *web.Context) error {
	query := strings.TrimSpace(strings.ToValidUTF8(c.R.URL.Query().Get("q"), ""))
	var problems []ui.Problem
	status := http.StatusOK
	if utf8.RuneCountInString(query) > maxQuery {
		query = string([]rune(query)[:maxQuery])
		problems = append(problems, ui.Problem{Field: "q", Text: c.T("error.query.long")})
		status = http.StatusUnprocessableEntity
	}
	if older(c) && !c.Fresh() {
		return c.Redirect(p.proveFor(c))
	}
	all, left, err := p.paymentsSeen(c)
	if err != nil {
		return err
	}
	list := search(c, all, query)
	params := url.Values{"q": {query}}
	if older(c) {
		params.Set("all", "1")
	}
	keep := params.Encode()
	shown, pages := cut(list, c.R.URL.Query().Get("page"), "/payments?"+keep+"&page=")
	bills, err := p.billsOf(c, shown)
	if err != nil {
		return err
	}
	v := historyView{Query: query, Count: c.Words.N("history.count", len(list)), CSV: "/payments.csv?" + keep, Any: len(all) > 0,
		Pages: pages, Table: paymentTable(c, shown, bills)}
	if left {
		v.Any, v.Older = true, "/payments?"+url.Values{"all": {"1"}, "q": {query}}.Encode()
	}
	if len(list) == 0 && query != "" {
		v.NoMatch = c.T("history.no_match", "Query", query)
	}
	frame := page(c, c.T("history.title"))
	frame.Wide = true
	frame.Problems = problems
	return c.Render(status, historyPage(frame, v))
}

// older reports whether payments of long ago are asked for too.
func older(c *web.Context) bool { return c.R.URL.Query().Get("all") != "" }

// proveFor is where a reader proves who they are for this page: a guest by signing in, a member once more.
func (p *Portal) proveFor(c *web.Context) string {
	if !c.Session.SignedIn() {
		return p.Door(c, web.Account)
	}
	return p.Prove(c)
}

// paymentsSeen returns the payments that the reader may see, the newest first: all of them right after a proof of who they
// are, later those of the last twelve months. left reports whether older ones are left out.
func (p *Portal) paymentsSeen(c *web.Context) (list []payment.Payment, left bool, err error) {
	all, err := payment.List(c.R.Context(), p.DB.Read(), payments(c), mostPayments)
	if err != nil || c.Fresh() {
		return all, false, err
	}
	since := c.Now.AddDate(-1, 0, 0)
	for _, pay := range all {
		if !pay.SubmittedAt.Before(since) {
			list = append(list, pay)
		}
	}
	return list, len(list) < len(all), nil
}

// paymentTable is a row a payment, each with the way to its page.
func paymentTable(c *web.Context, list []payment.Payment, bills map[string][]bill.Bill) ui.Table {
	t := ui.Table{Caption: c.T("history.caption"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{
		{Label: c.T("history.col.number")}, {Label: c.T("history.col.date")}, {Label: c.T("history.col.for")},
		{Label: c.T("history.col.method")}, {Label: c.T("history.col.state")}, {Label: c.T("history.col.amount"), Money: true}}}
	for _, pay := range list {
		t.Rows = append(t.Rows, []ui.Cell{
			{Text: id.Grouped(pay.Confirmation), Href: paymentPath(pay)},
			{Text: c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone())},
			{Text: paidFor(c.Words, bills[pay.ID])},
			{Text: paidWith(c, pay)},
			{Body: ui.TagFor(paymentTag(c.Words, pay))},
			{Text: c.Words.Amount(pay.Amount)},
		})
	}
	return t
}

// billsOf reads the bills of payments, in the order in which they were paid.
func (p *Portal) billsOf(c *web.Context, list []payment.Payment) (map[string][]bill.Bill, error) {
	parts, err := allocations(c.R.Context(), p, list)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, part := range parts {
		for _, a := range part {
			ids = append(ids, a.BillID)
		}
	}
	slices.Sort(ids)
	known := map[string]bill.Bill{}
	scope, err := p.scope(c)
	if err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(slices.Compact(ids), 500) {
		some, err := bill.ByIDs(c.R.Context(), p.DB.Read(), scope, chunk)
		if err != nil {
			return nil, err
		}
		for k, v := range some {
			known[k] = v
		}
	}
	out := map[string][]bill.Bill{}
	for k, part := range parts {
		for _, a := range part {
			if b, ok := known[a.BillID]; ok {
				out[k] = append(out[k], b)
			}
		}
	}
	return out, nil
}

// paidFor names the bills of a payment, the first few by number.
func paidFor(w *words.Words, list []bill.Bill) string {
	const most = 3
	var out []string
	for _, b := range list[:min(len(list), most)] {
		out = append(out, w.T("bill.title", "Number", billNumber(b)))
	}
	if more := len(list) - most; more > 0 {
		out = append(out, w.N("history.more", more))
	}
	return w.List(out)
}

// stateName is a payment's state in a few words: what was refunded of it, where something was.
//
// words: state.*
func stateName(w *words.Words, pay payment.Payment) string {
	switch {
	case pay.Refunded > 0 && pay.Refunded == pay.Amount:
		return w.T("state.refunded.short")
	case pay.Refunded > 0 && pay.State == payment.Succeeded:
		return w.T("state.refunded.part", "Amount", pay.Refunded)
	}
	return w.T("state." + string(pay.State) + ".short")
}

// paidWith is the card or account of a payment; to anybody but the one who paid, only that it was a card or an account.
func paidWith(c *web.Context, pay payment.Payment) string {
	switch {
	case !own(c, pay) && pay.Rail == payment.Bank:
		return c.T("method.bank")
	case !own(c, pay):
		return c.T("method.card")
	case pay.Rail == payment.Bank:
		return bankName(c, pay.Brand, pay.Last4)
	}
	return cardName(c, processor.Card{Brand: pay.Brand, Last4: pay.Last4})
}

// paymentTag is a payment's state with its tone.
func paymentTag(w *words.Words, pay payment.Payment) ui.Tag {
	t := ui.Tag{Text: stateName(w, pay)}
	switch pay.State {
	case payment.Succeeded:
		t.Tone = ui.Success
	case payment.Submitted, payment.Pending:
		t.Tone = ui.Info
	case payment.ActionRequired, payment.Unknown, payment.Disputed:
		t.Tone = ui.Warning
	case payment.Failed, payment.Returned, payment.ChargedBack:
		t.Tone = ui.Bad
	}
	return t
}

// historyCSV is the list as a file for spreadsheets (RFC 4180, UTF-8 with the mark that spreadsheet programs look for).
// A search holds for it too.
func (p *Portal) historyCSV(c *web.Context) error {
	if older(c) && !c.Fresh() {
		return c.Redirect(p.proveFor(c))
	}
	all, _, err := p.paymentsSeen(c)
	if err != nil {
		return err
	}
	list := search(c, all, strings.TrimSpace(c.R.URL.Query().Get("q")))
	bills, err := p.billsOf(c, list)
	if err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="payments-`+c.Now.In(c.Site.Brand.Zone()).Format("2006-01-02")+`.csv"`)
	if _, err := c.W.Write([]byte("\ufeff")); err != nil {
		return err
	}
	out := csv.NewWriter(c.W)
	out.UseCRLF = true
	header := []string{c.T("history.col.number"), c.T("history.col.date"), c.T("history.col.amount"), c.T("history.col.state"),
		c.T("history.col.method"), c.T("paid.payee"), c.T("history.col.for")}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, pay := range list {
		numbers := make([]string, len(bills[pay.ID]))
		for i, b := range bills[pay.ID] {
			numbers[i] = billNumber(b)
		}
		row := []string{id.Grouped(pay.Confirmation), pay.SubmittedAt.In(c.Site.Brand.Zone()).Format("2006-01-02"), pay.Amount.Plain(),
			stateName(c.Words, pay), paidWith(c, pay), c.Site.Brand.Payee(pay.Payee).LegalName, strings.Join(numbers, "; ")}
		for i, cell := range row {
			row[i] = web.Cell(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// search returns the payments that match a query: a confirmation number in any spelling or part of one, an amount, the
// last four digits of the reader's own card or account, or a day as the page writes it or as 2026-12-03 or 12/3/2026. An
// empty query matches all.
func search(c *web.Context, list []payment.Payment, query string) []payment.Payment {
	if query == "" {
		return list
	}
	number := id.Unfold(query)
	amount, err := money.ParseInput(query)
	isAmount := err == nil
	lower := strings.ToLower(query)
	var out []payment.Payment
	for _, pay := range list {
		on := pay.SubmittedAt.In(c.Site.Brand.Zone())
		switch {
		case isAmount && pay.Amount == amount,
			len(number) >= 3 && strings.Contains(pay.Confirmation, number),
			len(query) == 4 && pay.Last4 == query && own(c, pay),
			on.Format("2006-01-02") == query, on.Format("1/2/2006") == query, on.Format("01/02/2006") == query,
			len(query) >= 3 && strings.Contains(strings.ToLower(c.Words.Date(on)), lower),
			len(query) >= 3 && strings.Contains(strings.ToLower(stateName(c.Words, pay)), lower):
			out = append(out, pay)
		}
	}
	return out
}

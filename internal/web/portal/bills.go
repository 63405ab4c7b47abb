package portal

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/money"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

const (
	mostBills  = 5000 // bills read for one reader; their sums are over these
	billsAPage = 50
)

// billsView is the list of bills: what can be paid first, by payee, then the settled ones.
type billsView struct {
	Total    string // of everything that can be paid now
	Note     string // how many bills, and how fresh the word of the billing system is
	Pending  string // what is on its way and not in Total, "" if nothing
	Sections []billSection
	Settled  []billRow
	Empty    ui.Empty // shown where there is nothing to pay
	Pages    ui.Pages
	Guest    bool
	Credits  []string // credit of the reader, a sentence each payee
	Moved    string   // the reader was found by an old member ID
	Title    string
	For      string // whose bills alone are shown, "" for everybody's
}

// billSection is the open bills that go to one payee.
type billSection struct {
	Title, Why string
	Alone      string // its title where it stands alone, "" for none
	DateLabel  string // date of care, or month of coverage
	OwedLabel  string // says whose debt it is: the reader's, or somebody's whom they help
	What       string // read aloud after a second button with the same words
	Total      string
	Payable    []string // ids of the bills on this page that can be paid now
	Rows       []billRow
}

// billRow is one bill of the list.
type billRow struct {
	Number, Href string
	For          string
	Date         string
	Due          string
	Amount       string
	Tag          ui.Tag
	Notes        []string // what is on its way; the visit it belongs to
}

// bills is the list of bills of whoever is reading.
func (p *Portal) bills(c *web.Context) error {
	ctx, q := c.R.Context(), p.DB.Read()
	scope, err := p.scope(c)
	if err != nil {
		return err
	}
	list, err := bill.List(ctx, q, scope, mostBills)
	if err != nil {
		return err
	}
	who, err := p.forWhom(c, scope, list)
	if err != nil {
		return err
	}
	keep := "/bills?page="
	if who.ID != "" {
		keep = "/bills?for=" + who.ID + "&page="
	}
	list = slices.DeleteFunc(list, func(b bill.Bill) bool {
		_, helped := scope.Help(b)
		return b.State == bill.Void && b.Applied == 0 && b.Pending == 0 || helped && b.State != bill.Open || who.ID != "" && b.PatientID != who.ID
	})
	sum := sumUp(list)
	shown, pages := cut(list, c.R.URL.Query().Get("page"), keep)
	known, err := namesFor(ctx, q, c, scope, shown)
	if err != nil {
		return err
	}
	s := billScribe{w: c.Words, today: today(c), names: known, visits: sum.visits, told: map[visitKey]bool{}, scope: scope}
	if s.payers, err = p.payers(c, scope); err != nil {
		return err
	}
	v := billsView{Total: c.Words.Amount(sum.due), Pages: pages, Guest: !c.Session.SignedIn(), Title: billsTitle(c, scope)}
	if who.ID != "" {
		v.For = c.T("bills.for", "Name", who.Name)
	}
	v.Sections, v.Settled = s.sections(shown)
	if v.Credits, err = p.credits(c); err != nil {
		return err
	}
	if v.Moved, err = p.movedNotice(c); err != nil {
		return err
	}
	v.Note = c.Words.N("bills.count", sum.open)
	if !sum.asOf.IsZero() {
		v.Note += " · " + c.T("bills.as_of", "Date", c.Words.DateIn(sum.asOf, c.Site.Brand.Zone()))
	}
	if sum.pending > 0 {
		v.Pending = c.T("bill.pending", "Amount", sum.pending)
	}
	switch {
	case v.Guest:
		v.Empty = ui.Empty{Title: c.T("find.none_open.title"), Text: c.T("find.none_open.body")}
	case sum.pending > 0:
		v.Empty = ui.Empty{Title: c.T("bills.empty.title"), Text: c.T("bills.lead.none")}
	default:
		v.Empty = ui.Empty{Title: c.T("bills.empty.title"), Text: c.T("bills.empty.body")}
	}
	if err := p.looked(c, scope, "", shown); err != nil {
		return err
	}
	frame := page(c, v.Title)
	frame.Wide = true
	return c.Render(http.StatusOK, billsPage(frame, v))
}

// sums are what the heads of the list say, over all bills and not only those of one page.
type sums struct {
	open         int
	due, pending money.Cents
	asOf         time.Time             // the newest word of the billing system on an open bill
	visits       map[visitKey]visitSum // visits with several bills
}

type visitKey struct{ patient, visit string }

type visitSum struct {
	bills int
	due   money.Cents
}

func sumUp(list []bill.Bill) sums {
	s := sums{visits: map[visitKey]visitSum{}}
	for _, b := range list {
		if b.State == bill.Open {
			s.open++
			if b.AsOf.After(s.asOf) {
				s.asOf = b.AsOf
			}
		}
		s.due += b.Due()
		s.pending += b.Pending
		if b.Visit != "" && b.State != bill.Void {
			k := visitKey{b.PatientID, b.Visit}
			v := s.visits[k]
			s.visits[k] = visitSum{v.bills + 1, v.due + b.Due()}
		}
	}
	return s
}

// cut returns the page of a list that was asked for, the first where the number is none.
func cut[T any](list []T, number, href string) ([]T, ui.Pages) {
	total := max(1, (len(list)+billsAPage-1)/billsAPage)
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > total {
		n = 1
	}
	from := (n - 1) * billsAPage
	return list[from:min(from+billsAPage, len(list))], ui.Pages{Number: n, Total: total,
		Href: func(page int) string { return href + strconv.Itoa(page) }}
}

// billScribe writes bills as people read them.
type billScribe struct {
	w      *words.Words
	today  day.Date
	names  names
	visits map[visitKey]visitSum
	told   map[visitKey]bool // visits whose sums stand above
	scope  bill.Scope
	payers map[string]string // by permission: who is helped
	back   []string          // what refunds took off the one bill that is shown
}

// sections divides the bills of a page into the open ones, by payee, and the settled ones. Bills of one visit stand
// together, where the first of them stands.
func (s billScribe) sections(list []bill.Bill) (open []billSection, settled []billRow) {
	place := map[purse]int{}
	for _, b := range byVisit(list) {
		if b.State != bill.Open {
			settled = append(settled, s.row(b))
			continue
		}
		of := s.purse(b)
		i, ok := place[of]
		if !ok {
			i, place[of] = len(open), len(open)
			open = append(open, billSection{Title: s.w.T("bills.medical"), Why: s.w.T("bills.medical.why"),
				DateLabel: s.w.T("bills.col.date"), OwedLabel: s.owedLabel(b)})
			if b.Kind == bill.Premium {
				open[i].Title, open[i].Why, open[i].DateLabel = s.w.T("bills.premium"), s.w.T("bills.premium.why"), s.w.T("bill.coverage_month")
			}
			if of.help != "" {
				open[i].Title, open[i].Why = s.helpedTitle(b, of), ""
				open[i].Alone = open[i].Title
			}
		}
		open[i].Rows = append(open[i].Rows, s.row(b))
		if b.Payable() {
			open[i].Payable = append(open[i].Payable, b.ID)
		}
	}
	due := map[purse]money.Cents{}
	for _, b := range list {
		due[s.purse(b)] += b.Due()
	}
	for of, i := range place {
		open[i].Total = s.w.Amount(due[of])
		if i > 0 {
			open[i].What = open[i].Title
		}
	}
	return open, settled
}

// byVisit moves bills of a visit behind the first of them and leaves the order otherwise.
func byVisit(list []bill.Bill) []bill.Bill {
	mates := map[visitKey][]bill.Bill{}
	for _, b := range list {
		if b.Visit != "" && b.State == bill.Open {
			k := visitKey{b.PatientID, b.Visit}
			mates[k] = append(mates[k], b)
		}
	}
	out := make([]bill.Bill, 0, len(list))
	for _, b := range list {
		k := visitKey{b.PatientID, b.Visit}
		switch {
		case b.Visit == "" || b.State != bill.Open:
			out = append(out, b)
		default:
			out = append(out, mates[k]...)
			delete(mates, k)
		}
	}
	return out
}

func (s billScribe) row(b bill.Bill) billRow {
	r := billRow{
		Number: billNumber(b), Href: "/bills/" + b.ID, For: s.names.of(b.PatientID),
		Date: s.date(b), Due: s.due(b), Tag: s.tag(b), Amount: s.w.Amount(b.Due()),
	}
	if b.State != bill.Open {
		r.Amount = s.w.Amount(b.PaidTotal())
		return r
	}
	if b.Pending > 0 {
		r.Notes = append(r.Notes, s.w.T("bill.pending", "Amount", b.Pending))
	}
	k := visitKey{b.PatientID, b.Visit}
	v := s.visits[k]
	switch {
	case b.Visit == "" || v.bills < 2:
	case s.told[k]:
		r.Notes = append(r.Notes, s.w.T("visit.same"))
	default:
		s.told[k] = true
		r.Notes = append(r.Notes, s.w.N("visit.bills", v.bills), s.w.T("visit.still_open", "Amount", v.due))
	}
	return r
}

// date is the day of care, or the month of coverage.
func (s billScribe) date(b bill.Bill) string {
	switch {
	case b.ServiceDate.IsZero():
		return s.w.T("bills.date.none")
	case b.Kind == bill.Premium:
		return s.w.T("bill.month", "Month", s.w.Month(b.ServiceDate.Month()), "Year", b.ServiceDate.Year())
	}
	return s.day(b.ServiceDate)
}

// due says until when the bill is to be paid.
func (s billScribe) due(b bill.Bill) string {
	if b.DueDate.IsZero() {
		return s.w.T("bill.due.none")
	}
	if b.DueDate.Before(s.today) {
		return s.w.T("bill.due.was", "Date", s.day(b.DueDate))
	}
	return s.w.T("bill.due.by", "Date", s.day(b.DueDate))
}

func (s billScribe) day(d day.Date) string { return s.w.DateOf(d.Year(), d.Month(), d.Day()) }

// soon is how many days before its due date a bill is due soon.
const soon = 7

// tag is where the bill stands, in a word or two.
func (s billScribe) tag(b bill.Bill) ui.Tag {
	switch {
	case b.State == bill.Void:
		return ui.Tag{Text: s.w.T("billstate.canceled")}
	case b.State == bill.Paid:
		return ui.Tag{Text: s.w.T("billstate.paid"), Tone: ui.Success}
	case b.State == bill.NothingDue:
		return ui.Tag{Text: s.w.T("billstate.nothing_due")}
	case !b.Payable():
		return ui.Tag{Text: s.w.T("billstate.pending"), Tone: ui.Info}
	case b.Overdue(s.today):
		return ui.Tag{Text: s.w.T("billstate.past_due"), Tone: ui.Bad}
	case !b.DueDate.IsZero() && b.DueDate.Sub(s.today) <= soon:
		return ui.Tag{Text: s.w.T("billstate.due_soon"), Tone: ui.Warning}
	case b.PaidTotal() > 0:
		return ui.Tag{Text: s.w.T("billstate.partly_paid"), Tone: ui.Info}
	}
	return ui.Tag{Text: s.w.T("billstate.open")}
}

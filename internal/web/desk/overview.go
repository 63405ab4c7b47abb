package desk

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/day"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const (
	overviewDays = 14    // of the charts
	activityDays = 7     // of the table of people
	mostQueued   = 5_000 // cases that are counted
)

// overviewView is what a supervisor looks at in the morning.
type overviewView struct {
	Queues   ui.Table
	Late     string // what counts as late
	Charts   []ui.Bars
	Activity ui.Table
	Files    []ui.Link
	Since    string
}

// deed is a column of what people did: the sum of some actions of the audit log, or, of madeByPhone, the payments that stand.
type deed struct {
	word    string
	actions []string
	once    bool // each call or visitor counts once, however often it was done
}

const madeByPhone = "payments_made"

// deeds are the columns.
//
// words: overview.deed.*
var deeds = []deed{
	{"opened", []string{"member.opened"}, false},
	{"verified", []string{"caller.verified", "visitor.verified"}, false},
	{"refused", []string{"caller.failed", "visitor.failed"}, true},
	{"ids", []string{"member_id.read_out", "member_id.sent"}, false},
	{"chats", []string{"chat.assigned"}, false},
	{"cases", []string{"case.answered", "case.closed"}, false},
	{"notes", []string{"note.written", "case.noted"}, false},
	{madeByPhone, nil, false},
	{"refunds", []string{"refund.requested", "refund.approved", "refund.declined"}, false},
	{"exceptions", []string{"exception.closed"}, false},
}

// overview shows the queues, how verifications went, and what everybody did.
func (d *Desk) overview(c *web.Context) error {
	today := day.Of(c.Now, c.Site.Brand.Zone())
	v := overviewView{Files: []ui.Link{{Label: c.T("desk.contacts.title"), Href: "/desk/contacts"}, {Label: c.T("overview.ratings.title"), Href: "/desk/overview/ratings"}, {Label: c.T("overview.csv"), Href: "/desk/overview.csv"}, {Label: c.T("overview.days.csv"), Href: "/desk/overview/days.csv"}}, Since: c.T("overview.since", "Date", dateOf(c, today.AddDays(1-activityDays)))}
	var err error
	if v.Queues, err = d.queues(c, today); err != nil {
		return err
	}
	days, err := d.lastDays(c, today)
	if err != nil {
		return err
	}
	v.Charts = []ui.Bars{proofs(c, days), waits(c, days)}
	v.Late = c.T("overview.late.what", "Minutes", int(chat.LateLive.Minutes()), "Hours", int(chat.LateMail.Hours()))
	if v.Activity, err = d.activity(c, today); err != nil {
		return err
	}
	frame := page(c, c.T("overview.title"))
	frame.Path, frame.Wide = "/desk/overview", true
	return c.Render(http.StatusOK, overviewPage(frame, v))
}

// queues is how much waits, and since when.
func (d *Desk) queues(c *web.Context, today day.Date) (ui.Table, error) {
	t := ui.Table{Caption: c.T("overview.queues"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("overview.queue")}, {Label: c.T("overview.waiting"), Money: true},
		{Label: c.T("overview.nobody"), Money: true}, {Label: c.T("overview.late"), Money: true}, {Label: c.T("overview.oldest")}}}
	list, err := d.Cases.Work(c.R.Context(), "", mostQueued)
	if err != nil {
		return t, err
	}
	oldest, err := d.Cases.OldestWait(c.R.Context())
	if err != nil {
		return t, err
	}
	waiting, nobody, late := 0, 0, 0
	for _, x := range list {
		if x.State != cases.Open {
			continue
		}
		waiting++
		if x.OwnerID == "" {
			nobody++
		}
		if x.Overdue(today) {
			late++
		}
	}
	t.Rows = append(t.Rows, []ui.Cell{{Text: c.T("desk.cases.title"), Href: "/desk/cases"}, {Text: strconv.Itoa(waiting)}, {Text: strconv.Itoa(nobody)}, {Text: strconv.Itoa(late)}, {Text: since(c, oldest)}})
	asked, err := d.Callbacks.Backlog(c.R.Context(), c.Now)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, []ui.Cell{{Text: c.T("desk.callbacks.title"), Href: "/desk/callbacks"}, {Text: strconv.Itoa(asked.Waiting)}, {Text: strconv.Itoa(asked.Nobodys)}, {Text: strconv.Itoa(asked.Late)}, {Text: since(c, asked.Oldest)}})
	refunds, err := d.refundQueue(c)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, refunds...)
	exceptions, err := d.exceptionQueue(c)
	if err != nil {
		return t, err
	}
	t.Rows = append(t.Rows, exceptions)
	chats, err := d.Chats.Backlog(c.R.Context(), c.Now)
	if err != nil {
		return t, err
	}
	for _, x := range []struct {
		key string
		chat.Queue
	}{{"overview.chats", chats.Live}, {"overview.messages", chats.Mail}} {
		n := strconv.Itoa(x.Waiting)
		t.Rows = append(t.Rows, []ui.Cell{{Text: c.T(x.key), Href: "/desk/chats"}, {Text: n}, {Text: n}, {Text: strconv.Itoa(x.Late)}, {Text: since(c, x.Oldest)}})
	}
	held, err := d.Phone.Payments.Waiting(c.R.Context())
	if err != nil {
		return t, err
	}
	if len(held) > 0 {
		late := 0
		for _, b := range held {
			if c.Now.Sub(b.AgreedAt) > consentLate {
				late++
			}
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: c.T("phone.waiting"), Href: "/desk/calls/" + held[0].CallID + "/pay/" + held[0].DraftID}, {Text: strconv.Itoa(len(held))}, {Text: "0"}, {Text: strconv.Itoa(late)}, {Text: since(c, held[0].AgreedAt)}})
	}
	return t, nil
}

// consentLate is after how long a consent that is not on record is late: its notice does not go out by itself.
const consentLate = time.Hour

// since is when the oldest thing of a queue began to wait.
func since(c *web.Context, oldest time.Time) string {
	if oldest.IsZero() {
		return c.T("overview.none")
	}
	return c.Words.DateTime(oldest, c.Site.Brand.Zone())
}

// sum is how often the deed was done.
func (x deed) sum(tallies []audit.Tally) (n int) {
	for _, t := range tallies {
		switch {
		case !slices.Contains(x.actions, t.Action):
		case x.once:
			n += t.Subjects
		default:
			n += t.Count
		}
	}
	return n
}

// did is what one of the staff did, by column.
type did struct {
	Name   string
	Counts []int
}

// worked is what everybody who did something did since some day, in names' order.
func (d *Desk) worked(c *web.Context, from, to day.Date) ([]did, error) {
	zone := c.Site.Brand.Zone()
	tallies, err := audit.StaffTallies(c.R.Context(), d.DB.Read(), from.At(0, 0, zone), to.AddDays(1).At(0, 0, zone))
	if err != nil {
		return nil, err
	}
	people, err := d.Staff.List(c.R.Context())
	if err != nil {
		return nil, err
	}
	made, err := payment.MadeByPhone(c.R.Context(), d.DB.Read(), from.At(0, 0, zone), to.AddDays(1).At(0, 0, zone))
	if err != nil {
		return nil, err
	}
	by := map[string][]audit.Tally{}
	for _, t := range tallies {
		by[t.Actor] = append(by[t.Actor], t)
	}
	var out []did
	for _, p := range people {
		x, any := did{Name: p.Name}, false
		for _, deed := range deeds {
			n := deed.sum(by[p.ID])
			if deed.word == madeByPhone {
				n = made[p.ID]
			}
			x.Counts, any = append(x.Counts, n), any || n > 0
		}
		if any {
			out = append(out, x)
		}
	}
	return out, nil
}

func (d *Desk) activity(c *web.Context, today day.Date) (ui.Table, error) {
	t := ui.Table{Caption: c.T("overview.activity"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("overview.person")}}}
	for _, deed := range deeds {
		t.Columns = append(t.Columns, ui.Column{Label: c.T("overview.deed." + deed.word), Money: true})
	}
	list, err := d.worked(c, today.AddDays(1-activityDays), today)
	for _, x := range list {
		row := []ui.Cell{{Text: x.Name}}
		for _, n := range x.Counts {
			row = append(row, ui.Cell{Text: strconv.Itoa(n)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t, err
}

// overviewCSV is what everybody did, a row a person and day.
func (d *Desk) overviewCSV(c *web.Context) error {
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "activity.exported", "", "")); err != nil {
		return err
	}
	head := []string{"day", "person"}
	for _, deed := range deeds {
		head = append(head, deed.word)
	}
	out := file(c, "activity.csv", head...)
	today := day.Of(c.Now, c.Site.Brand.Zone())
	for on := today.AddDays(1 - overviewDays); !on.After(today); on = on.AddDays(1) {
		list, err := d.worked(c, on, on)
		if err != nil {
			return err
		}
		for _, x := range list {
			row := []string{on.String(), web.Cell(x.Name)}
			for _, n := range x.Counts {
				row = append(row, strconv.Itoa(n))
			}
			out.Write(row)
		}
	}
	out.Flush()
	return out.Error()
}

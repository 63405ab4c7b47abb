package desk

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const mostRefunds = 200 // of one list

// refundLate is after how long a refund that nobody decided on is late.
const refundLate = 24 * time.Hour

// refundsView is a list of refunds.
type refundsView struct {
	Shows ui.Choices
	Table ui.Table
	None  bool
}

// refundView is one refund with what can be done about it.
type refundView struct {
	Action   string
	State    ui.Tag
	About    []ui.Row
	NoEmail  bool   // nobody is told of it by mail
	Note     string // of who asked
	Answer   string // of who declined, or what is typed as one
	Declined bool
	Own      bool // the reader asked for it, and so may not decide
	Decide   bool
	Approve  string // what happens then
	Decline  bool
	Stop     bool // a check was written, and may not have arrived
	Check    bool // a check is to be written
	Number   string
	Withdraw bool
}

// words: desk.refund.show.*
var refundLists = []string{"waiting", "done"}

// refunds lists the refunds that wait for one of the staff, or all others. Names stand in neither.
func (d *Desk) refunds(c *web.Context) error {
	shows, show := choose(c, "desk.refund.show.", refundLists)
	v := refundsView{Shows: shows}
	read := d.Phone.Payments.RefundWork
	if show == "done" {
		read = d.Phone.Payments.RefundsDone
	}
	list, err := read(c.R.Context(), d.DB.Read(), mostRefunds)
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	v.Table = ui.Table{Caption: c.T("desk.refund.title"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.refund.asked")}, {Label: c.T("desk.refund.amount"), Money: true},
		{Label: c.T("desk.refund.reason")}, {Label: c.T("desk.refund.way")}, {Label: c.T("desk.cases.state")}, {Label: c.T("desk.refund.by")}}}
	for _, r := range list {
		v.Table.Rows = append(v.Table.Rows, []ui.Cell{{Text: c.Words.DateTime(r.AskedAt, c.Site.Brand.Zone()), Href: "/desk/refunds/" + r.ID, What: c.T("desk.refund.open.what")},
			{Text: c.Words.Amount(r.Amount)}, {Text: c.T("desk.refund.reason." + r.Reason)}, {Text: c.T("desk.refund.way." + string(r.Way))}, {Body: ui.TagFor(refundTag(c, r))}, {Text: names[r.AskedBy]}})
	}
	v.None = len(list) == 0
	frame := page(c, c.T("desk.refund.title"))
	frame.Path, frame.Wide = "/desk/refunds", true
	return c.Render(http.StatusOK, refundsPage(frame, v))
}

// refundTag says how a refund stands.
//
// words: desk.refund.state.*
func refundTag(c *web.Context, r payment.Refund) ui.Tag {
	key := string(r.State)
	if r.State == payment.RefundApproved && r.Way == payment.ByCheck {
		key = "to_write"
	}
	return ui.Tag{Text: c.T("desk.refund.state." + key), Tone: refundTone(r.State)}
}

func refundTone(s payment.RefundState) ui.Tone {
	switch s {
	case payment.RefundRequested:
		return ui.Warning
	case payment.RefundSucceeded:
		return ui.Success
	case payment.RefundFailed:
		return ui.Bad
	}
	return ui.Info
}

// refund shows one refund. Each look is noted down first.
func (d *Desk) refund(c *web.Context) error { return d.showRefund(c, http.StatusOK, refundView{}) }

// words: desk.refund.reason.* desk.refund.way.*
func (d *Desk) showRefund(c *web.Context, status int, v refundView, problems ...ui.Problem) error {
	r, pay, err := d.Phone.Payments.LookRefund(c.R.Context(), who(c), c.R.PathValue("refund"))
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	may := c.Session.Actor().May(identity.PayRefunds)
	v.Action, v.State, v.Note, v.Own = "/desk/refunds/"+r.ID, refundTag(c, r), r.Note, r.AskedBy == c.Session.AccountID
	if !may && !v.Own {
		v.Note = "" // what is written is for who decides
	}
	if r.Unreadable {
		v.Note = c.T("desk.refund.unreadable")
	}
	v.Decide = may && !v.Own && r.State == payment.RefundRequested
	v.Decline = may && !v.Own && (v.Decide || (r.State == payment.RefundApproved && r.Way == payment.ByCheck))
	v.Stop = may && r.State == payment.RefundSucceeded && r.Way == payment.ByCheck
	// words: desk.refund.approve.card desk.refund.approve.check
	v.Approve = c.T("desk.refund.approve." + string(r.Way))
	v.NoEmail = pay.Email == "" && r.State.Holds()
	v.Check = may && r.State == payment.RefundApproved && r.Way == payment.ByCheck
	v.Withdraw = v.Own && r.State == payment.RefundRequested
	if v.Declined = r.State == payment.RefundDeclined; v.Declined {
		v.Answer = r.Answer
	}
	if v.About, err = d.refundRows(c, r, pay, names); err != nil {
		return err
	}
	if v.Check { // whoever writes it has to know to whom
		rows, err := d.checkRows(c, pay)
		if err != nil {
			return err
		}
		v.About = append(v.About, rows...)
	}
	frame := page(c, c.T("desk.refund.of", "Amount", r.Amount))
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.refund.title"), Href: "/desk/refunds"}
	return c.Render(status, refundPage(frame, v))
}

// checkRows is to whom a check is made out, the name on the account that paid, and for whom: the member, and their address
// where it is theirs and known.
func (d *Desk) checkRows(c *web.Context, pay payment.Payment) ([]ui.Row, error) {
	m, err := member.Get(c.R.Context(), d.DB.Read(), pay.PayerID)
	if err != nil {
		return nil, err
	}
	name, err := payment.AccountName(c.R.Context(), d.DB.Read(), pay.ID)
	if err != nil {
		return nil, err
	}
	to := ui.Row{Key: c.T("desk.refund.payable"), Value: name}
	switch address := m.Address(); {
	case !strings.EqualFold(strings.TrimSpace(name), m.Name()):
		to.Lines = []string{c.T("desk.refund.payable.other")}
	case address == nil:
		to.Lines = []string{c.T("desk.refund.payable.no_address")}
	default:
		to.Lines = address
	}
	return []ui.Row{to, {Key: c.T("desk.refund.payable.for"), Value: m.Name(), Lines: []string{ending(m.MemberID)}}}, nil
}

// refundRows is what is known of a refund and its payment: no name, no card number.
func (d *Desk) refundRows(c *web.Context, r payment.Refund, pay payment.Payment, names map[string]string) ([]ui.Row, error) {
	at := func(t time.Time) string { return c.Words.DateTime(t, c.Site.Brand.Zone()) }
	rows := []ui.Row{
		{Key: c.T("desk.refund.amount"), Value: c.Words.Amount(r.Amount)},
		{Key: c.T("desk.refund.way"), Value: c.T("desk.refund.way." + string(r.Way))},
		{Key: c.T("desk.refund.payment"), Value: id.Grouped(pay.Confirmation), Lines: []string{
			c.T("desk.refund.payment.line", "Amount", pay.Amount, "Date", c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone())), c.T("state." + string(pay.State) + ".title")}},
		{Key: c.T("desk.refund.reason"), Value: c.T("desk.refund.reason." + r.Reason)},
		{Key: c.T("desk.refund.by"), Value: names[r.AskedBy], Lines: []string{at(r.AskedAt)}},
	}
	if others := pay.Refunded - r.Taken; others > 0 {
		rows[2].Lines = append(rows[2].Lines, c.T("desk.refund.before", "Amount", others))
	}
	opens, err := d.opensAgain(c, r, pay)
	if err != nil {
		return nil, err
	}
	if len(opens) > 0 {
		rows = append(rows, ui.Row{Key: c.T("desk.refund.opens"), Value: opens[0], Lines: opens[1:]})
	}
	if r.DecidedBy != "" {
		rows = append(rows, ui.Row{Key: c.T("desk.refund.decided"), Value: names[r.DecidedBy], Lines: []string{at(r.DecidedAt)}})
	}
	if r.CheckNumber != "" {
		rows = append(rows, ui.Row{Key: c.T("desk.refund.check"), Value: r.CheckNumber})
	}
	if r.Problem != "" {
		rows = append(rows, ui.Row{Key: c.T("desk.refund.problem"), Value: r.Problem})
	}
	return rows, nil
}

// opensAgain says off what a refund that is not paid out yet will be taken: credit, or bills that are owed again then. Which
// bills they are stands in the member's record.
func (d *Desk) opensAgain(c *web.Context, r payment.Refund, pay payment.Payment) ([]string, error) {
	if !r.State.Holds() {
		return nil, nil
	}
	where, err := bill.Standings(c.R.Context(), d.DB.Read(), pay.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range bill.Taken(where, r.Stands, r.Amount) {
		if s.BillID == "" {
			out = append(out, c.T("desk.refund.from_credit", "Amount", s.Amount))
		} else {
			out = append(out, c.T("desk.refund.from_bill", "Amount", s.Amount))
		}
	}
	return out, nil
}

// refundDone answers after something was done with a refund: it is shown, with what is to be corrected where something is.
func (d *Desk) refundDone(c *web.Context, err error, v refundView) error {
	if p, ok := problem(c, err); ok {
		return d.showRefund(c, http.StatusUnprocessableEntity, v, p)
	}
	var f *fault.Error
	if errors.As(err, &f) && c.Words.Has("desk.error."+f.Code) && f.Kind != fault.NotFound {
		return d.showRefund(c, http.StatusConflict, v, ui.Problem{Text: c.T("desk.error." + f.Code)})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/refunds/" + c.R.PathValue("refund"))
}

func (d *Desk) refundApprove(c *web.Context) error {
	_, err := d.Phone.Payments.ApproveRefund(c.R.Context(), who(c), c.R.PathValue("refund"))
	return d.refundDone(c, err, refundView{})
}

func (d *Desk) refundDecline(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	why := clipped(c.Form("answer"), payment.MaxRefundNote)
	_, err := d.Phone.Payments.DeclineRefund(c.R.Context(), who(c), c.R.PathValue("refund"), c.Form("answer"))
	return d.refundDone(c, err, refundView{Answer: why})
}

func (d *Desk) refundCheck(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	_, err := d.Phone.Payments.CheckWritten(c.R.Context(), who(c), c.R.PathValue("refund"), c.Form("check"))
	return d.refundDone(c, err, refundView{Number: clipped(c.Form("check"), 20)})
}

func (d *Desk) refundStop(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	_, err := d.Phone.Payments.CheckStopped(c.R.Context(), who(c), c.R.PathValue("refund"), c.Form("answer"))
	return d.refundDone(c, err, refundView{Answer: clipped(c.Form("answer"), payment.MaxRefundNote)})
}

func (d *Desk) refundWithdraw(c *web.Context) error {
	_, err := d.Phone.Payments.WithdrawRefund(c.R.Context(), who(c), c.R.PathValue("refund"))
	return d.refundDone(c, err, refundView{})
}

// refundQueue is what of the refunds waits, for the overview: for a decision, and for a check.
func (d *Desk) refundQueue(c *web.Context) (rows [][]ui.Cell, err error) {
	list, err := d.Phone.Payments.RefundWork(c.R.Context(), d.DB.Read(), mostQueued)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		key   string
		state payment.RefundState
	}{{"overview.refunds", payment.RefundRequested}, {"overview.checks", payment.RefundApproved}} {
		waiting, late, oldest := 0, 0, time.Time{}
		for _, r := range list {
			if r.State != q.state {
				continue
			}
			from := r.AskedAt
			if q.state == payment.RefundApproved {
				from = r.DecidedAt
			}
			waiting++
			if c.Now.Sub(from) > refundLate {
				late++
			}
			if oldest.IsZero() || from.Before(oldest) {
				oldest = from
			}
		}
		n := strconv.Itoa(waiting)
		rows = append(rows, []ui.Cell{{Text: c.T(q.key), Href: "/desk/refunds"}, {Text: n}, {Text: n}, {Text: strconv.Itoa(late)}, {Text: since(c, oldest)}})
	}
	return rows, nil
}

// refundMoments are the refunds of a member's payments.
func (d *Desk) refundMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	_, ids, byID, err := d.paymentsOf(c, m, limit)
	if err != nil {
		return nil, err
	}
	list, err := d.Phone.Payments.RefundsOf(c.R.Context(), d.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, r := range list {
		people = append(people, r.AskedBy, r.DecidedBy)
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), people)
	var out []Moment
	for _, r := range list[max(0, len(list)-limit):] {
		at := r.AskedAt
		for _, later := range []time.Time{r.DecidedAt, r.DoneAt} {
			if later.After(at) {
				at = later
			}
		}
		lines := []string{c.T("timeline.refund.asked", "Name", names[r.AskedBy], "Number", id.Grouped(byID[r.PaymentID].Confirmation))}
		if r.DecidedBy != "" {
			lines = append(lines, c.T("timeline.refund.decided", "Name", names[r.DecidedBy]))
		}
		out = append(out, Moment{At: at, Kind: c.T("desk.refund.one"), Tone: refundTone(r.State), Href: "/desk/refunds/" + r.ID,
			Text: c.T("timeline.refund", "Amount", r.Amount, "State", refundTag(c, r).Text), Lines: lines})
	}
	return out, err
}

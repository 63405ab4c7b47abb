package seed

import (
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

// maxBills is how many bills a household has at most: open, settled, and one for its premium.
const maxBills = 4 + 4 + 1

// billsFor invents the bills of a household, and what was paid on them.
func (b *block) billsFor(people []person) error {
	for range 1 + b.n(4) {
		if err := b.openBill(people); err != nil {
			return err
		}
	}
	for range b.n(5) {
		if err := b.settledBill(people); err != nil {
			return err
		}
	}
	if b.percent(15) {
		return b.premium(people[0])
	}
	return nil
}

// openBill is a bill on which something is owed; some had a payment that was too small, failed or came back.
func (b *block) openBill(people []person) error {
	w := b.medical(people, b.dayBefore(5, 75))
	var err error
	switch {
	case b.percent(10): // part of it is paid
		err = b.pay(w, w.Open()/3+1, succeeded)
	case b.percent(4):
		err = b.pay(w, w.Open(), declined)
	case b.percent(3):
		err = b.pay(w, w.Open(), returned)
	case b.percent(2):
		err = b.pay(w, w.Open()/2+1, onItsWay)
	}
	return b.keep(w, err)
}

// settledBill is one on which nothing is owed any more.
func (b *block) settledBill(people []person) error {
	w := b.medical(people, b.dayBefore(80, 700))
	if b.percent(10) { // paid at the desk before it came here
		w.PriorPaid = w.Responsibility
		return b.keep(w, nil)
	}
	if b.percent(6) { // the first try did not work
		if err := b.pay(w, w.Open(), pick(b.draw, []ending{declined, returned})); err != nil {
			return err
		}
	}
	return b.keep(w, b.pay(w, w.Open(), succeeded))
}

// work is a bill that is being invented, and when it came.
type work struct {
	bill.Bill
	payer person
	came  time.Time
	last  time.Time
}

func (b *block) medical(people []person, on day.Date) *work {
	patient := pick(b.draw, people)
	w := b.newBill(people[0], patient.id, on, bill.Medical)
	w.Provider, w.Insurer, w.Visit = pick(b.draw, providers), insurer, fmt.Sprintf("visit-%d", b.n(1_000_000))
	for range 1 + b.n(3) {
		charged := b.cents(4_000, 60_000)
		paid := charged * money.Cents(30+b.n(40)) / 100
		adjusted := (charged - paid) / money.Cents(2+b.n(3))
		w.Lines = append(w.Lines, bill.Line{Text: pick(b.draw, services), Date: on, Charged: charged, PlanPaid: paid, Adjustment: adjusted,
			Share: charged - paid - adjusted})
	}
	b.total(w)
	return w
}

// premium is one month of coverage that was not paid yet.
func (b *block) premium(payer person) error {
	month := day.MustParse("2026-12-01")
	w := b.newBill(payer, payer.id, month, bill.Premium)
	price := b.cents(8_000, 60_000)
	w.Lines = []bill.Line{{Text: "Coverage for December 2026", Date: month, Charged: price, Share: price}}
	b.total(w)
	w.DueDate = month
	return b.keep(w, nil)
}

func (b *block) total(w *work) {
	for _, l := range w.Lines {
		w.Charged += l.Charged
		w.PlanPaid += l.PlanPaid
		w.Adjustment += l.Adjustment
		w.Responsibility += l.Share
	}
}

func (b *block) newBill(payer person, patientID string, on day.Date, kind bill.Kind) *work {
	n := b.number*billsPerBlock + b.bills
	b.bills++
	came := b.hour(on.AddDays(3))
	return &work{payer: payer, came: came, last: came, Bill: bill.Bill{ID: b.rowID("bill"), ClaimKey: fmt.Sprintf("seed:%d", n), Source: "seed",
		Kind: kind, Payee: string(kind), Number: fmt.Sprintf("B%08d", scatter(uint64(n)+1, 61_803_399, 100_000_000)),
		PayCode: id.PayCode(b.codeKey, uint64(n)), PatientID: patientID, GuarantorID: payer.id, ServiceDate: on, DueDate: on.AddDays(30)}}
}

// keep writes a bill as it stands after everything that was paid on it, and how it came here.
func (b *block) keep(w *work, err error) error {
	if err != nil {
		return err
	}
	lines, err := json.Marshal(w.Lines)
	if err != nil {
		return err
	}
	state := bill.NothingDue
	switch {
	case w.Open() > 0:
		state = bill.Open
	case w.Applied > 0:
		state = bill.Paid
	}
	b.bill.add(w.ID, w.ClaimKey, w.Source, w.EOBID, string(w.Kind), w.Payee, w.Number, id.Fold(w.Number), w.PayCode, w.PatientID,
		w.GuarantorID, w.Visit, w.Provider, w.Insurer, w.ServiceDate, w.DueDate, int64(w.Charged), int64(w.PlanPaid),
		int64(w.Adjustment), int64(w.Responsibility), int64(w.PriorPaid), int64(w.Applied), int64(w.Pending), string(state), string(lines),
		"seed", db.Micros(w.came), db.Micros(w.came), db.Micros(w.last))
	b.happened(w.came, "bill.issued", w.ID, "{}")
	if owed := w.Responsibility - w.PriorPaid; owed > 0 {
		b.post(w.came, "bill.issued", w.Payee, ledger.Posting{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: owed, BillID: w.ID})
	}
	return nil
}

// post writes an entry of one line.
func (b *block) post(at time.Time, kind, payee string, p ledger.Posting) {
	b.posting.add(b.rowID("ent"), 1, db.Micros(at), kind, payee, string(p.Debit), string(p.Credit), int64(p.Amount), p.BillID, p.PaymentID, p.MemberID)
}

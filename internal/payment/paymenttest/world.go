package paymenttest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
)

// World is a database with what a payment needs around it.
type World struct {
	DB       *db.DB
	Payments *payment.Payments
	Cards    *Cards
	Bank     *nacha.Rail
	Seal     *seal.Box
	Outbox   *event.Outbox
	Inbound  string // folder of files from the bank

	mu    sync.Mutex
	now   time.Time
	made  int
	files int
}

// New makes a world over a migrated database. Its clock stands at a banking day's morning until Pass moves it. Its
// payments are closed when the test ends.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &World{DB: d, Cards: NewCards(), Seal: box, Outbox: event.NewOutbox(box), Inbound: filepath.Join(t.TempDir(), "in"),
		now: time.Date(2026, time.November, 23, 14, 30, 0, 0, time.UTC)}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	payee := func(name, company string) nacha.Originator {
		return nacha.Originator{CompanyName: name, CompanyID: company, EntryDescription: "BILL PMT", ODFIRouting: "091000019",
			DestinationName: "FIRST TEST BANK", OriginName: name}
	}
	w.Bank, err = nacha.New(nacha.Config{Database: d, Seal: box, OutboundDir: filepath.Join(t.TempDir(), "out"), InboundDir: w.Inbound,
		Originators: map[string]nacha.Originator{"medical": payee("LARKSPUR HEALTH", "1123456789"), "premium": payee("LARKSPUR PLAN", "1123456780")},
		Clock:       w.Now, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	w.Payments = payment.New(payment.Config{DB: d, Cards: w.Cards, Bank: w.Bank, Outbox: w.Outbox, Seal: box, Now: w.Now, Log: quiet, ChargeTimeout: 5 * time.Second,
		Descriptors: map[string]string{"medical": "LARKSPUR HEALTH", "premium": "LARKSPUR HEALTH"}})
	t.Cleanup(w.Payments.Close)
	return w
}

// Now is the world's clock. It never tells the same time twice.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Microsecond)
	return w.now
}

// Pass lets time pass.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *World) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return w.made
}

// Person imports one invented member and returns the row id.
func (w *World) Person(t testing.TB) string {
	t.Helper()
	n := w.next()
	var rowID string
	err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		out, err := member.ImportBatch(t.Context(), tx, w.Now(), []member.Incoming{{MemberID: fmt.Sprintf("MP%07d", n), PatientID: fmt.Sprintf("patient-%d", n),
			Given: "Testa", Family: fmt.Sprintf("Larkspurson %d", n), BirthDate: day.MustParse("1980-02-29"), ZIP: "12345"}})
		if err == nil {
			rowID = out[0].ID
		}
		return err
	})
	if err != nil {
		t.Fatalf("import a person: %v", err)
	}
	return rowID
}

// Incoming is a medical bill of a person as a source names it, ready to be changed and given to Import.
func (w *World) Incoming(person string, share money.Cents) bill.Incoming {
	n := w.next()
	return bill.Incoming{ClaimKey: fmt.Sprintf("claim-%d", n), Source: "csv", Kind: bill.Medical, Payee: "medical", Number: fmt.Sprintf("B-%06d", n),
		PatientID: person, GuarantorID: person, Provider: "Larkspur Clinic", Insurer: "Larkspur Plan",
		ServiceDate: day.MustParse("2026-09-01"), DueDate: day.MustParse("2026-12-01"), Charged: share * 3, PlanPaid: share,
		Adjustment: share, Responsibility: share,
		Lines: []bill.Line{{Text: "Office visit", Charged: share * 3, PlanPaid: share, Adjustment: share, Share: share}}}
}

// Bring imports bills as a source does and returns what became of each. It may run beside anything else.
func (w *World) Bring(ctx context.Context, list ...bill.Incoming) (out []bill.Imported, err error) {
	err = w.DB.Write(ctx, func(tx *db.Tx) error {
		if err := bill.LockImports(ctx, tx); err != nil {
			return err
		}
		var err error
		out, err = bill.ImportBatch(ctx, tx, w.Now(), list)
		return err
	})
	return out, err
}

// Import is Bring for a test's own goroutine.
func (w *World) Import(t testing.TB, list ...bill.Incoming) []bill.Imported {
	t.Helper()
	out, err := w.Bring(t.Context(), list...)
	if err != nil {
		t.Fatalf("import bills: %v", err)
	}
	return out
}

// Bill imports one open medical bill of a new person and returns it.
func (w *World) Bill(t testing.TB, share money.Cents) bill.Bill {
	t.Helper()
	person := w.Person(t)
	made := w.Import(t, w.Incoming(person, share))
	return w.Look(t, made[0].BillID)
}

// Look reads a bill as it is now.
func (w *World) Look(t testing.TB, billID string) bill.Bill {
	t.Helper()
	var guarantor string
	if err := w.DB.Read().QueryRowContext(t.Context(), "SELECT guarantor_id FROM bill WHERE id = $1", billID).Scan(&guarantor); err != nil {
		t.Fatalf("look at bill %s: %v", billID, err)
	}
	b, err := bill.Get(t.Context(), w.DB.Read(), bill.Scope{Members: []string{guarantor}}, billID)
	if err != nil {
		t.Fatalf("look at bill %s: %v", billID, err)
	}
	return b
}

// Payment reads a payment as it is now.
func (w *World) Payment(t testing.TB, paymentID string) payment.Payment {
	t.Helper()
	p, err := payment.ByID(t.Context(), w.DB.Read(), paymentID)
	if err != nil {
		t.Fatalf("look at payment %s: %v", paymentID, err)
	}
	return p
}

// Request asks to pay amount on one bill, by bank where token is "", else by card. Every call has a new key.
func (w *World) Request(b bill.Bill, amount money.Cents, token string) payment.Request {
	r := payment.Request{Key: id.New("key"), PayerID: b.GuarantorID, Payee: b.Payee, Lines: []payment.Line{{BillID: b.ID, Amount: amount}},
		Email: "payer@example.test", Language: "en", Authorization: "I authorize this payment.", Address: "127.0.0.1"}
	if token == "" {
		r.Method.Bank = &payment.BankAccount{Name: "Testa Larkspurson", Routing: "011000015", Number: "000123456789", Type: "checking"}
	} else {
		r.Method.CardToken = token
	}
	return r
}

// Pay pays amount on one bill and returns the payment.
func (w *World) Pay(t testing.TB, b bill.Bill, amount money.Cents, token string) payment.Payment {
	t.Helper()
	p, err := w.Payments.Pay(t.Context(), w.Request(b, amount, token))
	if err != nil {
		t.Fatalf("pay %s: %v", amount, err)
	}
	return p
}

// Cut puts everything that waits into files for the bank.
func (w *World) Cut(t testing.TB) {
	t.Helper()
	if _, err := w.Bank.Cut(t.Context()); err != nil {
		t.Fatalf("cut: %v", err)
	}
}

// entry is what the bank knows of a debit.
type entry struct {
	trace   string
	routing string
	amount  int64
}

func (w *World) entry(t testing.TB, paymentID string) entry {
	t.Helper()
	var e entry
	err := w.DB.Read().QueryRowContext(t.Context(), "SELECT trace, routing, amount_cents FROM ach_entry WHERE payment_id = $1", paymentID).
		Scan(&e.trace, &e.routing, &e.amount)
	if err != nil || e.trace == "" {
		t.Fatalf("payment %s is in no file: %v", paymentID, err)
	}
	return e
}

// Settled lets the bank report payments as settled, and takes the report in.
func (w *World) Settled(t testing.TB, paymentIDs ...string) {
	t.Helper()
	var out strings.Builder
	out.WriteString("trace_number,amount_cents,settled_on\n")
	for _, p := range paymentIDs {
		e := w.entry(t, p)
		fmt.Fprintf(&out, "%s,%d,2026-11-24\n", e.trace, e.amount)
	}
	w.receive(t, out.String())
}

package verify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	cents "memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
)

// world is a book in which everything has happened once, made by the product's own verbs.
type world struct {
	*paymenttest.World
	card, bank, failed string // payments: succeeded by card, settled by bank, declined
	disputed, pending  string
	openBill, paidBill string
	member             string
	phone              string // a debit by telephone that is in a file
	refunded, returned string // payments
	refund, check      string // to its card, and by check
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{World: paymenttest.New(t, d)}
	record := func(id string, to payment.State) {
		t.Helper()
		if _, err := w.Payments.Record(t.Context(), id, payment.Change{To: to}); err != nil {
			t.Fatalf("record %s: %v", to, err)
		}
	}
	open, paid := w.Bill(t, 25_000), w.Bill(t, 12_345)
	w.openBill, w.paidBill, w.member = open.ID, paid.ID, open.GuarantorID
	w.card = w.Pay(t, paid, 12_345, paymenttest.Good).ID
	w.bank = w.Pay(t, open, 5_000, "").ID
	returned, undone := w.Pay(t, w.Bill(t, 700), 700, ""), w.Pay(t, w.Bill(t, 800), 800, "")
	canceled := w.Pay(t, w.Bill(t, 900), 900, "")
	if _, err := w.Payments.Cancel(t.Context(), canceled, audit.Program); err != nil {
		t.Fatalf("cancel: %v", err)
	}
	w.phone = w.byPhone(t)
	w.Cut(t)
	w.Settled(t, w.bank, undone.ID)
	w.Returned(t, "R01", returned.ID, undone.ID)
	w.returned = undone.ID
	w.pending = w.Pay(t, open, 1_000, "").ID
	w.failed = w.Pay(t, w.Bill(t, 4_000), 4_000, paymenttest.Decline).ID
	record(w.failed, payment.Succeeded) // too late: it becomes credit
	record(w.failed, payment.Disputed)
	w.answered(t)
	w.disputed = w.Pay(t, w.Bill(t, 6_000), 6_000, paymenttest.Good).ID
	record(w.disputed, payment.Disputed)
	lost := w.Pay(t, w.Bill(t, 6_100), 6_100, paymenttest.Good).ID
	record(lost, payment.Disputed)
	record(lost, payment.ChargedBack)
	w.Pay(t, w.Bill(t, 6_200), 6_200, paymenttest.Challenge)
	w.Pay(t, w.Bill(t, 6_300), 6_300, paymenttest.Silent)
	w.shrunk(t)
	w.refunds(t)
	return w
}

// answered closes the exception of a dispute that came too late; the one of money that came too late stays open.
func (w *world) answered(t *testing.T) {
	t.Helper()
	list, err := payment.ExceptionWork(t.Context(), w.DB.Read(), 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d exceptions are open, %v", len(list), err)
	}
	if err := w.Payments.CloseException(t.Context(), audit.Who{Actor: "acc_boss", Role: audit.Supervisor}, list[1].ID, 1, "Answered at the processor."); err != nil {
		t.Fatalf("close an exception: %v", err)
	}
}

// refunds gives money back: some of a card payment, and by check all of a bank payment whose bank can no longer return it.
func (w *world) refunds(t *testing.T) {
	t.Helper()
	agent, boss := audit.Who{Actor: "acc_agent", Role: audit.Agent}, audit.Who{Actor: "acc_boss", Role: audit.Supervisor}
	give := func(key, paymentID string, amount int64) string {
		t.Helper()
		r, err := w.Payments.AskRefund(t.Context(), agent, payment.RefundWish{Key: "refund-key-of-" + key, PaymentID: paymentID, Amount: cents.Cents(amount), Reason: "twice"})
		if err != nil {
			t.Fatalf("ask for a refund: %v", err)
		}
		if _, err := w.Payments.ApproveRefund(t.Context(), boss, r.ID); err != nil {
			t.Fatalf("approve a refund: %v", err)
		}
		return r.ID
	}
	w.refunded = w.Pay(t, w.Bill(t, 3_000), 3_000, paymenttest.Good).ID
	w.refund = give("card", w.refunded, 1_000)
	bank := w.Pay(t, w.Bill(t, 4_000), 4_000, "").ID
	w.Cut(t)
	w.Settled(t, bank)
	w.Pass(14 * 24 * time.Hour)
	w.check = give("check", bank, 4_000)
	if _, err := w.Payments.CheckWritten(t.Context(), boss, w.check, "1001"); err != nil {
		t.Fatalf("write a check: %v", err)
	}
}

// byPhone pays a bill from a bank account that a caller read out.
func (w *world) byPhone(t *testing.T) string {
	t.Helper()
	b := w.Bill(t, 2_000)
	var draft payment.Draft
	err := w.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		for _, s := range []string{
			"INSERT INTO account (id, email, email_index, password_hash, created_at) VALUES ('acc_agent', '', 'acc_agent', '', 1)",
			`INSERT INTO outbox (id, kind, subject, about, recipient, channel, language, state, next_at, created_at, sent_at)
				VALUES ('msg_1', 'contact_news', 'cch_1/asked/0', 'cch_1', '', 'mail', 'en', 'sent', 2, 2, 3)`,
			"INSERT INTO phone_call (id, reference, agent_id, kind, member_id, opened_at) VALUES ('call_1', 'K7QM4T2X9P', 'acc_agent', 'in', '" + b.GuarantorID + "', 1)",
			`INSERT INTO caller_verification (id, call_id, agent_id, member_id, how, script, verified_at, ends_at)
				VALUES ('ver_1', 'call_1', 'acc_agent', '` + b.GuarantorID + "', 'facts', '1', 1, 9000000000000000)",
		} {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO contact_change (id, member_id, call_id, agent_id, part, said_sealed, state, asked_at, from_at, ended_at)
			VALUES ('cch_1', $1, 'call_1', 'acc_agent', 'email', $2, 'stands', 2, 259200000002, 259200000003)`, b.GuarantorID, []byte("x")); err != nil {
			return err
		}
		draft, err = payment.BeginByPhone(t.Context(), tx, w.Now(), payment.ByPhone{CallID: "call_1", Reference: "K7QM4T2X9P", AgentID: "acc_agent", MemberID: b.GuarantorID, Script: "1"}, payment.Answers{})
		return err
	})
	if err != nil {
		t.Fatalf("begin by phone: %v", err)
	}
	pay, err := w.Payments.Pay(t.Context(), payment.Request{Key: draft.ID, PayerID: b.GuarantorID, SessionID: draft.SessionID, Payee: b.Payee, Call: "call_1",
		Lines: []payment.Line{{BillID: b.ID, Amount: 2_000}}, Authorization: "You authorize this.", Language: "en", Role: audit.Agent,
		Method: payment.Method{Bank: &payment.BankAccount{Name: "Ana Example", Routing: "091000019", Number: "12345678", Type: "checking"}},
		Spoken: &payment.Spoken{AgentID: "acc_agent", Evidence: payment.Recorded, Recording: "REC-1"}})
	if err != nil {
		t.Fatalf("pay by phone: %v", err)
	}
	return pay.ID
}

// shrunk adds a bill that became smaller than what was paid on it, and one that was taken back.
func (w *world) shrunk(t *testing.T) {
	t.Helper()
	for _, void := range []bool{false, true} {
		person := w.Person(t)
		in := w.Incoming(person, 9_000)
		b := w.Look(t, w.Import(t, in)[0].BillID)
		w.Pay(t, b, 9_000, paymenttest.Good)
		in.Responsibility, in.Void = 3_000, void
		w.Import(t, in)
	}
}

// run returns the names of the broken rules.
func run(t *testing.T, w *world) []string {
	t.Helper()
	results, err := Run(t.Context(), w.DB, w.Seal, nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if len(results) != len(Rules) {
		t.Fatalf("%d results for %d rules", len(results), len(Rules))
	}
	var broken []string
	for _, r := range results {
		if r.Count == 0 {
			continue
		}
		if len(r.Violations) == 0 || r.Violations[0].Subject == "" || r.Violations[0].Detail == "" {
			t.Errorf("rule %s is broken and names nothing: %+v", r.Rule, r)
		}
		broken = append(broken, r.Rule)
	}
	return broken
}

func TestWorldIsClean(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if broken := run(t, newWorld(t, d)); len(broken) > 0 {
			t.Fatalf("broken: %v", broken)
		}
	})
}

// planted is one violation: statements, in which {card} and so on stand for ids of the world.
type planted struct {
	rule string
	how  string
	sql  []string
}

// violations plants every rule at least once.
var violations = []planted{
	{"bill.receivable", "the share changed and the book did not", []string{"UPDATE bill SET responsibility_cents = responsibility_cents + 1 WHERE id = '{open}'"}},
	{"bill.receivable", "the book changed and the bill did not", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, bill_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'receivable', 'billed', 7, '{open}')"}},
	{"bill.applied", "a bill has more paid than payments gave", []string{"UPDATE bill SET applied_cents = applied_cents + 1 WHERE id = '{open}'"}},
	{"bill.pending", "a reservation is not given back", []string{"UPDATE bill SET pending_cents = pending_cents + 5 WHERE id = '{paid}'"}},
	{"bill.amounts", "a bill was paid more than it is worth", []string{"UPDATE bill SET prior_paid_cents = responsibility_cents + 1 WHERE id = '{paid}'"}},
	{"bill.state", "a paid bill says open", []string{"UPDATE bill SET state = 'open' WHERE id = '{paid}'"}},
	{"bill.state", "an open bill says paid", []string{"UPDATE bill SET state = 'paid' WHERE id = '{open}'"}},
	{"payment.allocations", "a part is missing", []string{"DELETE FROM allocation WHERE payment_id = '{card}'"}},
	{"payment.money", "the money of a good payment is not in the book", []string{"DELETE FROM ledger_posting WHERE payment_id = '{bank}'"}},
	{"payment.money", "a failed payment has money", []string{"UPDATE payment SET state = 'failed' WHERE id = '{card}'"}},
	{"payment.money", "a payment is in the book twice", []string{"INSERT INTO ledger_posting SELECT entry_id || 'x', line, at, kind, payee, debit, credit, amount_cents, bill_id, payment_id, member_id FROM ledger_posting WHERE payment_id = '{card}'"}},
	{"payment.applied", "part of a payment reached no bill and no credit", []string{"UPDATE allocation SET applied_cents = applied_cents - 1 WHERE payment_id = '{card}'"}},
	{"payment.payee", "one payee's money pays another's bill", []string{"UPDATE payment SET payee = 'premium' WHERE id = '{card}'"}},
	{"payment.payee", "an allocation has no payment", []string{"INSERT INTO allocation (payment_id, bill_id, line, amount_cents) VALUES ('pay_none', '{open}', 0, 1)"}},
	{"payment.state", "a state that does not exist", []string{"UPDATE payment SET state = 'lost' WHERE id = '{pending}'"}},
	{"payment.state", "a state that no event tells of", []string{"DELETE FROM event WHERE subject = '{card}' AND kind = 'payment.succeeded'"}},
	{"card.attempt", "an attempt is open though the payment is over", []string{"UPDATE attempt SET outcome = '' WHERE payment_id = '{card}'"}},
	{"card.attempt", "two attempts for one payment", []string{"INSERT INTO attempt (id, payment_id, outcome, started_at, next_check_at) VALUES ('att_x', '{card}', 'failed', 1, 1)"}},
	{"card.attempt", "money moved and nothing tells where", []string{"UPDATE attempt SET processor_ref = '' WHERE payment_id = '{card}'"}},
	{"card.stray", "an attempt without a payment", []string{"INSERT INTO attempt (id, payment_id, outcome, started_at, next_check_at) VALUES ('att_x', 'pay_none', 'failed', 1, 1)"}},
	{"bank.entry", "a debit over another amount", []string{"UPDATE ach_entry SET amount_cents = amount_cents + 1 WHERE payment_id = '{pending}'"}},
	{"bank.entry", "the debit is canceled and the payment is not", []string{"UPDATE ach_entry SET state = 'canceled' WHERE payment_id = '{pending}'"}},
	{"bank.entry", "a bank payment without a debit", []string{"DELETE FROM ach_entry WHERE payment_id = '{pending}'"}},
	{"bank.stray", "a debit without a payment", []string{"UPDATE ach_entry SET payment_id = 'pay_none' WHERE payment_id = '{pending}'"}},
	{"phone.consent", "nobody said yes", []string{"UPDATE phone_payment SET agreed_at = 0 WHERE payment_id = '{phone}'"}},
	{"phone.consent", "a debit was filed before its consent was on record", []string{"UPDATE ach_entry SET cleared_at = 0 WHERE payment_id = '{phone}'"}},
	{"phone.consent", "a recording without a place", []string{"UPDATE phone_payment SET recording = '' WHERE payment_id = '{phone}'"}},
	{"phone.consent", "a debit by telephone that was in no call", []string{"UPDATE ach_entry SET sec = 'TEL' WHERE payment_id = '{pending}'"}},
	{"phone.call", "a payment in another call", []string{"UPDATE phone_payment SET reference = 'AAAAAAAAAA' WHERE payment_id = '{phone}'"}},
	{"phone.again", "begun again after nothing", []string{"UPDATE phone_payment SET after_draft = 'draft_none' WHERE payment_id = '{phone}'"}},
	{"phone.call", "a payment that its call does not know", []string{"UPDATE phone_payment SET payment_id = '' WHERE payment_id = '{phone}'"}},
	{"contact.proof", "another agent asked", []string{"UPDATE contact_change SET agent_id = 'acc_other'"}},
	{"contact.proof", "asked before the proof", []string{"UPDATE contact_change SET asked_at = 0"}},
	{"contact.proof", "in force at once", []string{"UPDATE contact_change SET from_at = 3"}},
	{"contact.told", "nobody was told of it", []string{"UPDATE contact_change SET id = 'cch_2'"}},
	{"contact.told", "somebody was told too late", []string{"UPDATE contact_change SET ended_at = 86400000002, from_at = 86400000002"}},
	{"contact.proof", "in force before its time", []string{"UPDATE contact_change SET ended_at = from_at - 1"}},
	{"payment.money", "more was refunded than the book says", []string{"UPDATE payment SET refunded_cents = refunded_cents + 1 WHERE id = '{refunded}'"}},
	{"payment.account", "a returned debit is in transit", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, payment_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'bank_transit', 'to_recover', 7, '{returned}')"}},
	{"payment.account", "a dispute that is over holds money", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, payment_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'dispute', 'card_clearing', 7, '{card}')"}},
	{"refund.sum", "a refund that the payment does not know", []string{"UPDATE payment SET refunded_cents = 0 WHERE id = '{refunded}'"}},
	{"refund.sum", "a payment knows a refund that is not there", []string{"DELETE FROM refund WHERE id = '{refund}'"}},
	{"refund.amount", "money went back and nothing was taken off", []string{"UPDATE refund SET taken_cents = 0 WHERE id = '{refund}'"}},
	{"refund.amount", "a failed refund took money", []string{"UPDATE refund SET state = 'failed' WHERE id = '{refund}'"}},
	{"refund.amount", "a refund without a payment", []string{"UPDATE refund SET payment_id = 'pay_none' WHERE id = '{refund}'"}},
	{"refund.two", "who asked approved", []string{"UPDATE refund SET decided_by = asked_by WHERE id = '{refund}'"}},
	{"refund.two", "nobody approved", []string{"UPDATE refund SET decided_by = '' WHERE id = '{check}'"}},
	{"refund.way", "a card payment went back by check", []string{"UPDATE refund SET way = 'check', check_number = '7' WHERE id = '{refund}'"}},
	{"refund.way", "a check without a number", []string{"UPDATE refund SET check_number = '' WHERE id = '{check}'"}},
	{"exception.steps", "closed without a word", []string{"UPDATE exception SET closed_at = 9, closed_by = 'acc_thief' WHERE closed_at = 0"}},
	{"exception.steps", "closed by somebody else", []string{"UPDATE exception SET closed_by = 'acc_thief' WHERE closed_at > 0"}},
	{"exception.steps", "open, though somebody closed it", []string{"INSERT INTO exception_step (id, exception_id, n, step, actor, note_sealed, noted_at) SELECT id || '/9', id, 9, 'closed', 'acc_thief', 'x', 9 FROM exception WHERE closed_at = 0"}},
	{"bank.file", "a file's total is not that of its entries", []string{"UPDATE ach_file SET total_cents = total_cents + 1"}},
	{"bank.file", "a file counts more entries than it has", []string{"UPDATE ach_file SET entries = entries + 1"}},
	{"bank.content", "the noted hash is another", []string{"UPDATE ach_file SET sha256 = 'f00d'"}},
	{"ledger.names", "a receivable without a bill", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents) VALUES ('ent_x', 1, 1, 'x', 'medical', 'receivable', 'billed', 7)"}},
	{"ledger.names", "a credit without a member", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, member_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'billed', 'credit', 7, 'mem_none')"}},
	{"ledger.names", "money without a payment", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, payment_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'bank_transit', 'billed', 7, 'pay_none')"}},
	{"ledger.accounts", "an account that does not exist", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents) VALUES ('ent_x', 1, 1, 'x', 'medical', 'pocket', 'billed', 7)"}},
	{"ledger.accounts", "a bill in another payee's book", []string{"UPDATE bill SET payee = 'premium' WHERE id = '{paid}'"}},
	{"ledger.credit", "credit was given out that was not there", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, member_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'credit', 'billed', 7, '{member}')"}},
	{"ledger.entries", "a line is missing", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, bill_id) VALUES ('ent_x', 2, 1, 'x', 'medical', 'receivable', 'billed', 7, '{open}')"}},
	{"ledger.entries", "one entry, two payees", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents, bill_id) VALUES ('ent_x', 1, 1, 'x', 'medical', 'receivable', 'billed', 7, '{open}'), ('ent_x', 2, 1, 'x', 'premium', 'billed', 'receivable', 7, '{open}')"}},
	{"ledger.trial", "a posting with one side", []string{"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents) VALUES ('ent_x', 1, 1, 'x', 'medical', '', 'billed', 7)"}},
}

func TestEveryPlantedViolationIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		fill := strings.NewReplacer("{open}", w.openBill, "{paid}", w.paidBill, "{card}", w.card, "{bank}", w.bank,
			"{pending}", w.pending, "{member}", w.member, "{phone}", w.phone, "{refund}", w.refund, "{refunded}", w.refunded, "{returned}", w.returned, "{check}", w.check)
		for _, p := range violations {
			t.Run(p.rule+"/"+p.how, func(t *testing.T) {
				plant(t, d, fill, p.sql, func() {
					if broken := run(t, w); !slices.Contains(broken, p.rule) {
						t.Errorf("%s was not found; broken: %v", p.rule, broken)
					}
				})
			})
		}
		if broken := run(t, w); len(broken) > 0 {
			t.Errorf("after taking everything back: %v", broken)
		}
	})
}

// snapshot are the tables that violations are planted in.
var snapshot = []string{"bill", "payment", "allocation", "attempt", "event", "ach_entry", "ach_file", "ledger_posting", "phone_payment", "refund", "contact_change", "exception", "exception_step"}

// plant runs statements with the book's guard taken away, lets look see the result, and puts everything back as it was.
func plant(t *testing.T, d *db.DB, fill *strings.Replacer, statements []string, look func()) {
	t.Helper()
	exec := func(list ...string) {
		t.Helper()
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for _, s := range list {
				r, err := tx.ExecContext(t.Context(), fill.Replace(s))
				if err != nil {
					return err
				}
				if n, err := r.RowsAffected(); err == nil && n == 0 && !strings.HasPrefix(s, "D") && !strings.HasPrefix(s, "A") && !strings.HasPrefix(s, "C") {
					t.Errorf("nothing changed by: %s", fill.Replace(s))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("plant: %v", err)
		}
	}
	unguard := []string{"DROP TRIGGER IF EXISTS ledger_posting_no_update", "DROP TRIGGER IF EXISTS ledger_posting_no_delete"}
	if d.Engine == db.Postgres {
		unguard = []string{"ALTER TABLE ledger_posting DISABLE TRIGGER ALL"}
	}
	exec(unguard...)
	var restore []string
	for _, table := range snapshot {
		exec("CREATE TABLE was_" + table + " AS SELECT * FROM " + table)
		restore = append(restore, "DELETE FROM "+table, "INSERT INTO "+table+" SELECT * FROM was_"+table, "DROP TABLE was_"+table)
	}
	exec(statements...)
	look()
	exec(restore...)
}

func TestEveryRuleHasAPlantedViolation(t *testing.T) {
	t.Parallel()
	for _, rule := range Rules {
		if !slices.ContainsFunc(violations, func(p planted) bool { return p.rule == rule.Name }) {
			t.Errorf("no violation of %s is planted", rule.Name)
		}
	}
	for _, p := range violations {
		if !slices.ContainsFunc(Rules, func(r Rule) bool { return r.Name == p.rule }) {
			t.Errorf("a violation of %s is planted, and there is no such rule", p.rule)
		}
	}
}

func TestSetsOfStates(t *testing.T) {
	t.Parallel()
	for _, s := range payment.States {
		word := "'" + string(s) + "'"
		if got := strings.Contains(holding, word); got != s.Holds() {
			t.Errorf("holding has %s: %t, payment says %t", s, got, s.Holds())
		}
		if got := strings.Contains(good, word); got != s.Good() {
			t.Errorf("good has %s: %t, payment says %t", s, got, s.Good())
		}
	}
}

func TestWithoutKeysetTheContentIsSkipped(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	newWorld(t, d)
	results, err := Run(t.Context(), d, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Skipped != (r.Rule == "bank.content") || r.Count != 0 {
			t.Errorf("%+v", r)
		}
	}
}

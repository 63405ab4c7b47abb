package seed

import (
	"fmt"
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/member"
)

// perBlock is how many members one block and one transaction has.
const perBlock = 500

// billsPerBlock bounds the bills of a block: each of its households has at most maxBills.
const billsPerBlock = perBlock * maxBills

// block is everything of perBlock members: rows of each table, ready to be written.
type block struct {
	*draw
	number   int
	members  int // how many to make
	codeKey  [32]byte
	seal     sealer
	bills    int
	payments int

	member, names, numbers, bill, payment, allocation, attempt, entry, event, posting *table
}

// sealer encrypts an account number for its place.
type sealer func(value []byte, place string) ([]byte, error)

func newBlock(number, members int, codeKey [32]byte, seal sealer) *block {
	return &block{draw: newDraw(number), number: number, members: members, codeKey: codeKey, seal: seal,
		member: newTable("member", "id", "member_id", "patient_id", "guarantor_id", "given", "family", "birth_date", "zip", "state",
			"email", "phone", "language", "created_at", "updated_at", "email_folded", "phone_folded"),
		names:   newTable("member_name", "name", "zip", "member_id"),
		numbers: newTable("member_number", "folded", "member_id", "kind"),
		bill: newTable("bill", "id", "claim_key", "source", "eob_id", "kind", "payee", "number", "number_folded", "pay_code", "patient_id",
			"guarantor_id", "visit", "provider", "insurer", "service_date", "due_date", "charged_cents", "plan_paid_cents",
			"adjustment_cents", "responsibility_cents", "prior_paid_cents", "applied_cents", "pending_cents", "state", "lines",
			"source_hash", "as_of", "created_at", "updated_at"),
		payment: newTable("payment", "id", "confirmation", "idempotency_key", "request_hash", "payer_id", "payee", "rail", "brand", "last4",
			"amount_cents", "state", "reason", "can_retry", "authorization_text", "address", "submitted_at", "updated_at", "settled_at"),
		allocation: newTable("allocation", "payment_id", "bill_id", "line", "amount_cents", "applied_cents"),
		attempt:    newTable("attempt", "id", "payment_id", "processor_ref", "outcome", "reason", "started_at", "next_check_at", "finished_at"),
		entry: newTable("ach_entry", "payment_id", "individual_id", "payee", "name", "routing", "account_sealed", "account_last4", "account_type",
			"amount_cents", "state", "return_code", "effective_on", "settled_on", "returned_on", "queued_at", "filed_at", "updated_at"),
		event: newTable("event", "id", "at", "kind", "subject", "data"),
		posting: newTable("ledger_posting", "entry_id", "line", "at", "kind", "payee", "debit", "credit", "amount_cents", "bill_id",
			"payment_id", "member_id"),
	}
}

// tables are in the order in which rows may refer to each other.
func (b *block) tables() []*table {
	return []*table{b.member, b.names, b.numbers, b.bill, b.payment, b.allocation, b.attempt, b.entry, b.event, b.posting}
}

// person is who a bill can be for.
type person struct {
	id    string
	name  string
	adult bool
}

// fill invents households until the block has its members.
func (b *block) fill() error {
	for made := 0; made < b.members; {
		size := min(pick(b.draw, []int{1, 1, 1, 1, 2, 2, 2, 3, 4, 5}), b.members-made)
		people := b.household(made, size)
		made += size
		if err := b.billsFor(people); err != nil {
			return err
		}
	}
	return nil
}

// household invents one adult who owes for everybody, and the others.
func (b *block) household(first, size int) []person {
	family, zip, state := b.familyName(), fmt.Sprintf("%05d", 10000+b.n(89999)), pick(b.draw, states)
	language := "en"
	if b.percent(12) {
		language = "es"
	}
	since := db.Micros(b.hour(b.dayBefore(800, 1100)))
	people := make([]person, size)
	for i := range people {
		p := person{id: b.rowID("mem"), name: b.givenName(), adult: i < 2}
		born := b.birthday(6, 17)
		email, phone := "", ""
		if p.adult {
			born = b.birthday(24, 80)
			email = strings.ToLower(p.name+"."+family) + fmt.Sprintf("%d@example.com", b.n(1000))
			phone = b.phone()
		}
		n := uint64(b.number*perBlock + first + i)
		memberID := fmt.Sprintf("LH%09d", scatter(n+1, 618_033_989, 1_000_000_000))
		patientID := fmt.Sprintf("MRN%08d", scatter(n+1, 61_803_399, 100_000_000))
		people[i] = p
		people[i].name += " " + family
		m := member.Member{ID: p.id, Given: p.name, Family: family, ZIP: zip, Email: email, Phone: phone}
		foldedEmail, foldedPhone := member.FoldedContact(m)
		b.member.add(p.id, memberID, patientID, people[0].id, p.name, family, born, zip, state, email, phone, language, since, since, foldedEmail, foldedPhone)
		for _, r := range member.SearchRows(m) {
			b.names.add(r.Name, r.ZIP, r.MemberID)
		}
		b.numbers.add(id.Fold(memberID), p.id, "member_id")
		b.numbers.add(id.Fold(patientID), p.id, "patient_id")
	}
	return people
}

func (b *block) birthday(from, to int) day.Date {
	return b.dayBefore(from*365, to*365)
}

// happened writes an event.
func (b *block) happened(at time.Time, kind, subject, data string) {
	b.event.add(b.rowID("evt"), db.Micros(at), kind, subject, data)
}

package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/member"
	"memberpay/internal/money"
)

// store puts a batch into the database and its outcome into the report. Where the database refuses the batch because of
// something in it, the halves are tried apart, until only the guilty record is left: it is kept as refused.
func (r *Runner) store(ctx context.Context, b batch) error {
	outcome, err := r.storeOnce(ctx, b)
	if err == nil {
		r.count(b, outcome)
		return nil
	}
	if ctx.Err() != nil || r.DB.Ping(ctx) != nil || len(b.work) == 0 {
		return err
	}
	if len(b.work) == 1 {
		w := &b.work[0]
		if w.refused != nil {
			return err // it could not even be kept
		}
		w.refused = refuse("not_stored", "the database did not take the record: %s", cut(err.Error(), 200))
		w.claim, w.balance, w.people = nil, nil, nil
		return r.store(ctx, b)
	}
	half := len(b.work) / 2
	first, second := b, b
	first.work, second.work = b.work[:half], b.work[half:]
	first.upTo, first.finished, first.tally = b.work[half-1].seq, false, tally{}
	if err := r.store(ctx, first); err != nil {
		return err
	}
	return r.store(ctx, second)
}

// outcome is what the database made of a batch, by position of the work.
type outcome struct {
	bills   []bill.Imported // by position of work that has a claim or balance to import
	billAt  []int
	members []member.Imported
}

func (r *Runner) storeOnce(ctx context.Context, b batch) (outcome, error) {
	var o outcome
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		o = outcome{}
		now := r.now()
		if err := bill.LockImports(ctx, tx); err != nil {
			return fmt.Errorf("wait for other imports: %w", err)
		}
		people, err := r.importPeople(ctx, tx, b.work, &o)
		if err != nil {
			return err
		}
		incoming, err := r.incoming(ctx, tx, b.work, people, &o)
		if err != nil {
			return err
		}
		if o.bills, err = bill.ImportBatch(ctx, tx, now, incoming); err != nil {
			return err
		}
		look, done := r.forPeople(b.work)
		if err := keep(ctx, tx, db.Micros(now), look); err != nil {
			return err
		}
		if err := settle(ctx, tx, db.Micros(now), done); err != nil {
			return err
		}
		return saveProgress(ctx, tx, db.Micros(now), b.file, b.upTo, b.finished)
	})
	return o, err
}

// importPeople stores everybody the batch names and returns their row ids by key: PatientID or MemberID.
func (r *Runner) importPeople(ctx context.Context, tx *db.Tx, list []work, o *outcome) (map[string]string, error) {
	var in []member.Incoming
	var keys []string
	named := map[string]bool{}
	cards := map[string]string{}   // of this batch: MemberID to PatientID
	numbers := map[string]string{} // of the people in this batch: number to PatientID
	bare := func(key string, p member.Incoming) {
		if !named[key] {
			named[key] = true
			in, keys = append(in, p), append(keys, key)
		}
	}
	for i := range list {
		for _, p := range list[i].people {
			if p.Guarantor != "" {
				g := member.Incoming{PatientID: p.Guarantor}
				key := "p:" + p.Guarantor
				if list[i].balance != nil {
					g, key = member.Incoming{MemberID: p.Guarantor}, "m:"+p.Guarantor
				}
				bare(key, g)
			}
			m, err := r.person(ctx, tx, p, cards)
			if err != nil {
				return nil, err
			}
			key := personKey(p)
			named[key] = true
			in, keys = append(in, m), append(keys, key)
			for _, n := range p.Numbers {
				numbers[n.Value] = p.PatientID
			}
		}
	}
	for i := range list {
		if c := list[i].claim; c != nil && !c.Voided && c.Owed.Verdict != Review {
			id, err := r.patientID(ctx, tx, c.Patient, c.ServiceDate, numbers)
			if err != nil {
				return nil, err
			}
			c.patientID = id
			bare("p:"+id, member.Incoming{PatientID: id})
		}
	}
	done, err := member.ImportBatch(ctx, tx, r.now(), in)
	if err != nil {
		return nil, err
	}
	o.members = done
	rows := make(map[string]string, len(keys))
	for i, key := range keys {
		rows[key] = done[i].ID
	}
	return rows, nil
}

func personKey(p Person) string {
	if p.PatientID != "" {
		return "p:" + p.PatientID
	}
	if p.Given == "" || p.BirthDate.IsZero() {
		return "m:" + p.MemberID
	}
	return "m:" + p.MemberID + "|" + p.Given + "|" + p.BirthDate.String() // people may share a card number
}

// person makes the member command. A card number that belongs to another person (families may share one) is kept as a
// number of this person too, but never makes two people one. cards are the card numbers of this batch.
func (r *Runner) person(ctx context.Context, tx *db.Tx, p Person, cards map[string]string) (member.Incoming, error) {
	m := member.Incoming{MemberID: p.MemberID, PatientID: p.PatientID, Guarantor: p.Guarantor, Given: p.Given, Family: p.Family,
		BirthDate: p.BirthDate, Deceased: p.Deceased, Street: p.Street, City: p.City, ZIP: p.ZIP, State: p.State, Email: p.Email, Phone: p.Phone, Language: p.Language, Previous: member.Number(p.Previous)}
	for _, n := range p.Numbers {
		m.Numbers = append(m.Numbers, member.Number(n))
	}
	if m.MemberID == "" || m.PatientID == "" {
		return m, nil
	}
	taken, err := r.cardTaken(ctx, tx, p, cards)
	if err != nil {
		return m, err
	}
	if taken {
		m.Numbers = append(m.Numbers, member.Number{Kind: "member_id", Value: m.MemberID})
		m.MemberID = ""
	}
	return m, nil
}

// cardTaken reports whether the card number of a patient is already another row's: another patient's, in this batch or
// in the database, or that of somebody without a source id while the patient has a row of their own.
func (r *Runner) cardTaken(ctx context.Context, tx *db.Tx, p Person, cards map[string]string) (bool, error) {
	if owner, ok := cards[p.MemberID]; ok {
		return owner != p.PatientID, nil
	}
	cards[p.MemberID] = p.PatientID
	owners, err := member.ByNumber(ctx, tx, p.MemberID)
	if err != nil {
		return false, err
	}
	for _, o := range owners {
		switch {
		case o.MemberID != p.MemberID || o.PatientID == p.PatientID:
		case o.PatientID != "":
			return true, nil
		default:
			own, err := member.ByNumber(ctx, tx, p.PatientID)
			if err != nil {
				return false, err
			}
			for _, m := range own {
				if m.PatientID == p.PatientID {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// patientID is the source's id of the patient a claim refers to. A reference by identifier is looked up among the
// numbers that are known, as they were on the day of service; where nobody or more than one has it, the identifier itself
// stands for the person.
func (r *Runner) patientID(ctx context.Context, tx *db.Tx, ref Ref, on day.Date, batch map[string]string) (string, error) {
	if ref.ID != "" {
		return ref.ID, nil
	}
	if id := batch[ref.Value]; id != "" {
		return id, nil
	}
	owners, err := member.Holders(ctx, tx, ref.Value)
	if err != nil {
		return "", err
	}
	if on.IsZero() {
		on = day.Of(r.now(), time.UTC)
	}
	if owners = member.HeldOn(owners, on); len(owners) == 1 && owners[0].PatientID != "" {
		return owners[0].PatientID, nil
	}
	return ref.Value, nil
}

// incoming makes the bill commands of the batch.
func (r *Runner) incoming(ctx context.Context, tx *db.Tx, list []work, people map[string]string, o *outcome) ([]bill.Incoming, error) {
	ids := make([]string, 0, len(people))
	for _, id := range people {
		ids = append(ids, id)
	}
	members, err := member.ByIDs(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var out []bill.Incoming
	for i := range list {
		w := &list[i]
		var in bill.Incoming
		var who string
		switch {
		case w.claim != nil && w.claim.Voided:
			in = bill.Incoming{ClaimKey: w.claim.Key, Source: "fhir", EOBID: w.claim.EOB, Void: true}
		case w.claim != nil && w.claim.Owed.Verdict != Review:
			in = w.claim.bill(r)
			who = people["p:"+w.claim.patientID]
		case w.balance != nil && w.refused == nil && !w.balance.credit():
			in = w.balance.bill()
			who = people[personKey(w.balance.Person)]
		default:
			continue
		}
		if !in.Void {
			in.PatientID, in.GuarantorID = who, members[who].GuarantorID
		}
		out, o.billAt = append(out, in), append(o.billAt, i)
	}
	return out, nil
}

// bill is the command for a claim. What the patient paid elsewhere is what makes the exact due amount come out.
func (c *Claim) bill(r *Runner) bill.Incoming {
	payee, _ := r.payee("medical", "")
	in := bill.Incoming{ClaimKey: c.Key, Source: "fhir", EOBID: c.EOB, Kind: bill.Medical, Payee: payee, Visit: c.Visit.Key,
		Provider: c.Visit.Place, Insurer: c.Payer, ServiceDate: c.ServiceDate, Charged: c.Charged, PlanPaid: c.PlanPaid,
		Adjustment: c.Adjustments, Responsibility: c.Owed.Responsibility, PriorPaid: c.Owed.Responsibility - c.Owed.Due}
	for _, l := range c.Lines {
		in.Lines = append(in.Lines, bill.Line{Text: l.Text, Date: l.Date, Charged: l.Charged, PlanPaid: l.PlanPaid,
			Adjustment: l.Adjustments, Share: l.Share})
	}
	return in
}

// key is the claim key of a balance row: payee and bill number.
func (b *Balance) key() string { return "csv:" + b.Payee + "|" + b.BillNumber }

// bill is the command for a balance row; its Payee has been turned into a key.
func (b *Balance) bill() bill.Incoming {
	in := bill.Incoming{ClaimKey: b.key(), Source: "csv", Kind: bill.Kind(b.Kind), Payee: b.Payee, Number: b.BillNumber,
		Visit: b.Visit, Provider: b.Provider, Insurer: b.Insurer, ServiceDate: b.ServiceDate, DueDate: b.DueDate,
		Charged: b.Charged, PlanPaid: b.PlanPaid, Adjustment: b.Adjustments, Responsibility: b.Responsibility,
		PriorPaid: b.Paid, Silent: b.Silent, AsOf: b.AsOf}
	if b.Description != "" {
		in.Lines = []bill.Line{{Text: b.Description, Date: b.ServiceDate, Charged: b.Charged, PlanPaid: b.PlanPaid,
			Adjustment: b.Adjustments, Share: b.Responsibility}}
	}
	return in
}

// forPeople sorts out what a person has to look at, and the claims that nobody needs to look at any more.
func (r *Runner) forPeople(list []work) (look []kept, done []string) {
	for i := range list {
		w := &list[i]
		row := kept{path: w.at.File, entry: w.seq}
		if w.closes != "" && w.refused == nil {
			done = append(done, w.closes)
		}
		switch {
		case w.refused != nil:
			row.verdict, row.reason, row.detail, row.content = "refused", w.refused.Code, w.refused.Text, w.raw
			row.key = "refused:" + digest(w.raw, w.at)
		case w.claim != nil && !w.claim.Voided && w.claim.Owed.Verdict == Review:
			row.verdict, row.reason, row.detail = "review", w.claim.Owed.Reason, w.claim.Owed.Detail
			row.key, row.content = "claim:"+w.claim.Key, w.claim.summary()
		case w.balance != nil && w.balance.credit():
			row.verdict, row.reason, row.detail = "review", "credit", w.balance.creditText()
			row.key, row.content = "claim:"+w.balance.key(), w.balance.summary()
		case w.claim != nil:
			done = append(done, "claim:"+w.claim.Key)
			continue
		case w.balance != nil:
			done = append(done, "claim:"+w.balance.key())
			continue
		default:
			continue
		}
		look = append(look, row)
	}
	return look, done
}

// digest names a refused record by its content, or by its place where the content was too large to keep.
func digest(raw []byte, at ReportLine) string {
	if raw == nil {
		raw = fmt.Appendf(nil, "%s@%d", at.File, at.Offset)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// summary is what a person needs for a decision about a claim that states nothing to bill.
func (c *Claim) summary() []byte {
	text, _ := json.Marshal(struct {
		ClaimKey    string        `json:"claim_key"`
		EOB         string        `json:"eob_id"`
		Patient     string        `json:"patient_id"`
		ServiceDate string        `json:"service_date"`
		Insurer     string        `json:"insurer"`
		Provider    string        `json:"provider"`
		Charged     money.Cents   `json:"charged_cents"`
		PlanPaid    money.Cents   `json:"plan_paid_cents"`
		Share       money.Cents   `json:"responsibility_cents"`
		Paid        money.Cents   `json:"patient_paid_cents"`
		Offer       []money.Cents `json:"offer_cents"`
	}{c.Key, c.EOB, c.Patient.key(), c.ServiceDate.String(), c.Payer, c.Visit.Place, c.Charged, c.PlanPaid,
		c.Owed.Responsibility, c.Owed.PaidByPatient, c.Owed.Offer}) // plain values only: cannot fail
	return text
}

func (b *Balance) summary() []byte {
	text, _ := json.Marshal(struct {
		ClaimKey string      `json:"claim_key"`
		MemberID string      `json:"member_id"`
		Share    money.Cents `json:"responsibility_cents"`
		Paid     money.Cents `json:"patient_paid_cents"`
	}{b.key(), b.Person.MemberID, b.Responsibility, b.Paid}) // plain values only: cannot fail
	return text
}

func (b *Balance) creditText() string {
	return "the patient's share is " + b.Responsibility.String() + " and " + b.Paid.String() + " is already paid: a credit"
}

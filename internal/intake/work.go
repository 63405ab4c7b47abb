package intake

import (
	"bytes"
	"errors"

	"memberpay/internal/day"
)

// work is one record on its way into the database: what was read and what came of it so far.
type work struct {
	at      ReportLine // where it stands
	seq     int
	people  []Person
	claim   *Claim
	balance *Balance
	skip    *skip
	refused *Refusal
	raw     []byte // the whole record, to be kept where it is refused
	closes  string // key of the kept record that this one was, "" for none
}

// decoder turns records into work. It remembers names between records; use one for a whole run.
type decoder struct {
	known names
	since day.Date
}

// fhir decodes one record of a FHIR file. seen tells that an interrupted run has stored it already, so that only names
// are taken from it; it then returns false. It also returns false for resource types that have no part in billing.
func (d *decoder) fhir(r Record, seen bool) (work, bool) {
	w := work{seq: r.Seq, at: ReportLine{File: r.File, Place: r.Place, Offset: r.Offset, Type: r.Type}}
	if r.Refused != nil {
		w.refused, w.raw = r.Refused, bytes.Clone(r.Raw)
		return w, !seen
	}
	if !seen {
		w.raw = bytes.Clone(r.Raw)
	}
	var err error
	switch r.Type {
	case "ExplanationOfBenefit":
		if seen {
			return w, false
		}
		err = d.eob(r, &w)
	case "Patient":
		err = d.patient(r, &w)
	case "Coverage":
		err = d.coverage(r, &w)
	case "Encounter", "Organization", "Practitioner":
		if err = d.name(r); err == nil {
			return w, false
		}
	default:
		return w, false
	}
	if !errors.As(err, &w.skip) && err != nil {
		w.refused = asRefusal(err)
	}
	if r.Type != "ExplanationOfBenefit" && err == nil && len(w.people) == 0 {
		return w, false
	}
	return w, !seen
}

func (d *decoder) eob(r Record, w *work) error {
	var e eob
	if err := decode(r.Resource, &e); err != nil {
		return err
	}
	w.at.ID = cut(e.ID, 64)
	claim, err := claimOf(&e, &d.known, d.since)
	if err == nil {
		err = claim.bound()
	}
	if err == nil {
		w.claim = claim
	}
	return err
}

func (d *decoder) patient(r Record, w *work) error {
	var p patient
	if err := decode(r.Resource, &p); err != nil {
		return err
	}
	w.at.ID = cut(p.ID, 64)
	person, err := personOf(&p, r.URL)
	if err == nil {
		err = person.bound()
	}
	if err == nil {
		w.people = []Person{person}
	}
	return err
}

func (d *decoder) coverage(r Record, w *work) error {
	var c coverage
	if err := decode(r.Resource, &c); err != nil {
		return err
	}
	w.at.ID = cut(c.ID, 64)
	person, ok := personOfCoverage(&c)
	if !ok {
		return nil
	}
	if err := person.bound(); err != nil {
		return err
	}
	w.people = []Person{person}
	return nil
}

// name remembers what an encounter, organization or practitioner is called.
func (d *decoder) name(r Record) error {
	var v named
	var id string
	var more []identifier
	switch r.Type {
	case "Encounter":
		var e encounter
		if err := decode(r.Resource, &e); err != nil {
			return err
		}
		id, v.date = e.ID, cut(e.Period.Start, 32)
		if v.display = display(e.ServiceProvider, &d.known); v.display == "" && len(e.Location) > 0 {
			v.display = display(e.Location[0].Location, &d.known)
		}
	case "Organization":
		var o organization
		if err := decode(r.Resource, &o); err != nil {
			return err
		}
		id, v.display, more = o.ID, o.Name, o.Identifier
	case "Practitioner":
		var p practitioner
		if err := decode(r.Resource, &p); err != nil {
			return err
		}
		given, family := officialName(p.Name)
		id, v.display, more = p.ID, given+" "+family, p.Identifier
	}
	v.display = cut(v.display, maxText)
	for _, key := range append([]string{id, ParseRef(r.URL).ID}, values(more)...) {
		if len(key) <= maxID {
			d.known.put(key, v)
		}
	}
	return nil
}

func values(list []identifier) []string {
	var out []string
	for _, i := range list {
		out = append(out, i.Value)
	}
	return out
}

// Limits of what is stored, so that no record of a hostile file can be too large for an index.
const (
	maxID   = 200
	maxText = 300
)

func (c *Claim) bound() error {
	switch {
	case len(c.Key) > 2*maxID || len(c.EOB) > maxID:
		return refuse("value", "the claim number or id is longer than %d characters", maxID)
	case len(c.Patient.key()) > maxID:
		return refuse("value", "the patient reference is longer than %d characters", maxID)
	}
	if len(c.Visit.Key) > maxID {
		c.Visit.Key = ""
	}
	for _, s := range []*string{&c.Payer, &c.Provider, &c.Visit.Place} {
		*s = cut(*s, maxText)
	}
	return nil
}

func (p *Person) bound() error {
	for _, s := range []string{p.MemberID, p.PatientID, p.Guarantor} {
		if len(s) > maxID {
			return refuse("value", "a number of the person is longer than %d characters", maxID)
		}
	}
	for _, s := range []*string{&p.Given, &p.Family, &p.Email} {
		*s = cut(*s, maxText)
	}
	for _, s := range []*string{&p.ZIP, &p.State, &p.Phone, &p.Language} {
		*s = cut(*s, 40)
	}
	kept := p.Numbers[:0]
	for _, n := range p.Numbers {
		if len(n.Value) <= maxID && len(kept) < 50 {
			kept = append(kept, n)
		}
	}
	p.Numbers = kept
	return nil
}

// csv turns a row of a balance file into work.
func (d *decoder) csv(r BalanceRecord) work {
	w := work{seq: r.Seq, at: ReportLine{File: r.File, Place: r.Place, Offset: r.Offset, Type: "row"}}
	w.raw = r.retryText()
	if w.refused = r.Refused; w.refused != nil {
		return w
	}
	b := r.Balance
	w.at.ID = b.BillNumber
	if !d.since.IsZero() && !b.ServiceDate.IsZero() && b.ServiceDate.Before(d.since) {
		w.skip = &skip{"before_since", "the service date is before --since"}
		return w
	}
	w.people, w.balance = []Person{b.Person}, &b
	return w
}

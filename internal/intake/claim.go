package intake

import (
	"strings"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// Claim is an ExplanationOfBenefit as the rest of the program sees it: who, what for, and the figures.
// Charged = PlanPaid + Adjustments + Owed.Responsibility always holds.
type Claim struct {
	Key         string // claim number and insurer: the same claim always has the same key
	EOB         string // the resource's id
	Patient     Ref
	Payer       string // display name of the insurer; "Self-pay" where there is none
	SelfPay     bool
	Provider    string
	ServiceDate day.Date
	Visit       Visit
	Charged     money.Cents
	PlanPaid    money.Cents
	Adjustments money.Cents // may be negative where the source's figures do not add up
	Lines       []Line
	Owed        Owed
	patientID   string // Patient as it was found in the database
	Voided      bool   // status is cancelled: the bill of this key, if any, is void. Nothing else is worked out.
}

// Visit groups the bills of one encounter.
type Visit struct {
	Key   string
	Date  day.Date
	Place string
}

// Line is one item of a bill, for reading. Rounding keeps the lines' sums equal to the rounded totals.
type Line struct {
	Text        string
	Date        day.Date
	Charged     money.Cents
	PlanPaid    money.Cents
	Adjustments money.Cents
	Share       money.Cents
	HasShare    bool // the item states the patient's share
}

// skip says that a record is well-formed but is not for billing.
type skip struct{ code, text string }

func (s *skip) Error() string { return s.code + ": " + s.text }

// claimOf turns an ExplanationOfBenefit into a Claim. It returns *skip for what is not a bill (status, use, outcome,
// before since) and *Refusal for what cannot be trusted.
func claimOf(e *eob, known *names, since day.Date) (*Claim, error) {
	if err := billable(e); err != nil {
		return nil, err
	}
	c := &Claim{EOB: e.ID, Patient: e.Patient.ref(), Voided: e.Status == "cancelled"}
	if c.Key = claimKey(e); c.Key == "" {
		return nil, refuse("no_claim_number", "there is neither a claim number nor an id")
	}
	if c.Voided {
		return c, nil
	}
	c.Patient = resolveLocal(c.Patient, e.Contained)
	if c.Patient.Empty() {
		return nil, refuse("no_patient", "the record names no patient")
	}
	c.ServiceDate = serviceDate(e)
	if !since.IsZero() && !c.ServiceDate.IsZero() && c.ServiceDate.Before(since) {
		return nil, &skip{"before_since", "the service date is before --since"}
	}
	if err := checkCurrency(e); err != nil {
		return nil, err
	}
	read, err := readItems(e)
	if err != nil {
		return nil, err
	}
	owed, err := responsibility(e, read)
	if err != nil {
		return nil, err
	}
	c.Owed = owed
	c.Payer, c.SelfPay = payer(e, known)
	c.Provider = display(e.Provider, known)
	c.Visit = visit(e, known, c)
	return c, c.figures(e, read)
}

// billable is point 1 of the rule: active claims with an outcome, and cancelled ones that void a bill.
func billable(e *eob) error {
	switch {
	case e.Use != "claim":
		return &skip{"use_" + word(e.Use), "use is " + quoted(e.Use) + ": an estimate or authorization, not a bill"}
	case e.Status == "cancelled":
		return nil
	case e.Status != "active":
		return &skip{"status_" + word(e.Status), "status is " + quoted(e.Status) + ", not active"}
	case e.Outcome != "complete" && e.Outcome != "partial":
		return &skip{"outcome_" + word(e.Outcome), "outcome is " + quoted(e.Outcome) + ": not decided"}
	}
	return nil
}

// word makes a value of the file safe as part of a reason code.
func word(s string) string {
	if s == "" {
		return "missing"
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '-' {
			return "other"
		}
	}
	return cut(s, 24)
}

func quoted(s string) string {
	if w := word(s); w != "other" {
		return w
	}
	return "something unknown"
}

// claimKey is the claim number (an identifier whose system ends in clm_id, or of type uc) and the insurer; the
// resource's id and the insurer where there is no number.
func claimKey(e *eob) string {
	value := ""
	for _, i := range e.Identifier {
		if i.Value != "" && (strings.HasSuffix(i.System, "clm_id") || hasCode(i.Type, "uc")) {
			value = i.Value
			break
		}
	}
	if value == "" && e.ID != "" {
		value = "eob:" + e.ID
	}
	if value == "" {
		return ""
	}
	return value + "|" + insurerKey(e)
}

// insurerKey is what stays the same when one insurer is written in several ways: its identifier, the id it is
// referred to by, or else its name.
func insurerKey(e *eob) string {
	if e.Insurer.Identifier.Value != "" {
		return e.Insurer.Identifier.Value
	}
	if r := ParseRef(e.Insurer.Reference); !r.Empty() && !r.Local {
		return r.key()
	}
	if e.Insurer.Display != "" {
		return e.Insurer.Display
	}
	return containedPayor(e)
}

// resolveLocal replaces a reference into the resource itself by the contained resource's first identifier.
func resolveLocal(r Ref, inside []contained) Ref {
	if !r.Local {
		return r
	}
	for _, c := range inside {
		if c.ID != r.ID {
			continue
		}
		for _, i := range c.Identifier {
			if i.Value != "" && !secretNumber(i.Type) {
				return Ref{Type: c.ResourceType, System: i.System, Value: i.Value}
			}
		}
	}
	return Ref{}
}

func serviceDate(e *eob) day.Date {
	for i := range e.Item {
		for _, s := range [...]string{e.Item[i].ServicedPeriod.Start, e.Item[i].ServicedDate} {
			if d := fhirDay(s); !d.IsZero() {
				return d
			}
		}
	}
	if d := fhirDay(e.BillablePeriod.Start); !d.IsZero() {
		return d
	}
	return fhirDay(e.Created)
}

// fhirDay reads the day of a FHIR date or dateTime as it was written, whatever its offset. A date without a day is its
// first; anything else is the zero Date.
func fhirDay(s string) day.Date {
	switch {
	case len(s) == 4:
		s += "-01-01"
	case len(s) == 7:
		s += "-01"
	case len(s) > 10 && s[10] == 'T':
		s = s[:10]
	}
	d, err := day.Parse(s)
	if err != nil {
		return day.Date{}
	}
	return d
}

const noInsurance = "NO_INSURANCE"

func payer(e *eob, known *names) (name string, selfPay bool) {
	name = display(e.Insurer, known)
	if name == "" {
		name = containedPayor(e)
	}
	if name == noInsurance {
		return "Self-pay", true
	}
	return name, false
}

// containedPayor is the payor of the coverage inside the resource that insurance refers to.
func containedPayor(e *eob) string {
	for _, ins := range e.Insurance {
		r := ParseRef(ins.Coverage.Reference)
		for _, c := range e.Contained {
			if r.Local && c.ID == r.ID && c.ResourceType == "Coverage" && len(c.Payor) > 0 {
				return c.Payor[0].Display
			}
		}
	}
	return ""
}

func display(r reference, known *names) string {
	if r.Display != "" {
		return r.Display
	}
	return known.get(r.ref().key()).display
}

func visit(e *eob, known *names, c *Claim) Visit {
	v := Visit{Date: c.ServiceDate, Place: display(e.Facility, known)}
	for i := range e.Item {
		if len(e.Item[i].Encounter) > 0 {
			v.Key = e.Item[i].Encounter[0].ref().key()
			break
		}
	}
	if v.Key != "" {
		enc := known.get(v.Key)
		if v.Place == "" {
			v.Place = enc.display
		}
		if d := fhirDay(enc.date); !d.IsZero() {
			v.Date = d
		}
	}
	if v.Place == "" {
		v.Place = c.Provider
	}
	return v
}

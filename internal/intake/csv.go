package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/money"
)

// Balance is one row of a balance file: a bill as the billing system sees it today, and whose it is.
type Balance struct {
	Person         Person
	Street         string // lines of the patient's address as they were written
	Street2        string
	BillNumber     string
	Kind           string // "medical" or "premium"
	Payee          string // as written, "" for the default payee of the kind
	ServiceDate    day.Date
	DueDate        day.Date
	Description    string
	Provider       string
	Insurer        string
	Visit          string
	Charged        money.Cents
	PlanPaid       money.Cents
	Adjustments    money.Cents
	Responsibility money.Cents
	Paid           money.Cents // paid elsewhere, not through this program
	AsOf           time.Time   // zero where the file does not say
	Silent         bill.Silent // columns the file does not have
}

// BalanceRecord is a row of a balance file, or the place where one should have been.
type BalanceRecord struct {
	File    string
	Seq     int // number of the row after the header, blank rows not counted: the checkpoint
	Place   string
	Offset  int64
	Header  []byte // the header line, to keep with a refused row
	Raw     []byte
	Balance Balance
	Refused *Refusal
}

// column is one column of a balance file.
type column struct {
	name     string
	required bool // the column and a value in every row
	set      func(b *Balance, value string) error
}

var columns = []column{
	{"bill_number", true, text(64, func(b *Balance) *string { return &b.BillNumber })},
	{"member_id", true, text(64, func(b *Balance) *string { return &b.Person.MemberID })},
	{"kind", true, setKind},
	{"patient_responsibility", true, cents(func(b *Balance) *money.Cents { return &b.Responsibility })},
	{"first_name", false, text(200, func(b *Balance) *string { return &b.Person.Given })},
	{"last_name", false, text(200, func(b *Balance) *string { return &b.Person.Family })},
	{"date_of_birth", false, date(func(b *Balance) *day.Date { return &b.Person.BirthDate })},
	{"street", false, text(200, func(b *Balance) *string { return &b.Street })},
	{"street_2", false, text(200, func(b *Balance) *string { return &b.Street2 })},
	{"city", false, text(100, func(b *Balance) *string { return &b.Person.City })},
	{"zip", false, text(20, func(b *Balance) *string { return &b.Person.ZIP })},
	{"state", false, text(40, func(b *Balance) *string { return &b.Person.State })},
	{"payee", false, text(100, func(b *Balance) *string { return &b.Payee })},
	{"service_date", false, date(func(b *Balance) *day.Date { return &b.ServiceDate })},
	{"due_date", false, date(func(b *Balance) *day.Date { return &b.DueDate })},
	{"description", false, text(500, func(b *Balance) *string { return &b.Description })},
	{"provider", false, text(200, func(b *Balance) *string { return &b.Provider })},
	{"insurer", false, text(200, func(b *Balance) *string { return &b.Insurer })},
	{"charged", false, cents(func(b *Balance) *money.Cents { return &b.Charged })},
	{"plan_paid", false, cents(func(b *Balance) *money.Cents { return &b.PlanPaid })},
	{"adjustments", false, cents(func(b *Balance) *money.Cents { return &b.Adjustments })},
	{"paid", false, cents(func(b *Balance) *money.Cents { return &b.Paid })},
	{"as_of", false, setAsOf},
	{"email", false, text(254, func(b *Balance) *string { return &b.Person.Email })},
	{"phone", false, text(40, func(b *Balance) *string { return &b.Person.Phone })},
	{"language", false, setLanguage},
	{"guarantor_member_id", false, text(64, func(b *Balance) *string { return &b.Person.Guarantor })},
	{"previous_member_id", false, text(64, func(b *Balance) *string { return &b.Person.Previous.Value })},
	{"previous_valid_until", false, date(func(b *Balance) *day.Date { return &b.Person.Previous.Until })},
	{"visit", false, text(100, func(b *Balance) *string { return &b.Visit })},
}

func text(most int, to func(*Balance) *string) func(*Balance, string) error {
	return func(b *Balance, v string) error {
		if len(v) > most {
			return fmt.Errorf("is longer than %d characters", most)
		}
		for _, r := range v {
			if r < ' ' && r != '\n' && r != '\t' {
				return errors.New("contains control characters")
			}
		}
		*to(b) = v
		return nil
	}
}

func cents(to func(*Balance) *money.Cents) func(*Balance, string) error {
	return func(b *Balance, v string) (err error) {
		*to(b), err = parseCents(v)
		return err
	}
}

func date(to func(*Balance) *day.Date) func(*Balance, string) error {
	return func(b *Balance, v string) (err error) {
		*to(b), err = parseDay(v)
		return err
	}
}

func setKind(b *Balance, v string) error {
	switch k := strings.ToLower(v); k {
	case "medical", "premium":
		b.Kind = k
		return nil
	}
	return errors.New("must be medical or premium")
}

func setLanguage(b *Balance, v string) error {
	tag, _, _ := strings.Cut(strings.ToLower(v), "-")
	if len(tag) != 2 && len(tag) != 3 {
		return errors.New("must be a language code such as en or es")
	}
	b.Person.Language = tag
	return nil
}

func setAsOf(b *Balance, v string) error {
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		b.AsOf = t.UTC()
		return nil
	}
	d, err := parseDay(v)
	if err != nil {
		return errors.New("must be a date (2026-12-03) or a time (2026-12-03T06:00:00Z)")
	}
	b.AsOf = d.At(0, 0, time.UTC)
	return nil
}

// parseCents reads "1234", "1234.5", "1234.50" or "-3.00": exact to the cent, nothing else.
func parseCents(s string) (money.Cents, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(digits, ".")
	for _, r := range whole + frac {
		if r < '0' || r > '9' {
			return 0, errors.New("must be a plain amount such as 1234.50")
		}
	}
	switch {
	case whole == "" || (point && frac == ""):
		return 0, errors.New("must be a plain amount such as 1234.50")
	case len(frac) > 2:
		return 0, errors.New("has more than two decimals; amounts must be exact to the cent")
	case len(whole) > 12:
		return 0, fmt.Errorf("is larger than %s", money.Max)
	}
	n, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	if err != nil || money.Cents(n) > money.Max {
		return 0, fmt.Errorf("is larger than %s", money.Max)
	}
	if negative {
		n = -n
	}
	return money.Cents(n), nil
}

// parseDay reads "2026-12-03" or the American "12/3/2026".
func parseDay(s string) (day.Date, error) {
	if strings.Contains(s, "/") {
		parts := strings.Split(s, "/")
		if len(parts) == 3 {
			if d, err := day.ParseParts(parts[2], parts[0], parts[1]); err == nil {
				return d, nil
			}
		}
		return day.Date{}, errors.New("must be a real date, written 2026-12-03 or 12/3/2026 (month first)")
	}
	d, err := day.Parse(s)
	if err != nil {
		return d, errors.New("must be a real date, written 2026-12-03 or 12/3/2026 (month first)")
	}
	return d, nil
}

// ReadBalances reads a balance file and calls each for every row after the header, whatever its fate. A file that
// cannot be used at all (no header, an unknown, missing or repeated column) is one refused record. It returns only what
// each or ctx returned. whole tells whether the file was read to its end, so that absence from it means something.
func ReadBalances(ctx context.Context, path string, each func(BalanceRecord) error) (whole bool, err error) {
	f, err := open(path)
	if err != nil {
		return false, each(BalanceRecord{File: path, Seq: 1, Place: "file", Refused: asRefusal(err)})
	}
	defer f.Close()
	return readBalances(ctx, path, f, each)
}

func readBalances(ctx context.Context, path string, r io.Reader, each func(BalanceRecord) error) (whole bool, err error) {
	rows := newCSVRows(r)
	head, err := rows.read()
	var order []*column
	var bad *Refusal
	switch {
	case errors.Is(err, io.EOF):
		bad = refuse("empty", "the file is empty")
	case err != nil:
		bad = asRefusal(err)
	case head.Bad != nil:
		bad = head.Bad
	default:
		order, bad = readHeader(head.Fields)
	}
	if bad != nil {
		return false, each(BalanceRecord{File: path, Seq: 1, Place: "file", Raw: head.Raw, Refused: bad})
	}
	for seq := 1; ; seq++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		row, err := rows.read()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		rec := BalanceRecord{File: path, Seq: seq, Place: "line " + strconv.Itoa(row.Line), Offset: row.Offset,
			Header: head.Raw, Raw: row.Raw, Refused: row.Bad}
		if err != nil {
			rec.Refused = asRefusal(err)
			return false, each(rec)
		}
		if rec.Refused == nil {
			rec.Balance, rec.Refused = readBalance(order, row.Fields)
		}
		if err := each(rec); err != nil {
			return false, err
		}
	}
}

// readHeader finds the columns, in any order, and names every one that is unknown, missing or there twice.
func readHeader(names []string) ([]*column, *Refusal) {
	var order []*column
	var problems []string
	seen := map[string]bool{}
	for _, raw := range names {
		name := strings.ToLower(strings.TrimSpace(raw))
		i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case i < 0:
			problems = append(problems, fmt.Sprintf("unknown column %q", cut(raw, 40)))
			continue
		case seen[name]:
			problems = append(problems, fmt.Sprintf("column %q is there twice", name))
			continue
		}
		seen[name] = true
		order = append(order, &columns[i])
	}
	for _, c := range columns {
		if c.required && !seen[c.name] {
			problems = append(problems, fmt.Sprintf("column %q is missing", c.name))
		}
	}
	if len(problems) == 0 {
		return order, nil
	}
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t|") {
		return nil, refuse("header", "the columns must be separated by commas")
	}
	return nil, refuse("header", "%s", strings.Join(problems[:min(len(problems), 8)], "; "))
}

func readBalance(order []*column, fields []string) (b Balance, bad *Refusal) {
	if len(fields) != len(order) {
		return b, refuse("columns", "the row has %d fields, the header %d", len(fields), len(order))
	}
	given := map[string]bool{}
	for i, c := range order { // the first problem counts, but the other fields still say which bill it is
		v := strings.TrimSpace(fields[i])
		switch {
		case v != "":
			if err := c.set(&b, v); err != nil && bad == nil {
				bad = refuse("value", "%s %v", c.name, err)
			}
			given[c.name] = true
		case c.required && bad == nil:
			bad = refuse("missing_value", "%s is empty", c.name)
		}
	}
	if bad != nil {
		return b, bad
	}
	b.Person.Street, b.Person.City = street([]string{b.Street, b.Street2}), addressLine(b.Person.City)
	b.Silent = silent(order)
	return b, b.check(given)
}

// silent names what a file with these columns does not speak of. An empty field of a column it has is a word.
func silent(order []*column) bill.Silent {
	has := func(name string) bool {
		return slices.ContainsFunc(order, func(c *column) bool { return c.name == name })
	}
	return bill.Silent{ServiceDate: !has("service_date"), DueDate: !has("due_date"), Provider: !has("provider"), Insurer: !has("insurer"),
		Visit: !has("visit"), Lines: !has("description"), Charges: !has("charged") && !has("plan_paid") && !has("adjustments"),
		PriorPaid: !has("paid")}
}

// check holds the row's figures against each other and fills in those that follow from the rest.
func (b *Balance) check(given map[string]bool) *Refusal {
	switch {
	case b.Charged < 0:
		return refuse("value", "charged is below zero")
	case b.PlanPaid < 0:
		return refuse("value", "plan_paid is below zero; write what the plan paid without a sign")
	case b.Paid < 0:
		return refuse("value", "paid is below zero")
	case !given["charged"]:
		b.Charged = b.PlanPaid + b.Adjustments + b.Responsibility
	case !given["adjustments"]:
		b.Adjustments = b.Charged - b.PlanPaid - b.Responsibility
	}
	if rest := b.Charged - b.PlanPaid - b.Adjustments; rest != b.Responsibility {
		return refuse("figures", "charged %s less plan_paid %s less adjustments %s is %s, but patient_responsibility is %s",
			b.Charged, b.PlanPaid, b.Adjustments, rest, b.Responsibility)
	}
	if b.Person.Guarantor == b.Person.MemberID {
		b.Person.Guarantor = ""
	}
	return nil
}

// credit reports whether the row is a credit, which a person has to look at.
func (b *Balance) credit() bool { return b.Responsibility < 0 || b.Paid > b.Responsibility }

// retryText is a refused row as a file of its own.
func (r *BalanceRecord) retryText() []byte {
	return bytes.Join([][]byte{r.Header, r.Raw, nil}, []byte("\n"))
}

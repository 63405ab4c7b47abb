package member

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Incoming is a person as a source names them. At least one of MemberID and PatientID is set. Empty fields leave what is
// known untouched, so a record that only names a patient can come before the record that describes them.
type Incoming struct {
	MemberID  string // the plan's number, "" where the source has none: one is made from PatientID
	PatientID string // the source's own id
	Guarantor string // the guarantor's MemberID or PatientID, "" for self or unknown
	Given     string
	Family    string
	BirthDate day.Date
	Deceased  bool
	ZIP       string
	State     string
	Email     string
	Phone     string
	Language  string
	Numbers   []Number // other numbers ever printed for this person
}

// Number is a printed number and what it is: "member_id", "medical_record", "subscriber", ...
type Number struct{ Kind, Value string }

// Imported tells what became of an Incoming.
type Imported struct {
	ID      string // row id
	Created bool
	Updated bool
}

// ImportBatch creates or completes people in one transaction, in a few statements however many there are, and returns
// one result for each, in order. A MemberID that is somebody else's never makes two people one: it becomes one more number
// of this person, who gets a MemberID of their own. The caller serialises imports (bill.LockImports); two may not run at
// once.
func ImportBatch(ctx context.Context, tx *db.Tx, now time.Time, incoming []Incoming) ([]Imported, error) {
	if len(incoming) == 0 {
		return nil, nil
	}
	known, err := lookUp(ctx, tx, incoming)
	if err != nil {
		return nil, err
	}
	out := make([]Imported, len(incoming))
	var fresh []*Member
	changed := map[string]*Member{}
	numbers := map[[2]string]string{}
	for i, in := range incoming {
		if in.PatientID == "" && other(known.byMember[in.MemberID], in) {
			in.PatientID = holder(in)
		}
		m := known.find(in)
		if owner := known.byMember[in.MemberID]; owner != nil && owner != m {
			in.Numbers = append(slices.Clip(in.Numbers), Number{"member_id", in.MemberID})
			in.MemberID = ""
		}
		if m == nil {
			m = &Member{ID: id.New("mem"), MemberID: in.MemberID, PatientID: in.PatientID}
			m.GuarantorID = m.ID
			if m.MemberID == "" {
				m.MemberID = known.number(in.PatientID)
			}
			merge(m, in)
			fresh = append(fresh, m)
			known.add(m)
			out[i] = Imported{ID: m.ID, Created: true}
		} else {
			updated := merge(m, in)
			if updated && !created(fresh, m) {
				changed[m.ID] = m
			}
			out[i] = Imported{ID: m.ID, Updated: updated}
			known.add(m)
		}
		note := func(kind, value string) {
			if f := id.Fold(value); f != "" {
				numbers[[2]string{f, m.ID}] = kind
			}
		}
		note("member_id", m.MemberID)
		note("patient_id", m.PatientID)
		for _, n := range in.Numbers {
			note(n.Kind, n.Value)
		}
	}
	for i, in := range incoming { // guarantors last: they may stand later in the same batch
		g := known.guarantor(in)
		m := known.rows[out[i].ID]
		if g != nil && m.GuarantorID != g.ID {
			m.GuarantorID = g.ID
			if !created(fresh, m) {
				changed[m.ID] = m
			}
		}
	}
	if err := insert(ctx, tx, now, fresh); err != nil {
		return nil, err
	}
	for _, m := range changed {
		if err := update(ctx, tx, now, m); err != nil {
			return nil, err
		}
	}
	return out, insertNumbers(ctx, tx, numbers)
}

// merge copies what in knows into m and reports whether anything changed.
func merge(m *Member, in Incoming) bool {
	before := *m
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&m.MemberID, in.MemberID)
	set(&m.PatientID, in.PatientID)
	set(&m.Given, in.Given)
	set(&m.Family, in.Family)
	set(&m.ZIP, in.ZIP)
	set(&m.State, in.State)
	set(&m.Email, in.Email)
	set(&m.Phone, in.Phone)
	set(&m.Language, in.Language)
	if !in.BirthDate.IsZero() {
		m.BirthDate = in.BirthDate
	}
	m.Deceased = m.Deceased || in.Deceased
	return *m != before
}

func created(fresh []*Member, m *Member) bool {
	for _, f := range fresh {
		if f == m {
			return true
		}
	}
	return false
}

// people are the members a batch touches, by every key it may use.
type people struct {
	rows      map[string]*Member
	byMember  map[string]*Member
	byPatient map[string]*Member
	taken     map[string]bool // member ids in use among those a fresh number could collide with
}

func (p *people) add(m *Member) {
	p.rows[m.ID] = m
	p.byMember[m.MemberID] = m
	if m.PatientID != "" {
		p.byPatient[m.PatientID] = m
	}
}

func (p *people) find(in Incoming) *Member {
	if m := p.byPatient[in.PatientID]; in.PatientID != "" && m != nil {
		return m
	}
	m := p.byMember[in.MemberID]
	if m == nil || in.MemberID == "" || (in.PatientID != "" && m.PatientID != "") || other(m, in) {
		return nil // two source ids are two people, whatever is printed on their cards
	}
	return m
}

// other reports whether in is surely not m, though they have one card number, as families may: another first name and
// another date of birth. One difference alone is a correction.
func other(m *Member, in Incoming) bool {
	return m != nil && m.Given != "" && in.Given != "" && !strings.EqualFold(m.Given, in.Given) &&
		!m.BirthDate.IsZero() && !in.BirthDate.IsZero() && m.BirthDate != in.BirthDate
}

// holder stands in for the source's id of a person who shares a card number and of whom the source has no id.
func holder(in Incoming) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s", in.MemberID, in.BirthDate, strings.ToLower(in.Given)))
	return "card-" + hex.EncodeToString(sum[:10])
}

// guarantor finds who owes for a person. A source that names people by its own ids means one of those first: another
// person may have the same number on their card.
func (p *people) guarantor(in Incoming) *Member {
	first, second := p.byMember[in.Guarantor], p.byPatient[in.Guarantor]
	if in.PatientID != "" {
		first, second = second, first
	}
	switch {
	case in.Guarantor == "":
		return nil
	case first != nil:
		return first
	}
	return second
}

// number makes a member ID for a person whose source has none: the same person gets the same number again, and the next
// candidate is taken where it is in use.
func (p *people) number(patientID string) string {
	for try := range candidates {
		n := candidate(patientID, try)
		if p.byMember[n] == nil && !p.taken[n] {
			return n
		}
	}
	return id.New("M") // every candidate is taken: still unique, only longer
}

const candidates = 4

// candidate is ten digits: nine from the hash of the source's id and a check digit.
func candidate(patientID string, try int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s#%d", patientID, try))
	n := binary.BigEndian.Uint64(h[:8])%900_000_000 + 100_000_000
	s := fmt.Sprintf("%09d", n)
	sum := 0
	for i := range s {
		sum += int(s[i]-'0') * (i%9 + 1)
	}
	return s + fmt.Sprint(sum%10)
}

func lookUp(ctx context.Context, tx *db.Tx, incoming []Incoming) (*people, error) {
	p := &people{rows: map[string]*Member{}, byMember: map[string]*Member{}, byPatient: map[string]*Member{}, taken: map[string]bool{}}
	var memberIDs, patientIDs []string
	for _, in := range incoming {
		if in.MemberID != "" {
			memberIDs = append(memberIDs, in.MemberID)
		}
		if in.PatientID == "" && in.Given != "" && !in.BirthDate.IsZero() {
			in.PatientID = holder(in) // which counts only where the number is somebody else's
		}
		if in.PatientID != "" {
			patientIDs = append(patientIDs, in.PatientID)
			for try := range candidates { // for where there is no number, or it is somebody else's
				memberIDs = append(memberIDs, candidate(in.PatientID, try))
			}
		}
		if in.Guarantor != "" {
			memberIDs = append(memberIDs, in.Guarantor)
			patientIDs = append(patientIDs, in.Guarantor)
		}
	}
	read := func(column string, keys []string) error {
		for len(keys) > 0 {
			n := min(len(keys), 500)
			err := db.Each(ctx, tx, "SELECT "+fields+" FROM member WHERE "+column+" IN "+db.In(1, n), db.Args(keys[:n]), func(rows *sql.Rows) error {
				m, err := scan(rows)
				if err == nil && p.rows[m.ID] == nil {
					p.add(&m)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("look up members: %w", err)
			}
			keys = keys[n:]
		}
		return nil
	}
	if err := read("patient_id", patientIDs); err != nil {
		return nil, err
	}
	return p, read("member_id", memberIDs)
}

func insert(ctx context.Context, tx *db.Tx, now time.Time, list []*Member) error {
	const columns = 15
	for len(list) > 0 {
		n := min(len(list), 400)
		args := make([]any, 0, n*columns)
		for _, m := range list[:n] {
			args = append(args, m.ID, m.MemberID, m.PatientID, m.GuarantorID, m.Given, m.Family, m.BirthDate, m.Deceased,
				m.ZIP, m.State, m.Email, m.Phone, m.Language, db.Micros(now), db.Micros(now))
		}
		if err := tx.Later(ctx, "insert members", `INSERT INTO member (id, member_id, patient_id, guarantor_id, given, family, birth_date,
			deceased, zip, state, email, phone, language, created_at, updated_at) VALUES `+db.Values(n, columns), args...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func update(ctx context.Context, tx *db.Tx, now time.Time, m *Member) error {
	_, err := tx.ExecContext(ctx, `UPDATE member SET member_id = $2, patient_id = $3, guarantor_id = $4, given = $5, family = $6,
		birth_date = $7, deceased = $8, zip = $9, state = $10, email = $11, phone = $12, language = $13, updated_at = $14
		WHERE id = $1`, m.ID, m.MemberID, m.PatientID, m.GuarantorID, m.Given, m.Family, m.BirthDate, m.Deceased,
		m.ZIP, m.State, m.Email, m.Phone, m.Language, db.Micros(now))
	if err != nil {
		return fmt.Errorf("update member: %w", err)
	}
	return nil
}

func insertNumbers(ctx context.Context, tx *db.Tx, numbers map[[2]string]string) error {
	args := make([]any, 0, 1500)
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO member_number (folded, member_id, kind) VALUES "+
			db.Values(len(args)/3, 3)+" ON CONFLICT (folded, member_id) DO NOTHING", args...)
		args = args[:0]
		if err != nil {
			return fmt.Errorf("insert numbers: %w", err)
		}
		return nil
	}
	for key, kind := range numbers {
		args = append(args, key[0], key[1], kind)
		if len(args) == 1500 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

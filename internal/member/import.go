package member

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Incoming is a person as a source names them. At least one of MemberID and PatientID is set. Empty fields leave what is
// known untouched, so a record that only names a patient can come before the record that describes them. What a member said of how they are
// reached stands against what the source merely repeats (Say).
type Incoming struct {
	MemberID  string // the plan's number, "" where the source has none: one is made from PatientID
	PatientID string // the source's own id
	Guarantor string // the guarantor's MemberID or PatientID, "" for self or unknown
	Given     string
	Family    string
	BirthDate day.Date
	Deceased  bool
	Street    string // lines of the home address above the city, separated by line breaks
	City      string
	ZIP       string
	State     string
	Email     string
	Phone     string
	Language  string
	Previous  Number   // the MemberID before this one; "" for none or unknown
	Numbers   []Number // other numbers ever printed for this person
}

// Number is a printed number and what it is: "member_id", "medical_record", "subscriber", ... From and Until are the
// days on which it was first and last the person's, zero where the source does not say.
type Number struct {
	Kind, Value string
	From, Until day.Date
}

// Imported tells what became of an Incoming.
type Imported struct {
	ID      string // row id
	Created bool
	Updated bool
}

// ImportBatch creates or completes people in one transaction, in a few statements however many there are, and returns
// one result for each, in order. A MemberID that is somebody else's never makes two people one: it becomes one more number
// of this person, who gets a MemberID of their own. A MemberID that somebody had before finds them still, and one that
// changes keeps finding them, with today as the last day where no source says another. The caller serialises imports (bill.LockImports); two may not run at
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
	changed, was := map[string]*Member{}, map[string]Member{}
	numbers := map[numberKey]printed{}
	ended := map[string]string{} // sayings by id
	today := day.Of(now, time.UTC)
	for i, in := range incoming {
		if in.PatientID == "" && other(known.byMember[in.MemberID], in) {
			in.PatientID = holder(in)
		}
		m := known.find(in)
		if owner := known.byMember[in.MemberID]; owner != nil && owner != m {
			in.Numbers = append(slices.Clip(in.Numbers), Number{Kind: "member_id", Value: in.MemberID})
			in.MemberID = ""
		}
		if m != nil && known.earlier(m, in) {
			in.MemberID = "" // an old number does not come back by being used
		}
		before := ""
		if m != nil {
			before = m.MemberID
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
			old := *m
			heard, over := known.heard(m, in)
			maps.Copy(ended, over)
			merge(m, heard)
			updated := *m != old
			if updated && !created(fresh, m) {
				if _, again := was[m.ID]; !again {
					was[m.ID] = old
				}
				changed[m.ID] = m
			}
			out[i] = Imported{ID: m.ID, Updated: updated}
			known.add(m)
		}
		note := func(n Number, dated bool) {
			if f := id.Fold(n.Value); f != "" && !(numbers[numberKey{f, m.ID}].dated && !dated) {
				numbers[numberKey{f, m.ID}] = printed{n, dated}
			}
		}
		if before != "" && before != m.MemberID {
			known.rename(m, before)
			note(Number{Kind: "member_id", Value: before, Until: today}, true)
		}
		if p := in.Previous; p.Value != "" && id.Fold(p.Value) != id.Fold(m.MemberID) {
			if p.Until.IsZero() {
				p.Until = today
			}
			note(Number{"member_id", p.Value, p.From, p.Until}, before != m.MemberID || !in.Previous.Until.IsZero())
		}
		note(Number{Kind: "member_id", Value: m.MemberID}, before != m.MemberID)
		note(Number{Kind: "patient_id", Value: m.PatientID}, false)
		for _, n := range in.Numbers {
			if id.Fold(n.Value) != id.Fold(m.MemberID) {
				note(n, !n.From.IsZero() || !n.Until.IsZero())
			}
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
		if old, ok := was[m.ID]; ok {
			if err := renameSearch(ctx, tx, old, *m); err != nil {
				return nil, err
			}
		}
	}
	for sayingID, ending := range ended {
		if err := endSaying(ctx, tx, now, sayingID, ending); err != nil {
			return nil, err
		}
	}
	return out, insertNumbers(ctx, tx, numbers)
}

// merge copies what in knows into m.
func merge(m *Member, in Incoming) {
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&m.MemberID, in.MemberID)
	set(&m.PatientID, in.PatientID)
	set(&m.Given, in.Given)
	set(&m.Family, in.Family)
	if in.moved(m) {
		m.Street, m.City, m.State = "", "", ""
	}
	set(&m.Street, in.Street)
	set(&m.City, in.City)
	set(&m.ZIP, in.ZIP)
	set(&m.State, in.State)
	set(&m.Email, in.Email)
	set(&m.Phone, in.Phone)
	set(&m.Language, in.Language)
	if !in.BirthDate.IsZero() {
		m.BirthDate = in.BirthDate
	}
	m.Deceased = m.Deceased || in.Deceased
}

// moved reports whether in has another home address than m, of which what it does not say must not be taken from the old one.
func (in Incoming) moved(m *Member) bool {
	other := func(was, is string) bool { return was != "" && is != "" && was != is }
	return other(first5(m.ZIP), first5(in.ZIP)) || other(m.Street, in.Street)
}

// first5 is the part of a ZIP code that says where.
func first5(zip string) string { return zip[:min(len(zip), 5)] }

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
	taken     map[string]bool     // member ids in use among those a fresh number could collide with
	former    map[string][]string // folded member id that is nobody's now: row ids of whose it was
	said      map[string][]Saying // by row id
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
	for _, old := range []string{in.MemberID, in.Previous.Value} {
		if m == nil {
			m = p.held(old, in)
		}
	}
	if m == nil || in.MemberID == "" || (in.PatientID != "" && m.PatientID != "") || other(m, in) {
		return nil // two source ids are two people, whatever is printed on their cards
	}
	return m
}

// held finds the one person whose number an old one was, by the number as it stands or by what it was before.
func (p *people) held(number string, in Incoming) *Member {
	if number == "" {
		return nil
	}
	if m := p.byMember[number]; m != nil {
		return m
	}
	var found *Member
	for _, rowID := range p.former[id.Fold(number)] {
		if m := p.rows[rowID]; m != nil && !other(m, in) {
			if found != nil {
				return nil // two people had it, and nothing tells them apart
			}
			found = m
		}
	}
	return found
}

// rename notes that m had another number before.
func (p *people) rename(m *Member, before string) {
	if p.byMember[before] == m {
		delete(p.byMember, before)
	}
	p.former[id.Fold(before)] = append(p.former[id.Fold(before)], m.ID)
}

// earlier reports whether in names m by a number that was m's before the one m has now.
func (p *people) earlier(m *Member, in Incoming) bool {
	return in.MemberID != "" && in.MemberID != m.MemberID && slices.Contains(p.former[id.Fold(in.MemberID)], m.ID) &&
		id.Fold(in.Previous.Value) != id.Fold(m.MemberID) // unless the source says that it did
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
	first, second := p.held(in.Guarantor, Incoming{}), p.byPatient[in.Guarantor]
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
	p := &people{rows: map[string]*Member{}, byMember: map[string]*Member{}, byPatient: map[string]*Member{}, taken: map[string]bool{}, former: map[string][]string{}, said: map[string][]Saying{}}
	var memberIDs, patientIDs []string
	for _, in := range incoming {
		for _, s := range []string{in.MemberID, in.Previous.Value} {
			if s != "" {
				memberIDs = append(memberIDs, s)
			}
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
	if err := read("member_id", memberIDs); err != nil {
		return nil, err
	}
	rowIDs, err := p.readFormer(ctx, tx, incoming)
	if err != nil {
		return nil, err
	}
	if err := read("id", rowIDs); err != nil {
		return nil, err
	}
	return p, p.readSayings(ctx, tx)
}

// readFormer looks up who had the numbers that are nobody's now, and returns the row ids of those people.
func (p *people) readFormer(ctx context.Context, tx *db.Tx, incoming []Incoming) (rowIDs []string, err error) {
	want := map[string]bool{}
	for _, in := range incoming {
		for _, s := range []string{in.MemberID, in.Previous.Value, in.Guarantor} {
			if f := id.Fold(s); f != "" && p.byMember[s] == nil && p.byPatient[s] == nil {
				want[f] = true
			}
		}
	}
	folded := slices.Sorted(maps.Keys(want))
	for chunk := range slices.Chunk(folded, 500) {
		err := db.Each(ctx, tx, "SELECT folded, member_id FROM member_number WHERE valid_until <> '' AND kind = 'member_id' AND folded IN "+db.In(1, len(chunk)),
			db.Args(chunk), func(rows *sql.Rows) error {
				var f, rowID string
				err := rows.Scan(&f, &rowID)
				p.former[f] = append(p.former[f], rowID)
				rowIDs = append(rowIDs, rowID)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("look up former numbers: %w", err)
		}
	}
	return rowIDs, nil
}

func insert(ctx context.Context, tx *db.Tx, now time.Time, list []*Member) error {
	const columns = 19
	for len(list) > 0 {
		n := min(len(list), 400)
		args := make([]any, 0, n*columns)
		var names []SearchRow
		for _, m := range list[:n] {
			args = append(args, m.ID, m.MemberID, m.PatientID, m.GuarantorID, m.Given, m.Family, m.BirthDate, m.Deceased,
				m.Street, m.City, m.ZIP, m.State, m.Email, m.Phone, m.Language, db.Micros(now), db.Micros(now), foldEmail(m.Email), FoldPhone(m.Phone))
			names = append(names, SearchRows(*m)...)
		}
		if err := tx.Later(ctx, "insert members", `INSERT INTO member (id, member_id, patient_id, guarantor_id, given, family, birth_date,
			deceased, street, city, zip, state, email, phone, language, created_at, updated_at, email_folded, phone_folded) VALUES `+db.Values(n, columns), args...); err != nil {
			return err
		}
		if err := insertSearch(ctx, tx, names); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func update(ctx context.Context, tx *db.Tx, now time.Time, m *Member) error {
	_, err := tx.ExecContext(ctx, `UPDATE member SET member_id = $2, patient_id = $3, guarantor_id = $4, given = $5, family = $6,
		birth_date = $7, deceased = $8, zip = $9, state = $10, email = $11, phone = $12, language = $13, updated_at = $14, street = $15, city = $16,
		email_folded = $17, phone_folded = $18 WHERE id = $1`, m.ID, m.MemberID, m.PatientID, m.GuarantorID, m.Given, m.Family, m.BirthDate, m.Deceased,
		m.ZIP, m.State, m.Email, m.Phone, m.Language, db.Micros(now), m.Street, m.City, foldEmail(m.Email), FoldPhone(m.Phone))
	if err != nil {
		return fmt.Errorf("update member: %w", err)
	}
	return nil
}

// numberKey is a number in its look-up form and whose it is.
type numberKey struct{ folded, rowID string }

// printed is a number to keep. dated tells that its days are news.
type printed struct {
	Number
	dated bool
}

// insertNumbers keeps numbers. One that is known stays as it is, unless its days are news.
func insertNumbers(ctx context.Context, tx *db.Tx, numbers map[numberKey]printed) error {
	const columns, most = 5, 300
	for _, dated := range []bool{false, true} {
		then := "NOTHING"
		if dated {
			then = "UPDATE SET kind = EXCLUDED.kind, valid_until = EXCLUDED.valid_until, valid_from = CASE WHEN EXCLUDED.valid_from = '' THEN member_number.valid_from ELSE EXCLUDED.valid_from END"
		}
		args := make([]any, 0, most*columns)
		flush := func() error {
			if len(args) == 0 {
				return nil
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO member_number (folded, member_id, kind, valid_from, valid_until) VALUES "+
				db.Values(len(args)/columns, columns)+" ON CONFLICT (folded, member_id) DO "+then, args...)
			args = args[:0]
			if err != nil {
				return fmt.Errorf("insert numbers: %w", err)
			}
			return nil
		}
		for key, n := range numbers {
			if n.dated != dated {
				continue
			}
			if args = append(args, key.folded, key.rowID, n.Kind, n.From, n.Until); len(args) == most*columns {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

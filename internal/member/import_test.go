package member_test

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
)

// bring imports people in one batch and returns their row ids.
func bring(t *testing.T, d *db.DB, list ...member.Incoming) []string {
	t.Helper()
	var ids []string
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		out, err := member.ImportBatch(t.Context(), tx, time.Now(), list)
		for _, m := range out {
			ids = append(ids, m.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func look(t *testing.T, d *db.DB, rowID string) member.Member {
	t.Helper()
	m, err := member.Get(t.Context(), d.Read(), rowID)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var (
	ana = member.Incoming{MemberID: "0000", PatientID: "pat-ana", Given: "Ana", BirthDate: day.MustParse("1980-01-02")}
	ben = member.Incoming{MemberID: "0000", PatientID: "pat-ben", Given: "Ben", BirthDate: day.MustParse("2012-03-04")}
)

// TestOneCardNumberNeverMakesTwoPeopleOne imports two patients with one card number, in one batch and in two: each keeps
// their name and date of birth, and the second gets a number of their own.
func TestOneCardNumberNeverMakesTwoPeopleOne(t *testing.T) {
	t.Parallel()
	for name, batches := range map[string][][]member.Incoming{
		"one batch":    {{ana, ben}},
		"two batches":  {{ana}, {ben}},
		"again":        {{ana}, {ben}, {ana, ben}, {ben, ana}},
		"number later": {{ana}, {{PatientID: ben.PatientID}}, {ben}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				byName := map[string]string{}
				for _, batch := range batches {
					for i, rowID := range bring(t, d, batch...) {
						if in := batch[i]; in.Given != "" {
							if was := byName[in.Given]; was != "" && was != rowID {
								t.Errorf("%s became somebody else", in.Given)
							}
							byName[in.Given] = rowID
						}
					}
				}
				first, second := look(t, d, byName["Ana"]), look(t, d, byName["Ben"])
				if first.ID == second.ID || first.Given != "Ana" || second.Given != "Ben" || first.BirthDate == second.BirthDate ||
					first.MemberID != "0000" || second.MemberID == "0000" || second.MemberID == "" || second.PatientID != ben.PatientID {
					t.Errorf("%+v\n%+v", first, second)
				}
			})
		})
	}
}

// TestSharedNumberFindsBoth keeps a card number that belongs to somebody else as a number of this person, too.
func TestSharedNumberFindsBoth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := ana, ben
		a.MemberID, b.MemberID = "M-77", "M-77"
		bring(t, d, a)
		bring(t, d, b)
		found, err := member.ByNumber(t.Context(), d.Read(), "m77")
		if err != nil || len(found) != 2 {
			t.Errorf("%d found, %v", len(found), err)
		}
	})
}

// TestCompletedByTheSource lets a person who was known by card number only get their source id, and the other way round.
func TestCompletedByTheSource(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bare := bring(t, d, member.Incoming{MemberID: "0000"})[0]
		if again := bring(t, d, ana)[0]; again != bare || look(t, d, bare).PatientID != ana.PatientID {
			t.Errorf("a second row for one person")
		}
		other := bring(t, d, member.Incoming{PatientID: "pat-eve"})[0]
		if again := bring(t, d, member.Incoming{PatientID: "pat-eve", MemberID: "M9"})[0]; again != other || look(t, d, other).MemberID != "M9" {
			t.Errorf("the card number was not taken")
		}
	})
}

// TestGuarantorIsOfTheSameSource has a stranger whose card number is the source id of a parent: the child's bills go to
// the parent.
func TestGuarantorIsOfTheSameSource(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		stranger := bring(t, d, member.Incoming{MemberID: "1001", Given: "Stranger"})[0]
		ids := bring(t, d, member.Incoming{PatientID: "1001", Given: "Parent"}, member.Incoming{PatientID: "1002", Guarantor: "1001"})
		if g := look(t, d, ids[1]).GuarantorID; g != ids[0] || g == stranger {
			t.Errorf("the guarantor is %s, want %s", look(t, d, g).Given, look(t, d, ids[0]).Given)
		}
		kid := bring(t, d, member.Incoming{MemberID: "1003", Guarantor: "1001"})[0]
		if g := look(t, d, kid).GuarantorID; g != stranger {
			t.Errorf("by card number the guarantor is %s", look(t, d, g).Given)
		}
	})
}

// TestFamilyOnOneCard imports people whom the source names by a card number only: another first name and another date of
// birth are another person, every time; one of them alone is a correction.
func TestFamilyOnOneCard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := ana, ben
		a.MemberID, a.PatientID, b.MemberID, b.PatientID = "M1", "", "M1", ""
		first := bring(t, d, a)[0]
		second := bring(t, d, b)[0]
		if ids := bring(t, d, b, a); first == second || ids[0] != second || ids[1] != first {
			t.Fatalf("%s %s, then %v", first, second, ids)
		}
		if m := look(t, d, first); m.Given != "Ana" || m.BirthDate != a.BirthDate || m.MemberID != "M1" {
			t.Errorf("%+v", m)
		}
		if found, err := member.ByNumber(t.Context(), d.Read(), "M1"); err != nil || len(found) != 2 {
			t.Errorf("%d found, %v", len(found), err)
		}
		source := ben
		source.MemberID, source.BirthDate = "M1", day.MustParse("2014-05-06")
		source.Given = "Cora"
		if third := bring(t, d, source)[0]; third == first || third == second {
			t.Error("a patient of another source became somebody on the card")
		}
		a.BirthDate = day.MustParse("1981-01-02")
		if again := bring(t, d, a)[0]; again != first || look(t, d, first).BirthDate != a.BirthDate {
			t.Error("a corrected date of birth made somebody new")
		}
	})
}

// TestAddress: an address is one thing. Who moved does not get a letter at the new ZIP code's old street.
func TestAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, step := range []struct {
			name string
			in   member.Incoming
			want string
		}{
			{"only a ZIP code", member.Incoming{ZIP: "97001"}, ""},
			{"all of it", member.Incoming{Street: "14 Sample Street\nApt 3", City: "Riverside Landing", State: "OR", ZIP: "97001"}, "14 Sample Street|Apt 3|Riverside Landing, OR 97001"},
			{"nothing new", member.Incoming{Given: "Ana"}, "14 Sample Street|Apt 3|Riverside Landing, OR 97001"},
			{"four more digits", member.Incoming{ZIP: "97001-1234"}, "14 Sample Street|Apt 3|Riverside Landing, OR 97001-1234"},
			{"another ZIP code", member.Incoming{ZIP: "10001"}, ""},
			{"the rest of it", member.Incoming{Street: "1 New Street", City: "Elsewhere"}, "1 New Street|Elsewhere 10001"},
			{"another street", member.Incoming{Street: "2 New Street", ZIP: "10001"}, ""},
		} {
			step.in.PatientID = "pat-ana"
			m := look(t, d, bring(t, d, step.in)[0])
			if got := strings.Join(m.Address(), "|"); got != step.want {
				t.Errorf("%s: %q, want %q", step.name, got, step.want)
			}
		}
	})
}

package member_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
)

func alias(t testing.TB, d *db.DB, rowID, number, from, until string) error {
	t.Helper()
	read := func(s string) (out day.Date) {
		if s != "" {
			out = day.MustParse(s)
		}
		return out
	}
	return d.Write(t.Context(), func(tx *db.Tx) error {
		return member.AddAlias(t.Context(), tx, rowID, number, read(from), read(until))
	})
}

// holders returns the row ids of those whom a number means on a day.
func holders(t testing.TB, d *db.DB, number, on string) []string {
	t.Helper()
	list, err := member.Holders(t.Context(), d.Read(), number)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, h := range member.HeldOn(list, day.MustParse(on)) {
		out = append(out, h.ID)
	}
	slices.Sort(out)
	return out
}

func TestAnOldNumberFindsItsPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ids := bring(t, d, member.Incoming{MemberID: "A-2", Given: "Ana", Family: "Uno", BirthDate: day.MustParse("1980-01-02")},
			member.Incoming{MemberID: "B-2", Given: "Ben", Family: "Dos", BirthDate: day.MustParse("1990-01-02")})
		ana, ben := ids[0], ids[1]
		if err := alias(t, d, ana, "old-1", "", "2025-06-30"); err != nil {
			t.Fatal(err)
		}
		if got := holders(t, d, "OLD 1", "2026-01-01"); !slices.Equal(got, []string{ana}) {
			t.Errorf("after its end nobody else has the number, and it finds %v", got)
		}
		if err := alias(t, d, ben, "OLD1", "2025-07-01", ""); err != nil {
			t.Fatal(err)
		}
		for on, want := range map[string]string{"2024-01-01": ana, "2025-06-30": ana, "2025-07-01": ben, "2026-01-01": ben} {
			if got := holders(t, d, "old1", on); !slices.Equal(got, []string{want}) {
				t.Errorf("on %s: %v, want %s", on, got, want)
			}
		}
		for name, c := range map[string]struct {
			row, number, from, until string
			want                     error
		}{
			"nothing in it":       {ana, " - ", "", "", member.ErrAliasEmpty},
			"ends before":         {ana, "old-3", "2025-01-02", "2025-01-01", member.ErrAliasDates},
			"their number now":    {ana, "a2", "", "", member.ErrAliasCurrent},
			"another's, open end": {ana, "B-2", "", "", member.ErrAliasOther},
			"another's, ended":    {ana, "B-2", "", "2020-01-01", nil},
		} {
			if err := alias(t, d, c.row, c.number, c.from, c.until); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	})
}

// TestImportsFollowNumbers imports people whose numbers change, are used again, and are given to others.
func TestImportsFollowNumbers(t *testing.T) {
	t.Parallel()
	born, later := day.MustParse("1980-01-02"), day.MustParse("1999-05-06")
	before := member.Incoming{MemberID: "K1", Given: "Ana", Family: "Uno", BirthDate: born}
	after := member.Incoming{MemberID: "K2", Given: "Ana", Family: "Uno", BirthDate: born, Previous: member.Number{Kind: "member_id", Value: "K1", Until: day.MustParse("2025-12-31")}}
	for name, steps := range map[string][]member.Incoming{
		"two files":             {before, after},
		"the old file again":    {before, after, before, after, before},
		"only its number":       {before, after, {MemberID: "K1"}},
		"by the source's id":    {{MemberID: "K1", PatientID: "p1", Given: "Ana", Family: "Uno", BirthDate: born}, {MemberID: "K2", PatientID: "p1"}, {MemberID: "K1", PatientID: "p1"}, {MemberID: "k-1", PatientID: "p1"}},
		"another row meanwhile": {before, after, {MemberID: "K9", Given: "Ben", BirthDate: later}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				var ana string
				for i, in := range steps {
					id := bring(t, d, in)[0]
					if i == 0 {
						ana = id
					}
					if in.Given != "Ben" && id != ana {
						t.Fatalf("step %d made another person of %+v", i, in)
					}
				}
				if m := look(t, d, ana); m.MemberID != "K2" {
					t.Errorf("the card says %s", m.MemberID)
				}
				for _, number := range []string{"K1", "K2"} {
					if got := holders(t, d, number, "2026-12-01"); !slices.Equal(got, []string{ana}) {
						t.Errorf("%s finds %v", number, got)
					}
				}
				// The number is given to somebody else: they are two people from then on.
				ben := bring(t, d, member.Incoming{MemberID: "K1", Given: "Ben", Family: "Dos", BirthDate: later})[0]
				if ben == ana {
					t.Fatal("a number that was given to somebody else made two people one")
				}
				if got := holders(t, d, "K1", "2030-01-01"); !slices.Equal(got, []string{ben}) {
					t.Errorf("who has the number now: %v, want %s", got, ben)
				}
				if again := bring(t, d, after)[0]; again != ana || look(t, d, ana).MemberID != "K2" {
					t.Errorf("the file after that made %s", again)
				}
				dependent := bring(t, d, member.Incoming{MemberID: "K2-1", Guarantor: "K2", Given: "Cy"})[0]
				if look(t, d, dependent).GuarantorID != ana {
					t.Error("the guarantor is somebody else")
				}
			})
		})
	}
	t.Run("in one batch", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			ids := bring(t, d, before, after, before, member.Incoming{MemberID: "K3", Guarantor: "K1", Given: "Cy"})
			if ids[0] != ids[1] || ids[0] != ids[2] || look(t, d, ids[0]).MemberID != "K2" {
				t.Errorf("%v: %+v", ids, look(t, d, ids[0]))
			}
			if look(t, d, ids[3]).GuarantorID != ids[0] {
				t.Error("a guarantor named by an old number is somebody else")
			}
		})
	})
	t.Run("back again", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			back := before
			back.Previous = member.Number{Kind: "member_id", Value: "K2", Until: day.MustParse("2026-06-30")}
			ids := append(bring(t, d, before), append(bring(t, d, after), bring(t, d, back)...)...)
			if m := look(t, d, ids[0]); ids[2] != ids[0] || m.MemberID != "K1" {
				t.Errorf("%v: %+v", ids, m)
			}
			if got := holders(t, d, "K1", "2026-12-01"); !slices.Equal(got, ids[:1]) {
				t.Errorf("K1 finds %v", got)
			}
		})
	})
}

// TestHeldOn draws histories of one number, given to one person after the other with gaps, and asks for any day.
func TestHeldOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := day.MustParse("2000-01-01")
		var list []member.Holder
		on := start
		n := rapid.IntRange(1, 5).Draw(t, "people")
		for i := range n {
			from := on.AddDays(rapid.IntRange(0, 40).Draw(t, "gap"))
			until := from.AddDays(rapid.IntRange(0, 400).Draw(t, "days"))
			h := member.Holder{Member: member.Member{ID: fmt.Sprint(i), Given: fmt.Sprint("Name", string(rune('a'+i))), BirthDate: start}, From: from, Until: until}
			if i == 0 && rapid.Bool().Draw(t, "from the beginning") {
				h.From = day.Date{}
			}
			if i == n-1 && rapid.Bool().Draw(t, "to this day") {
				h.Until = day.Date{}
			}
			list, on = append(list, h), until.AddDays(1)
		}
		asked := start.AddDays(rapid.IntRange(-10, 2500).Draw(t, "asked"))
		shuffled := rapid.Permutation(list).Draw(t, "order")
		got := member.HeldOn(shuffled, asked)
		var want []string
		for i, h := range list { // they do not overlap: the last one that had begun is meant, or all where nobody had
			if h.On(asked) {
				want = []string{h.ID}
				break
			}
			if asked.After(h.Until) && !h.Until.IsZero() {
				want = []string{list[i].ID}
			}
		}
		if want == nil {
			for _, h := range list {
				want = append(want, h.ID)
			}
		}
		var ids []string
		for _, h := range got {
			ids = append(ids, h.ID)
		}
		slices.Sort(ids)
		if !slices.Equal(ids, want) {
			t.Fatalf("on %s: %v, want %v of %+v", asked, ids, want, list)
		}
		// Whoever is known twice is found whole, whichever of the rows has the number now.
		twin := list[0]
		twin.ID, twin.From, twin.Until = "again", asked, day.Date{}
		both := member.HeldOn(append(shuffled, twin), asked)
		if !slices.ContainsFunc(both, func(h member.Holder) bool { return h.ID == "0" }) {
			t.Fatalf("the other row of one person is lost: %+v", both)
		}
	})
}

func TestEnding(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"LH10002001": "2001", "12345678": "5678", "1234567": "67", "A1": "A1", "": "", "ñandú": "dú"} {
		if got := member.Ending(number); got != want {
			t.Errorf("%q: %q, want %q", number, got, want)
		}
	}
}

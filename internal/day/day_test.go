package day

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moov-io/base"
	"pgregory.net/rapid"
)

// testdata returns a file of the shared test data, and skips the test where there is none.
func testdata(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "testdata")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared test data (set MEMBERPAY_TESTDATA): %v", err)
	}
	return path
}

func TestParseAndString(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0001-01-01", "1900-02-28", "2024-02-29", "2026-12-03", "9999-12-31"} {
		d, err := Parse(s)
		if err != nil || d.String() != s {
			t.Errorf("Parse(%q) = %q, %v", s, d, err)
		}
	}
	for s, want := range map[string]error{
		"": ErrFormat, "2026-1-03": ErrFormat, "2026/12/03": ErrFormat, "12/03/2026": ErrFormat,
		"2026-12-03T00": ErrFormat, "２０２６-12-03": ErrFormat, "+026-12-03": ErrFormat, "2026-12-0x": ErrFormat,
		"2025-02-29": ErrNotReal, "1900-02-29": ErrNotReal, "2026-13-01": ErrNotReal, "2026-00-01": ErrNotReal,
		"2026-04-31": ErrNotReal, "2026-12-00": ErrNotReal, "0000-01-01": ErrNotReal,
	} {
		if d, err := Parse(s); !errors.Is(err, want) || !d.IsZero() {
			t.Errorf("Parse(%q) = %q, %v; want %v", s, d, err, want)
		}
	}
}

func TestParseParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		year, month, day, want string
		err                    error
	}{
		{"1984", "3", "7", "1984-03-07", nil},
		{" 1984 ", "03", "07\u00a0", "1984-03-07", nil},
		{"١٩٨٤", "٣", "٧", "1984-03-07", nil}, // Arabic
		{"१९८४", "३", "७", "1984-03-07", nil}, // Devanagari
		{"１９８４", "３", "７", "1984-03-07", nil}, // full width
		{"\u200e1984", "3", "7", "1984-03-07", nil},
		{"", "", "", "", ErrMissing},
		{" ", "3", "", "", ErrMissing},
		{"1984", "", "7", "", ErrMissingMonth},
		{"1984", "3", "\t", "", ErrMissingDay},
		{"", "3", "7", "", ErrMissingYear},
		{"84", "3", "7", "", ErrYear},
		{"19840", "3", "7", "", ErrYear},
		{"198A", "3", "7", "", ErrYear},
		{"1984", "13", "7", "", ErrNotReal},
		{"1984", "2", "30", "", ErrNotReal},
		{"1984", "March", "7", "", ErrNotReal},
		{"1984", "-3", "7", "", ErrNotReal},
		{"1984", "003", "7", "", ErrNotReal},
		{"0000", "3", "7", "", ErrNotReal},
		{"1984", "3", "<script>alert(1)</script>                    ", "", ErrNotReal},
	} {
		d, err := ParseParts(c.year, c.month, c.day)
		if !errors.Is(err, c.err) || d.String() != c.want {
			t.Errorf("ParseParts(%q, %q, %q) = %q, %v; want %q, %v", c.year, c.month, c.day, d, err, c.want, c.err)
		}
	}
}

func TestOfTakesTheDayOfTheLocation(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	instant := time.Date(2026, 3, 9, 3, 59, 59, 0, time.UTC)
	if got := Of(instant, newYork).String(); got != "2026-03-08" {
		t.Errorf("before midnight: %s", got)
	}
	if got := Of(instant.Add(time.Second), newYork).String(); got != "2026-03-09" {
		t.Errorf("at midnight: %s", got)
	}
	if !Of(time.Time{}, newYork).IsZero() {
		t.Error("the zero time has a date")
	}
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := MustParse("0001-01-01").AddDays(rapid.IntRange(0, 3_652_058).Draw(t, "start"))
		n := rapid.IntRange(-40_000, 40_000).Draw(t, "n")
		end := start.AddDays(n)
		if end != MustParse("9999-12-31") && end != MustParse("0001-01-01") && end.Sub(start) != n {
			t.Fatalf("%s + %d = %s, %d days away", start, n, end, end.Sub(start))
		}
		if back, err := Parse(end.String()); err != nil || back != end {
			t.Fatalf("%s does not survive its own text: %v", end, err)
		}
		if start.Before(end) != (start.String() < end.String()) || start.Compare(end) != -end.Compare(start) ||
			start.After(end) != end.Before(start) {
			t.Fatalf("%s and %s are not in the order of their texts", start, end)
		}
	})
	if got := MustParse("9999-12-30").AddDays(1 << 40); got != MustParse("9999-12-31") {
		t.Errorf("the last day is %s", got)
	}
	if got := MustParse("0001-01-02").AddDays(-1 << 40); got != MustParse("0001-01-01") {
		t.Errorf("the first day is %s", got)
	}
	if !(Date{}).AddDays(3).IsZero() || !(Date{}).Before(MustParse("0001-01-01")) {
		t.Error("the zero date moved")
	}
}

func TestDatabaseAndJSON(t *testing.T) {
	t.Parallel()
	for _, want := range []Date{{}, MustParse("2026-12-03")} {
		v, err := want.Value()
		if err != nil || v != want.String() {
			t.Fatalf("Value of %q is %v, %v", want, v, err)
		}
		for _, src := range []any{v, []byte(v.(string))} {
			got := MustParse("1999-01-01")
			if err := got.Scan(src); err != nil || got != want {
				t.Errorf("Scan(%v) = %q, %v", src, got, err)
			}
		}
		text, err := json.Marshal(map[string]Date{"on": want})
		if err != nil || string(text) != `{"on":"`+want.String()+`"}` {
			t.Errorf("JSON %s, %v", text, err)
		}
		var back map[string]Date
		if err := json.Unmarshal(text, &back); err != nil || back["on"] != want {
			t.Errorf("from JSON %v, %v", back, err)
		}
	}
	d := MustParse("1999-01-01")
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Errorf("NULL is %q, %v", d, err)
	}
	if err := json.Unmarshal([]byte("null"), &d); err != nil || !d.IsZero() {
		t.Errorf("null is %q, %v", d, err)
	}
	if err := d.Scan(7); err == nil {
		t.Error("a number was scanned as a date")
	}
	if err := json.Unmarshal([]byte(`"2026-02-30"`), &d); !errors.Is(err, ErrNotReal) {
		t.Errorf("an unreal date: %v", err)
	}
}

func TestBankingDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-07-02", 1, "2026-07-03"},  // July 4 is a Saturday: Friday the 3rd is open
		{"2026-07-03", 1, "2026-07-06"},  //
		{"2027-07-02", 1, "2027-07-06"},  // July 4 is a Sunday: Monday is closed
		{"2026-11-25", 1, "2026-11-27"},  // Thanksgiving
		{"2026-12-24", 1, "2026-12-28"},  // Christmas and a weekend
		{"2021-06-17", 1, "2021-06-18"},  // before the first Juneteenth
		{"2026-06-18", 1, "2026-06-22"},  // Juneteenth on a Friday
		{"2026-08-01", 0, "2026-08-03"},  // a Saturday counts as Monday
		{"2026-08-01", 1, "2026-08-04"},  //
		{"2026-08-03", -1, "2026-07-31"}, //
		{"2026-08-03", 0, "2026-08-03"},
	} {
		if got := AddBankingDays(MustParse(c.from), c.n).String(); got != c.want {
			t.Errorf("%s + %d banking days = %s, want %s", c.from, c.n, got, c.want)
		}
	}
	if BankingDay(Date{}) || !AddBankingDays(Date{}, 2).IsZero() || !NextBankingDay(Date{}).IsZero() {
		t.Error("the zero date is a banking day")
	}
}

func TestHolidaysAgainstThePublishedList(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testdata(t, "reference/fed-bank-holidays-2018-2035.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, r := range rows[1:] {
		want[r[0]+" "+r[2]] = r[1]
	}
	seen := 0
	for year := 2018; year <= 2035; year++ {
		for _, h := range Holidays(year) {
			closed, listed := want[h.On.String()+" "+h.Name]
			if !listed || closed != h.Closed.String() {
				t.Errorf("%s %s closes %q, the list says %q (listed: %v)", h.On, h.Name, h.Closed, closed, listed)
			}
			seen++
		}
	}
	if seen != len(want) {
		t.Errorf("%d holidays computed, %d published", seen, len(want))
	}
}

// Another implementation of the same calendar must agree on every day.
func TestBankingDaysAgainstAnotherImplementation(t *testing.T) {
	t.Parallel()
	for d := MustParse("2018-01-01"); d.Year() <= 2050; d = d.AddDays(1) {
		other := base.NewTime(d.At(12, 0, time.UTC)).IsBankingDay()
		if got := BankingDay(d); got != other {
			t.Errorf("%s %s: banking day %v, the other says %v", d.Weekday(), d, got, other)
		}
	}
}

func FuzzParseParts(f *testing.F) {
	f.Add("1984", "3", "7")
	f.Add("\xff\xfe", "٣", "")
	f.Fuzz(func(t *testing.T, y, m, d string) {
		got, err := ParseParts(y, m, d)
		if err == nil && (got.IsZero() || len(got.String()) != 10) {
			t.Fatalf("ParseParts(%q, %q, %q) = %q without an error", y, m, d, got)
		}
		if err != nil && !got.IsZero() {
			t.Fatalf("ParseParts(%q, %q, %q) = %q and %v", y, m, d, got, err)
		}
	})
}

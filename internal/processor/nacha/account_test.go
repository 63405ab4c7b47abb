package nacha

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"memberpay/internal/fault"
)

func TestValidRouting(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]error{
		"011000015": nil, "121000358": nil, "322271627": nil, "": ErrRoutingEmpty, " 11000015": ErrRoutingDigits,
		"011000015 ": ErrRoutingDigits, "0110 0015": ErrRoutingDigits, "01100001X": ErrRoutingDigits,
		"０１１０００015": ErrRoutingDigits, "12345678": ErrRoutingLength, "0110000155": ErrRoutingLength,
		"011000016": ErrRoutingChecksum, "000000000": ErrRoutingUnknown,
		"500000005": ErrRoutingUnknown, // a right check digit under a pair that is not given out
		"990000000": ErrRoutingUnknown,
	} {
		if got := ValidRouting(s); !errors.Is(got, want) {
			t.Errorf("ValidRouting(%q) = %v, want %v", s, got, want)
		}
	}
	if fault.KindOf(ValidRouting("1")) != fault.Invalid {
		t.Error("a wrong routing number is not the payer's to correct")
	}
}

func TestValidRoutingAgainstVectors(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testdata(t, "reference/aba-vectors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 100 {
		t.Fatalf("only %d vectors", len(rows))
	}
	for _, row := range rows[1:] {
		if got := ValidRouting(row[0]) == nil; got != (row[1] == "valid") {
			t.Errorf("ValidRouting(%q) = %v, the list says %s (%s)", row[0], ValidRouting(row[0]), row[1], row[2])
		}
	}
}

func TestValidRoutingKnowsEveryBank(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testdata(t, "reference/FedACHdir-half.txt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range strings.Lines(string(text)) {
		if len(l) < 9 {
			continue
		}
		if err := ValidRouting(l[:9]); err != nil {
			t.Errorf("%s: %v", l[:9], err)
		}
		n++
	}
	if n < 9000 {
		t.Errorf("only %d banks", n)
	}
}

func TestValidAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"000123456789", "000123456789", nil}, {"0001-2345 6789", "000123456789", nil}, {" 1234 ", "1234", nil},
		{"12345678901234567", "12345678901234567", nil}, {"", "", ErrAccountEmpty}, {" - ", "", ErrAccountEmpty},
		{"123", "", ErrAccountShort}, {"123456789012345678", "", ErrAccountLong}, {"12A4567", "", ErrAccountDigits},
		{"１２３４５", "", ErrAccountDigits}, {"1234.5", "", ErrAccountDigits}, {"\x001234", "", ErrAccountDigits},
	} {
		got, err := ValidAccount(c.in)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("ValidAccount(%q) = %q, %v; want %q, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"O'Brien": "O'BRIEN", "D’Arcy": "D'ARCY", "José Ñandú": "JOSE NANDU", "Łukasz Żółć": "LUKASZ ZOLC",
		"Nguyễn Thị Ánh": "NGUYEN THI ANH", "Þórður Ægisson": "THORDUR AEGISSON", "Straße": "STRASSE",
		"İstanbul": "ISTANBUL", "ﬁligature": "FILIGATURE", "e\u0301va": "EVA", "\u202ertl  name": "RTL NAME",
		"Wolfeschlegelsteinhausenbergerdorff Sr.": "WOLFESCHLEGELSTEINHAUS", "tab\there\nnew": "TAB HERE NEW",
		"<script>alert(1)</script>": "SCRIPT ALERT 1 /SCRIPT", "Mary-Ann Smith-Jones, Jr.": "MARY-ANN SMITH-JONES J",
	} {
		if got := individualName(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
		if err := ValidName(in); err != nil {
			t.Errorf("ValidName(%q) = %v", in, err)
		}
	}
	for in, want := range map[string]error{
		"": ErrNameEmpty, "  ": ErrNameEmpty, "李小龙": ErrNameLetters, "محمد": ErrNameLetters, "👩": ErrNameLetters,
		"12345": ErrNameLetters, strings.Repeat("A", 101): ErrNameLong,
	} {
		if err := ValidName(in); !errors.Is(err, want) {
			t.Errorf("ValidName(%q) = %v, want %v", in, err, want)
		}
	}
}

func TestHostileNamesAreFileTextOrRefused(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(testdata(t, "hostile-text/names.json"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := json.Unmarshal(raw, &names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		got := individualName(n)
		if len(got) > maxIndividual || !printable(got) || strings.TrimSpace(got) != got {
			t.Errorf("%q is written %q", n, got)
		}
		if ValidName(n) == nil && got == "" {
			t.Errorf("%q is valid and written as nothing", n)
		}
	}
}

func FuzzFileText(f *testing.F) {
	for _, s := range []string{"Zoë", "\xff\xfe", "ß\u0301", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := individualName(s)
		if len(got) > maxIndividual || !printable(got) || strings.TrimSpace(got) != got {
			t.Fatalf("%q is written %q", s, got)
		}
		if ValidName(s) == nil && got == "" {
			t.Fatalf("%q is valid and written as nothing", s)
		}
	})
}

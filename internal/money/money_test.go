package money

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseInput(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Cents{
		"12.34": 1234, "$12.34": 1234, " 12 ": 1200, "1,234.50": 123450, "0.01": 1, ".5": 50, "12.5": 1250, "$ 7": 700,
		"000012.00": 1200, "10,000,000": 1_000_000_000,
	} {
		got, err := ParseInput(in)
		if err != nil || got != want {
			t.Errorf("ParseInput(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]error{
		"": ErrEmpty, "$": ErrEmpty, "   ": ErrEmpty, "0": ErrTooSmall, "0.00": ErrTooSmall, "12,34": ErrFormat, "1,23.00": ErrFormat,
		"-5": ErrFormat, "+5": ErrFormat, "1e9": ErrFormat, "12.345": ErrFormat, "12.": ErrFormat, "abc": ErrFormat, "1 000": ErrFormat,
		"10000000.01": ErrTooLarge, strings.Repeat("9", 400): ErrTooLarge, "1.2.3": ErrFormat, "NaN": ErrFormat, "0x10": ErrFormat, "١٢٫٣٤": ErrFormat, "१२.३४": ErrFormat, "１２": ErrFormat, ".": ErrFormat,
	} {
		if got, err := ParseInput(in); !errors.Is(err, want) {
			t.Errorf("ParseInput(%q) = %d, %v; want %v", in, got, err, want)
		}
	}
}

func TestWrittenAmountIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Cents(rapid.Int64Range(1, int64(Max)).Draw(t, "cents"))
		for _, s := range []string{c.String(), c.Plain()} {
			if got, err := ParseInput(s); err != nil || got != c {
				t.Fatalf("%q reads as %d, %v; want %d", s, got, err, c)
			}
		}
	})
}

func TestString(t *testing.T) {
	t.Parallel()
	for c, want := range map[Cents]string{0: "$0.00", 5: "$0.05", 123456789: "$1,234,567.89", -300: "-$3.00", 99999: "$999.99"} {
		if got := c.String(); got != want {
			t.Errorf("%d is written %q, want %q", int64(c), got, want)
		}
	}
}

func TestDecimalRoundsOnceHalfUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		parts []string
		want  Cents
	}{
		{[]string{"28.104000000000003"}, 2810},
		{[]string{"0.005"}, 1},
		{[]string{"-0.005"}, -1},
		{[]string{"0.004", "0.004"}, 1}, // rounding each first would give 0
		{[]string{"1.15e2"}, 11500},
		{[]string{"112.41600000000001", "28.104000000000003"}, 14052},
	} {
		var sum Decimal
		for _, p := range test.parts {
			d, err := ParseDecimal(p)
			if err != nil {
				t.Fatal(p, err)
			}
			sum = sum.Add(d)
		}
		if got, err := sum.Round(); err != nil || got != test.want {
			t.Errorf("%v rounds to %d, %v; want %d", test.parts, got, err, test.want)
		}
	}
	for in, want := range map[string]error{"": ErrEmpty, "1e999": ErrTooLarge, "abc": ErrFormat, "1/3": ErrFormat, "0x1p3": ErrFormat,
		"1_000": ErrFormat, "Inf": ErrFormat, "--1": ErrFormat, strings.Repeat("9", 41): ErrTooLarge, ".": ErrFormat} {
		if _, err := ParseDecimal(in); !errors.Is(err, want) {
			t.Errorf("ParseDecimal(%q): %v, want %v", in, err, want)
		}
	}
	huge, _ := ParseDecimal("1e20")
	if _, err := huge.Round(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("1e20 rounds with %v, want ErrTooLarge", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"12.34", "1,234", "١٢", "1e9", "-1", "$", "9999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseInput(s); err == nil && (c <= 0 || c > Max) {
			t.Fatalf("%q gave %d", s, c)
		}
		if d, err := ParseDecimal(s); err == nil {
			if c, err := d.Round(); err == nil && (c > Max || c < -Max) {
				t.Fatalf("%q rounds to %d", s, c)
			}
		}
	})
}

package brand

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestContrast(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#000000", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54},
		{"#ff0000", "#ffffff", 4.00}, {"#0000ff", "#ffffff", 8.59}, {"#123456", "#123456", 1},
	} {
		a, err1 := parseColor(x.a)
		b, err2 := parseColor(x.b)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if got := contrast(a, b); math.Abs(got-x.want) > 0.005 {
			t.Errorf("contrast(%s, %s) = %.3f, want %.2f", x.a, x.b, got, x.want)
		}
	}
}

func TestParseColorRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "red", "#fff", "#12345", "#1234567", "#12345g", "123456#", "#+12345", "rgb(1,2,3)"} {
		if c, err := parseColor(s); err == nil {
			t.Errorf("%q was read as %v", s, c)
		}
	}
}

func TestBadContrastIsRefusedWithRatioAndRemedy(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		field, where string
		change       func(*Brand)
	}{
		{"colors.light.primary", "the page background", func(b *Brand) { b.Colors.Light.Primary = "#f2c12e" }},
		{"colors.light.text", "the page background", func(b *Brand) { b.Colors.Light.Text = "#9a9a9a" }},
		{"colors.light.accent", "ornament", func(b *Brand) { b.Colors.Light.Accent = "#ffe9a8" }},
		{"colors.light.success", "soft background", func(b *Brand) { b.Colors.Light.Success = "#44d399" }},
		{"colors.dark.primary", "the page background", func(b *Brand) { b.Colors.Dark.Primary = "#3a2f8f" }},
		{"colors.dark.text", "the page background", func(b *Brand) { b.Colors.Dark.Text = "#555566" }},
	} {
		_, err := changed(t, x.change)
		var invalid *Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("%s: error = %v", x.field, err)
			continue
		}
		found := false
		for _, p := range invalid.Problems {
			if p.Field == x.field {
				found = strings.Contains(p.Reason, "to 1 with") && strings.Contains(p.Reason, x.where) && p.Remedy != ""
			}
		}
		if !found {
			t.Errorf("%s: %v", x.field, err)
		}
	}
}

// TestAnyPrimary tries any colour: it is either refused with a shade that is then accepted, or accepted with every
// pairing in both themes readable, the dark one derived from it.
func TestAnyPrimary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		primary := fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, "primary"))
		c := Colors{Light: Theme{Primary: primary}}
		light, dark := c.palettes()
		if bad := dark.problems(); len(bad) > 0 {
			t.Fatalf("the dark theme of %s: %v", primary, bad)
		}
		for _, p := range light.problems() {
			if p.Field != "colors.light.primary" {
				t.Fatalf("%s is blamed for %v", primary, p)
			}
			_, shade, found := strings.Cut(p.Remedy, "use ")
			if !found || len(shade) < 7 {
				t.Fatalf("%s: no shade in %q", primary, p.Remedy)
			}
			again, _ := Colors{Light: Theme{Primary: shade[:7]}}.palettes()
			if bad := again.problems(); len(bad) > 0 {
				t.Fatalf("%s was suggested for %s and is refused: %v", shade[:7], primary, bad)
			}
		}
	})
}

package brand

import (
	"fmt"
	"math"
	"strconv"
)

// rgb is a colour without transparency.
type rgb struct{ r, g, b uint8 }

var (
	white = rgb{255, 255, 255}
	black = rgb{0, 0, 0}
)

// parseColor reads "#rrggbb". Names, short forms and transparency are refused: they make contrast unclear.
func parseColor(s string) (rgb, error) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, fmt.Errorf("not a colour like #4b3fae")
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}, fmt.Errorf("not a colour like #4b3fae")
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// mix returns c with share (0 to 1) of other in it.
func (c rgb) mix(other rgb, share float64) rgb {
	part := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*share)) }
	return rgb{part(c.r, other.r), part(c.g, other.g), part(c.b, other.b)}
}

// vivid returns the colour half way to its brightest, so that a little of it in a background looks fresh, not muddy.
func (c rgb) vivid() rgb {
	top := float64(max(c.r, c.g, c.b, 1))
	part := func(v uint8) uint8 { return uint8(math.Round(float64(v) * 255 / top)) }
	return c.mix(rgb{part(c.r), part(c.g), part(c.b)}, 0.55)
}

// luminance is the relative luminance of WCAG 2: 0 for black, 1 for white.
func (c rgb) luminance() float64 {
	part := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.r) + 0.7152*part(c.g) + 0.0722*part(c.b)
}

// contrast is the contrast ratio of WCAG 2: from 1 (the same) to 21 (black on white). The order does not matter.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

// away returns black or white, whichever is further from the background.
func away(background rgb) rgb {
	if contrast(white, background) > contrast(black, background) {
		return white
	}
	return black
}

// until mixes c, one percent at a time, with toward until it has the contrast against every background. It reports
// false, with the last try, where even toward itself is not enough.
func (c rgb) until(toward rgb, need float64, backgrounds ...rgb) (rgb, bool) {
	for i := 0; i <= 100; i++ {
		try := c.mix(toward, float64(i)/100)
		if lowest(try, backgrounds) >= need {
			return try, true
		}
	}
	return toward, false
}

func lowest(c rgb, backgrounds []rgb) float64 {
	low := 21.0
	for _, bg := range backgrounds {
		low = min(low, contrast(c, bg))
	}
	return low
}

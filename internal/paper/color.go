package paper

import (
	"fmt"
	"math"
)

// rgb is a colour, red, green and blue.
type rgb [3]uint8

// The neutral colours. On white, ink has a contrast of 15 to 1 and quiet of more than 6 to 1.
var (
	white = rgb{255, 255, 255}
	ink   = rgb{27, 36, 48}
	quiet = rgb{84, 96, 110}
	hair  = rgb{214, 220, 228}
)

// operands writes the colour as the three operands of a PDF colour operator.
func (c rgb) operands() string {
	return fmt.Sprintf("%.3f %.3f %.3f", float64(c[0])/255, float64(c[1])/255, float64(c[2])/255)
}

// mix returns the colour with part (0 to 1) of it in the other.
func (c rgb) mix(other rgb, part float64) rgb {
	for i := range c {
		c[i] = uint8(math.Round(float64(c[i])*(1-part) + float64(other[i])*part))
	}
	return c
}

// luminance is the relative luminance as WCAG 2 defines it, 0 (black) to 1 (white).
func (c rgb) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		s := float64(v) / 255
		if s <= 0.04045 {
			l[i] = s / 12.92
		} else {
			l[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is the WCAG 2 contrast ratio of two colours, 1 to 21.
func contrast(a, b rgb) float64 {
	hi, lo := a.luminance(), b.luminance()
	if hi < lo {
		hi, lo = lo, hi
	}
	return (hi + 0.05) / (lo + 0.05)
}

// readable darkens the colour until text in it can be read on the background: a contrast of 4.5 to 1, against white.
func (c rgb) readable(background rgb) rgb {
	for range 40 {
		if contrast(c, background) >= 4.5 {
			return c
		}
		c = c.mix(rgb{}, 0.08)
	}
	return ink
}

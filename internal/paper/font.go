package paper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// face is what the setter must know of a font: which characters it has, and how wide they are.
type face struct {
	bold bool
	// advance of each character of the Basic Multilingual Plane in thousandths of the font size, plus one; 0 where the
	// font has no glyph.
	advance [1 << 16]uint16
}

// has reports whether the font can draw r.
func (f *face) has(r rune) bool { return r >= 0 && r < 1<<16 && f.advance[r] > 0 }

// width returns the width of shown text (see shown) at the given size, in points.
func (f *face) width(shown string, size float64) float64 {
	sum := 0
	for _, r := range shown {
		if f.has(r) {
			sum += int(f.advance[r]) - 1
		}
	}
	return float64(sum) * size / 1000
}

// faces are the two fonts every document uses.
type faces struct{ regular, bold *face }

// loadFaces reads the embedded fonts, once.
var loadFaces = sync.OnceValues(func() (faces, error) {
	regular, err := parseFace(liberationsansregular.TTF)
	if err != nil {
		return faces{}, fmt.Errorf("paper: regular font: %w", err)
	}
	bold, err := parseFace(liberationsansbold.TTF)
	if err != nil {
		return faces{}, fmt.Errorf("paper: bold font: %w", err)
	}
	bold.bold = true
	for r := range regular.advance { // one repertoire, whatever the weight
		if regular.advance[r] == 0 || bold.advance[r] == 0 {
			regular.advance[r], bold.advance[r] = 0, 0
		}
	}
	return faces{regular, bold}, nil
})

var errFont = errors.New("not a TrueType font with a Unicode character map")

// parseFace reads the character map and the widths of a TrueType font. The bytes are ours (embedded), not a stranger's,
// yet a broken font gives an error, not a panic.
func parseFace(ttf []byte) (f *face, err error) {
	defer func() {
		if recover() != nil { // an offset that points outside the file
			f, err = nil, errFont
		}
	}()
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(ttf[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(ttf[at:])) }
	table := map[string]int{}
	for i := range u16(4) {
		at := 12 + 16*i
		table[string(ttf[at:at+4])] = u32(at + 8)
	}
	cmap := 0
	for i := range u16(table["cmap"] + 2) {
		at := table["cmap"] + 4 + 8*i
		if u16(at) == 3 && u16(at+2) == 1 {
			cmap = table["cmap"] + u32(at+4)
		}
	}
	unitsPerEm, metrics := u16(table["head"]+18), u16(table["hhea"]+34)
	if cmap == 0 || u16(cmap) != 4 || unitsPerEm == 0 || metrics == 0 {
		return nil, errFont
	}
	f = new(face)
	eachGlyph(u16, cmap, func(char, glyph int) {
		adv := u16(table["hmtx"] + 4*min(glyph, metrics-1))
		f.advance[char] = uint16((adv*1000+unitsPerEm/2)/unitsPerEm) + 1
	})
	return f, nil
}

// eachGlyph calls fn for each character that the format 4 character map at offset cmap gives a glyph.
func eachGlyph(u16 func(int) int, cmap int, fn func(char, glyph int)) {
	size := u16(cmap + 6) // twice the number of segments
	ends, starts := cmap+14, cmap+16+size
	deltas, offsets := starts+size, starts+2*size
	for i := 0; i < size; i += 2 {
		first, last := u16(starts+i), u16(ends+i)
		for char := first; char <= last && char < 0xFFFF; char++ {
			glyph := char
			if off := u16(offsets + i); off != 0 {
				if glyph = u16(offsets + i + off + 2*(char-first)); glyph == 0 {
					continue
				}
			}
			if glyph = (glyph + u16(deltas+i)) & 0xFFFF; glyph != 0 {
				fn(char, glyph)
			}
		}
	}
}

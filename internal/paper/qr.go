package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white border around a QR code, in modules, that the standard asks for.
const quietZone = 4

// modules is a QR code: modules[y][x] is true where it is dark. The quiet zone is not part of it.
type modules [][]bool

// encodeQR makes the QR code for content with error correction level M (15 % of it may be damaged).
func encodeQR(content string) (modules, error) {
	if content == "" {
		return nil, errors.New("QR code has no content")
	}
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("QR code for %d bytes: %w", len(content), err)
	}
	size := code.Bounds().Dx()
	m := make(modules, size)
	for y := range m {
		m[y] = make([]bool, size)
		for x := range m[y] {
			r, _, _, _ := code.At(x, y).RGBA()
			m[y][x] = r == 0
		}
	}
	return m, nil
}

// runs calls fn for each horizontal run of dark modules, top to bottom and left to right.
func (m modules) runs(fn func(x, y, length int)) {
	for y, row := range m {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fn(start, y, x-start)
			}
		}
	}
}

// QRSVG returns a QR code (error correction M, with its quiet zone) as an SVG element to be placed in a page. It is black on
// its own white ground, whatever the page's colours, so that it can be scanned in dark mode too; it uses no style, script
// or id, so it passes a strict content security policy. It fills the width it is given (it has a viewBox and no size) and
// is hidden from screen readers: the page says in words beside it where it leads. Content that is empty or longer than
// 2,331 bytes gives an error.
func QRSVG(content string) ([]byte, error) {
	m, err := encodeQR(content)
	if err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	n := len(m) + 2*quietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" `+
		`aria-hidden="true" focusable="false"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, n, n, n, n)
	m.runs(func(x, y, length int) {
		fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, length, length)
	})
	b.WriteString(`"/></svg>`)
	return []byte(b.String()), nil
}

// QRPNG returns a QR code (error correction M, with its quiet zone) as a black and white PNG for mail. The picture is square
// and at least pixels wide, and no more than one module wider; each module is the same whole number of pixels, so edges
// stay crisp. Fewer than one pixel a module, or more than 4,096 pixels, gives an error, as do the contents QRSVG refuses.
func QRPNG(content string, pixels int) ([]byte, error) {
	m, err := encodeQR(content)
	if err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	n := len(m) + 2*quietZone
	if pixels < n || pixels > 4096 {
		return nil, fmt.Errorf("paper: QR picture of %d pixels; %d to 4096 are possible for this content", pixels, n)
	}
	scale := (pixels + n - 1) / n
	img := image.NewPaletted(image.Rect(0, 0, n*scale, n*scale), color.Palette{color.White, color.Black})
	m.runs(func(x, y, length int) {
		for py := (y + quietZone) * scale; py < (y+quietZone+1)*scale; py++ {
			row := img.Pix[py*img.Stride:]
			for px := (x + quietZone) * scale; px < (x+quietZone+length)*scale; px++ {
				row[px] = 1
			}
		}
	})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("paper: QR picture: %w", err)
	}
	return b.Bytes(), nil
}

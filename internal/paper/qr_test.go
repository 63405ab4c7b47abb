package paper

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"strings"
	"testing"
)

func TestQRSVGIsAPictureOfItsOwn(t *testing.T) {
	t.Parallel()
	svg, err := QRSVG("https://pay.larkspur.example/p/7KQ2-M4TX")
	if err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`fill="#fff"`, `fill="#000"`, `shape-rendering="crispEdges"`, `viewBox="0 0 37 37"`} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the picture lacks %s", want)
		}
	}
	for _, never := range []string{"currentColor", "style", "<script", "id="} {
		if strings.Contains(string(svg), never) {
			t.Errorf("the picture has %s", never)
		}
	}
}

func TestQRPNGIsCrispWithItsQuietZone(t *testing.T) {
	t.Parallel()
	const content = "https://pay.larkspur.example/p/7KQ2-M4TX"
	data, err := QRPNG(content, 300)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	m, err := encodeQR(content)
	if err != nil {
		t.Fatal(err)
	}
	n := len(m) + 2*quietZone
	size := img.Bounds().Dx()
	if size < 300 || size >= 300+n || size%n != 0 || img.Bounds().Dy() != size {
		t.Fatalf("%v is not a square of whole modules of at least 300 pixels", img.Bounds())
	}
	for y := range size {
		for x := range size {
			mx, my := x/(size/n)-quietZone, y/(size/n)-quietZone
			want := mx >= 0 && my >= 0 && mx < len(m) && my < len(m) && m[my][mx]
			if r, _, _, _ := img.At(x, y).RGBA(); (r == 0) != want {
				t.Fatalf("pixel %d,%d is dark: %v, want %v", x, y, r == 0, want)
			}
		}
	}
}

func TestQRRefuses(t *testing.T) {
	t.Parallel()
	if _, err := QRSVG(""); err == nil {
		t.Error("a code without content")
	}
	if _, err := QRSVG(strings.Repeat("é", 2000)); err == nil {
		t.Error("a code with more content than a code can hold")
	}
	if svg, err := QRSVG(strings.Repeat("x", 2331)); err != nil || len(svg) == 0 {
		t.Errorf("the longest content: %v", err)
	}
	for _, pixels := range []int{-1, 0, 10, 5000} {
		if _, err := QRPNG("x", pixels); err == nil {
			t.Errorf("a picture of %d pixels", pixels)
		}
	}
}

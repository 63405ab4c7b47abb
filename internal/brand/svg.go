package brand

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// drawing is the part of SVG that a logo may use. It can neither run script nor load anything.
var drawing = map[string]bool{
	"svg": true, "g": true, "path": true, "circle": true, "ellipse": true, "rect": true, "line": true,
	"polyline": true, "polygon": true, "title": true, "desc": true, "defs": true,
	"linearGradient": true, "radialGradient": true, "stop": true, "clipPath": true,
}

// attributes that those elements may carry, besides aria-*.
var attributes = map[string]bool{
	"xmlns": true, "version": true, "viewBox": true, "width": true, "height": true, "preserveAspectRatio": true,
	"id": true, "class": true, "role": true, "focusable": true, "d": true, "points": true, "x": true, "y": true,
	"x1": true, "x2": true, "y1": true, "y2": true, "cx": true, "cy": true, "r": true, "rx": true, "ry": true,
	"fx": true, "fy": true, "fill": true, "fill-rule": true, "fill-opacity": true, "clip-rule": true, "clip-path": true,
	"stroke": true, "stroke-width": true, "stroke-linecap": true, "stroke-linejoin": true, "stroke-opacity": true,
	"stroke-miterlimit": true, "stroke-dasharray": true, "opacity": true, "transform": true, "offset": true,
	"stop-color": true, "stop-opacity": true, "gradientUnits": true, "gradientTransform": true, "spreadMethod": true,
	"clipPathUnits": true, "color": true,
}

// checkSVG refuses a logo that is anything but a plain drawing, and says what it found.
func checkSVG(raw []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	dec.Strict = true
	depth, roots := 0, 0
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("is not a well-formed SVG file: %w", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return errors.New("has a DOCTYPE or entity declaration")
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("has the processing instruction <?%s?>", t.Target)
			}
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if err := checkElement(t, depth == 1); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		}
	}
	if roots != 1 || depth != 0 {
		return errors.New("is not one SVG drawing")
	}
	return nil
}

func checkElement(t xml.StartElement, root bool) error {
	if t.Name.Space != "" || !drawing[t.Name.Local] {
		return fmt.Errorf("has the element <%s>, which a logo may not use", joined(t.Name))
	}
	sized := false
	for _, a := range t.Attr {
		aria := strings.HasPrefix(a.Name.Local, "aria-")
		if a.Name.Space != "" || (!attributes[a.Name.Local] && !aria) {
			return fmt.Errorf("has the attribute %s on <%s>, which a logo may not use", joined(a.Name), t.Name.Local)
		}
		if a.Name.Local == "xmlns" && a.Value != "http://www.w3.org/2000/svg" {
			return fmt.Errorf("has the namespace %q", a.Value)
		}
		low := strings.ToLower(strings.Join(strings.Fields(a.Value), ""))
		if strings.Contains(low, "url(") && !strings.Contains(low, "url(#") || strings.Contains(low, "javascript:") {
			return fmt.Errorf("refers outside itself in %s=%q", a.Name.Local, a.Value)
		}
		sized = sized || a.Name.Local == "viewBox"
	}
	if root && t.Name.Local != "svg" {
		return fmt.Errorf("starts with <%s> and not with <svg>", t.Name.Local)
	}
	if root && !sized {
		return errors.New("has no viewBox, so it cannot be scaled")
	}
	return nil
}

func joined(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

package intake

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// entries reads the entry list of a bundle; the scanner stands at its '['.
func (d *documents) entries(s *scanner, depth int, prefix string) error {
	if err := s.want('['); err != nil {
		return err
	}
	for n := 1; ; n++ {
		c, err := s.peek()
		if err != nil {
			return d.cutShort(s, prefix, n, s.offset(), inside(err))
		}
		switch {
		case c == ']':
			s.pos++
			return nil
		case n > 1 && c != ',':
			return d.cutShort(s, prefix, n, s.offset(), &syntaxError{s.offset(), "',' or ']'"})
		case n > 1:
			s.pos++
			if _, err = s.peek(); err != nil {
				return d.cutShort(s, prefix, n, s.offset(), inside(err))
			}
		}
		s.capture()
		at := s.offset()
		if err := s.skipValue(); err != nil {
			return d.cutShort(s, prefix, n, at, err)
		}
		raw := s.captured()
		s.release()
		if err := d.bundleEntry(raw, prefix+strconv.Itoa(n), at, depth); err != nil {
			return err
		}
	}
}

// cutShort reports an entry at which a bundle becomes unreadable, with whatever of it was read.
func (d *documents) cutShort(s *scanner, prefix string, n int, at int64, err error) error {
	raw := s.captured()
	s.release()
	if stop := d.refuse(prefix+strconv.Itoa(n), at, raw, asRefusal(err)); stop != nil {
		return stop
	}
	return errReported
}

// bundleEntry takes the resource out of one entry of a bundle.
func (d *documents) bundleEntry(raw []byte, place string, at int64, depth int) error {
	switch {
	case raw == nil:
		return d.refuse(place, at, nil, refuse("too_large", "%v", errTooLarge))
	case raw[0] != '{':
		return d.refuse(place, at, raw, refuse("no_resource", "the entry is %s, not an object with a resource", shorten(raw)))
	}
	s := &d.inner[depth]
	s.reset(raw, at)
	var url string
	from, to := -1, -1
	err := s.object(func(name []byte, first byte) error {
		switch string(name) {
		case "fullUrl":
			if first == '"' {
				v, err := s.text()
				url = string(v)
				return err
			}
		case "resource":
			if from >= 0 {
				return refuse("duplicate_name", "the entry has two resources")
			}
			from = s.pos
			err := s.skipValue()
			to = s.pos
			return err
		}
		return s.skipValue()
	})
	switch {
	case err != nil:
		return d.refuse(place, at, raw, asRefusal(err))
	case from < 0 || raw[from] != '{':
		return d.refuse(place, at, raw, refuse("no_resource", "the entry has no resource"))
	case !validAround(raw, from, to):
		return d.refuse(place, at, raw, refuse("malformed", "the entry around the resource is not valid JSON"))
	}
	resource := raw[from:to]
	rtype, err := resourceType(resource)
	switch {
	case err != nil:
		return d.refuse(place, at, raw, asRefusal(err))
	case rtype == "Bundle":
		return d.bundleInside(resource, raw, place, at, depth+1)
	}
	return d.emit(Record{Place: place, Offset: at, Type: rtype, URL: url, Resource: resource, Raw: raw})
}

// bundleInside reads a bundle that is itself a line or an entry.
func (d *documents) bundleInside(bundle, raw []byte, place string, at int64, depth int) error {
	if depth >= maxBundleDepth {
		return d.refuse(place, at, raw, refuse("too_deep", "bundles inside bundles, more than %d deep", maxBundleDepth))
	}
	s := &scanner{}
	s.reset(bundle, at)
	found := false
	err := s.object(func(name []byte, first byte) error {
		if string(name) == "entry" && first == '[' {
			found = true
			return d.entries(s, depth, place+".")
		}
		return s.skipValue()
	})
	switch {
	case d.stop != nil:
		return d.stop
	case errors.Is(err, errReported):
		return nil
	case err != nil:
		return d.refuse(place, at, raw, asRefusal(err))
	case !found:
		return d.refuse(place, at, raw, refuse("empty", "the bundle has no entries"))
	}
	return nil
}

// validAround checks an entry strictly without its resource, which the decoder checks.
func validAround(raw []byte, from, to int) bool {
	rest := make([]byte, 0, len(raw)-(to-from)+4)
	rest = append(rest, raw[:from]...)
	rest = append(rest, "null"...)
	rest = append(rest, raw[to:]...)
	return jsontext.Value(rest).IsValid()
}

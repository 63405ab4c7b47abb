package intake

import "strings"

// Ref is what a FHIR reference points to: the type where it is known, and the id or the identifier. The zero Ref points
// to nothing.
type Ref struct {
	Type   string // "Patient", "" where the reference does not say
	ID     string // id or UUID; "" when Value is set
	System string // identifier's system
	Value  string // identifier's value
	Local  bool   // "#id": inside the same resource
}

// Empty reports whether the reference points to nothing.
func (r Ref) Empty() bool { return r.ID == "" && r.Value == "" }

// ParseRef reads "urn:uuid:...", "Type/id", "https://server/path/Type/id" (both with or without "/_history/n"),
// "Type?identifier=system|value" and "#id". Anything else is the zero Ref: a dangling reference is no error.
func ParseRef(s string) Ref {
	switch {
	case s == "":
		return Ref{}
	case s[0] == '#':
		return Ref{ID: s[1:], Local: true}
	case strings.HasPrefix(s, "urn:uuid:"), strings.HasPrefix(s, "urn:oid:"):
		return Ref{ID: s[strings.LastIndexByte(s, ':')+1:]}
	}
	if kind, query, ok := strings.Cut(s, "?"); ok {
		kind = kind[strings.LastIndexByte(kind, '/')+1:]
		for part := range strings.SplitSeq(query, "&") {
			if token, ok := strings.CutPrefix(part, "identifier="); ok {
				system, value, ok := strings.Cut(token, "|")
				if !ok {
					system, value = "", token
				}
				return Ref{Type: kind, System: system, Value: value}
			}
		}
		return Ref{}
	}
	s, _, _ = strings.Cut(s, "/_history/")
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return Ref{}
	}
	kind := s[:i]
	return Ref{Type: kind[strings.LastIndexByte(kind, '/')+1:], ID: s[i+1:]}
}

// ref reads a reference with its logical identifier as second choice.
func (r reference) ref() Ref {
	if p := ParseRef(r.Reference); !p.Empty() {
		return p
	}
	return Ref{System: r.Identifier.System, Value: r.Identifier.Value}
}

// key is the id or identifier value, whichever there is.
func (r Ref) key() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Value
}

// names remembers what organizations, practitioners and encounters are called, so that later bills can say it. It is a
// help for display only, so it may forget: each of its two generations holds at most nameLimit entries.
type names struct {
	young, old map[string]named
}

type named struct {
	display string
	date    string // encounters: the day of the visit
}

const nameLimit = 100_000

func (n *names) put(key string, v named) {
	if key == "" || (v.display == "" && v.date == "") {
		return
	}
	if len(n.young) >= nameLimit {
		n.old, n.young = n.young, nil
	}
	if n.young == nil {
		n.young = make(map[string]named)
	}
	n.young[key] = v
}

func (n *names) get(key string) named {
	if v, ok := n.young[key]; ok {
		return v
	}
	return n.old[key]
}

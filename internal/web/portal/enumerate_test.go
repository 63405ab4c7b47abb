package portal

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/member"
	"memberpay/internal/web"
)

// tries is how often each side of a comparison is tried.
const tries = 200

// TestKnownAndUnknownTakeTheSameTime compares, at each door for strangers, how long the answer takes for somebody whom
// the site knows and for somebody it does not: two samples, taken in turns so that a busy machine slows both alike. The
// rank test would find a query or a hash more on one side; a difference of a few percent is the weather.
func TestKnownAndUnknownTakeTheSameTime(t *testing.T) {
	h := newHouse(t) // not in parallel with itself: the doors are compared one after the other
	birth := func(form url.Values) url.Values {
		form.Set("birth_month", "3")
		form.Set("birth_day", "6") // Rosa's is the fifth
		form.Set("birth_year", "1984")
		return form
	}
	doors := []struct {
		name           string
		path           string
		known, unknown func(i int) url.Values
	}{
		{"sign-in", "/sign-in",
			func(int) url.Values { return signInForm(rosaEmail, "not the password at all", "") },
			func(i int) url.Values {
				return signInForm(fmt.Sprintf("rosa%d@mail.example", i), "not the password at all", "")
			}},
		{"guest look-up", "/pay",
			func(int) url.Values { return birth(url.Values{"number": {rosaNumber}}) },
			func(i int) url.Values { return birth(url.Values{"number": {fmt.Sprintf("%010d", 99_000_000+i)}}) }},
		{"join", "/join",
			func(int) url.Values { return birth(url.Values{"number": {rosaNumber}, "zip": {"97001"}}) },
			func(i int) url.Values {
				return birth(url.Values{"number": {fmt.Sprintf("%010d", 99_000_000+i)}, "zip": {"97001"}})
			}},
		{"find my member ID", "/find-my-id",
			func(int) url.Values {
				return url.Values{"first_name": {"Rosa"}, "last_name": {"Quintero"}, "birth_month": {"3"}, "birth_day": {"5"}, "birth_year": {"1984"}, "zip": {"97001"}}
			},
			func(i int) url.Values {
				return url.Values{"first_name": {"Rosa"}, "last_name": {"Nobody"}, "birth_month": {"3"}, "birth_day": {"5"}, "birth_year": {"1984"}, "zip": {"97001"}}
			}},
		{"get back in", "/recover",
			func(int) url.Values { return url.Values{"email": {rosaEmail}} },
			func(i int) url.Values { return url.Values{"email": {fmt.Sprintf("rosa%d@mail.example", i)}} }},
		{"facts of a lost mailbox", "/recover/file",
			func(int) url.Values { return h.facts(rosaNumber, rosaBirth, "97001", "text") },
			func(i int) url.Values { return h.facts(fmt.Sprintf("%010d", 99_000_000+i), rosaBirth, "97001", "text") }},
		{"the code for a lost mailbox", "/recover/file-code",
			func(int) url.Values { return url.Values{"code": {"no"}} },
			func(int) url.Values { return url.Values{"code": {"no"}} }},
	}
	h.write(func(tx *db.Tx) error {
		_, err := member.ImportBatch(t.Context(), tx, h.clock(), []member.Incoming{{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
			BirthDate: day.MustParse(rosaBirth), ZIP: "97001", Email: rosaEmail}})
		return err
	})
	for _, door := range doors {
		if !slices.ContainsFunc(h.portal.Routes(), func(r web.Route) bool { return r.Method == "POST" && r.Path == door.path }) {
			t.Errorf("there is no door %s any more", door.path)
			continue
		}
		v, w := h.visitor(), h.visitor() // the known one, and the other
		if strings.HasPrefix(door.path, "/recover/") {
			v, w = h.asked(rosaEmail), h.asked("rose@mail.example")
			v.told(h.facts(rosaNumber, rosaBirth, "97001", "text"))
			w.told(h.facts(rosaNumber, rosaBirth, "97001", "text"))
		}
		var known, unknown []time.Duration
		for i := range tries {
			h.open(t)
			for _, first := range []bool{i%2 == 0, i%2 != 0} {
				who, form, list := w, door.unknown(i), &unknown
				if first {
					who, form, list = v, door.known(i), &known
				}
				began := time.Now()
				a := who.post(door.path, form)
				*list = append(*list, time.Since(began))
				if a.Status >= 429 || a.Status == 404 {
					t.Fatalf("%s: status %d: %s", door.name, a.Status, a.Text())
				}
			}
		}
		z, medians := rank(known, unknown)
		t.Logf("%s: z %.1f, medians %.3f", door.name, z, medians)
		if math.Abs(z) > 5 && math.Abs(medians-1) > 0.08 {
			t.Errorf("%s: known and unknown are told apart by time: z %.1f, the medians' ratio is %.3f", door.name, z, medians)
		}
	}
}

// open lifts the limits on tries and lets time go by.
func (h *house) open(t *testing.T) {
	t.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DELETE FROM rate_limit")
		return err
	})
}

// rank is the Mann-Whitney test of two samples as a standard normal value, and the ratio of their medians.
func rank(a, b []time.Duration) (z, medians float64) {
	type one struct {
		d     time.Duration
		fromA bool
	}
	var all []one
	for _, d := range a {
		all = append(all, one{d, true})
	}
	for _, d := range b {
		all = append(all, one{d, false})
	}
	slices.SortFunc(all, func(x, y one) int { return int(x.d - y.d) })
	sum := 0.0
	for i, x := range all {
		if x.fromA {
			sum += float64(i + 1)
		}
	}
	n, m := float64(len(a)), float64(len(b))
	u := sum - n*(n+1)/2
	z = (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	slices.Sort(a)
	slices.Sort(b)
	return z, float64(a[len(a)/2]) / float64(b[len(b)/2])
}

// TestRankFindsADifference: the test above can fail.
func TestRankFindsADifference(t *testing.T) {
	t.Parallel()
	var a, b, c []time.Duration
	for i := range tries {
		noise := time.Duration(i*7919%101) * time.Microsecond
		a, b, c = append(a, 500*time.Microsecond+noise), append(b, 500*time.Microsecond+noise), append(c, 600*time.Microsecond+noise)
	}
	if z, medians := rank(slices.Clone(a), b); math.Abs(z) > 3 || medians != 1 {
		t.Errorf("two samples alike: z %.1f, medians %.3f", z, medians)
	}
	if z, medians := rank(a, c); math.Abs(z) < 5 || math.Abs(medians-1) < 0.08 {
		t.Errorf("a fifth slower is not noticed: z %.1f, medians %.3f", z, medians)
	}
}

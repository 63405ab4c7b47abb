package intake

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"memberpay/internal/day"
)

// testdata returns the folder of the shared test data and skips the test where it is not there.
func testdata(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("MEMBERPAY_TESTDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "testdata")
	}
	if _, err := os.Stat(filepath.Join(dir, "fhir")); err != nil {
		t.Skipf("no test data: set MEMBERPAY_TESTDATA to the folder that holds fhir/ (%v)", err)
	}
	return dir
}

// readEOBs decodes every ExplanationOfBenefit below the paths.
func readEOBs(t testing.TB, each func(r Record, e *eob), paths ...string) {
	t.Helper()
	files, err := Expand(paths)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		err := ReadFHIR(t.Context(), f, func(r Record) error {
			if r.Refused != nil {
				t.Errorf("%s %s: %v", r.File, r.Place, r.Refused)
			}
			if r.Type != "ExplanationOfBenefit" {
				return nil
			}
			var e eob
			if err := decode(r.Resource, &e); err != nil {
				t.Errorf("%s %s: %v", r.File, r.Place, err)
				return nil
			}
			each(r, &e)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

type expected struct {
	claimID, payer     string
	owed, charged, ins string
	offer              int64
	seen               int
}

func expectedAmounts(t testing.TB, dir string) map[string]*expected {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "fhir", "eob-amounts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, name := range rows[0] {
		col[name] = i
	}
	out := map[string]*expected{}
	for _, r := range rows[1:] {
		offer, err := strconv.ParseInt(r[col["total_minus_payment_cents"]], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[r[col["eob_id"]]] = &expected{claimID: r[col["claim_id"]], payer: r[col["payer"]], owed: r[col["patient_resp_cents"]],
			charged: r[col["sum_line_submitted_cents"]], ins: r[col["payment_cents"]], offer: offer}
	}
	return out
}

// TestEveryAmountToTheCent compares every row of eob-amounts.csv.
func TestEveryAmountToTheCent(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	want := expectedAmounts(t, dir)
	if len(want) < 1000 {
		t.Fatalf("only %d rows", len(want))
	}
	check := func(r Record, e *eob) {
		w := want[e.ID]
		if w == nil {
			return
		}
		w.seen++
		c, err := claimOf(e, &names{}, day.Date{})
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			return
		}
		checkClaim(t, c, w)
	}
	root := filepath.Join(dir, "fhir")
	for _, set := range []string{"synthea-2019-05", "synthea-v2.7.0-2021", "synthea-master-2025-01", "derived-bulk-ndjson"} {
		readEOBs(t, check, filepath.Join(root, set))
	}
	for id, w := range want {
		if w.seen == 0 {
			t.Errorf("EOB %s of eob-amounts.csv was not read", id)
		}
	}
}

func checkClaim(t *testing.T, c *Claim, w *expected) {
	t.Helper()
	if !strings.HasPrefix(c.Key, w.claimID+"|") {
		t.Errorf("%s: key %s, want claim %s", c.EOB, c.Key, w.claimID)
	}
	if c.Payer != w.payer && !(c.SelfPay && w.payer == "NO_INSURANCE") {
		t.Errorf("%s: payer %q, want %q", c.EOB, c.Payer, w.payer)
	}
	if w.owed == "" {
		if c.Owed.Verdict != Review || c.Owed.Reason != "no_adjudication" {
			t.Errorf("%s: %+v, want a review", c.EOB, c.Owed)
		}
		if w.offer > 0 && (len(c.Owed.Offer) != 1 || int64(c.Owed.Offer[0]) != w.offer) {
			t.Errorf("%s: offer %v, want %d", c.EOB, c.Owed.Offer, w.offer)
		}
		return
	}
	if got := strconv.FormatInt(int64(c.Owed.Responsibility), 10); got != w.owed {
		t.Errorf("%s: owes %s cents, want %s", c.EOB, got, w.owed)
	}
	if got := strconv.FormatInt(int64(c.Charged), 10); got != w.charged {
		t.Errorf("%s: charged %s cents, want %s", c.EOB, got, w.charged)
	}
	if c.Charged != c.PlanPaid+c.Adjustments+c.Owed.Responsibility || c.Adjustments != 0 {
		t.Errorf("%s: %s charged, %s paid, %s adjusted, %s owed do not add up", c.EOB, c.Charged, c.PlanPaid, c.Adjustments, c.Owed.Responsibility)
	}
	var share, charged int64
	for _, l := range c.Lines {
		share, charged = share+int64(l.Share), charged+int64(l.Charged)
	}
	if share != int64(c.Owed.Responsibility) || charged != int64(c.Charged) {
		t.Errorf("%s: lines sum to %d of %s charged and %d of %s owed", c.EOB, charged, c.Charged, share, c.Owed.Responsibility)
	}
	if c.ServiceDate.IsZero() {
		t.Errorf("%s: no service date", c.EOB)
	}
}

// TestSampleTable is table 1d of the import notes: six ExplanationOfBenefits and what comes of each.
func TestSampleTable(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	want := map[string]struct {
		owed, charged, paid string
		offer               string
	}{
		"a58c9cab": {"$28.10", "$140.52", "$112.42", ""},
		"7bc5ffc6": {"$28.10", "$140.52", "$112.42", ""},
		"2c625433": {"", "", "", "$77.49"},
		"6ea8b957": {"$2,999.84", "$14,999.20", "$11,999.36", ""},
		"f004acd4": {"$172.56", "$862.80", "$690.24", ""},
		"8a669c99": {"", "", "", "$129.94"},
	}
	seen := map[string]bool{}
	root := filepath.Join(dir, "fhir")
	readEOBs(t, func(_ Record, e *eob) {
		w, ok := want[e.ID[:8]]
		if !ok {
			return
		}
		seen[e.ID[:8]] = true
		c, err := claimOf(e, &names{}, day.Date{})
		if err != nil {
			t.Fatal(err)
		}
		if w.offer != "" {
			if c.Owed.Verdict != Review || len(c.Owed.Offer) != 1 || c.Owed.Offer[0].String() != w.offer {
				t.Errorf("%s: %+v", e.ID, c.Owed)
			}
			return
		}
		if c.Owed.Due.String() != w.owed || c.Charged.String() != w.charged || c.PlanPaid.String() != w.paid {
			t.Errorf("%s: due %s charged %s plan paid %s, want %+v", e.ID, c.Owed.Due, c.Charged, c.PlanPaid, w)
		}
	}, filepath.Join(root, "synthea-2019-05"), filepath.Join(root, "synthea-v2.7.0-2021"), filepath.Join(root, "synthea-master-2025-01"))
	for id := range want {
		if !seen[id] {
			t.Errorf("EOB %s not found", id)
		}
	}
}

// TestExampleTable is table 1b: the published examples, most of which state nothing a member could be billed.
func TestExampleTable(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	want := map[string]string{
		"EOBProfessional1":                 "review not_stated",
		"EOBInpatient1":                    "review not_stated",
		"EOBOutpatient1":                   "review not_stated",
		"EOBPharmacy1":                     "bill $80.00",
		"BB-EOBProfessional1-nonfinancial": "review",
		"EOBOral1":                         "review not_stated",
		"PCT-AEOB-1":                       "skip use_predetermination",
		"PCT-AEOB-Summary-1":               "skip use_predetermination",
		"EB3500":                           "review not_stated",
	}
	seen := map[string]bool{}
	root := filepath.Join(dir, "fhir")
	readEOBs(t, func(r Record, e *eob) {
		seen[e.ID] = true
		got := ""
		c, err := claimOf(e, &names{}, day.Date{})
		switch s, isSkip := err.(*skip); {
		case isSkip:
			got = "skip " + s.code
		case err != nil:
			t.Errorf("%s: %v", e.ID, err)
		case c.Owed.Verdict == Review:
			got = "review " + c.Owed.Reason
			if len(c.Owed.Offer) > 0 {
				t.Errorf("%s: offers %v, but it was adjudicated", e.ID, c.Owed.Offer)
			}
		default:
			got = string(c.Owed.Verdict) + " " + c.Owed.Due.String()
		}
		if !strings.HasPrefix(got, want[e.ID]) || want[e.ID] == "" {
			t.Errorf("%s: %s, want %s", e.ID, got, want[e.ID])
		}
	}, filepath.Join(root, "carin-bb-2.2.0"), filepath.Join(root, "davinci-pct-2.0.1"), filepath.Join(root, "hl7-r4-examples"))
	for id := range want {
		if !seen[id] {
			t.Errorf("%s not found", id)
		}
	}
}

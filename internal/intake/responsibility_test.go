package intake

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"memberpay/internal/day"
)

// adj writes an adjudication or total in JSON.
func adj(code, value string) string {
	return fmt.Sprintf(`{"category":{"coding":[{"code":%q}]},"amount":{"value":%s,"currency":"USD"}}`, code, value)
}

func list(parts ...string) string { return "[" + strings.Join(parts, ",") + "]" }

// eobJSON writes an active claim with the given members.
func eobJSON(id string, members ...string) string {
	head := fmt.Sprintf(`{"resourceType":"ExplanationOfBenefit","id":%q,"status":"active","use":"claim","outcome":"complete",`+
		`"identifier":[{"system":"https://example.org/clm_id","value":"C-%s"}],"patient":{"reference":"Patient/p1"},"insurer":{"display":"Larkspur"}`, id, id)
	for _, m := range members {
		head += "," + m
	}
	return head + "}"
}

func items(adjudications ...string) string {
	var out []string
	for i, a := range adjudications {
		out = append(out, fmt.Sprintf(`{"sequence":%d,"productOrService":{"text":"Visit %d"},"servicedDate":"2026-03-0%d","adjudication":%s}`, i+1, i+1, i+1, a))
	}
	return `"item":` + list(out...)
}

func TestRule(t *testing.T) {
	t.Parallel()
	const coins, ded = "https://bluebutton.cms.gov/resources/variables/line_coinsrnc_amt", "https://bluebutton.cms.gov/resources/variables/line_bene_ptb_ddctbl_amt"
	for _, c := range []struct{ name, members, want string }{
		{"a: the total says it", `"total":` + list(adj("submitted", "200"), adj("memberliability", "20.00")), "bill $20.00 total.memberliability"},
		{"a: liability equal to the shares", `"total":` + list(adj("memberliability", "35"), adj("copay", "20"), adj("coinsurance", "15.00")), "bill $35.00 total.memberliability"},
		{"a: liability differs from the shares", `"total":` + list(adj("memberliability", "0"), adj("copay", "120")), "review disagree $0.00 $120.00"},
		{"a wins over items", `"total":` + list(adj("memberliability", "20")) + "," + items(list(adj("memberliability", "99"))), "bill $20.00 total.memberliability"},
		{"b: one of the four", `"total":` + list(adj("deductible", "12.345")), "bill $12.35 total.shares"},
		{"b: all four", `"total":` + list(adj("copay", "1"), adj("coinsurance", "2"), adj("deductible", "3"), adj("noncovered", "4")), "bill $10.00 total.shares"},
		{"b wins over items", `"total":` + list(adj("copay", "5")) + "," + items(list(adj("copay", "50"))), "bill $5.00 total.shares"},
		{"b: zero shares", `"total":` + list(adj("copay", "0"), adj("deductible", "0.00")), "nothing_due $0.00 total.shares"},
		{"c: liability of items", items(list(adj("memberliability", "10")), list(adj("memberliability", "5.5"))), "bill $15.50 items"},
		{"c: shares of items", items(list(adj("copay", "10"), adj("noncovered", "1")), list(adj("submitted", "9"))), "bill $11.00 items"},
		{"c: each item by its own best statement", items(list(adj("memberliability", "1")), list(adj("copay", "2")), list(adj(coins, "4"), adj(ded, "8"))), "bill $15.00 items"},
		{"c: liability before line amounts", items(list(adj("memberliability", "1"), adj(coins, "4"))), "bill $1.00 items"},
		{"c: an item that contradicts itself", items(list(adj("memberliability", "0"), adj("copay", "120"))), "review disagree $0.00 $120.00"},
		{"c: summed exactly, rounded once", items(list(adj(coins, "0.004")), list(adj(coins, "0.004")), list(adj(coins, "0.004"))), "bill $0.01 items"},
		{"c: half up", items(list(adj(coins, "28.105"))), "bill $28.11 items"},
		{"c: binary noise", items(list(adj(coins, "28.104000000000003"))), "bill $28.10 items"},
		{"c: exponent", items(list(adj(coins, "1.5e1"))), "bill $15.00 items"},
		{"c: less than half a cent", items(list(adj(coins, "0.004"))), "nothing_due $0.00 items"},
		{"d: nothing adjudicated, with an offer", `"total":` + list(adj("submitted", "129.16")) + `,"payment":{"amount":{"value":29.16,"currency":"USD"}}`, "review no_adjudication $100.00"},
		{"d: nothing adjudicated, nothing left", `"total":` + list(adj("submitted", "10")) + `,"payment":{"amount":{"value":10,"currency":"USD"}}`, "review no_adjudication"},
		{"d: never an offer when adjudicated", `"total":` + list(adj("submitted", "100")) + "," + items(list(adj("benefit", "60"))), "review not_stated"},
		{"d: adjudicated at the head", `"total":` + list(adj("submitted", "100")) + `,"adjudication":` + list(adj("benefit", "60")), "review not_stated"},
		{"d: no money at all", items(list()), "review no_adjudication"},
		{"paid in the total", `"total":` + list(adj("memberliability", "20.005"), adj("paidbypatient", "5")), "bill $15.01 total.memberliability"},
		{"paid on the items", items(list(adj("copay", "20"), adj("paidbypatient", "5")), list(adj("copay", "1"))), "bill $16.00 items"},
		{"paid in the total before the items", `"total":` + list(adj("paidbypatient", "1")) + "," + items(list(adj("copay", "20"), adj("paidbypatient", "5"))), "bill $19.00 items"},
		{"paid in full", `"total":` + list(adj("copay", "20"), adj("paidbypatient", "20")), "nothing_due $0.00 total.shares"},
		{"paid too much", `"total":` + list(adj("copay", "20"), adj("paidbypatient", "25")), "review credit"},
		{"a negative share", `"total":` + list(adj("memberliability", "-3")), "review credit"},
		{"a category stated twice", `"total":` + list(adj("copay", "20"), adj("copay", "20")), "review repeated"},
		{"a share on an added item", items(list(adj("copay", "20"))) + `,"addItem":[{"adjudication":` + list(adj("copay", "7")) + `}]`, "review added_items"},
		{"euro", `"total":[{"category":{"coding":[{"code":"memberliability"}]},"amount":{"value":5,"currency":"EUR"}}]`, "refused currency"},
		{"euro in a line that does not count", `"total":` + list(adj("memberliability", "5")) + `,"item":[{"net":{"value":1,"currency":"EUR"}}]`, "refused currency"},
		{"no currency", `"total":[{"category":{"coding":[{"code":"memberliability"}]},"amount":{"value":5}}]`, "refused currency"},
		{"one amount without currency", `"total":` + list(adj("memberliability", "5"), `{"category":{"coding":[{"code":"copay"}]}}`), "bill $5.00 total.memberliability"},
		{"a number out of all proportion", `"total":` + list(adj("memberliability", "1e999")), "refused amount"},
		{"more than the limit", `"total":` + list(adj("memberliability", "10000000.01")), "refused amount"},
		{"at the limit", `"total":` + list(adj("memberliability", "10000000.00")), "bill $10,000,000.00 total.memberliability"},
		{"text for a number", `"total":` + list(adj("memberliability", `"20"`)), "refused wrong_type"},
		{"null for a number", `"total":` + list(adj("memberliability", "null")), "refused wrong_type"},
		{"status in capitals is another name", `"STATUS":"cancelled","total":` + list(adj("memberliability", "5")), "bill $5.00 total.memberliability"},
		{"a name twice", `"status":"active","total":` + list(adj("memberliability", "5")), "refused duplicate_name"},
		{"amount as a list", `"total":[{"amount":[]}]`, "refused wrong_type"},
		{"a zero character", `"disposition":"a\u0000b"`, "refused encoding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ruling(eobJSON("e1", c.members)); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.members, got, c.want)
			}
		})
	}
}

// ruling decodes an ExplanationOfBenefit and tells in one line what came of it.
func ruling(text string) string {
	var e eob
	err := decode([]byte(text), &e)
	var c *Claim
	if err == nil {
		c, err = claimOf(&e, &names{}, day.Date{})
	}
	var s *skip
	var r *Refusal
	switch {
	case errors.As(err, &s):
		return "skipped " + s.code
	case errors.As(err, &r):
		return "refused " + r.Code
	case err != nil:
		return err.Error()
	case c.Voided:
		return "void " + c.Key
	case c.Owed.Verdict == Review:
		out := "review " + c.Owed.Reason
		for _, o := range c.Owed.Offer {
			out += " " + o.String()
		}
		return out
	}
	if c.Charged != c.PlanPaid+c.Adjustments+c.Owed.Responsibility {
		return "figures do not add up"
	}
	return string(c.Owed.Verdict) + " " + c.Owed.Due.String() + " " + string(c.Owed.Rule)
}

func TestWhatIsABill(t *testing.T) {
	t.Parallel()
	base := eobJSON("e1", `"total":`+list(adj("memberliability", "5")))
	for _, c := range []struct{ old, new, want string }{
		{`"x"`, `"x"`, "bill $5.00 total.memberliability"},
		{`"outcome":"complete"`, `"outcome":"partial"`, "bill $5.00 total.memberliability"},
		{`"outcome":"complete"`, `"outcome":"queued"`, "skipped outcome_queued"},
		{`"outcome":"complete"`, `"outcome":"error"`, "skipped outcome_error"},
		{`"outcome":"complete",`, ``, "skipped outcome_missing"},
		{`"use":"claim"`, `"use":"predetermination"`, "skipped use_predetermination"},
		{`"use":"claim"`, `"use":"preauthorization"`, "skipped use_preauthorization"},
		{`"use":"claim"`, `"use":"<b>"`, "skipped use_other"},
		{`"status":"active"`, `"status":"draft"`, "skipped status_draft"},
		{`"status":"active"`, `"status":"entered-in-error"`, "skipped status_entered-in-error"},
		{`"status":"active"`, `"status":"cancelled"`, "void C-e1|Larkspur"},
		{`"reference":"Patient/p1"`, `"display":"somebody"`, "refused no_patient"},
		{`"reference":"Patient/p1"`, `"reference":"#p"`, "refused no_patient"},
		{`"id":"e1",`, ``, "bill $5.00 total.memberliability"},
		{`"status":"active"`, `"status":7`, "refused wrong_type"},
		{`"status":"active"`, `"status":null`, "skipped status_missing"},
	} {
		if got := ruling(strings.Replace(base, c.old, c.new, 1)); got != c.want {
			t.Errorf("%s -> %s: got %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

func TestClaimKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{"id":"e","identifier":[{"system":"x","value":"no"},{"system":"https://bluebutton.cms.gov/resources/variables/clm_id","value":"7"}],"insurer":{"display":"A"}}`, "7|A"},
		{`{"id":"e","identifier":[{"type":{"coding":[{"code":"uc"}]},"value":"8"}],"insurer":{"reference":"Organization/Payer1","display":"A"}}`, "8|Payer1"},
		{`{"id":"e","identifier":[{"type":{"coding":[{"code":"uc"}]},"value":"8"}],"insurer":{"reference":"https://x.example/fhir/Organization/Payer1/_history/3"}}`, "8|Payer1"},
		{`{"id":"e","insurer":{"reference":"urn:uuid:4"}}`, "eob:e|4"},
		{`{"id":"e","contained":[{"resourceType":"Coverage","id":"coverage","payor":[{"display":"B"}]}],"insurance":[{"coverage":{"reference":"#coverage"}}]}`, "eob:e|B"},
		{`{"identifier":[{"system":"other","value":"1"}]}`, ""},
	} {
		var e eob
		if err := decode([]byte(c.text), &e); err != nil {
			t.Fatal(err)
		}
		if got := claimKey(&e); got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestServiceDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{"item":[{"servicedPeriod":{"start":"2019-10-30T23:30:00-05:00"}}],"billablePeriod":{"start":"2018-01-01"}}`, "2019-10-30"},
		{`{"item":[{},{"servicedDate":"2019-07-02"}]}`, "2019-07-02"},
		{`{"billablePeriod":{"start":"2018-05","end":"2019-05-01"}}`, "2018-05-01"},
		{`{"billablePeriod":{"end":"2019-05-01"},"created":"2018"}`, "2018-01-01"},
		{`{"item":[{"servicedDate":"2019-02-30"}]}`, ""},
	} {
		var e eob
		if err := decode([]byte(c.text), &e); err != nil {
			t.Fatal(err)
		}
		if got := serviceDate(&e).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParseRef(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want Ref
	}{
		{"", Ref{}},
		{"urn:uuid:98f6377c-4f40", Ref{ID: "98f6377c-4f40"}},
		{"Patient/1", Ref{Type: "Patient", ID: "1"}},
		{"https://x.example/fhir/Patient/1/_history/2", Ref{Type: "Patient", ID: "1"}},
		{"Patient?identifier=https://x.example/ids|A 1", Ref{Type: "Patient", System: "https://x.example/ids", Value: "A 1"}},
		{"Patient?identifier=7", Ref{Type: "Patient", Value: "7"}},
		{"Patient?name=x", Ref{}},
		{"#coverage", Ref{ID: "coverage", Local: true}},
		{"nonsense", Ref{}},
	} {
		if got := ParseRef(c.text); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.text, got, c.want)
		}
	}
}

func TestLinesAddUp(t *testing.T) {
	t.Parallel()
	var adjs []string
	for range 7 {
		adjs = append(adjs, list(adj("x/line_sbmtd_chrg_amt", "1.015"), adj("x/line_prvdr_pmt_amt", "0.812"), adj("x/line_coinsrnc_amt", "0.203")))
	}
	var e eob
	if err := decode([]byte(eobJSON("e1", items(adjs...))), &e); err != nil {
		t.Fatal(err)
	}
	c, err := claimOf(&e, &names{}, day.Date{})
	if err != nil {
		t.Fatal(err)
	}
	var charged, paid, share int64
	for _, l := range c.Lines {
		charged, paid, share = charged+int64(l.Charged), paid+int64(l.PlanPaid), share+int64(l.Share)
	}
	if charged != 711 || paid != 568 || share != 142 || c.Owed.Due != 142 || c.Charged != 711 {
		t.Errorf("charged %d, plan paid %d, share %d, claim %+v", charged, paid, share, c)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"text":"Well child visit (procedure)"}`:                   "Well child visit",
		`{"coding":[{"code":"1","display":"Hib (PRP-OMP)"}]}`:       "Hib (PRP-OMP)",
		`{"coding":[{"code":"99213"}]}`:                             "99213",
		`{}`:                                                        "",
		`{"text":"` + strings.Repeat("é", 200) + `"}`:               strings.Repeat("é", 150) + "...",
		`{"coding":[{"display":"Sinusitis (disorder)"}],"text":""}`: "Sinusitis",
	} {
		var c concept
		if err := decode([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if got := describe(c); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

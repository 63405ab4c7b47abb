package intake

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// FuzzFHIR reads any bytes as a FHIR file, at once and byte by byte: the same records must come out, every record has a
// resource or a reason, and its bytes stand where it says.
func FuzzFHIR(f *testing.F) {
	for _, s := range []string{"", pat, obs, bundleOf(entry, entry), bundleOf(entry, "null", `{"resource":[}`), pat + "\n" + obs + "\n{\n" + pat,
		"<html>", "[1]", `{"entry":[`, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle","entry":[` + entry + `]}}]}`,
		`{"a":"\"}`, "\xef\xbb\xbf{}", `{"resourceType":"\u0050atient"}`, eobJSON("1", `"total":`+list(adj("copay", "1.005")))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		collect := func(r io.Reader) (out []string) {
			d := &documents{file: "f", ctx: t.Context(), each: func(r Record) error {
				if (r.Refused == nil) != (r.Resource != nil) {
					t.Fatalf("%+v", r)
				}
				if r.Raw != nil && (r.Offset < 0 || r.Offset > int64(len(data)) || !bytes.HasPrefix(data[r.Offset:], bytes.TrimSuffix(r.Raw, []byte("\r"))) && !strings.Contains(r.Place, ".")) {
					t.Fatalf("%q does not stand at %d", r.Raw, r.Offset)
				}
				out = append(out, outlineOf(r)+string(r.Raw))
				(&decoder{}).fhir(r, false)
				return nil
			}}
			if err := d.read(r, "f.json"); err != nil {
				t.Fatal(err)
			}
			return out
		}
		at := strings.Join(collect(bytes.NewReader(data)), "\n")
		by := strings.Join(collect(&slowReader{data}), "\n")
		if at != by {
			t.Errorf("at once:\n%s\nbyte by byte:\n%s", at, by)
		}
	})
}

type slowReader struct{ rest []byte }

func (s *slowReader) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest[:1])
	s.rest = s.rest[n:]
	return n, nil
}

// FuzzRule decodes any bytes as an ExplanationOfBenefit: a claim's figures always add up, a bill is always positive and
// never above the limit, and every refusal has a code and words.
func FuzzRule(f *testing.F) {
	for _, s := range []string{"{}", eobJSON("1"), eobJSON("1", `"total":`+list(adj("memberliability", "20"), adj("paidbypatient", "3.333"))),
		eobJSON("1", `"total":`+list(adj("copay", "-1"), adj("deductible", "1e2"))), eobJSON("1", items(list(adj("x/line_coinsrnc_amt", "28.104000000000003")))),
		eobJSON("1", items(list(adj("copay", "1e999")))), strings.Replace(eobJSON("1"), "active", "cancelled", 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e eob
		err := decode(data, &e)
		var c *Claim
		if err == nil {
			c, err = claimOf(&e, &names{}, day.Date{})
		}
		var r *Refusal
		var s *skip
		switch {
		case errors.As(err, &r):
			if r.Code == "" || r.Text == "" || strings.ContainsAny(r.Code, " \n") {
				t.Errorf("%+v", r)
			}
		case errors.As(err, &s):
			if s.code == "" || s.text == "" {
				t.Errorf("%+v", s)
			}
		case err != nil:
			t.Errorf("an error of no kind: %v", err)
		case c.Voided:
		case c.Charged != c.PlanPaid+c.Adjustments+c.Owed.Responsibility:
			t.Errorf("figures do not add up: %+v", c)
		case c.Owed.Verdict == Bill && (c.Owed.Due <= 0 || c.Owed.Due > money.Max || c.Owed.Responsibility < 0 || c.Owed.PaidByPatient < 0):
			t.Errorf("a bill of %+v", c.Owed)
		case c.Owed.Verdict == Review && (c.Owed.Reason == "" || c.Owed.Detail == ""):
			t.Errorf("a review without a reason: %+v", c.Owed)
		}
	})
}

// FuzzCSV reads any bytes as a balance file: every row is a usable balance or a refusal, in order.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", head, head + "\nB1,M1,medical,1.00\n", head + "\r\n\"B\n1\",M1,premium,-1\r\n\"", "\"" + head, head + "\n\"\"\"\",,,\n,,,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		_, err := readBalances(t.Context(), "f", bytes.NewReader(data), func(r BalanceRecord) error {
			if r.Seq != last+1 {
				t.Errorf("row %d after %d", r.Seq, last)
			}
			last = r.Seq
			b := r.Balance
			switch {
			case r.Refused != nil:
				if r.Refused.Code == "" || r.Refused.Text == "" {
					t.Errorf("%+v", r.Refused)
				}
			case b.BillNumber == "" || b.Person.MemberID == "" || (b.Kind != "medical" && b.Kind != "premium"):
				t.Errorf("%+v", b)
			case b.Charged != b.PlanPaid+b.Adjustments+b.Responsibility:
				t.Errorf("figures do not add up: %+v", b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

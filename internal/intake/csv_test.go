package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const head = "bill_number,member_id,kind,patient_responsibility"

// rowsOf reads a balance file and writes one line a record: place, then "ok number amount" or the refusal.
func rowsOf(t testing.TB, text string) (string, bool) {
	t.Helper()
	var out []string
	whole, err := readBalances(t.Context(), "f.csv", strings.NewReader(text), func(r BalanceRecord) error {
		place := strings.ReplaceAll(r.Place, " ", "")
		if r.Refused != nil {
			out = append(out, place+"!"+r.Refused.Code)
			return nil
		}
		out = append(out, place+"="+r.Balance.BillNumber+":"+r.Balance.Responsibility.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " "), whole
}

func TestReadBalances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"plain", head + "\nB1,M1,medical,12.34\nB2,M1,premium,5\n", "line2=B1:$12.34 line3=B2:$5.00"},
		{"any order, capitals, CRLF, blank lines", "KIND, Patient_Responsibility ,member_id,bill_number\r\nmedical,1.5,M1,B1\r\n\r\n  \r\nMedical,2,M1,B2", "line2=B1:$1.50 line5=B2:$2.00"},
		{"quotes", head + "\n\"B,1\",\"M\"\"1\",medical,\"12.34\"\n", "line2=B,1:$12.34"},
		{"line break in quotes", head + ",description\nB1,M1,medical,1,\"two\r\nlines\"\nB2,M1,medical,2,x\n", "line2=B1:$1.00 line4=B2:$2.00"},
		{"quote never closed", head + ",description\nB1,M1,medical,1,\"oops\nB2,M1,medical,2,x\nB3,M1,medical,3,y\n", "line2!malformed line3=B2:$2.00 line4=B3:$3.00"},
		{"quote inside a field", head + "\nB\"1,M1,medical,1\nB2,M1,medical,2\n", "line2!malformed line3=B2:$2.00"},
		{"text behind a quote", head + "\n\"B1\"x,M1,medical,1\nB2,M1,medical,2\n", "line2!malformed line3=B2:$2.00"},
		{"too few, too many", head + "\nB1,M1,medical\nB2,M1,medical,2,3\nB3,M1,medical,3\n", "line2!columns line3!columns line4=B3:$3.00"},
		{"empty values", head + "\n,M1,medical,1\nB1,,medical,1\nB1,M1,,1\nB1,M1,medical,\n", "line2!missing_value line3!missing_value line4!missing_value line5!missing_value"},
		{"amounts", head + "\nB1,M,medical,1.234\nB2,M,medical,\"1,234.00\"\nB3,M,medical,$5\nB4,M,medical,1e3\nB5,M,medical,١٢\nB6,M,medical,12.\nB7,M,medical,.5\nB8,M,medical,10000000.01\nB9,M,medical,99999999999999999999\nB10,M,medical,10000000.00\nB11,M,medical,-3.00\nB12,M,medical,+1\n",
			"line2!value line3!value line4!value line5!value line6!value line7!value line8!value line9!value line10!value line11=B10:$10,000,000.00 line12=B11:-$3.00 line13!value"},
		{"kind", head + "\nB1,M,dental,1\n", "line2!value"},
		{"dates", head + ",due_date\nB1,M,medical,1,2026-12-03\nB2,M,medical,1,12/3/2026\nB3,M,medical,1,13/3/2026\nB4,M,medical,1,2026-02-30\nB5,M,medical,1,3.12.2026\nB6,M,medical,1,12/3/26\n",
			"line2=B1:$1.00 line3=B2:$1.00 line4!value line5!value line6!value line7!value"},
		{"as_of", head + ",as_of\nB1,M,medical,1,2026-12-03T06:00:00-05:00\nB2,M,medical,1,2026-12-03\nB3,M,medical,1,yesterday\n", "line2=B1:$1.00 line3=B2:$1.00 line4!value"},
		{"figures that do not add up", head + ",charged,plan_paid,adjustments\nB1,M,medical,20,100,70,10\nB2,M,medical,20,100,70,9\nB3,M,medical,20,100,70,\nB4,M,medical,20,,70,\nB5,M,medical,20,100,-70,\n",
			"line2=B1:$20.00 line3!figures line4=B3:$20.00 line5=B4:$20.00 line6!value"},
		{"bad bytes", head + "\nB\xff1,M,medical,1\nB\x002,M,medical,1\nB3,M,medical,1\nB4,\x07,medical,1\n", "line2!encoding line3!encoding line4=B3:$1.00 line5!value"},
		{"a huge row", head + "\n" + strings.Repeat("x", maxRow+1) + "\nB2,M,medical,1\n", "line2!too_large line3=B2:$1.00"},
		{"unknown, missing and repeated columns", "bill_number,member,kind,kind\nB1,M1,medical,1\n", "file!header"},
		{"semicolons", strings.ReplaceAll(head, ",", ";") + "\nB1;M;medical;1\n", "file!header"},
		{"only a header", head + "\n", ""},
		{"empty", "", "file!empty"},
		{"FHIR", `{"resourceType":"Bundle"}`, "file!malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := rowsOf(t, c.text); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBalanceHeaderNamesEveryProblem(t *testing.T) {
	t.Parallel()
	var text string
	_, err := readBalances(t.Context(), "f.csv", strings.NewReader("bill_number,Color,kind,kind\n"), func(r BalanceRecord) error {
		text = r.Refused.Text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`unknown column "Color"`, `column "kind" is there twice`, `column "member_id" is missing`, `column "patient_responsibility" is missing`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %s", text, want)
		}
	}
}

func TestBalanceFields(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbfbill_number,member_id,kind,patient_responsibility,first_name,last_name,date_of_birth,street,street_2,city,zip,state,payee,service_date,due_date,description,provider,insurer,charged,plan_paid,adjustments,paid,as_of,email,phone,language,guarantor_member_id,visit\n" +
		"B1,M1,medical,20.00,José,Núñez,2/29/2000,\"14 Sample  Street\nFloor 2\",Apt 3,Cambridge,02138,MA,,2026-03-01,2026-04-01,\"Office visit, long\",Dr. Example,Larkspur,100.00,70.00,10.00,5.00,2026-03-05,a@example.org,555-0100,es-US,M0,V1\n"
	var got Balance
	f := write(t, "f.csv", []byte(text))
	whole, err := ReadBalances(t.Context(), f, func(r BalanceRecord) error {
		if r.Refused != nil {
			t.Fatal(r.Refused)
		}
		got = r.Balance
		return nil
	})
	if err != nil || !whole {
		t.Fatal(whole, err)
	}
	p := got.Person
	if p.Given != "José" || p.Family != "Núñez" || p.BirthDate.String() != "2000-02-29" || p.ZIP != "02138" || p.Street != "14 Sample Street Floor 2\nApt 3" || p.City != "Cambridge" || p.Language != "es" || p.Guarantor != "M0" {
		t.Errorf("person %+v", p)
	}
	if got.Charged != 10000 || got.PlanPaid != 7000 || got.Adjustments != 1000 || got.Responsibility != 2000 || got.Paid != 500 ||
		got.Description != "Office visit, long" || got.Visit != "V1" || got.AsOf.IsZero() || got.DueDate.String() != "2026-04-01" {
		t.Errorf("balance %+v", got)
	}
}

// TestRefusedRowIsAFileOfItsOwn: what is kept for a retry can be read again as it is.
func TestRefusedRowIsAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	_, err := readBalances(t.Context(), "f.csv", strings.NewReader(head+"\nB1,M1,medical,oops\n"), func(r BalanceRecord) error {
		if r.Refused == nil {
			t.Error("taken")
		}
		got, _ := rowsOf(t, strings.ReplaceAll(string(r.retryText()), "oops", "7.00"))
		if got != "line2=B1:$7.00" {
			t.Errorf("%q", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestColumnsAreDocumented holds the document against the code.
func TestColumnsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "importing.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range columns {
		if !strings.Contains(string(text), "`"+c.name+"`") {
			t.Errorf("docs/importing.md does not name the column %s", c.name)
		}
	}
}

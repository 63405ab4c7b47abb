package intake

import (
	"fmt"
	"strings"
	"testing"
)

func TestPersonOf(t *testing.T) {
	t.Parallel()
	const typed = `{"type":{"coding":[{"code":"%s"}]},"system":"%s","value":"%s"}`
	text := `{"resourceType":"Patient","id":"p1","identifier":[` + strings.Join([]string{
		fmt.Sprintf(typed, "SS", "x", "999-82-6972"), fmt.Sprintf(typed, "DL", "x", "S99980448"), fmt.Sprintf(typed, "PPN", "x", "X50272457X"),
		`{"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-00-0000"}`, `{"system":"urn:oid:2.16.840.1.113883.4.1","value":"999-00-0001"}`,
		fmt.Sprintf(typed, "MR", "x", "mr-1"), fmt.Sprintf(typed, "MB", "x", "1234-5"), fmt.Sprintf(typed, "um", "x", "1234-5u"),
		`{"system":"https://example.org","value":"plain"}`, fmt.Sprintf(typed, "XYZ", "x", "never"),
	}, ",") + `],"name":[{"use":"maiden","family":"Thiel172","given":["Rosie394"]},{"use":"official","family":"Núñez-O'Brien970","given":["Rosie394","Zoë"],"suffix":["Jr."]}],
		"birthDate":"1982-03-25","deceasedDateTime":"2010-03-06T23:52:18+01:00",
		"telecom":[{"system":"phone","value":"555-0100","rank":2},{"system":"phone","value":"555-0101","rank":1},{"system":"email","value":"a@example.org"}],
		"address":[{"use":"old","state":"NY","postalCode":"10001"},{"state":"MA","postalCode":"01866"}],
		"communication":[{"language":{"coding":[{"code":"es-US"}]}}]}`
	var p patient
	if err := decode([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	got, err := personOf(&p, "https://x.example/Patient/p1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Given != "Rosie394 Zoë" || got.Family != "Núñez-O'Brien970 Jr." || got.BirthDate.String() != "1982-03-25" || !got.Deceased ||
		got.ZIP != "01866" || got.State != "MA" || got.Phone != "555-0101" || got.Email != "a@example.org" || got.Language != "es" ||
		got.PatientID != "p1" || got.MemberID != "1234-5u" {
		t.Errorf("%+v", got)
	}
	want := "[{medical_record mr-1  } {member_id 1234-5  } {unique_member_id 1234-5u  } {identifier plain  }]"
	if fmt.Sprint(got.Numbers) != want {
		t.Errorf("numbers %v, want %v", got.Numbers, want)
	}
}

// TestAddressOnFile: the home address goes with its ZIP code, without what no envelope holds.
func TestAddressOnFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[{"line":["14 Sample Street"," Apt  3 "],"city":"Nome","state":"AK","postalCode":"99762"}]`:                                                    "14 Sample Street|Apt 3 / Nome / AK / 99762",
		`[{"use":"work","line":["1 Office Way"],"city":"X","postalCode":"10001"},{"use":"home","line":["2 Home Way"],"city":"Y","postalCode":"20002"}]`: "2 Home Way / Y /  / 20002",
		`[{"use":"old","line":["1 Old Way"],"city":"X","postalCode":"10001"}]`:                                                                          " /  /  / ",
		`[{"line":["a","b","c","d"],"city":"Y","state":"OR"}]`:                                                                                          "a|b|c / Y / OR / ",
		`[{"line":["1 Main\nSt",""],"city":"\tX","postalCode":" 10001 "}]`:                                                                              "1 Main St / X /  / 10001",
		`[{"line":["` + strings.Repeat("é", 300) + `"],"postalCode":"10001"}]`:                                                                          strings.Repeat("é", 100) + " /  /  / 10001",
	} {
		var p patient
		if err := decode([]byte(`{"id":"p","address":`+text+`}`), &p); err != nil {
			t.Fatal(err)
		}
		got, err := personOf(&p, "")
		if s := strings.Join([]string{strings.ReplaceAll(got.Street, "\n", "|"), got.City, got.State, got.ZIP}, " / "); err != nil || s != want {
			t.Errorf("%s: %q, want %q (%v)", text, s, want, err)
		}
	}
}

func TestPersonWithoutAnything(t *testing.T) {
	t.Parallel()
	if _, err := personOf(&patient{}, ""); err == nil {
		t.Error("a patient without any id was taken")
	}
	got, err := personOf(&patient{ID: "server-id", BirthDate: "1982"}, "urn:uuid:bundle-id")
	if err != nil || got.PatientID != "bundle-id" || !got.BirthDate.IsZero() || got.Numbers[0].Value != "server-id" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPersonOfCoverage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{"beneficiary":{"reference":"Patient/c"},"subscriber":{"reference":"Patient/s"},"subscriberId":"88","dependent":"01","relationship":{"coding":[{"code":"child"}]}}`, "c pays s [{subscriber 88  } {subscriber 8801  }]"},
		{`{"beneficiary":{"reference":"Patient/c"},"subscriber":{"reference":"Patient/s"},"subscriberId":"88","relationship":{"coding":[{"code":"spouse"}]}}`, "c pays  [{subscriber 88  }]"},
		{`{"beneficiary":{"reference":"Patient/c"},"subscriber":{"reference":"Patient/c"},"identifier":[{"type":{"coding":[{"code":"MB"}]},"value":"7"}]}`, "c pays  [{member_id 7  }]"},
		{`{"beneficiary":{"reference":"Patient/c"}}`, ""},
		{`{"subscriberId":"88"}`, ""},
		{`{"status":"entered-in-error","beneficiary":{"reference":"Patient/c"},"subscriberId":"88"}`, ""},
	} {
		var v coverage
		if err := decode([]byte(c.text), &v); err != nil {
			t.Fatal(err)
		}
		got := ""
		if p, ok := personOfCoverage(&v); ok {
			got = fmt.Sprintf("%s pays %s %v", p.PatientID, p.Guarantor, p.Numbers)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestNumbersWithDays(t *testing.T) {
	t.Parallel()
	number := func(value, start, end string) string {
		return fmt.Sprintf(`{"type":{"coding":[{"code":"MB"}]},"value":%q,"period":{"start":%q,"end":%q}}`, value, start, end)
	}
	for _, c := range []struct{ numbers, card, want string }{
		{number("old", "2020-01-01", "2025-12-31") + "," + number("new", "2026-01-01", ""), "new", "[{member_id old 2020-01-01 2025-12-31} {member_id new 2026-01-01 }]"},
		{number("new", "", "") + "," + number("old", "", "2025"), "new", "[{member_id new  } {member_id old  2025-12-31}]"},
		{number("a", "", "2024-02") + "," + number("b", "", "2025-02-28T10:00:00Z"), "b", "[{member_id a  2024-02-29} {member_id b  2025-02-28}]"},
		{number("a", "nonsense", "2025-02-30"), "a", "[{member_id a  }]"},
	} {
		var p patient
		if err := decode([]byte(`{"id":"p","identifier":[`+c.numbers+`]}`), &p); err != nil {
			t.Fatal(err)
		}
		got, err := personOf(&p, "")
		if err != nil || got.MemberID != c.card || fmt.Sprint(got.Numbers) != c.want {
			t.Errorf("%s: card %q, numbers %v, %v; want %q, %s", c.numbers, got.MemberID, got.Numbers, err, c.card, c.want)
		}
	}
}

package nacha

import (
	"encoding/csv"
	"os"
	"testing"
)

func TestReturnCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range returnCodes {
		if seen[c.Code] || c.Meaning == "" || c.Kind == "" {
			t.Errorf("%s stands twice or says nothing", c.Code)
		}
		seen[c.Code] = true
		if c.Retry && c.Block {
			t.Errorf("%s may be repeated and is blocked", c.Code)
		}
		if c.Retry != (c.Code == "R01" || c.Code == "R09") {
			t.Errorf("%s: only R01 and R09 may be repeated", c.Code)
		}
	}
	for code, kind := range map[string]ReturnKind{"R01": Insufficient, "R02": Closed, "R03": Invalid, "R10": Unauthorized,
		"R29": Unauthorized, "R08": Stopped, "R15": Deceased, "R16": Frozen, "R68": Dispute, "R73": Dispute, "R99": Other} {
		if got := Lookup(code); got.Kind != kind || got.Code != code {
			t.Errorf("Lookup(%s) = %+v, want kind %s", code, got, kind)
		}
	}
	if !Lookup("R99").Block || Lookup("R99").Retry {
		t.Error("an unknown code is repeated")
	}
}

func TestEveryPublishedReturnCodeIsKnown(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testdata(t, "reference/nacha-return-codes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if Lookup(row[0]).Kind == Other {
			t.Errorf("%s (%s) is missing", row[0], row[1])
		}
	}
	if len(rows)-1 != len(returnCodes) {
		t.Errorf("%d codes are published, the table has %d", len(rows)-1, len(returnCodes))
	}
}

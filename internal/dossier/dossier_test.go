package dossier_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/dossier"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// family is a database with a parent who owes for a grown child, a bill each, and the parent's account.
func family(t *testing.T, d *db.DB) (*identity.Accounts, identity.Profile) {
	t.Helper()
	people := []member.Incoming{
		{MemberID: "P-1", PatientID: "p-1", Given: "Ana", Family: "Lago", BirthDate: day.MustParse("1970-01-02"), Email: "ana@mail.example"},
		{MemberID: "C-1", PatientID: "c-1", Guarantor: "P-1", Given: "Ben", Family: "Lago", BirthDate: day.MustParse("2000-03-04"), Email: "ben@mail.example", Phone: "+15035550111"},
	}
	var made []member.Imported
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		if err = bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		if made, err = member.ImportBatch(t.Context(), tx, noon, people); err != nil {
			return err
		}
		one := func(key, patient string) bill.Incoming {
			return bill.Incoming{ClaimKey: key, Source: "test", Kind: bill.Medical, Payee: "medical", Number: key, PatientID: patient, GuarantorID: made[0].ID,
				Provider: "Care of " + key, ServiceDate: day.MustParse("2026-10-02"), Charged: 100, Responsibility: 100, Lines: []bill.Line{{Text: "Line of " + key, Charged: 100, Share: 100}}}
		}
		_, err = bill.ImportBatch(t.Context(), tx, noon, []bill.Incoming{one("M-1", made[0].ID), one("M-2", made[1].ID)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	accounts := identity.New(d, box, 1)
	accountID, err := accounts.Create(t.Context(), noon, "ana@mail.example", "a long enough password", "en", made[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	who, err := accounts.Get(t.Context(), accountID)
	if err != nil {
		t.Fatal(err)
	}
	return accounts, who
}

// TestCareOfOthersIsLeftOut: a bill of a grown child is in the document with its amounts, and without what care it was for.
func TestCareOfOthersIsLeftOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		accounts, who := family(t, d)
		var out bytes.Buffer
		err := dossier.Write(t.Context(), &out, d, accounts, dossier.Subject{Account: who, Now: noon, Today: day.MustParse("2026-12-03"), Care: func(b bill.Bill) bool { return b.PatientID == who.Members[0] }})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(out.Bytes()) {
			t.Fatalf("no JSON: %s", out.String())
		}
		for _, s := range []string{"M-2", "Ben Lago", "Care of M-1", "Line of M-1"} {
			if !strings.Contains(out.String(), s) {
				t.Errorf("%q is missing", s)
			}
		}
		for _, s := range []string{"Care of M-2", "Line of M-2", "ben@mail.example", "5550111", "2000-03-04", "C-1"} {
			if strings.Contains(out.String(), s) {
				t.Errorf("%q of somebody else is told", s)
			}
		}
	})
}

// full takes so many bytes and no more.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errors.New("the reader went away")
	}
	return len(p), nil
}

// TestReaderGoesAway: what could not be written whole is an error.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	accounts, who := family(t, d)
	room := full(100)
	if err := dossier.Write(t.Context(), &room, d, accounts, dossier.Subject{Account: who, Now: noon, Today: day.MustParse("2026-12-03"), Care: func(bill.Bill) bool { return true }}); err == nil {
		t.Error("half a document is no error")
	}
}

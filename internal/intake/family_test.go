package intake

import (
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
)

// TestFamilyOnOneCard reads a balance file in which two people have one card number: each bill goes to its own patient,
// and the second file changes nothing.
func TestFamilyOnOneCard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		text := "bill_number,member_id,kind,patient_responsibility,first_name,date_of_birth\n" +
			"B1,M1,medical,10.00,Ana,1980-01-02\nB2,M1,medical,20.00,Ben,2012-03-04\nB3,M1,medical,30.00,Ana,1980-01-02\n"
		for range 2 {
			runCSV(t, d, text)
			got := map[string]string{}
			err := bill.All(t.Context(), d.Read(), func(b bill.Bill, _, _ string) error {
				m, err := member.Get(t.Context(), d.Read(), b.PatientID)
				got[b.Number] = m.Given
				return err
			})
			if err != nil || got["B1"] != "Ana" || got["B2"] != "Ben" || got["B3"] != "Ana" {
				t.Errorf("%v, %v", got, err)
			}
		}
	})
}

package intake

import (
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

func TestWorkListHoldsWhatMadeNoBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runCSV(t, d, "bill_number,member_id,kind,patient_responsibility,paid\nA1,M1,medical,10.00,\nA2,M1,medical,5.00,9.00\nA3,M1,medical,1.234,\n")
		var got []string
		err := WorkList(t.Context(), d.Read(), func(w Waiting) error {
			got = append(got, w.Verdict+" "+w.Reason)
			return nil
		})
		if err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		for _, want := range []string{"review credit", "refused value"} {
			if got[0] != want && got[1] != want {
				t.Errorf("%q is not on the list: %v", want, got)
			}
		}
	})
}

package identity_test

import (
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
)

// TestOneHouseholdManyAddresses tries from one IPv6 network under ever new addresses: they are one subject, and a neighbor
// is another. Whoever tries wrongly elsewhere does not keep the right person out.
func TestOneHouseholdManyAddresses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, now := identity.New(d, nil, 1), time.Now()
		try := func(address string) error { return a.AllowAll(t.Context(), now, identity.LookUps(address, "LH1")...) }
		for range identity.LookUpNumber.Hits / 2 {
			for _, address := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::2"} {
				if err := try(address); err != nil {
					t.Fatal(err)
				}
			}
		}
		for address, busy := range map[string]bool{"2001:db8:1:2:3:4:5:6": true, "2001:db8:1:3::1": false, "192.0.2.1": false, "::ffff:192.0.2.9": false} {
			if err := try(address); fault.Is(err, fault.Busy) != busy {
				t.Errorf("%s: %v", address, err)
			}
		}
	})
}

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
// is another.
func TestOneHouseholdManyAddresses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, now := identity.New(d, 1), time.Now()
		limit := identity.Limit{Name: "test/address", Hits: 2, Window: time.Minute}
		for i, c := range []struct {
			address string
			busy    bool
		}{
			{"2001:db8:1:2::1", false}, {"2001:db8:1:2:ffff::2", false}, {"2001:db8:1:2:3:4:5:6", true},
			{"2001:db8:1:3::1", false}, {"192.0.2.1", false}, {"192.0.2.2", false}, {"::ffff:192.0.2.1", false},
		} {
			if err := a.Allow(t.Context(), now, limit, c.address); fault.Is(err, fault.Busy) != c.busy {
				t.Errorf("%d %s: %v", i, c.address, err)
			}
		}
	})
}

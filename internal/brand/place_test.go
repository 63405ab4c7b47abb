package brand

import "testing"

// TestMapOf: an office is shown by its place or address on the map of the organisation, by its own address, or not at all.
func TestMapOf(t *testing.T) {
	t.Parallel()
	home := []string{"27 Meadow Street, Suite 200", "Hillcrest, OR 97000 & more"}
	for what, x := range map[string]struct{ pattern, own, want string }{
		"the usual map":           {"", "45.51,-122.61", "https://www.openstreetmap.org/?mlat=45.51&mlon=-122.61#map=17/45.51/-122.61"},
		"a map of the file":       {"https://maps.example/at/{lat}/{lon}", "45.51,-122.61", "https://maps.example/at/45.51/-122.61"},
		"by address":              {"https://maps.example/?q={address}", "", "https://maps.example/?q=27%20Meadow%20Street%2C%20Suite%20200%2C%20Hillcrest%2C%20OR%2097000%20%26%20more"},
		"an address of its own":   {"https://maps.example/at/{lat}/{lon}", "https://larkspur.example/way", "https://larkspur.example/way"},
		"a place that is unknown": {"", "", ""},
	} {
		if got := (&Brand{MapURL: x.pattern}).MapOf(Office{Address: home, Map: x.own}); got != x.want {
			t.Errorf("%s: %q, want %q", what, got, x.want)
		}
	}
}

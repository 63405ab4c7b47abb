package portal

import (
	"strings"
	"testing"
)

// TestMapOfAnOffice: the map is a link to another site that is told nothing; no page loads anything of it.
func TestMapOfAnOffice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/offices", "/contact"} {
		a := h.visitor().get(path)
		link := `href="https://www.openstreetmap.org/?mlat=45.52&amp;mlon=-122.67#map=17/45.52/-122.67" rel="noopener noreferrer"`
		if !strings.Contains(a.Body, link) || strings.Count(a.Body, "https://www.openstreetmap.org/") != 2 || strings.Contains(a.Body, "geo:") {
			t.Errorf("%s does not lead to a map by links alone: %s", path, a.Body)
		}
	}
}

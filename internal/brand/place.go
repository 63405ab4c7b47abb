package brand

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// DefaultMap is the map to which readers are led where the file names none: a page with a marker, which no page loads.
const DefaultMap = "https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}"

// MapOf returns the address of a map that shows an office, of its own or of MapURL, "" where its place is not known.
func (b *Brand) MapOf(o Office) string {
	if elsewhere(o.Map) {
		return o.Map
	}
	pattern := b.MapURL
	if pattern == "" {
		pattern = DefaultMap
	}
	lat, lon, ok := place(o.Map)
	if !ok && (strings.Contains(pattern, "{lat}") || strings.Contains(pattern, "{lon}")) {
		return ""
	}
	address := strings.ReplaceAll(url.QueryEscape(strings.Join(o.Address, ", ")), "+", "%20")
	return strings.NewReplacer("{lat}", lat, "{lon}", lon, "{address}", address).Replace(pattern)
}

var coordinates = regexp.MustCompile(`^(-?[0-9]{1,2}(?:\.[0-9]{1,8})?),(-?[0-9]{1,3}(?:\.[0-9]{1,8})?)$`)

// place reads latitude and longitude, "45.52,-122.67".
func place(s string) (lat, lon string, ok bool) {
	m := coordinates.FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	north, err1 := strconv.ParseFloat(m[1], 64)
	east, err2 := strconv.ParseFloat(m[2], 64)
	if err1 != nil || err2 != nil || north < -90 || north > 90 || east < -180 || east > 180 {
		return "", "", false
	}
	return m[1], m[2], true
}

// elsewhere reports whether a reader may be led to an address: a page of another site.
func elsewhere(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// mapProblem says what is wrong with the address of a map and what to write, "" where nothing is.
func mapProblem(pattern string) (reason, remedy string) {
	if pattern == "" {
		return "", ""
	}
	remedy = "write an https:// address such as " + DefaultMap
	site, _, _ := strings.Cut(strings.TrimPrefix(pattern, "https://"), "/")
	plain := strings.NewReplacer("{lat}", "1", "{lon}", "1", "{address}", "a").Replace(pattern)
	switch {
	case len(pattern) > 300:
		return "is longer than 300 characters", remedy
	case strings.ContainsAny(site, "{}?#") || !elsewhere(plain):
		return "is not a safe address", remedy
	case strings.ContainsAny(plain, "{}"):
		return "has a name in braces that stands for nothing", "use {lat} and {lon}, or {address}"
	case strings.Contains(pattern, "{lat}") != strings.Contains(pattern, "{lon}"), plain == pattern:
		return "does not say which place to show", "use {lat} and {lon}, or {address}"
	}
	return "", ""
}

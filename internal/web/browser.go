package web

import "strings"

// Browser says in a few words what sent a request, for the list of devices: "Firefox on Android". It reads the user agent
// the way people would and is never used to decide anything. What it does not know is "".
func Browser(userAgent string) string {
	name := firstOf(userAgent, [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"FxiOS", "Firefox"}, {"Firefox/", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}})
	system := firstOf(userAgent, [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"},
		{"CrOS", "Chromebook"}, {"Linux", "Linux"}})
	switch {
	case name == "":
		return system
	case system == "":
		return name
	}
	return name + " · " + system
}

// firstOf returns the second word of the first pair whose first word stands in s.
func firstOf(s string, pairs [][2]string) string {
	for _, p := range pairs {
		if strings.Contains(s, p[0]) {
			return p[1]
		}
	}
	return ""
}

package member

import "testing"

func TestNamed(t *testing.T) {
	t.Parallel()
	jose := Member{Given: "José Luis", Family: "Núñez-O'Brien970 Jr."}
	for _, c := range []struct {
		m             Member
		given, family string
		want          bool
	}{
		{jose, "José", "Núñez-O'Brien", true},
		{jose, " jose ", "NUNEZ OBRIEN", true},
		{jose, "Luis", "Núñez", true},
		{jose, "joseluis", "O’Brien", true},
		{jose, "Jose Luis", "nunez obrien jr", true},
		{jose, "Luis José", "Núñez", false},
		{jose, "Jos", "Núñez", false},
		{jose, "Jose", "Nun", false},
		{jose, "Ana", "Núñez", false},
		{jose, "Jose", "Jr.", false},
		{jose, "", "Núñez", false},
		{jose, "Jose", "", false},
		{jose, "!!!", "12", false},
		{Member{Given: "Abe604", Family: "Kunze215"}, "Abe", "Kunze", true},
		{Member{Given: "Maria", Family: "de la Cruz"}, "María", "De La Cruz", true},
		{Member{Given: "Maria", Family: "de la Cruz"}, "María", "Cruz", true},
		{Member{Given: "Maria", Family: "de la Cruz"}, "María", "de", false},
		{Member{Given: "Maria", Family: "de la Cruz"}, "María", "la", false},
		{Member{Given: "Søren", Family: "Straße"}, "soren", "strasse", true},
		{Member{Given: "Ann", Family: "Li"}, "Ann", "Li", true},
		{Member{Given: "Ann", Family: "Jr"}, "Ann", "Jr", true},
		{Member{Given: "李", Family: "小龙"}, "李", "小龙", true},
		{Member{}, "", "", false},
		{Member{}, "Ann", "Li", false},
	} {
		if got := c.m.Named(c.given, c.family); got != c.want {
			t.Errorf("%q %q is %q: %v, want %v", c.given, c.family, c.m.Name(), got, c.want)
		}
	}
}

func TestTextNumber(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"(503) 555-0102": "+15035550102", "1-503-555-0102": "+15035550102", "+1 503 555 0102": "+15035550102",
		"555-0102": "", "": "", "+44 20 7946 0018": "", "123-555-0102": "", "call me": "", "+52 55 1234 5678": "", "+503 555 0102 1": "",
	} {
		if got := (Member{Phone: phone}).TextNumber(); got != want {
			t.Errorf("%q: %q, want %q", phone, got, want)
		}
	}
}

package member_test

import (
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
)

// say lets a member say how they are reached.
func say(t *testing.T, d *db.DB, rowID string, part member.Part, c member.Contact) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		_, err := member.Say(t.Context(), tx, time.Now(), rowID, part, c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sayings(t *testing.T, d *db.DB) []member.Saying {
	t.Helper()
	list, err := member.Sayings(t.Context(), d.Read(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestWhatAMemberSaidStandsUntilTheSourceHasNews lets a source speak after a member did. What it repeats changes nothing,
// what agrees ends the saying, and what it says anew stands.
func TestWhatAMemberSaidStandsUntilTheSourceHasNews(t *testing.T) {
	t.Parallel()
	first := member.Incoming{MemberID: "LH1", PatientID: "p1", Given: "Rosa", Family: "Quintero", Email: "old@mail.example", Phone: "503-555-0100",
		Street: "1 Old Road", City: "Hillcrest", State: "OR", ZIP: "97001", Language: "en"}
	home := member.Contact{Street: "9 New Street\nApt 2", City: "Meadow", State: "OR", ZIP: "97202"}
	with := func(change func(*member.Incoming)) member.Incoming { in := first; change(&in); return in }
	tests := []struct {
		name  string
		part  member.Part
		said  member.Contact
		then  []member.Incoming
		want  member.Contact
		open  int
		other string // given name, where the record brings other news
	}{
		{name: "an email, repeated", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"}, then: []member.Incoming{first, first}, want: member.Contact{Email: "new@mail.example"}, open: 1},
		{name: "an email, repeated in capitals", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Email = " OLD@mail.example" })}, want: member.Contact{Email: "new@mail.example"}, open: 1},
		{name: "an email, left out", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Email = "" })}, want: member.Contact{Email: "new@mail.example"}, open: 1},
		{name: "an email, with other news", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Given = "Rosalía" })}, want: member.Contact{Email: "new@mail.example"}, open: 1, other: "Rosalía"},
		{name: "an email, agreed", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Email = "New@mail.example" })}, want: member.Contact{Email: "New@mail.example"}},
		{name: "an email, overruled", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{first, with(func(in *member.Incoming) { in.Email = "third@mail.example" })}, want: member.Contact{Email: "third@mail.example"}},
		{name: "an email, agreed and then changed", part: member.EmailPart, said: member.Contact{Email: "new@mail.example"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Email = "new@mail.example" }), with(func(in *member.Incoming) { in.Email = "old@mail.example" })},
			want: member.Contact{Email: "old@mail.example"}},
		{name: "what the source says already", part: member.EmailPart, said: member.Contact{Email: "Old@mail.example"}, then: nil, want: member.Contact{Email: "Old@mail.example"}},
		{name: "a phone, repeated in another form", part: member.PhonePart, said: member.Contact{Phone: "+15035550177"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Phone = "1 (503) 555.0100" })}, want: member.Contact{Phone: "+15035550177"}, open: 1},
		{name: "a phone, agreed", part: member.PhonePart, said: member.Contact{Phone: "+15035550177"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Phone = "503-555-0177" })}, want: member.Contact{Phone: "503-555-0177"}},
		{name: "a home, repeated", part: member.HomePart, said: home, then: []member.Incoming{first}, want: home, open: 1},
		{name: "a home, its ZIP code repeated with four more figures", part: member.HomePart, said: home,
			then: []member.Incoming{with(func(in *member.Incoming) { in.ZIP = "97001-1234" })}, want: home, open: 1},
		{name: "a home, only its ZIP code repeated", part: member.HomePart, said: home,
			then: []member.Incoming{with(func(in *member.Incoming) { in.Street, in.City, in.State = "", "", "" })}, want: home, open: 1},
		{name: "a home, agreed in a part of it", open: 1, part: member.HomePart, said: home,
			then: []member.Incoming{with(func(in *member.Incoming) { in.Street, in.City, in.State, in.ZIP = "", "", "", "97202" })}, want: home},
		{name: "a home, overruled", part: member.HomePart, said: home,
			then: []member.Incoming{with(func(in *member.Incoming) { in.Street, in.ZIP = "5 Third Way", "97203" })}, want: member.Contact{Street: "5 Third Way", City: "Hillcrest", State: "OR", ZIP: "97203"}},
		{name: "a home, and a claim that names a third ZIP code", part: member.HomePart, said: home,
			then: []member.Incoming{with(func(in *member.Incoming) { in.Street, in.City, in.State, in.ZIP = "", "", "", "97203" }), first}, want: home, open: 1},
		{name: "a language, repeated", part: member.LanguagePart, said: member.Contact{Language: "es"}, then: []member.Incoming{first}, want: member.Contact{Language: "es"}, open: 1},
		{name: "a language, agreed", part: member.LanguagePart, said: member.Contact{Language: "es"},
			then: []member.Incoming{with(func(in *member.Incoming) { in.Language = "es" })}, want: member.Contact{Language: "es"}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, tt := range tests {
			for i, in := range tt.then {
				in.MemberID, in.PatientID = tt.name, "p "+tt.name
				tt.then[i] = in
			}
			begin := first
			begin.MemberID, begin.PatientID = tt.name, "p "+tt.name
			rowID := bring(t, d, begin)[0]
			before := len(sayings(t, d))
			say(t, d, rowID, tt.part, tt.said)
			for _, in := range tt.then {
				bring(t, d, in)
			}
			m := look(t, d, rowID)
			if got := m.Contact(tt.part); !got.Same(tt.want) || tt.part == member.EmailPart && got != tt.want {
				t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
			}
			if got := len(sayings(t, d)) - before; got != tt.open {
				t.Errorf("%s: %d sayings stand, want %d", tt.name, got, tt.open)
			}
			if tt.other != "" && m.Given != tt.other {
				t.Errorf("%s: the given name is %q, want %q", tt.name, m.Given, tt.other)
			}
			for _, part := range member.Parts {
				if part != tt.part && !m.Contact(part).Same(first.Contact(part)) {
					t.Errorf("%s: %s became %+v", tt.name, part, m.Contact(part))
				}
			}
		}
	})
}

// TestWhoSaysItAgain lets a member say one thing after another, and at last what the source says: nothing is left to tell it.
func TestWhoSaysItAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := member.Incoming{MemberID: "LH1", Given: "Rosa", Family: "Quintero", ZIP: "97001", Phone: "503-555-0100"}
		rowID := bring(t, d, in)[0]
		for _, phone := range []string{"+15035550111", "+15035550122"} {
			say(t, d, rowID, member.PhonePart, member.Contact{Phone: phone})
			bring(t, d, in)
			list := sayings(t, d)
			if m := look(t, d, rowID); m.Phone != phone || len(list) != 1 || list[0].Source.Phone != "503-555-0100" || list[0].MemberID != rowID {
				t.Errorf("%q: %+v, %+v", phone, m, list)
			}
		}
		say(t, d, rowID, member.HomePart, member.Contact{Street: "9 New Street", City: "Meadow", State: "OR", ZIP: "97202"})
		found, _, err := member.Search(t.Context(), d.Read(), member.Wanted{Words: []string{"quintero"}, ZIP: "97202"})
		if err != nil || len(found) != 1 || found[0].ID != rowID {
			t.Errorf("found by the new ZIP code: %+v, %v", found, err)
		}
		say(t, d, rowID, member.PhonePart, member.Contact{Phone: "+15035550100"})
		if list := sayings(t, d); len(list) != 1 || list[0].Part != member.HomePart {
			t.Errorf("%+v", list)
		}
	})
}

// TestTwoSourcesOfOneHome: a source that names a part of a home, such as a ZIP code on a claim, does not speak for the one that
// names all of it. What the member said stands until that one agrees.
func TestTwoSourcesOfOneHome(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		full := member.Incoming{MemberID: "LH1", PatientID: "p1", Given: "Rosa", Family: "Quintero", Street: "1 Old Road", City: "Hillcrest", State: "OR", ZIP: "97001"}
		home := member.Contact{Street: "9 New Street", City: "Meadow", State: "OR", ZIP: "97202"}
		rowID := bring(t, d, full)[0]
		say(t, d, rowID, member.HomePart, home)
		claim := member.Incoming{MemberID: "LH1", PatientID: "p1", ZIP: "97202-1234"}
		for _, in := range []member.Incoming{claim, full, {MemberID: "LH1", PatientID: "p1", State: "OR"}, full, claim} {
			bring(t, d, in)
			if m := look(t, d, rowID); !m.Contact(member.HomePart).Same(home) || len(sayings(t, d)) != 1 {
				t.Errorf("after %+v: %+v, %d sayings", in, m, len(sayings(t, d)))
			}
		}
		short := bring(t, d, member.Incoming{MemberID: "LH2", PatientID: "p2", Given: "Omar", ZIP: "97001"})[0]
		say(t, d, short, member.HomePart, home)
		bring(t, d, member.Incoming{MemberID: "LH2", PatientID: "p2", ZIP: "97202"})
		if m := look(t, d, short); !m.Contact(member.HomePart).Same(home) || len(sayings(t, d)) != 1 {
			t.Errorf("a source that never said more than a ZIP code agrees: %+v, %d sayings", m, len(sayings(t, d)))
		}
		full.Street, full.City, full.ZIP = "9 New Street", "Meadow", "97202"
		bring(t, d, full)
		if m := look(t, d, rowID); !m.Contact(member.HomePart).Same(home) || len(sayings(t, d)) != 0 {
			t.Errorf("%+v, %d sayings", m, len(sayings(t, d)))
		}
	})
}

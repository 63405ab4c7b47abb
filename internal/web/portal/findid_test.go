package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/member"
)

// people brings people in and returns their row ids.
func (h *house) peopleOf(list ...member.Incoming) []string {
	h.t.Helper()
	var ids []string
	h.write(func(tx *db.Tx) error {
		if err := bill.LockImports(h.t.Context(), tx); err != nil {
			return err
		}
		made, err := member.ImportBatch(h.t.Context(), tx, h.clock(), list)
		for _, m := range made {
			ids = append(ids, m.ID)
		}
		return err
	})
	return ids
}

func idForm(first, last, birth, zip string) url.Values {
	f := findForm("", birth)
	delete(f, "number")
	f["first_name"], f["last_name"], f["zip"] = []string{first}, []string{last}, []string{zip}
	return f
}

// TestFindIDTellsNothing compares the answers for a match, for nobody, for several people and for somebody without a
// contact on file, and the rows that answering them writes.
func TestFindIDTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	born := day.MustParse("1977-07-07")
	h.peopleOf(member.Incoming{MemberID: "F-1", Given: "Fina", Family: "Match", BirthDate: born, ZIP: "97001", Email: "fina@mail.example"},
		member.Incoming{MemberID: "F-2", Given: "Fina", Family: "Twins", BirthDate: born, ZIP: "97001", Email: "a@mail.example"},
		member.Incoming{MemberID: "F-3", Given: "Fina", Family: "Twins", BirthDate: born, ZIP: "97001", Email: "b@mail.example"},
		member.Incoming{MemberID: "F-4", Given: "Fina", Family: "Silent", BirthDate: born, ZIP: "97001"})
	pages := map[string]string{}
	for i, family := range []string{"Match", "Twins", "Silent", "Nobody"} {
		v := h.visitor()
		a := v.post("/find-my-id", idForm("Fina", family, "1977-07-07", fmt.Sprintf("97001-00%02d", i)))
		if a.Status != http.StatusOK || len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: status %d, cookies %v", family, a.Status, a.Header.Values("Set-Cookie"))
		}
		pages[family] = a.Alike()
		text := a.Text()
		for _, want := range []string{"If we found exactly one match, we sent the member ID", "1-800-555-0142", "8:00 AM to 6:00 PM", "100 Larkspur Way", "9:00 AM to 1:00 PM"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page does not say %q: %s", family, want, text)
			}
		}
	}
	for family, page := range pages {
		if page != pages["Match"] {
			t.Errorf("the page for %s differs from that of a match", family)
		}
	}
	if n := len(h.letters("member_id", "fina@mail.example")); n != 0 {
		t.Errorf("%d messages were sent before the answer was out", n)
	}
	if n, err := h.households.AnswerIDs(t.Context()); n != 4 || err != nil {
		t.Errorf("%d questions answered, %v", n, err)
	}
	if n := len(h.letters("member_id", "fina@mail.example")); n != 1 {
		t.Errorf("the one match got %d messages", n)
	}
}

func TestFindIDSaysWhatToCorrect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	good := idForm("Rosa", "Quintero", rosaBirth, "97001")
	for name, c := range map[string]struct {
		field, value, says string
	}{
		"no first name":     {"first_name", "", "Enter your first name"},
		"signs for a name":  {"first_name", "?!", "Enter your first name with letters"},
		"a very long name":  {"last_name", strings.Repeat("x", 5000), "That last name is too long"},
		"no last name":      {"last_name", " ", "Enter your last name"},
		"no month":          {"birth_month", "", "Enter the month of birth"},
		"no such day":       {"birth_day", "31x", "Enter the day as a number"},
		"born tomorrow":     {"birth_year", "2126", "must be in the past"},
		"no ZIP code":       {"zip", "", "Enter the ZIP code of your home"},
		"letters for a ZIP": {"zip", "9700A", "Enter a ZIP code with 5 digits"},
		"too many digits":   {"zip", "970011", "Enter a ZIP code with 5 digits"},
		"a novel for a ZIP": {"zip", strings.Repeat("9", 9000), "Enter a ZIP code with 5 digits"},
	} {
		f := url.Values{}
		for k, v := range good {
			f[k] = v
		}
		f.Set(c.field, c.value)
		a := h.visitor().post("/find-my-id", f)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), c.says) || !strings.Contains(a.Body, `href="#`+c.field+`"`) {
			t.Errorf("%s: %d, without %q\n%s", name, a.Status, c.says, a.Text())
		}
		if len(a.Body) > 60_000 {
			t.Errorf("%s: a page of %d bytes", name, len(a.Body))
		}
	}
	if a := h.visitor().post("/find-my-id", url.Values{}); a.Status != http.StatusUnprocessableEntity || strings.Count(a.Body, `href="#`) < 5 {
		t.Errorf("an empty form: %d", a.Status)
	}
	for _, zip := range []string{"97001", " 97001-1234 ", "97001 1234"} {
		if a := h.visitor().post("/find-my-id", idForm("Rosa", "Quintero", rosaBirth, zip)); a.Status != http.StatusOK {
			t.Errorf("ZIP code %q: %d", zip, a.Status)
		}
	}
}

func TestFindIDIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := idForm("Rosa", "Quintero", rosaBirth, "97001")
	var last answer
	tries := 0
	for range 30 {
		if last = h.visitor().post("/find-my-id", f); last.Status != http.StatusOK {
			break
		}
		tries++
		f.Set("first_name", fmt.Sprintf("Rosa%c", 'a'+tries)) // another name is the same person to ask about
	}
	if last.Status != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" || !strings.Contains(last.Text(), "many tries") || tries > 5 {
		t.Errorf("after %d tries: %d %s", tries, last.Status, last.Text())
	}
	h.pass(16 * time.Minute)
	if a := h.visitor().post("/find-my-id", f); a.Status != http.StatusOK {
		t.Errorf("later: %d", a.Status)
	}
}

// TestFindIDTakesHostileText sends the texts that break sites, as names and as a ZIP code.
func TestFindIDTakesHostileText(t *testing.T) {
	t.Parallel()
	texts := []string{hostile, "Robert'); DROP TABLE member;--", "\u202Eevil", "a\x00b", "\xff\xfe", strings.Repeat("🦊", 200), "=cmd|' /C calc'!A0", "{{.T}}", "%s%n", "\ufeff", "Zalgo\u0321\u032b\u032e", "\u2028", "NaN", "undefined", "../../etc/passwd", "<svg/onload=alert(1)>"}
	h := newHouse(t)
	for _, s := range texts {
		for _, f := range []url.Values{idForm(s, s, rosaBirth, s), idForm(s, "Quintero", rosaBirth, "97001")} {
			if a := h.visitor().post("/find-my-id", f); a.Status != 200 && a.Status != 422 && a.Status != 429 {
				t.Errorf("%q: %d", s, a.Status)
			}
		}
		h.pass(20 * time.Minute)
	}
	if _, err := h.households.AnswerIDs(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAnOldMemberIDSaysTheNewOne looks a guest up by a number that was theirs, also after somebody else got it.
func TestAnOldMemberIDSaysTheNewOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write(func(tx *db.Tx) error {
		return member.AddAlias(t.Context(), tx, h.people["Rosa"], "OLD-77", day.Date{}, day.MustParse("2025-12-31"))
	})
	h.write(func(tx *db.Tx) error {
		return member.AddAlias(t.Context(), tx, h.people["Avery"], "OLD-77", day.MustParse("2026-01-01"), day.Date{})
	})
	v := h.visitor()
	page := v.follow(v.post("/pay", findForm("old 77", rosaBirth)))
	if text := page.Text(); !strings.Contains(text, "Your member ID is now ending in 5678") || !strings.Contains(text, "M-204118907") || strings.Contains(text, "A-1") {
		t.Errorf("Rosa's old number shows %s", text)
	}
	if a := v.get("/bills?moved=" + h.people["Avery"]); strings.Contains(a.Text(), "now ending") {
		t.Error("the page tells how somebody else's number ends")
	}
	if a := v.get("/bills?moved=" + h.people["Rosa"]); !strings.Contains(a.Text(), "now ending in 5678") {
		t.Error("the list does not say it")
	}
	avery := h.visitor()
	page = avery.follow(avery.post("/pay", findForm("OLD77", averyBirth)))
	if text := page.Text(); strings.Contains(text, "now ending") || !strings.Contains(text, "A-1") || strings.Contains(text, "M-204118907") {
		t.Errorf("the number's holder sees %s", text)
	}
}

package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/id"
)

func TestFindTakesAnyPrintedNumberInAnySpelling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	code := h.bills["M-204118907"].PayCode
	for name, number := range map[string]string{
		"member ID": rosaNumber, "without its zeros": "12345678", "with dashes": "00-1234-5678", "with spaces": " 0012 345 678 ",
		"patient number": "P-ROSA", "bill number": "m 204 118 907", "letter O for zero": "OO12345678",
		"pay code": code, "grouped": id.Grouped(code), "lower case": strings.ToLower(code),
	} {
		a := h.visitor().post("/pay", findForm(number, rosaBirth))
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/pay/") {
			t.Errorf("%s (%q): %d to %q\n%s", name, number, a.Status, a.To, a.Text())
		}
	}
}

func TestFindByBillTicksThatBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for number, ticked := range map[string][]string{"M-204118907": {"M-204118907"}, rosaNumber: nil} {
		v := h.visitor()
		page := v.follow(v.post("/pay", findForm(number, rosaBirth)))
		for key, b := range h.bills {
			i := strings.Index(page.Body, `value="`+b.ID+`"`)
			if key == "A-1" && i >= 0 {
				t.Errorf("%s: a stranger's bill is offered", number)
			}
			if i < 0 {
				continue
			}
			box, _, _ := strings.Cut(page.Body[i:], ">")
			want := len(ticked) > 0 && ticked[0] == key
			if strings.Contains(box, "checked") != want {
				t.Errorf("by %s: bill %s ticked %v, want %v", number, key, !want, want)
			}
		}
	}
	// The patient's own date of birth opens a bill that somebody else owes.
	v := h.guest("M-300", mateoBirth)
	if a := v.get("/bills"); !strings.Contains(a.Text(), "M-300") || strings.Contains(a.Text(), "M-204118907") {
		t.Errorf("Mateo's number shows %s", a.Text())
	}
}

// TestFindSaysNothing compares the pages of an unknown number and of a right number with a wrong date of birth.
func TestFindSaysNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	neutral := func(number, birth string) string {
		a := h.visitor().post("/pay", findForm(number, birth))
		if a.Status != http.StatusOK || len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: status %d, cookies %v", number, a.Status, a.Header.Values("Set-Cookie"))
		}
		return strings.ReplaceAll(a.Alike(), number, "NUMBER")
	}
	known := neutral(rosaNumber, "1984-03-06")
	if !strings.Contains(known, "We could not match those two answers") || !strings.Contains(known, "1-800-555-0142") {
		t.Error("the answer does not say what to do")
	}
	if known != neutral("0087654321", "1984-03-06") {
		t.Error("a known and an unknown number are told apart")
	}
	code := h.bills["A-1"].PayCode
	if neutral(code, rosaBirth) != neutral(otherCode(code), rosaBirth) {
		t.Error("a known and an unknown pay code are told apart")
	}
	if strings.Contains(neutral(code, rosaBirth), "letter or digit is not right") {
		t.Error("a well-formed pay code is called mistyped")
	}
	if !strings.Contains(neutral(code[:7]+"4"+code[8:], rosaBirth)+neutral(code[:7]+"5"+code[8:], rosaBirth), "letter or digit is not right") {
		t.Error("a mistyped pay code gets no hint")
	}
}

// otherCode returns another well-formed pay code.
func otherCode(code string) string {
	for n := range uint64(100) {
		if c := id.PayCode([32]byte{1}, n); c != code {
			return c
		}
	}
	return ""
}

func TestFindRefusesBadInputInPlainWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	form := func(number, month, dayOfMonth, year string) url.Values {
		return url.Values{"number": {number}, "birth_month": {month}, "birth_day": {dayOfMonth}, "birth_year": {year}}
	}
	rows := []row{
		{name: "nothing", form: url.Values{}, contains: []string{"Enter a number from your bill", "Enter the date of birth"}},
		{name: "only dashes", form: form("---", "3", "5", "1984"), contains: []string{"using only letters, digits"}},
		{name: "too long", form: form(strings.Repeat("x", 500), "3", "5", "1984"), contains: []string{"That number is too long"}},
		{name: "no month", form: form("1", "", "5", "1984"), contains: []string{"Enter the month of birth"}},
		{name: "no day", form: form("1", "3", "", "1984"), contains: []string{"Enter the day of birth"}},
		{name: "no year", form: form("1", "3", "5", ""), contains: []string{"Enter the year of birth"}},
		{name: "short year", form: form("1", "3", "5", "84"), contains: []string{"Enter the year with 4 digits"}},
		{name: "month 13", form: form("1", "13", "5", "1984"), contains: []string{"Enter the month as a number from 1 to 12"}},
		{name: "a word", form: form("1", "March", "5", "1984"), contains: []string{"Enter the month as a number"}},
		{name: "day 32", form: form("1", "3", "32", "1984"), contains: []string{"Enter the day as a number"}},
		{name: "February 30", form: form("1", "2", "30", "1984"), contains: []string{"That month does not have that day"}},
		{name: "no leap year", form: form("1", "2", "29", "2025"), contains: []string{"That month does not have that day"}},
		{name: "tomorrow", form: form("1", "11", "24", "2026"), contains: []string{"must be in the past"}},
		{name: "1700", form: form("1", "1", "1", "1700"), contains: []string{"Check the year of birth"}},
		{name: "hostile", form: form(hostile, "<b>", `"`, "&"), contains: []string{"Enter the year with 4 digits"}},
		{name: "not UTF-8", form: form("\xff\xfe", "\xff", "5", "1984"), contains: []string{"Enter the number as it is printed"}},
	}
	for i := range rows {
		rows[i].who, rows[i].path, rows[i].status = h.visitor(), "/pay", http.StatusUnprocessableEntity
		rows[i].contains = append(rows[i].contains, "There is a problem")
	}
	h.walk(rows)
	kept := h.visitor().post("/pay", form(hostile, "13", "5", "1984"))
	for _, value := range []string{`value="13"`, `value="1984"`, "&lt;script&gt;alert(1)"} {
		if !strings.Contains(kept.Body, value) {
			t.Errorf("what was typed is lost: %s", value)
		}
	}
	if a := h.visitor().post("/pay", form("٣٣", "٣", "٢٧", "١٩٨٤")); a.Status >= 500 {
		t.Errorf("digits of another script: %d", a.Status)
	}
}

func TestFindIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 10 {
		h.visitor().post("/pay", findForm(rosaNumber, "1990-01-01"))
	}
	blocked := h.visitor().post("/pay", findForm("00-12345678", rosaBirth))
	if blocked.Status != http.StatusTooManyRequests || !strings.Contains(blocked.Text(), "many tries in a short time") ||
		!strings.Contains(blocked.Text(), "15 minutes") {
		t.Fatalf("the eleventh try at a number: %d\n%s", blocked.Status, blocked.Text())
	}
	if s, err := strconv.Atoi(blocked.Header.Get("Retry-After")); err != nil || s < 60 {
		t.Errorf("Retry-After is %q", blocked.Header.Get("Retry-After"))
	}
	if a := h.visitor().post("/pay", findForm(averyNumber, averyBirth)); a.Status != http.StatusSeeOther {
		t.Errorf("another number is blocked too: %d", a.Status)
	}
	h.pass(16 * time.Minute)
	h.guest(rosaNumber, rosaBirth)
}

func TestFindLeadsBackToABegunPayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	form := findForm(rosaNumber, rosaBirth)
	form.Set("to", "/pay/draft_x/method")
	h.walk([]row{{name: "back", who: h.visitor(), path: "/pay", form: form, status: 303, to: "/pay/draft_x/method"}})
	form.Set("to", "//evil.example/x")
	h.walk([]row{{name: "nowhere else", who: h.visitor(), path: "/pay", form: form, status: 303, to: "/pay/"}})
}

// TestFindLeadsToAPayment: the link of a letter, without a session, leads to the look-up and from there to the payment.
func TestFindLeadsToAPayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := h.guest(rosaNumber, rosaBirth).paid(bankForm1(), "M-300")
	for who, try := range map[string]url.Values{"/pay": findForm(rosaNumber, rosaBirth), "/sign-in": signInForm(rosaEmail, rosaPassword, "")} {
		v := h.visitor()
		v.get(v.get(path).To).mustSay(t, "See your payment")
		try.Set("to", path)
		if a := v.post(who, try); a.To != path {
			t.Errorf("%s leads to %q (%d)", who, a.To, a.Status)
		}
		v.get(path).mustSay(t, "Payment submitted", "$64.00")
	}
	again := findForm(rosaNumber, "1990-01-01")
	again.Set("to", path)
	if a := h.visitor().post("/pay", again); !strings.Contains(a.Body, `name="to" value="`+path+`"`) || !strings.Contains(a.Body, "/sign-in?to=") {
		t.Error("a wrong answer loses where the reader was going")
	}
}

func TestFindAddsToWhatTheSessionSees(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	v.post("/pay", findForm(averyNumber, averyBirth))
	h.walk([]row{{name: "both", who: v, path: "/bills", status: 200, contains: []string{"M-204118907", "A-1"}}})
}

func TestScannedCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.bills["M-300"]
	h.walk([]row{
		{name: "fills in the code", who: h.visitor(), path: "/p/" + b.PayCode, status: 200, contains: []string{"Find your bill"}},
		{name: "opens the bill", who: h.rosa(), path: "/p/" + strings.ToLower(b.PayCode), status: 303, to: "/bills/" + b.ID},
		{name: "not another's", who: h.guest(averyNumber, averyBirth), path: "/p/" + b.PayCode, status: 200, lacks: []string{b.ID}},
		{name: "nonsense", who: h.visitor(), path: "/p/" + url.PathEscape(hostile), status: 200, contains: []string{"Find your bill"}},
	})
	if a := h.visitor().get("/p/" + b.PayCode); !strings.Contains(a.Body, `value="`+id.Grouped(b.PayCode)+`"`) {
		t.Error("the code is not filled in")
	}
}

func TestBirthProblemNamesThePart(t *testing.T) {
	t.Parallel()
	today := day.MustParse("2026-11-23")
	for _, test := range []struct{ year, month, day, key, wrong string }{
		{"1984", "3", "5", "", ""},
		{"2026", "11", "23", "", ""}, // born today
		{"1896", "11", "23", "", ""},
		{"1895", "11", "23", "error.birth.old", "year"},
		{"2026", "11", "24", "error.birth.future", "year"},
		{"1984", "0", "5", "error.birth.month_format", "month"},
		{"1984", "3", "0", "error.birth.day_format", "day"},
		{"1984", "4", "31", "error.birth.real", "day,month"},
	} {
		d, err := day.ParseParts(test.year, test.month, test.day)
		key, wrong := birthProblem(d, err, today, test.month, test.day)
		if key != test.key || strings.Join(wrong, ",") != test.wrong {
			t.Errorf("%s-%s-%s: %q %v, want %q %s", test.year, test.month, test.day, key, wrong, test.key, test.wrong)
		}
	}
}

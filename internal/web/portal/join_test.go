package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// The people who join. Iris is reached by e-mail and phone, Otto by post, Vera not at all. Leo is a child of Iris's, Finn a
// child of nobody's. Gus has died.
var joiners = []member.Incoming{
	{MemberID: "J-1", PatientID: "p-iris", Given: "Iris", Family: "Placeholder", BirthDate: day.MustParse("1977-04-18"), ZIP: "97004-1234", Email: "iris@members.example", Phone: "(503) 555-0142", Language: "en"},
	{MemberID: "J-2", PatientID: "p-otto", Given: "Otto", Family: "Nominal", BirthDate: day.MustParse("1948-10-02"), ZIP: "97005", Street: "33 Made Up Lane", City: "Hillside Terrace", State: "OR"},
	{MemberID: "J-3", PatientID: "p-vera", Given: "Vera", Family: "Imaginaria", BirthDate: day.MustParse("1969-06-24"), ZIP: "97006"},
	{MemberID: "J-4", PatientID: "p-leo", Guarantor: "J-1", Given: "Leo", Family: "Placeholder", BirthDate: day.MustParse("2015-01-02"), ZIP: "97004"},
	{MemberID: "J-5", PatientID: "p-finn", Given: "Finn", Family: "Single", BirthDate: day.MustParse("2012-01-02"), ZIP: "97004"},
	{MemberID: "J-6", PatientID: "p-gus", Given: "Gus", Family: "Late", BirthDate: day.MustParse("1930-01-02"), ZIP: "97004", Deceased: true, Email: "gus@members.example"},
	{MemberID: "J-7", PatientID: "p-nozip", Given: "Nell", Family: "Nowhere", BirthDate: day.MustParse("1980-01-02"), Email: "nell@members.example"},
}

const (
	irisEmail = "iris@members.example"
	goodPass  = "five ducks near a blue barn"
)

// withJoiners is a house with the people who join in it.
func withJoiners(t testing.TB, d *db.DB) *house {
	t.Helper()
	h := houseOn(t, d)
	h.bring(joiners...)
	return h
}

// bring imports people and remembers them by given name.
func (h *house) bring(list ...member.Incoming) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		if err := bill.LockImports(h.t.Context(), tx); err != nil {
			return err
		}
		made, err := member.ImportBatch(h.t.Context(), tx, h.clock(), list)
		for i := range made {
			h.people[list[i].Given] = made[i].ID
		}
		return err
	})
}

func joinForm(number, birth, zip string) url.Values {
	form := findForm(number, birth)
	form.Set("zip", zip)
	return form
}

// joinCode is the newest code that went to somebody.
func (h *house) joinCode(recipient string) string {
	h.t.Helper()
	list := h.letters(letter.KindCode, recipient)
	if len(list) == 0 {
		h.t.Fatalf("no code went to %s", recipient)
	}
	var c letter.Code
	h.must(list[len(list)-1].Read(&c))
	return c.Code
}

// joiner is a browser on its way to an account.
type joiner struct {
	*visitor
	path string // of the enrollment
}

// found is a browser that has found itself, and stands before the proof.
func (h *house) found(v *visitor, number, birth, zip string) *joiner {
	h.t.Helper()
	a := v.post("/join", joinForm(number, birth, zip))
	if a.Status != http.StatusSeeOther || !strings.HasSuffix(a.To, "/contact") {
		h.t.Fatalf("%s is not found: %d to %q\n%s", number, a.Status, a.To, a.Text())
	}
	return &joiner{v, strings.TrimSuffix(a.To, "/contact")}
}

// iris is a browser in which Iris has found herself.
func (h *house) iris() *joiner {
	h.t.Helper()
	return h.found(h.visitor(), "J-1", "1977-04-18", "97004")
}

// send sends a step and fails unless it leads to another.
func (j *joiner) send(step string, form url.Values, want string) {
	j.h.t.Helper()
	if a := j.post(j.path+"/"+step, form); a.To != j.path+"/"+want {
		j.h.t.Fatalf("%s leads to %q (%d), want %s\n%s", step, a.To, a.Status, want, a.Text())
	}
}

// proved walks to the third step by the e-mail on file.
func (j *joiner) proved() *joiner {
	j.h.t.Helper()
	j.send("contact", url.Values{"way": {"email"}}, "code")
	j.send("code", url.Values{"code": {j.h.joinCode(irisEmail)}}, "email")
	return j
}

// toSecure walks on to the last step.
func (j *joiner) toSecure() *joiner {
	j.h.t.Helper()
	j.proved().send("email", url.Values{"which": {"known"}}, "secure")
	return j
}

func TestJoin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := withJoiners(t, d)
		j := h.iris()
		a := j.get(j.path + "/contact")
		a.mustSay(t, "Create your account", "Step 2 of 4: Prove it is you", "Email i•••@m•••.example", "phone ending in 42", "Send code", "I have a code from a letter or from an office")
		a.mustNotSay(t, "Iris", irisEmail, "Mail me a letter")
		j.send("contact", url.Values{"way": {"email"}}, "code")
		a = j.get(j.path + "/code")
		a.mustSay(t, "Create your account", "Step 2 of 4", "We sent a code to i•••@m•••.example")
		if !strings.Contains(a.Body, `autocomplete="one-time-code"`) {
			t.Error("no browser fills in the code")
		}
		code := h.joinCode(irisEmail)
		if a := j.post(j.path+"/code", url.Values{"code": {"000000"}}); code != "000000" && (a.Status != 422 || !strings.Contains(a.Text(), "That is not the code")) {
			t.Errorf("a wrong code: %d\n%s", a.Status, a.Text())
		}
		j.send("code", url.Values{"code": {code[:3] + " " + code[3:]}}, "email")
		j.get(j.path+"/email").mustSay(t, "Step 3 of 4: Your email", irisEmail, "Sign in to add Iris to that account")
		j.send("email", url.Values{"which": {"known"}}, "secure")
		j.get(j.path+"/secure").mustSay(t, "Step 4 of 4: Choose how you sign in", "You sign in with "+irisEmail, "At least 15 characters")
		j.send("secure", url.Values{"password": {goodPass}}, "done")
		j.get(j.path+"/done").mustSay(t, "Your account is ready", "See your bills")
		j.get("/account").mustSay(t, irisEmail)

		if a := h.visitor().post("/sign-in", signInForm(irisEmail, goodPass, "")); a.To != "/bills" {
			t.Errorf("the new account cannot sign in: %d\n%s", a.Status, a.Text())
		}
		account, err := h.accounts.ByEmail(t.Context(), irisEmail)
		h.must(err)
		if len(account.Members) != 1 || account.Members[0] != h.people["Iris"] || account.Role != identity.Member {
			t.Errorf("the account is %+v", account)
		}
		if n := len(h.letters(letter.KindAccountOpened, irisEmail)); n != 1 {
			t.Errorf("%d letters tell of the account", n)
		}
		if n := len(h.letters(letter.KindAccountOpened, "+15035550142")); n != 1 {
			t.Errorf("%d texts tell the phone on file of the account", n)
		}
		h.audited("join.found", "join.code_sent", "join.code_wrong", "join.proved", "account.opened", "sign_in")
	})
}

// audited fails unless the audit log has each of the actions.
func (h *house) audited(actions ...string) {
	h.t.Helper()
	for _, action := range actions {
		list, err := audit.List(h.t.Context(), h.db.Read(), audit.Filter{Action: action}, 10)
		h.must(err)
		if len(list) == 0 {
			h.t.Errorf("the audit log does not have %q", action)
		}
	}
}

// TestJoinSaysNothing compares the answers to somebody who is not there, and to somebody of whom one answer is wrong.
func TestJoinSaysNothing(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	neutral := func(number, birth, zip string) string {
		a := h.visitor().post("/join", joinForm(number, birth, zip))
		if a.Status != http.StatusOK || len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: status %d, cookies %v", number, a.Status, a.Header.Values("Set-Cookie"))
		}
		body := a.Alike()
		d := day.MustParse(birth).At(0, 0, time.UTC)
		for _, s := range []string{number, zip, d.Format("2006")} {
			body = strings.ReplaceAll(body, `value="`+s+`"`, "")
		}
		body = strings.ReplaceAll(body, `value="`+d.Format("1")+`"`, "")
		return strings.ReplaceAll(body, `value="`+d.Format("2")+`"`, "")
	}
	unknown := neutral("J-99", "1977-04-18", "97004")
	for _, s := range []string{"We could not match those answers", "Call 1-800-555-0142 or visit one of our offices", "27 Meadow Street"} {
		if !strings.Contains(unknown, s) {
			t.Errorf("the answer does not say %q", s)
		}
	}
	for name, row := range map[string][3]string{
		"wrong date": {"J-1", "1977-04-19", "97004"}, "wrong ZIP": {"J-1", "1977-04-18", "97005"}, "who has died": {"J-6", "1930-01-02", "97004"},
		"no ZIP on file": {"J-7", "1980-01-02", "97004"}, "has an account": {rosaNumber, "1984-03-06", "97004"}, "a child": {"J-4", "2015-01-02", "97005"},
	} {
		if neutral(row[0], row[1], row[2]) != unknown {
			t.Errorf("%s is told from a number that nobody has", name)
		}
	}
	var n int
	h.must(h.db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM enrollment").Scan(&n))
	if n != 0 {
		t.Errorf("%d enrollments were begun", n)
	}
}

func TestJoinIsLimited(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	for i := range 10 {
		h.visitor().post("/join", joinForm("J-1", "1977-04-18", fmt.Sprintf("9800%d", i)))
	}
	a := h.visitor().post("/join", joinForm("j 1", "1977-04-18", "97004"))
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the eleventh try at a ZIP code: %d", a.Status)
	}
	if a := h.visitor().post("/pay", findForm("J-1", "1977-04-18")); a.Status != http.StatusTooManyRequests {
		t.Errorf("the number can be tried at the other door: %d", a.Status)
	}
	h.found(h.visitor(), "J-2", "1948-10-02", "97005")
	h.pass(16 * time.Minute)
	j := h.iris()
	for i := range 6 { // codes to one member
		a := j.post(j.path+"/contact", url.Values{"way": {"email"}})
		if (a.Status == http.StatusTooManyRequests) != (i == 5) {
			t.Errorf("code %d: %d", i+1, a.Status)
		}
	}
	if a := h.iris().post(j.path+"/contact", url.Values{"way": {"phone"}}); a.Status != http.StatusNotFound {
		t.Errorf("another browser has the enrollment: %d", a.Status)
	}
	other := h.iris()
	if a := other.post(other.path+"/contact", url.Values{"way": {"phone"}}); a.Status != http.StatusTooManyRequests {
		t.Errorf("another browser sends more codes: %d", a.Status)
	}
	code := h.joinCode(irisEmail)
	for i := range 5 {
		if a := j.post(j.path+"/code", url.Values{"code": {otherJoinCode(code)}}); a.Status != 422 || strings.Contains(a.Text(), "does not work any more") != (i == 4) {
			t.Errorf("wrong code %d: %d\n%s", i+1, a.Status, a.Text())
		}
	}
	if a := j.post(j.path+"/code", url.Values{"code": {code}}); !strings.Contains(a.Text(), "does not work any more") {
		t.Errorf("the right code after five wrong ones: %d", a.Status)
	}
}

// otherJoinCode is another code.
func otherJoinCode(code string) string {
	return strings.Map(func(r rune) rune { return '0' + ('9' - r) }, code)
}

func TestJoinByPhone(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	j := h.iris()
	j.send("contact", url.Values{"way": {"phone"}}, "code")
	j.get(j.path+"/code").mustSay(t, "phone ending in 42")
	j.send("code", url.Values{"code": {h.joinCode("+15035550142")}}, "email")
	a := j.get(j.path + "/email")
	a.mustNotSay(t, irisEmail) // the phone proves no e-mail address
	h.walk([]row{
		{name: "no address", who: j.visitor, path: j.path + "/email", form: url.Values{}, status: 422, contains: []string{"Enter your email"}},
		{name: "a wrong one", who: j.visitor, path: j.path + "/email", form: url.Values{"email": {"iris"}}, status: 422, contains: []string{"Enter an email address like"}},
		{name: "a huge one", who: j.visitor, path: j.path + "/email", form: url.Values{"email": {strings.Repeat("x", 9000) + "@x.example"}}, status: 422, contains: []string{"too long"}},
		{name: "the last step", who: j.visitor, path: j.path + "/secure", status: 303, to: j.path + "/email"},
		{name: "an address", who: j.visitor, path: j.path + "/email", form: url.Values{"email": {" Iris@New.example "}}, status: 303, to: j.path + "/email-code"},
		{name: "the last step before the code", who: j.visitor, path: j.path + "/secure", form: url.Values{"password": {goodPass}}, status: 303, to: j.path + "/email-code"},
		{name: "the page", who: j.visitor, path: j.path + "/email-code", status: 200, contains: []string{"We sent an email to Iris@New.example", "Step 3 of 4"}},
		{name: "nothing", who: j.visitor, path: j.path + "/email-code", form: url.Values{}, status: 422, contains: []string{"Enter the code"}},
	})
	first := h.joinCode("Iris@New.example")
	if a := j.post(j.path+"/email-code", url.Values{"again": {"yes"}}); a.To != j.path {
		t.Errorf("another code leads to %q (%d)", a.To, a.Status)
	}
	second := h.joinCode("Iris@New.example")
	if a := j.post(j.path+"/email-code", url.Values{"code": {first}}); first != second && a.Status != 422 {
		t.Errorf("the older code: %d", a.Status)
	}
	j.send("email-code", url.Values{"code": {second}}, "secure")
	j.send("secure", url.Values{"password": {goodPass}}, "done")
	for _, to := range []string{"Iris@New.example", irisEmail, "+15035550142"} {
		if n := len(h.letters(letter.KindAccountOpened, to)); n != 1 {
			t.Errorf("%s was told %d times", to, n)
		}
	}
}

func TestJoinByLetterAndDesk(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	otto := h.found(h.visitor(), "J-2", "1948-10-02", "97005")
	otto.get(otto.path+"/contact").mustSay(t, "We have no email address and no phone", "Mail me a letter", "27 Meadow Street")
	otto.get(otto.path+"/contact").mustNotSay(t, "Made Up Lane", "Otto")
	h.walk([]row{
		{name: "no e-mail on file", who: otto.visitor, path: otto.path + "/contact", form: url.Values{"way": {"email"}}, status: 422, contains: []string{"Choose where we send the code"}},
		{name: "no way", who: otto.visitor, path: otto.path + "/contact", form: url.Values{}, status: 422},
		{name: "no such way", who: otto.visitor, path: otto.path + "/contact", form: url.Values{"way": {hostile}}, status: 422},
	})
	otto.send("contact", url.Values{"way": {"letter"}}, "code")
	otto.get(otto.path+"/code").mustSay(t, "Your letter is on its way", "good until December 7, 2026")
	address := "Otto Nominal\n33 Made Up Lane\nHillside Terrace, OR 97005"
	list := h.letters(letter.KindCode, address)
	if len(list) != 1 || list[0].Channel != event.Print {
		t.Fatalf("%d letters to %s", len(list), address)
	}
	if a := otto.post(otto.path+"/contact", url.Values{"way": {"letter"}}); a.Status != 200 || !strings.Contains(a.Text(), "We mailed a letter to the address on file on November 23, 2026") {
		t.Errorf("a second letter: %d\n%s", a.Status, a.Text())
	}
	code := h.joinCode(address)

	h.pass(6 * 24 * time.Hour) // the post takes its time; the enrollment is over
	if a := otto.get(otto.path + "/code"); a.Status != http.StatusNotFound {
		t.Errorf("after six days: %d", a.Status)
	}
	again := h.found(h.visitor(), "J-2", "1948-10-02", "97005")
	again.get(again.path+"/contact").mustSay(t, "We mailed a letter", "I have a code from a letter")
	again.send("contact", url.Values{"way": {"given"}}, "code")
	again.send("code", url.Values{"code": {code}}, "email")
	again.send("email", url.Values{"email": {"otto@new.example"}}, "email-code")
	again.send("email-code", url.Values{"code": {h.joinCode("otto@new.example")}}, "secure")
	h.pass(3 * time.Hour) // a letter's proof does not run out in an hour
	again.send("secure", url.Values{"password": {goodPass}}, "done")
	if n := len(h.letters(letter.KindAccountOpened, address)); n != 1 {
		t.Errorf("%d letters tell Otto that an account was opened", n)
	}

	vera := h.found(h.visitor(), "J-3", "1969-06-24", "97006")
	vera.get(vera.path+"/contact").mustNotSay(t, "Mail me a letter", "Send code")
	if a := vera.post(vera.path+"/contact", url.Values{"way": {"letter"}}); a.Status != 422 {
		t.Errorf("a letter to nowhere: %d", a.Status)
	}
	var desk string
	h.write(func(tx *db.Tx) (err error) {
		desk, err = h.enroll.IssueCode(t.Context(), tx, h.clock(), h.people["Vera"], enroll.Desk)
		return err
	})
	vera.send("contact", url.Values{"way": {"given"}}, "code")
	if a := h.iris(); a.post(a.path+"/code", url.Values{"code": {desk}}).To != a.path+"/contact" {
		t.Error("a code opens something before a way was chosen")
	}
	other := h.iris()
	other.send("contact", url.Values{"way": {"given"}}, "code")
	if a := other.post(other.path+"/code", url.Values{"code": {desk}}); a.Status != 422 {
		t.Errorf("Vera's code opens Iris's account: %d", a.Status)
	}
	vera.send("code", url.Values{"code": {desk}}, "email")

	var late string
	h.write(func(tx *db.Tx) (err error) {
		late, err = h.enroll.IssueCode(t.Context(), tx, h.clock(), h.people["Leo"], enroll.Desk) // a child's is the guarantor's
		return err
	})
	other.send("code", url.Values{"code": {late}}, "email")
}

// TestTheBrowserOfJoiningIsKnown: whoever signs in again where they opened the account is not told of a new device; in
// another browser they are.
func TestTheBrowserOfJoiningIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bring(joiners...)
	j := h.iris()
	j.send("contact", url.Values{"way": {"phone"}}, "code")
	j.send("code", url.Values{"code": {h.joinCode("+15035550142")}}, "email")
	j.send("email", url.Values{"email": {irisEmail}}, "email-code")
	j.send("email-code", url.Values{"code": {h.joinCode(irisEmail)}}, "secure")
	j.send("secure", url.Values{"password": {newPassword}}, "done")
	h.pass(26 * time.Hour)
	strange := func() (n int) {
		for _, m := range h.letters(letter.KindAccountChanged, irisEmail) {
			var l letter.AccountChanged
			h.must(m.Read(&l))
			if l.What == letter.NewDevice {
				n++
			}
		}
		return n
	}
	j.post("/sign-out", url.Values{})
	if a := j.post("/sign-in", signInForm(irisEmail, newPassword, "")); a.Status != 303 || strange() != 0 {
		t.Errorf("the same browser: %d, %d letters", a.Status, strange())
	}
	if a := h.visitor().post("/sign-in", signInForm(irisEmail, newPassword, "")); a.Status != 303 || strange() != 1 {
		t.Errorf("another browser: %d, %d letters", a.Status, strange())
	}
}

// TestJoinWithAPasskey: the passkey opens the account, and ten recovery codes are shown until they are kept.
func TestJoinWithAPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := withJoiners(t, d)
		j := h.iris()
		j.send("contact", url.Values{"way": {"phone"}}, "code")
		j.send("code", url.Values{"code": {h.joinCode("+15035550142")}}, "email")
		j.send("email", url.Values{"email": {irisEmail}}, "email-code")
		j.send("email-code", url.Values{"code": {h.joinCode(irisEmail)}}, "secure")
		phone := &identitytest.Authenticator{Origin: "https://pay.larkspur.example", Synced: true}
		page := j.get(j.path + "/secure")
		page.mustSay(t, "Create a passkey", "Or choose a password")
		if strings.Index(page.Body, "Create a passkey") > strings.Index(page.Body, `name="password"`) {
			t.Error("the passkey is not offered first")
		}
		made := h.passkeyForm(phone, page)
		for name, wrong := range map[string]url.Values{
			"nothing": {"ceremony": {""}, "response": {""}}, "hostile": {"ceremony": {hostile}, "response": {hostile}},
			"another response": {"ceremony": {made.Get("ceremony")}, "response": {"{}"}},
		} {
			if a := j.post(j.path+"/secure", wrong); a.Status != 422 {
				t.Errorf("%s: %d to %q", name, a.Status, a.To)
			}
		}
		if a := j.post(j.path+"/secure", made); a.Status != 422 || !strings.Contains(a.Text(), "took too long") {
			t.Errorf("a ceremony that ended: %d\n%s", a.Status, a.Text())
		}
		j.send("secure", h.passkeyForm(phone, j.get(j.path+"/secure")), "done")
		a := j.get(j.path + "/done")
		a.mustSay(t, "Your account is ready", "Your recovery codes", "Print")
		if again := j.get(j.path + "/done"); again.Alike() != a.Alike() {
			t.Error("the codes are gone when the page is loaded again")
		}
		account, err := h.accounts.ByEmail(t.Context(), irisEmail)
		h.must(err)
		f, err := h.accounts.Factors(t.Context(), account.ID)
		h.must(err)
		if f.Password || len(f.Passkeys) != 1 || f.RecoveryLeft != 10 || f.Phone != "+15035550142" {
			t.Errorf("the account opens with %+v", f)
		}
		if stolen := h.visitor(); stolen.do("GET", j.path+"/done", nil).Status != http.StatusNotFound {
			t.Error("another browser sees the codes")
		}
		if a := j.post(j.path+"/done", url.Values{}); a.To != "/bills" {
			t.Errorf("kept: %d to %q", a.Status, a.To)
		}
		j.get(j.path+"/done").mustNotSay(t, "Your recovery codes")
		ceremony, options, err := h.accounts.BeginPasskeySignIn(t.Context(), h.clock())
		h.must(err)
		response, err := phone.Get(options)
		h.must(err)
		if got, err := h.accounts.FinishPasskeySignIn(t.Context(), h.clock(), ceremony, response); err != nil || got != account.ID {
			t.Errorf("the passkey opens %q: %v", got, err)
		}
	})
}

// TestJoinRefusesWeakPasswords: each with its reason.
func TestJoinRefusesWeakPasswords(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	j := h.iris().toSecure()
	for password, why := range map[string]string{
		"":                                "Enter your password",
		"fourteen chars":                  "at least 15 characters",
		"passwordpassword":                "repeat itself",
		"Iris lives on the hill today":    "without your name",
		"placeholder of a long phrase":    "without your name",
		"born in 1977 on a farm hill":     "without your name",
		"zip code is 97004 up here":       "without your name",
		"larkspur is where I pay it":      "without our name",
		strings.Repeat("long words ", 40): "at most 128 characters",
	} {
		a := j.post(j.path+"/secure", url.Values{"password": {password}})
		if a.Status != 422 || !strings.Contains(a.Text(), why) {
			t.Errorf("%.40q: %d, want %q\n%s", password, a.Status, why, a.Text())
		}
		if password != "" && strings.Contains(a.Body, password) {
			t.Errorf("%.40q comes back on the page", password)
		}
	}
}

// TestJoinCanBeTakenUpAgain: in another tab, backwards, after the session has ended, and not after a day.
func TestJoinCanBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	j := h.iris()
	h.walk([]row{
		{name: "a later step", who: j.visitor, path: j.path + "/email", status: 303, to: j.path + "/contact"},
		{name: "the last step", who: j.visitor, path: j.path + "/done", status: 303, to: j.path + "/contact"},
		{name: "its own address", who: j.visitor, path: j.path, status: 303, to: j.path + "/contact"},
		{name: "the first page", who: j.visitor, path: "/join", status: 200, contains: []string{"You have begun an account", "Go on where you left off"}},
		{name: "another browser", who: h.visitor(), path: j.path + "/contact", status: 404, contains: []string{"There is nothing to go on with here"}},
		{name: "another browser's first page", who: h.visitor(), path: "/join", status: 200, lacks: []string{"You have begun"}},
		{name: "somebody's made up", who: j.visitor, path: "/join/enr_nothing/contact", status: 404},
		{name: "hostile", who: j.visitor, path: "/join/" + url.PathEscape(hostile) + "/contact", status: 404},
	})
	if again := h.found(j.visitor, "J-1", "1977-04-18", "97004"); again.path != j.path {
		t.Error("the same browser begins twice for the same member")
	}
	j.send("contact", url.Values{"way": {"email"}}, "code")
	tab := &joiner{&visitor{h: h, cookies: map[string]string{"memberpay_join": j.cookies["memberpay_join"]}}, j.path} // no session
	tab.send("code", url.Values{"code": {h.joinCode(irisEmail)}}, "email")
	j.send("code", url.Values{"code": {h.joinCode(irisEmail)}}, "email") // sent twice
	h.walk([]row{
		{name: "back at the proof", who: j.visitor, path: j.path + "/contact", status: 303, to: j.path + "/email"},
		{name: "back at the code", who: j.visitor, path: j.path + "/code", status: 303, to: j.path + "/email"},
		{name: "reloaded", who: j.visitor, path: j.path + "/email", status: 200},
	})
	j.send("email", url.Values{"which": {"known"}}, "secure")
	j.get(j.path+"/email").mustSay(t, "Step 3 of 4") // back
	h.pass(50 * time.Minute)
	if a := j.get(j.path + "/secure"); a.Status != 200 {
		t.Errorf("after 50 minutes: %d to %q", a.Status, a.To)
	}
	h.pass(20 * time.Minute)
	if a := j.post(j.path+"/secure", url.Values{"password": {goodPass}}); a.To != j.path+"/contact" {
		t.Errorf("a proof of more than an hour: %d to %q", a.Status, a.To)
	}
	j.get(j.path+"/contact").mustSay(t, "please prove again that it is you")
	j.send("contact", url.Values{"way": {"phone"}}, "code")
	if a := j.post(j.path+"/code", url.Values{"code": {h.joinCode("+15035550142")}}); a.To != j.path+"/email" {
		t.Fatalf("proved again: %d to %q", a.Status, a.To)
	}
	j.send("secure", url.Values{"password": {goodPass}}, "done") // the address is kept
	h.walk([]row{
		{name: "any step then", who: j.visitor, path: j.path + "/email", status: 303, to: j.path + "/done"},
		{name: "without the session", who: tab.visitor, path: j.path + "/done", status: 303, to: "/sign-in"},
		{name: "sent again", who: tab.visitor, path: j.path + "/secure", form: url.Values{"password": {goodPass}}, status: 303, to: j.path + "/done"},
	})

	late := h.iris()
	h.pass(23 * time.Hour)
	if a := late.get(late.path); a.Status != 303 {
		t.Errorf("after 23 hours: %d", a.Status)
	}
	h.pass(2 * time.Hour)
	if a := late.get(late.path + "/contact"); a.Status != 404 {
		t.Errorf("after 25 hours: %d", a.Status)
	}
	left := h.iris()
	if a := left.post(left.path+"/leave", url.Values{}); a.To != "/join" {
		t.Errorf("leaving leads to %q", a.To)
	}
	if a := left.get(left.path + "/contact"); a.Status != 404 {
		t.Errorf("after leaving: %d", a.Status)
	}
}

// TestJoinHidesAccounts: an address that has an account gets the same pages as one that has none; its mail says more.
func TestJoinHidesAccounts(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	free, taken := "rose@mail.example", rosaEmail
	pages := func(j *joiner, email string) string {
		a := j.post(j.path+"/email", url.Values{"which": {"other"}, "email": {email}})
		b := j.get(j.path + "/email-code")
		w := j.post(j.path+"/email-code", url.Values{"code": {"000000"}})
		all := fmt.Sprint(a.Status, a.To, a.Alike(), b.Status, b.Alike(), w.Status, w.Alike())
		return strings.NewReplacer(strings.TrimPrefix(j.path, "/join/"), "ID", email, "EMAIL").Replace(all)
	}
	a, b := h.iris().proved(), h.iris().proved()
	if pages(a, free) != pages(b, taken) {
		t.Error("an address with an account is told from one without")
	}
	if len(h.letters(letter.KindEmailTaken, taken)) != 1 || len(h.letters(letter.KindCode, taken)) != 0 || len(h.letters(letter.KindCode, free)) != 1 || len(h.letters(letter.KindEmailTaken, free)) != 0 {
		t.Error("the letters are the wrong way round")
	}
	b.get(b.path+"/email-code").mustSay(t, "Sign in to add Iris to that account")

	// Signed in, they add Iris, and everybody is told.
	if in := b.post("/sign-in", signInForm(rosaEmail, rosaPassword, b.path+"/email")); in.To != b.path+"/email" {
		t.Fatalf("signing in leads to %q (%d)", in.To, in.Status)
	}
	b.get(b.path+"/email").mustSay(t, "Add Iris to this account", rosaEmail)
	if a := h.visitor().post(b.path+"/add", url.Values{}); a.Status != http.StatusUnauthorized {
		t.Errorf("nobody adds: %d", a.Status)
	}
	if a := h.rosa().post(b.path+"/add", url.Values{}); a.Status != http.StatusNotFound {
		t.Errorf("another browser adds: %d", a.Status)
	}
	b.send("add", url.Values{}, "done")
	b.get(b.path+"/done").mustSay(t, "Iris was added to your account")
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	if len(rosa.Members) != 2 {
		t.Errorf("Rosa's account acts for %d", len(rosa.Members))
	}
	for to, want := range map[string]letter.Change{rosaEmail: letter.MemberAdded, irisEmail: letter.MemberShared, "+15035550142": letter.MemberShared} {
		if n := h.toldOf(to, want); n != 1 {
			t.Errorf("%s was told %d times", to, n)
		}
	}
	h.audited("account.member_added")
	if a := b.post(b.path+"/add", url.Values{}); a.To != b.path+"/done" {
		t.Errorf("added twice: %q", a.To)
	}
}

// toldOf is how often somebody was told of a change.
func (h *house) toldOf(recipient string, what letter.Change) (n int) {
	h.t.Helper()
	for _, c := range h.changes(recipient) {
		if c == what {
			n++
		}
	}
	return n
}

// TestJoinWithAnAddressThatHasAnAccount: who has proved that an address is theirs is told, and nobody else.
func TestJoinWithAnAddressThatHasAnAccount(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	_, err := h.accounts.Create(t.Context(), h.clock(), irisEmail, goodPass, "es", h.people["Avery"])
	h.must(err)
	j := h.iris().proved()
	j.get(j.path+"/email").mustNotSay(t, "You already have an account")
	j.send("email", url.Values{"which": {"known"}}, "secure")
	if a := j.get(j.path + "/secure"); a.To != j.path+"/email" {
		t.Errorf("the last step: %d to %q", a.Status, a.To)
	}
	j.get(j.path+"/email").mustSay(t, "You already have an account", "There is an account with "+irisEmail, "Sign in to add Iris to that account")
	if a := j.post(j.path+"/secure", url.Values{"password": {goodPass}}); a.To != j.path+"/email" {
		t.Errorf("sent all the same: %d to %q", a.Status, a.To)
	}
	j.send("email", url.Values{"which": {"other"}, "email": {"iris2@mail.example"}}, "email-code")
	j.send("email-code", url.Values{"code": {h.joinCode("iris2@mail.example")}}, "secure")
	j.send("secure", url.Values{"password": {goodPass}}, "done")
	if n := len(h.letters(letter.KindAccountChanged, irisEmail)); n != 0 { // that account is Avery's
		t.Errorf("somebody else's account was told %d times", n)
	}
}

// TestSecondAccountForAMember: the same proof, and whoever has an account for the member is told.
func TestSecondAccountForAMember(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	_, err := h.accounts.Create(t.Context(), h.clock(), "first@mail.example", goodPass, "es", h.people["Iris"])
	h.must(err)
	j := h.iris().toSecure()
	j.send("secure", url.Values{"password": {goodPass}}, "done")
	list := h.letters(letter.KindAccountChanged, "first@mail.example")
	if len(list) != 1 || list[0].Language != "es" {
		t.Fatalf("the first account was told %d times", len(list))
	}
	var what letter.AccountChanged
	h.must(list[0].Read(&what))
	if what.What != letter.MemberShared {
		t.Errorf("it was told of %q", what.What)
	}
}

func TestJoinForAChild(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	leo := h.found(h.visitor(), "J-4", "2015-01-02", "97004")
	leo.get(leo.path+"/contact").mustSay(t, "belongs to someone under 18", "i•••@m•••.example")
	leo.proved().send("email", url.Values{"which": {"known"}}, "secure")
	leo.send("secure", url.Values{"password": {goodPass}}, "done")
	account, err := h.accounts.ByEmail(t.Context(), irisEmail)
	h.must(err)
	if len(account.Members) != 1 || account.Members[0] != h.people["Iris"] {
		t.Errorf("the account acts for %v", account.Members)
	}
	h.walk([]row{
		{name: "a child of nobody's", who: h.visitor(), path: "/join", form: joinForm("J-5", "2012-01-02", "97004"), status: 200,
			contains: []string{"We cannot open this account online", "18 or older", "1-800-555-0142"}},
	})
}

// TestJoinAfterPaying: number and date of birth were given; the payment is in the account, for good.
func TestJoinAfterPaying(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := withJoiners(t, d)
		h.add(bill.Incoming{ClaimKey: "J-B1", Source: "test", Kind: bill.Medical, Payee: "medical", Number: "J-B1", PatientID: h.people["Iris"], GuarantorID: h.people["Iris"],
			ServiceDate: day.MustParse("2026-10-02"), Charged: 8_000, Responsibility: 8_000})
		h.add(bill.Incoming{ClaimKey: "J-B2", Source: "test", Kind: bill.Medical, Payee: "medical", Number: "J-B2", PatientID: h.people["Iris"], GuarantorID: h.people["Iris"],
			ServiceDate: day.MustParse("2026-10-03"), Charged: 3_000, Responsibility: 3_000})
		elsewhere := h.guest("J-1", "1977-04-18").paid(bankForm1(), "J-B2") // from another browser
		v := h.guest("J-1", "1977-04-18")
		path := v.paid(bankForm1(), "J-B1")
		page := v.get(path)
		offer := "/join?with=" + strings.TrimPrefix(path, "/payments/")
		if !strings.Contains(page.Body, `href="`+offer+`"`) {
			t.Fatalf("the page does not offer an account: %s", page.Text())
		}
		a := v.get(offer)
		a.mustSay(t, "You paid a moment ago", "ZIP code")
		a.mustNotSay(t, "Date of birth")
		with := strings.TrimPrefix(path, "/payments/")
		h.walk([]row{
			{name: "somebody else's payment", who: h.visitor(), path: offer, status: 200, contains: []string{"Date of birth"}},
			{name: "no answers with it", who: h.visitor(), path: "/join", form: url.Values{"with": {with}, "zip": {"97004"}}, status: 422, contains: []string{"Date of birth"}},
			{name: "no ZIP code", who: v, path: "/join", form: url.Values{"with": {with}}, status: 422, contains: []string{"Enter"}},
			{name: "a wrong ZIP code", who: v, path: "/join", form: url.Values{"with": {with}, "zip": {"97005"}}, status: 200, contains: []string{"could not match"}},
		})
		in := v.post("/join", url.Values{"with": {with}, "zip": {"97004"}})
		if !strings.HasSuffix(in.To, "/contact") {
			t.Fatalf("leads to %q (%d)\n%s", in.To, in.Status, in.Text())
		}
		j := &joiner{v, strings.TrimSuffix(in.To, "/contact")}
		h.pass(40 * time.Minute) // the session is over, what it paid is not forgotten
		j.toSecure().send("secure", url.Values{"password": {goodPass}}, "done")
		j.get(j.path+"/done").mustSay(t, "Your account is ready", "What you paid here without an account is in it")
		j.get("/payments").mustSay(t, with)
		fresh := h.visitor()
		fresh.post("/sign-in", signInForm(irisEmail, goodPass, ""))
		fresh.get("/payments").mustSay(t, with)
		fresh.get(path).mustSay(t, "Payment submitted", "Cancel this payment")
		if a := fresh.post(path+"/cancel", url.Values{}); a.To != path {
			t.Errorf("whoever paid cannot cancel: %d %q", a.Status, a.To)
		}
		fresh.get(elsewhere).mustNotSay(t, "Cancel this payment")
		if a := h.guest("J-1", "1977-04-18").get(path); a.Status != http.StatusNotFound {
			t.Errorf("another guest sees what was paid from an account: %d", a.Status)
		}
		h.audited("payment.claimed")
		h.clean()
	})
}

// TestJoinTwiceAtOnce: however many send the last step together, there is one account.
func TestJoinTwiceAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := withJoiners(t, d)
		j := h.iris().toSecure()
		tabs := make([]answer, 4)
		var all sync.WaitGroup
		for i := range tabs {
			tab := &visitor{h: h, cookies: map[string]string{"memberpay_join": j.cookies["memberpay_join"]}}
			all.Go(func() { tabs[i] = tab.post(j.path+"/secure", url.Values{"password": {goodPass}}) })
		}
		all.Wait()
		for _, a := range tabs {
			if a.Status != http.StatusSeeOther {
				t.Errorf("status %d\n%s", a.Status, a.Text())
			}
		}
		h.accountsOf("Iris", 1)
		if n := len(h.letters(letter.KindAccountOpened, irisEmail)); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
}

// TestOneAddressTwiceAtOnce: two browsers, one address: one account, and the other is told that there is one.
func TestOneAddressTwiceAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := withJoiners(t, d)
		a, b := h.iris().toSecure(), h.iris().toSecure()
		var first, second answer
		var all sync.WaitGroup
		all.Go(func() { first = a.post(a.path+"/secure", url.Values{"password": {goodPass}}) })
		all.Go(func() { second = b.post(b.path+"/secure", url.Values{"password": {goodPass}}) })
		all.Wait()
		got := map[string]bool{first.To: true, second.To: true}
		if (got[a.path+"/done"] == got[b.path+"/done"]) || (got[a.path+"/email"] == got[b.path+"/email"]) {
			t.Errorf("the browsers are led to %q and %q", first.To, second.To)
		}
		h.accountsOf("Iris", 1)
	})
}

// accountsOf fails unless so many accounts act for somebody.
func (h *house) accountsOf(given string, want int) {
	h.t.Helper()
	list, err := h.accounts.Holding(h.t.Context(), h.db.Read(), h.people[given])
	h.must(err)
	if len(list) != want {
		h.t.Errorf("%d accounts act for %s, want %d", len(list), given, want)
	}
}

// TestJoinWithHostileText: names of all kinds on the pages, and hostile text in every field.
func TestJoinWithHostileText(t *testing.T) {
	t.Parallel()
	h := withJoiners(t, dbtest.Open(t, db.SQLite))
	var hostileNames []string
	raw, err := os.ReadFile("../../../testdata/hostile-text/names.json")
	if os.IsNotExist(err) {
		raw, err = []byte(`["<script>alert(1)</script>","O'Brien","{{7*7}}","new\nline","\u202eRTL override"]`), nil
	}
	h.must(err)
	h.must(json.Unmarshal(raw, &hostileNames))
	hostileNames = append(hostileNames, hostile, strings.Repeat("A", 5000))
	for i, name := range hostileNames {
		number := fmt.Sprintf("H-%d", i)
		mail := fmt.Sprintf("h%d@members.example", i)
		h.bring(member.Incoming{MemberID: number, PatientID: "h-" + number, Given: name, Family: name, BirthDate: day.MustParse("1980-01-02"), ZIP: "97004", Email: mail})
		j := h.found(h.visitor(), number, "1980-01-02", "97004")
		j.send("contact", url.Values{"way": {"email"}}, "code")
		j.send("code", url.Values{"code": {h.joinCode(mail)}}, "email")
		for _, page := range []string{"/email", "/email"} {
			if a := j.get(j.path + page); a.Status != 200 {
				t.Errorf("%q: %s is %d", name, page, a.Status)
			}
		}
	}
	j := h.iris()
	for _, s := range append(hostileNames, "", strings.Repeat("9", 100_000), "\x00", "٣٣٣٣٣") {
		for _, a := range []answer{
			h.visitor().post("/join", url.Values{"number": {s}, "birth_month": {s}, "birth_day": {s}, "birth_year": {s}, "zip": {s}, "with": {s}}),
			h.visitor().post("/join", joinForm("J-1", "1977-04-18", s)),
			h.visitor().get("/join?with=" + url.QueryEscape(s)),
			j.post(j.path+"/contact", url.Values{"way": {s}}),
		} {
			if a.Status != 422 && a.Status != 200 && a.Status != 429 {
				t.Errorf("%.40q: status %d", s, a.Status)
			}
		}
		h.pass(time.Hour) // so that the limits do not answer instead
		j = h.iris()
	}
	j.send("contact", url.Values{"way": {"email"}}, "code")
	for _, s := range hostileNames[:5] {
		if a := j.post(j.path+"/code", url.Values{"code": {s}}); a.Status != 422 {
			t.Errorf("code %.40q: %d", s, a.Status)
		}
	}
	h.pass(time.Hour)
	j = h.iris().proved()
	for _, s := range hostileNames {
		if a := j.post(j.path+"/email", url.Values{"which": {"other"}, "email": {s}}); a.Status != 422 {
			t.Errorf("email %.40q: %d", s, a.Status)
		}
		if a := j.post(j.path+"/email", url.Values{"which": {s}}); a.Status != 422 {
			t.Errorf("which %.40q: %d", s, a.Status)
		}
	}
	j.send("email", url.Values{"which": {"known"}}, "secure")
	for _, s := range []string{"", "short", strings.Repeat("x", 600), "              "} {
		if a := j.post(j.path+"/secure", url.Values{"password": {s}}); a.Status != 422 {
			t.Errorf("password %.40q: %d", s, a.Status)
		}
	}
}

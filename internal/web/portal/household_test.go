package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/member"
	"memberpay/internal/web"
)

// What only somebody may read who may know of the care.
const (
	secretProvider = "Zebrafinch Oncology"
	secretService  = "Quetzal infusion"
	secretInsurer  = "Ocelot Plan"
)

var clinical = []string{"Zebrafinch", "Quetzal", "Ocelot", "narwhal", "777.77", "999.99", "88.88", "infusion", "Oncology"}

// careBill brings in a bill of a patient that Rosa owes, with a secret in every field that tells of care.
func (h *house) careBill(key, patient string) {
	h.t.Helper()
	h.add(bill.Incoming{ClaimKey: key, Source: "test", EOBID: "eob-narwhal", Kind: bill.Medical, Payee: "medical", Number: key, PatientID: h.people[patient],
		GuarantorID: h.people["Rosa"], Visit: "visit-narwhal", Provider: secretProvider, Insurer: secretInsurer,
		ServiceDate: day.MustParse("2026-10-09"), DueDate: day.MustParse("2026-12-21"), Charged: 99_999, PlanPaid: 77_777, Adjustment: 8_888, Responsibility: 13_334,
		Lines: []bill.Line{{Text: secretService, Charged: 99_999, PlanPaid: 77_777, Adjustment: 8_888, Share: 13_334}}})
}

// gina brings in a grown-up for whom Rosa pays, with a bill "G-1", and returns Gina's account.
func (h *house) gina() (accountID string) {
	h.t.Helper()
	h.people["Gina"] = h.peopleOf(member.Incoming{MemberID: "G5500123", PatientID: "p-gina", Guarantor: rosaNumber, Given: "Gina", Family: "Quintero", BirthDate: day.MustParse("2001-01-01")})[0]
	h.careBill("G-1", "Gina")
	h.careBill("C-1", "Mateo")
	return h.account(identity.Member, h.people["Gina"])
}

// pdf is the text of an answer that is a document.
func pdf(t testing.TB, a answer) string {
	t.Helper()
	if !strings.HasPrefix(a.Body, "%PDF-") {
		t.Fatalf("no document: %d %s", a.Status, a.Text())
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("MEMBERPAY_REQUIRE_ALL") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftotext is not here; install poppler-utils")
	}
	file := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(file, []byte(a.Body), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(tool, file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAGrownUpsCareIsTheirs: who pays for a grown-up sees amounts, a child's care whole, and more where they were let.
func TestAGrownUpsCareIsTheirs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		gina, rosa := h.signedIn(h.gina()), h.rosa()
		paid := rosa.paid(cardForm1(), "G-1", "C-1")
		h.careBill("G-2", "Gina")
		h.careBill("C-2", "Mateo")
		grown, child := "/bills/"+h.bills["G-2"].ID, "/bills/"+h.bills["C-2"].ID
		rosa.get(child).mustSay(t, secretProvider, secretService)
		rosa.get(child).mustNotSay(t, "is private")
		a := rosa.get(grown)
		a.mustSay(t, "Gina Quintero", "$133.34", "is 18 or older, so what care this was is private")
		a.mustNotSay(t, secretProvider, secretService)
		if text := pdf(t, rosa.get(grown+"/bill.pdf")); strings.Contains(text, "Zebrafinch") || strings.Contains(text, "Quetzal") || !strings.Contains(text, "$133.34") {
			t.Errorf("the document of a grown-up's bill: %s", text)
		}
		w := rosa.begin("G-2")
		named := 0
		for _, option := range strings.Split(w.get(w.draft+"/bills").Body, `<div class="option`)[1:] {
			if strings.Contains(option, secretProvider) {
				named++
				if strings.Contains(option, "Gina") {
					t.Error("the choice of bills names where a grown-up was cared for")
				}
			}
		}
		if named == 0 {
			t.Error("the choice of bills names no provider of the child's bill")
		}
		if text := pdf(t, rosa.get(paid+"/receipt.pdf")); strings.Count(text, "Zebrafinch") != 1 {
			t.Errorf("the receipt names the provider %d times, once for the child's bill\n%s", strings.Count(text, "Zebrafinch"), text)
		}
		var data struct {
			Bills []struct {
				Patient, Provider string
				Care              bool `json:"care_included"`
			}
		}
		h.must(json.Unmarshal([]byte(rosa.get("/account/data/account.json").Body), &data))
		counts := map[bool]int{}
		for _, b := range data.Bills {
			grown := b.Patient == h.people["Gina"]
			if counts[grown]++; b.Care == grown || grown && b.Provider != "" {
				t.Errorf("the download: %+v, grown up: %v", b, grown)
			}
		}
		if counts[true] != 2 || counts[false] < 5 {
			t.Errorf("the download has %v bills", counts)
		}
		if text := pdf(t, rosa.get("/account/data/account.pdf")); strings.Contains(text, "Zebrafinch") {
			t.Error("the download on paper names where somebody was cared for")
		}
		rosa.get("/household").mustSay(t, "Gina Quintero", "Ending in 0123", "Gina is 18 or older", "Mateo Quintero", mateoNumber, rosaNumber)
		rosa.get("/household").mustNotSay(t, "G5500123", "pays for Rosa")
		gina.get(grown).mustSay(t, secretProvider, secretService)
		gina.get("/household").mustSay(t, "Rosa Q. pays for Gina", "What care it was is private", "G5500123")
		gina.get("/household").mustNotSay(t, "Mateo", rosaNumber)

		form := url.Values{"member": {h.people["Gina"]}, "show": {"yes"}}
		if a := rosa.post("/household/care", form); a.Status != http.StatusNotFound {
			t.Errorf("Rosa lets herself see it: %d", a.Status)
		}
		rosa.get(grown).mustNotSay(t, secretProvider)
		gina.follow(gina.post("/household/care", form)).mustSay(t, "They can now see", "Stop showing")
		rosa.get(grown).mustSay(t, secretProvider, secretService)
		if text := pdf(t, rosa.get(grown+"/bill.pdf")); !strings.Contains(text, "Zebrafinch") {
			t.Error("the document does not show what may be seen")
		}
		form.Set("show", "no")
		gina.follow(gina.post("/household/care", form)).mustSay(t, "private again")
		rosa.get(grown).mustNotSay(t, secretProvider, secretService)
		for name, bad := range map[string]url.Values{"another's member": {"member": {h.people["Avery"]}, "show": {"yes"}}, "somebody who pays for themselves": {"member": {h.people["Rosa"]}, "show": {"yes"}},
			"nobody": {"show": {"yes"}}} {
			if a := h.rosa().post("/household/care", bad); a.Status != http.StatusNotFound {
				t.Errorf("%s: %d", name, a.Status)
			}
		}
		if a := gina.post("/household/care", url.Values{"member": {h.people["Gina"]}, "show": {"maybe"}}); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wish that is none: %d", a.Status)
		}
	})
}

func TestBillsOfOnePerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.gina()
	rosa, guest := h.rosa(), h.guest("M-300", mateoBirth)
	h.walk([]row{
		{name: "the child's", who: rosa, path: "/bills?for=" + h.people["Mateo"], status: 200, contains: []string{"For Mateo Quintero", "M-300", "See everyone’s bills"}, lacks: []string{"M-204118907", "G-1"}},
		{name: "the grown-up's", who: rosa, path: "/bills?for=" + h.people["Gina"], status: 200, contains: []string{"G-1"}, lacks: []string{"M-300"}},
		{name: "a stranger's", who: rosa, path: "/bills?for=" + h.people["Avery"], status: 404, lacks: []string{"Avery"}},
		{name: "nobody's", who: rosa, path: "/bills?for=mem_none", status: 404},
		{name: "nonsense", who: rosa, path: "/bills?for=%27%3B--", status: 404},
		{name: "of who pays, as a guest of the child", who: guest, path: "/bills?for=" + h.people["Rosa"], status: 404},
		{name: "of the child, as its guest", who: guest, path: "/bills?for=" + h.people["Mateo"], status: 200, contains: []string{"For Mateo Q."}, lacks: []string{"Quintero"}},
	})
}

// helped is a house in which Sam helps Rosa with her own bills and her child's.
type helped struct {
	*house
	rosaID, sam string // accounts
	helpID      string
}

func newHelped(h *house, change func(in *household.Invitation)) *helped {
	h.t.Helper()
	rosa, err := h.accounts.ByEmail(h.t.Context(), rosaEmail)
	h.must(err)
	x := &helped{house: h, rosaID: rosa.ID, sam: h.account(identity.Member)}
	h.careBill("C-1", "Mateo")
	h.careBill("R-1", "Rosa")
	in := household.Invitation{MemberID: h.people["Rosa"], AccountID: rosa.ID, Name: "Sam", Email: "sam@mail.example", For: []string{h.people["Rosa"], h.people["Mateo"]}}
	if change != nil {
		change(&in)
	}
	x.helpID = h.lets(x.sam, in)
	return x
}

// TestAHelperReadsNothingOfCare opens every page that a helper can open, in both languages, with documents and files, and
// looks for any word of care.
func TestAHelperReadsNothingOfCare(t *testing.T) {
	t.Parallel()
	h := newHelped(newHouse(t), nil)
	sam := h.signedIn(h.sam)
	w := sam.begin("R-1")
	w.reviewed(url.Values{"how": {"other"}, "bills": {h.bills["R-1"].ID}, "amount": {"2.00"}}, bankForm1())
	ref := strings.TrimPrefix(sam.paid(bankForm1(), "C-1"), "/payments/")
	second := sam.begin("R-1")
	page := second.post(second.draft+"/review", confirm(second.reviewed(url.Values{"how": {"other"}, "bills": {h.bills["R-1"].ID}, "amount": {"1.00"}}, cardForm1())))
	if !strings.HasPrefix(page.To, "/payments/") {
		t.Fatalf("the helper cannot pay: %d %s", page.Status, page.Text())
	}
	objects := map[string][]string{"bill": {h.bills["R-1"].ID, h.bills["C-1"].ID}, "code": {h.bills["R-1"].PayCode}, "draft": {strings.TrimPrefix(w.draft, "/pay/")},
		"ref": {ref, strings.TrimPrefix(page.To, "/payments/")}, "help": {h.helpID}, "helper": {h.helpID}}
	part := regexp.MustCompile(`\{([a-z_]+)\}`)
	seen := 0
	for _, lang := range []string{"en", "es"} {
		sam.lang = lang
		for _, route := range h.portal.Routes() {
			if route.Method != "GET" || route.Access == web.Machine {
				continue
			}
			paths := []string{strings.TrimSuffix(route.Path, "{$}")}
			if m := part.FindStringSubmatch(route.Path); m != nil {
				paths = nil
				for _, o := range append(objects[m[1]], "none") {
					paths = append(paths, part.ReplaceAllString(route.Path, o))
				}
			}
			for _, path := range append(paths, paths[0]+"?for="+h.people["Mateo"], paths[0]+"?q=Zebrafinch") {
				a := sam.get(path)
				text := a.Body
				if strings.HasPrefix(text, "%PDF-") {
					text = pdf(t, a)
				}
				if a.Status >= 500 {
					t.Errorf("%s: %d", path, a.Status)
				}
				if a.Status == http.StatusOK {
					seen++
				}
				for _, word := range clinical {
					if strings.Contains(text, word) && !strings.Contains(path, word) {
						t.Errorf("%s in %s tells the helper %q", path, lang, word)
					}
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d pages were seen", seen)
	}
	h.walk([]row{
		{name: "the list", who: sam, path: "/bills?lang=en", status: 200, contains: []string{"Bills you help pay", "Medical bills you help Rosa Q. pay", "Premiums you help Rosa Q. pay", "Mateo Q.", "R-1", "$132.34"},
			lacks: []string{"Quintero", "visit", "Visit", "M-100"}},
		{name: "a bill", who: sam, path: "/bills/" + h.bills["R-1"].ID + "?lang=en", status: 200, contains: []string{"As a helper you see amounts and dates", "Larkspur Medical Group, Inc.", "$133.34", "December 21, 2026"},
			lacks: []string{"Quintero", "plan paid", "Pay code", "PDF"}},
		{name: "its document", who: sam, path: "/bills/" + h.bills["R-1"].ID + "/bill.pdf", status: 404},
		{name: "the receipt's page", who: sam, path: "/payments/" + ref + "?lang=en", status: 200, contains: []string{"For Mateo Q."}, lacks: []string{"Quintero"}},
	})
	if n, err := h.households.TellPaid(t.Context()); n != 2 || err != nil {
		t.Errorf("told of %d payments, %v", n, err)
	}
	if n := len(h.letters("helper_paid", rosaEmail)); n != 2 {
		t.Errorf("Rosa was told of %d payments", n)
	}
}

// TestAHelperIsInvitedPaysAndIsRevoked walks the whole way by the pages.
func TestAHelperIsInvitedPaysAndIsRevoked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		samID := h.account(identity.Member)
		sam, rosa := h.signedIn(samID), h.rosa()
		form := url.Values{"name": {"Sam"}, "email": {"sam@mail.example"}, "for": {h.people["Rosa"]}, "kinds": {"medical"}, "payment_limit": {"60.00"}, "month_limit": {"100"},
			"until_month": {"3"}, "until_day": {"1"}, "until_year": {"2027"}}
		rosa.get("/household/helpers/new").mustSay(t, "Invite a helper", "Mateo Quintero")
		a := rosa.post("/household/helpers/new", form)
		helperURL := strings.TrimSuffix(a.To, "?invited")
		if helperURL == a.To {
			t.Fatalf("inviting: %d %s", a.Status, a.Text())
		}
		rosa.get(a.To).mustSay(t, "The invitation is on its way", "Show the code", "Invited, not accepted yet", "$60.00", "March 1, 2027")
		shown := rosa.post(helperURL+"/code", nil)
		code := regexp.MustCompile(`<strong>(\d{3} \d{3})</strong>`).FindStringSubmatch(shown.Body)
		if code == nil {
			t.Fatalf("no code: %s", shown.Text())
		}
		token := h.token(strings.TrimPrefix(helperURL, "/household/helpers/"))
		link := "/invited/" + token
		h.visitor().get(link).mustSay(t, "Rosa Q. asks you to help pay", "enter the code")
		h.visitor().get(link).mustNotSay(t, "Quintero", "$60.00")
		if a := h.visitor().get(link + "/accept"); a.To != link {
			t.Errorf("without the code: %d to %q", a.Status, a.To)
		}
		if a := sam.post(link+"/accept", nil); a.To != link {
			t.Errorf("accepting without the code: %d to %q", a.Status, a.To)
		}
		for _, wrong := range []string{"", "12", strings.Repeat("9", 400), "１２３４５６"} {
			if a := sam.post(link, url.Values{"code": {wrong}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#code"`) {
				t.Errorf("the code %.20q: %d", wrong, a.Status)
			}
		}
		if a := sam.post(link, url.Values{"code": {code[1]}}); a.To != link+"/accept" {
			t.Fatalf("the right code: %d %s", a.Status, a.Text())
		}
		if a := h.visitor().get(link + "/accept"); a.To != link {
			t.Errorf("another browser goes on: %d to %q", a.Status, a.To)
		}
		sam.get(link+"/accept").mustSay(t, "Help Rosa Q.", "$60.00", "$100.00", "Medical bills", "never your card or account")
		sam.follow(sam.post(link+"/accept", nil)).mustSay(t, "You can now pay these bills", "Rosa Q.", "$100.00 is left this month")
		if a := sam.get(link); a.Status != http.StatusNotFound || !strings.Contains(a.Text(), "This invitation cannot be used") {
			t.Errorf("the link afterwards: %d", a.Status)
		}

		// The limits hold on the page, and where it was passed by, in the payment itself.
		w := sam.begin("M-204118907")
		w.get(w.draft+"/bills").mustSay(t, "For Rosa Q.: up to $60.00 at a time", "$100.00 is left of $100.00 this month")
		pay := func(amount string) url.Values {
			return url.Values{"how": {"other"}, "bills": {h.bills["M-204118907"].ID}, "amount": {amount}}
		}
		if a := w.post(w.draft+"/bills", pay("60.01")); a.Status != 422 || !strings.Contains(a.Text(), "Enter $60.00 or less") {
			t.Errorf("too much at a time: %d", a.Status)
		}
		if a := w.post(w.draft+"/bills", sam.full("M-204118907")); a.Status != 422 || !strings.Contains(a.Body, `href="#how"`) {
			t.Errorf("the full amount: %d", a.Status)
		}
		other := sam.begin("M-204118907")
		late := other.reviewed(pay("55.00"), bankForm1())
		a = w.post(w.draft+"/review", confirm(w.reviewed(pay("50.00"), bankForm1())))
		if !strings.HasPrefix(a.To, "/payments/") {
			t.Fatalf("paying: %d to %q", a.Status, a.To)
		}
		receipt := a.To
		sam.get(receipt).mustSay(t, "Payment submitted", "$50.00")
		if a := other.post(other.draft+"/review", confirm(late)); a.To != other.draft+"/bills?limit" {
			t.Errorf("beyond the month's limit: %d to %q", a.Status, a.To)
		}
		other.get(other.draft+"/bills?limit").mustSay(t, "Nothing was paid", "$50.00 is left of $100.00")
		if a := other.post(other.draft+"/bills", pay("50.01")); a.Status != 422 || !strings.Contains(a.Text(), "Enter $50.00 or less") {
			t.Errorf("too much in the month: %d %s", a.Status, a.Text())
		}

		// The member sees the payment and what was looked at; not the account it came from.
		rosa.get(helperURL).mustSay(t, "They paid", "$50.00", "They looked at the list of bills", "They accepted", "You invited them")
		sam.get("/bills/" + h.bills["M-204118907"].ID)
		rosa.get(helperURL).mustSay(t, "They looked at bill M-204118907")
		rosa.get(receipt).mustSay(t, "$50.00")
		rosa.get(receipt).mustNotSay(t, "6789", "Cancel this payment")
		rosa.get("/payments").mustSay(t, "$50.00")
		if a := h.signedIn(h.account(identity.Member, h.people["Avery"])).get(helperURL); a.Status != http.StatusNotFound {
			t.Errorf("another member opens the log: %d", a.Status)
		}

		// Revoked in the middle of a payment: every step says so, and no money moves.
		last := sam.begin("M-204118907")
		ready := last.reviewed(pay("10.00"), bankForm1())
		rosa.follow(rosa.post(helperURL+"/revoke", nil)).mustSay(t, "They can no longer see or pay your bills")
		for _, try := range []answer{last.post(last.draft+"/review", confirm(ready)), last.get(last.draft + "/review"), last.get(last.draft + "/method"), last.get(last.draft + "/bills"), last.post(last.draft+"/bills", pay("1.00"))} {
			if try.Status != http.StatusNotFound || !strings.Contains(try.Text(), "You can no longer pay for this person") || !strings.Contains(try.Text(), "Nothing was paid") {
				t.Errorf("after it was revoked: %d %s", try.Status, try.Text())
			}
		}
		if n := h.count("SELECT COUNT(*) FROM payment"); n != 1 {
			t.Errorf("%d payments", n)
		}
		if a := sam.get("/bills/" + h.bills["M-204118907"].ID); a.Status != http.StatusNotFound {
			t.Errorf("the bill is still seen: %d", a.Status)
		}
		sam.get("/bills").mustNotSay(t, "M-204118907", "Rosa")
		sam.get("/helping").mustSay(t, "You help nobody right now")
		sam.get(receipt).mustSay(t, "$50.00") // their own money's receipt stays theirs
		sam.get(receipt).mustNotSay(t, "Rosa", "M-204118907")
		account, err := h.accounts.Get(t.Context(), samID)
		h.must(err)
		if got := h.letters("helper_revoked", account.Email); len(got) != 1 {
			t.Errorf("the helper was told %d times", len(got))
		}
	})
}

// TestTwoPursesNeverMix: somebody with bills of their own who helps another pays for one at a time.
func TestTwoPursesNeverMix(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	avery := h.account(identity.Member, h.people["Avery"])
	h.lets(avery, household.Invitation{MemberID: h.people["Rosa"], AccountID: rosa.ID, Name: "Avery", Email: "a@mail.example", For: []string{h.people["Rosa"]}})
	v := h.signedIn(avery)
	list := v.get("/bills")
	list.mustSay(t, "Your bills", "Medical bills you help Rosa Q. pay", "A-1", "M-204118907")
	w := v.begin("A-1", "M-204118907")
	mixed := url.Values{"how": {"full"}, "bills": {h.bills["A-1"].ID, h.bills["M-204118907"].ID}}
	if a := w.post(w.draft+"/bills", mixed); a.Status != 422 || !strings.Contains(a.Text(), "They are paid separately") {
		t.Errorf("bills of two households in one payment: %d", a.Status)
	}
	for key, payer := range map[string]string{"A-1": "Avery", "M-204118907": "Rosa"} {
		path := v.paid(bankForm1(), key)
		var payerID string
		h.must(h.db.Read().QueryRowContext(t.Context(), "SELECT payer_id FROM payment WHERE confirmation = $1", strings.ReplaceAll(strings.TrimPrefix(path, "/payments/"), "-", "")).Scan(&payerID))
		if payerID != h.people[payer] {
			t.Errorf("%s is paid by %s", key, payerID)
		}
	}
	h.rosa().get("/payments").mustSay(t, "$150.00")
	h.rosa().get("/payments").mustNotSay(t, "$99.00")
}

// TestAnAccountOfNobody opens every page as an account that acts for nobody and helps nobody.
func TestAnAccountOfNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.signedIn(h.account(identity.Member))
	for _, route := range h.portal.Routes() {
		if route.Method == "GET" && !strings.Contains(strings.TrimSuffix(route.Path, "{$}"), "{") && route.Access != web.Machine {
			if a := v.get(strings.TrimSuffix(route.Path, "{$}")); a.Status >= 500 {
				t.Errorf("%s: %d", route.Path, a.Status)
			}
		}
	}
	v.get("/household").mustSay(t, "No member in this account yet", "Add another family member")
	v.get("/helping").mustSay(t, "You help nobody right now")
	if a := v.get("/household/helpers/new"); a.Status != http.StatusNotFound {
		t.Errorf("inviting for nobody: %d", a.Status)
	}
	if a := v.post("/pay/start", url.Values{"bills": {h.bills["A-1"].ID}}); a.To != "/bills" {
		t.Errorf("paying a stranger's bill: %d to %q", a.Status, a.To)
	}
}

func TestInvitingSaysWhatToCorrect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.gina()
	rosa := h.rosa()
	good := url.Values{"name": {"Sam"}, "email": {"sam@mail.example"}, "for": {h.people["Rosa"], h.people["Mateo"]}, "kinds": {"medical", "premium"}, "until_month": {"12"}, "until_day": {"1"}, "until_year": {"2026"}}
	for name, c := range map[string]struct {
		field string
		value []string
		says  string
	}{
		"no name":             {"name", nil, "Enter the name of your helper"},
		"markup for a name":   {"name", []string{"<>&"}, "Enter the name with letters"},
		"a novel for a name":  {"name", []string{strings.Repeat("Sam ", 9000)}, "at most 60 characters"},
		"no email":            {"email", nil, "Enter their email"},
		"no address":          {"email", []string{"sam at mail"}, "Enter an email address like"},
		"a long address":      {"email", []string{strings.Repeat("a", 400) + "@mail.example"}, "too long"},
		"her own":             {"email", []string{" ROSA@mail.example"}, "This one is your own"},
		"for nobody":          {"for", nil, "Choose at least one person"},
		"for a grown-up":      {"for", []string{h.people["Gina"]}, "Choose at least one person"},
		"for a stranger":      {"for", []string{h.people["Avery"]}, "Choose at least one person"},
		"no kind":             {"kinds", []string{"dental"}, "Choose at least one kind of bill"},
		"no amount":           {"payment_limit", []string{"lots"}, "Enter the amount in dollars and cents"},
		"less than nothing":   {"month_limit", []string{"-5"}, "Enter"},
		"a very long amount":  {"month_limit", []string{strings.Repeat("9", 999)}, "Enter"},
		"no such day":         {"until_day", []string{"32"}, "Enter a real date"},
		"in the past":         {"until_year", []string{"2020"}, "today or later"},
		"in the far future":   {"until_year", []string{"2099"}, "Enter a date up to November 23, 2027"},
		"another kind of day": {"until_month", []string{"DROP TABLE"}, "Enter a real date"},
	} {
		f := url.Values{}
		for k, v := range good {
			f[k] = v
		}
		f[c.field] = c.value
		a := rosa.post("/household/helpers/new", f)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), c.says) || len(a.Body) > 80_000 {
			t.Errorf("%s: %d (%d bytes), without %q\n%s", name, a.Status, len(a.Body), c.says, a.Text())
		}
	}
	if n := h.count("SELECT COUNT(*) FROM help"); n != 0 {
		t.Errorf("%d invitations were made", n)
	}
	// Strange but real names are kept and shown as they are.
	for _, name := range []string{hostile, "Søren O’Brien-Núñez 李", "Robert'); DROP TABLE help;--", "{{.Name}} %s"} {
		f := url.Values{}
		for k, v := range good {
			f[k] = v
		}
		if f.Set("name", name); len([]rune(name)) > maxHelper {
			continue
		}
		a := rosa.follow(rosa.post("/household/helpers/new", f))
		a.mustSay(t, name)
		rosa.get("/household").mustSay(t, name)
	}
}

func TestSteppingBack(t *testing.T) {
	t.Parallel()
	h := newHelped(newHouse(t), nil)
	sam, stranger := h.signedIn(h.sam), h.signedIn(h.account(identity.Member))
	if a := stranger.post("/helping/"+h.helpID+"/leave", nil); a.Status != http.StatusNotFound {
		t.Errorf("a stranger ends it: %d", a.Status)
	}
	if a := h.rosa().post("/helping/"+h.helpID+"/leave", nil); a.Status != http.StatusNotFound {
		t.Errorf("the member ends it as the helper: %d", a.Status)
	}
	if a := sam.post("/household/helpers/"+h.helpID+"/revoke", nil); a.Status != http.StatusNotFound {
		t.Errorf("the helper ends it as the member: %d", a.Status)
	}
	sam.get("/helping").mustSay(t, "Rosa Q.", "Stop helping")
	sam.follow(sam.post("/helping/"+h.helpID+"/leave", nil)).mustSay(t, "You no longer help this person")
	sam.get("/bills").mustNotSay(t, "R-1", "Rosa")
	h.rosa().get("/household/helpers/"+h.helpID).mustSay(t, "They stepped back", "Ended")
	h.rosa().get("/household/helpers/"+h.helpID).mustNotSay(t, "Revoke")
	if n := len(h.letters("account_changed", rosaEmail)); n != 2 { // it was accepted, and it has ended
		t.Errorf("Rosa was told %d times", n)
	}
}

// TestAPermissionEndsByItself passes the last day.
func TestAPermissionEndsByItself(t *testing.T) {
	t.Parallel()
	h := newHelped(newHouse(t), func(in *household.Invitation) { in.LastDay = day.MustParse("2026-11-30") })
	h.pass(time.Date(2026, 12, 1, 7, 59, 0, 0, time.UTC).Sub(h.clock())) // 11:59 PM in Oregon
	sam := h.signedIn(h.sam)
	sam.get("/bills").mustSay(t, "R-1")
	h.pass(time.Minute)
	sam.get("/bills").mustNotSay(t, "R-1")
	h.rosa().get("/household").mustSay(t, "Its last day has passed")
}

// TestAHelperOpensAnAccount accepts an invitation with a password, and another with a passkey, by somebody without an
// account; the address of the invitation is the one to sign in with.
func TestAHelperOpensAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	proved := func(email string) (*visitor, string) {
		helpID, token := h.invites(household.Invitation{MemberID: h.people["Rosa"], AccountID: rosa.ID, Name: "Samuel", Email: email, For: []string{h.people["Rosa"]}})
		v := h.visitor()
		if a := v.post("/invited/"+token, url.Values{"code": {h.code(helpID)}}); a.To != "/invited/"+token+"/accept" {
			t.Fatalf("the code: %d %s", a.Status, a.Text())
		}
		return v, "/invited/" + token
	}

	v, link := proved("sam@mail.example")
	page := v.get(link + "/accept")
	page.mustSay(t, "Rosa Q.", "You sign in with sam@mail.example", "Create account", "Do you have an account here?")
	if a := h.visitor().post(link+"/account", url.Values{"password": {"a long enough secret 77"}}); a.To != link {
		t.Errorf("a browser that gave no code opens an account: %d to %q", a.Status, a.To)
	}
	for password, says := range map[string]string{"": "Enter your password", "short": "15", strings.Repeat("a", 30): "", "Samuel drinks much tea": "", strings.Repeat("x", 9000): "128"} {
		a := v.post(link+"/account", url.Values{"password": {password}})
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#password"`) || !strings.Contains(a.Text(), says) {
			t.Errorf("the password %.20q: %d %s", password, a.Status, a.Text())
		}
	}
	if n := h.count("SELECT COUNT(*) FROM account"); n != 1 {
		t.Fatalf("%d accounts", n)
	}
	v.follow(v.post(link+"/account", url.Values{"password": {"a long enough secret 77"}})).mustSay(t, "You can now pay these bills", "Rosa Q.")
	v.get("/bills").mustSay(t, "Bills you help pay", "M-204118907")
	back := h.visitor()
	back.follow(back.post("/sign-in", url.Values{"email": {"Sam@mail.example"}, "password": {"a long enough secret 77"}})).mustSay(t, "Bills you help pay", "M-204118907")
	if n := len(h.letters("account_opened", "sam@mail.example")); n != 1 {
		t.Errorf("the new account was told %d times", n)
	}
	if a := v.post(link+"/account", url.Values{"password": {"a long enough secret 77"}}); a.Status != http.StatusNotFound {
		t.Errorf("sent again: %d", a.Status)
	}

	taken, link := proved("SAM@mail.example")
	a := taken.post(link+"/account", url.Values{"password": {"a long enough secret 77"}})
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text(), "There is an account with SAM@mail.example already") {
		t.Errorf("an address that has an account: %d %s", a.Status, a.Text())
	}

	key, link := proved("kim@mail.example")
	at := &identitytest.Authenticator{Origin: "https://pay.larkspur.example", Synced: true}
	if a := key.post(link+"/account", url.Values{"ceremony": {"nonsense"}, "response": {"{}"}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#passkey"`) {
		t.Errorf("a passkey that is none: %d", a.Status)
	}
	done := key.post(link+"/account", h.passkeyForm(at, key.get(link+"/accept")))
	done.mustSay(t, "Your recovery codes", "I kept them")
	if codes := regexp.MustCompile(`[0-9A-Z]{3}-[0-9A-Z]{3}-[2-9A-Z]{4}`).FindAllString(done.Text(), -1); len(codes) != 10 {
	}
	key.get("/helping").mustSay(t, "Rosa Q.")
}

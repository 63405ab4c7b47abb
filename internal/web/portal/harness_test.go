package portal

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/brand"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/contact"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/processor"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/recovery"
	"memberpay/internal/seal"
	"memberpay/internal/share"
	"memberpay/internal/web"
	"memberpay/internal/words"
)

// house is the real site on a database of its own, with a family and a stranger in it and a card processor that says
// what a test wants.
type house struct {
	t          testing.TB
	db         *db.DB
	portal     *Portal
	accounts   *identity.Accounts
	words      *words.Catalog
	site       *web.Site
	handler    http.Handler
	recoveries *recovery.Recoveries
	cards      *fakeCards
	bank       *nacha.Rail
	outbox     *event.Outbox
	enroll     *enroll.Enrollments

	joiner, joinToken string // account whose browsers have the cookie of an enrollment, and its value

	households *household.Households
	chats      *chat.Chats
	calls      int    // how many were asked for
	talked     string // the latest conversation of a test of every route
	refunds    int    // how many were asked for

	mu     sync.Mutex
	now    time.Time
	people map[string]string    // row ids by given name
	bills  map[string]bill.Bill // by claim key
}

// The people of the house. Rosa pays for herself and her son Mateo; Avery is a stranger to both.
const (
	rosaNumber, rosaBirth   = "0012345678", "1984-03-05"
	mateoNumber, mateoBirth = "M7755-01", "2015-07-09"
	averyNumber, averyBirth = "A99000111", "1970-01-02"

	rosaEmail    = "rosa@mail.example"
	rosaPassword = "correct horse battery"

	hostile = `<script>alert(1)</script> "quoted" & 'single' =1+1`
)

// newHouse opens the house on a fresh SQLite database.
func newHouse(t testing.TB) *house { return houseOn(t, dbtest.Open(t, db.SQLite)) }

// houseOn opens the house on a migrated, empty database.
func houseOn(t testing.TB, d *db.DB) *house {
	t.Helper()
	h := &house{t: t, db: d, cards: &fakeCards{}, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC),
		people: map[string]string{}, bills: map[string]bill.Bill{}}
	b := brand.Default()
	box, err := seal.New()
	h.must(err)
	h.words, err = words.Load()
	h.must(err)
	originators := map[string]nacha.Originator{}
	for _, kind := range []string{"medical", "premium"} {
		a := b.Payee(kind).ACH
		originators[kind] = nacha.Originator{CompanyName: a.CompanyName, CompanyID: a.CompanyID, EntryDescription: a.Description,
			ODFIRouting: a.BankRouting, DestinationName: a.BankName, OriginName: a.CompanyName}
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	if os.Getenv("MEMBERPAY_TEST_LOG") != "" {
		quiet = slog.Default()
	}
	h.bank, err = nacha.New(nacha.Config{Database: d, Seal: box, Originators: originators, OutboundDir: t.TempDir(),
		InboundDir: t.TempDir(), Clock: h.clock, Log: quiet})
	h.must(err)
	h.outbox = event.NewOutbox(box)
	h.accounts = identity.New(d, box, 2)
	h.must(h.accounts.UsePasskeys(identity.Passkeys{ID: "pay.larkspur.example", Origins: []string{"https://pay.larkspur.example"}, Name: b.Name}))
	pays := payment.New(payment.Config{DB: d, Cards: h.cards, Bank: h.bank, Outbox: h.outbox, Seal: box, Now: h.clock, Log: quiet, ChargeTimeout: 5 * time.Second,
		Descriptors: map[string]string{"medical": b.Payees.Medical.Descriptor, "premium": b.Payees.Premium.Descriptor}})
	t.Cleanup(pays.Close)
	h.households = household.New(household.Config{DB: d, Accounts: h.accounts, Seal: box, Outbox: h.outbox, CanText: true, BaseURL: "https://pay.larkspur.example", Now: h.clock, Log: quiet})
	h.recoveries = recovery.New(recovery.Config{DB: d, Accounts: h.accounts, Seal: box, Outbox: h.outbox, Zone: time.UTC, CanText: true, CanPrint: true, Now: h.clock, Log: quiet})
	h.enroll = enroll.New(enroll.Config{DB: d, Accounts: h.accounts, Seal: box, Outbox: h.outbox, Zone: b.Zone(), CanText: true, CanPrint: true})
	h.chats = chat.New(chat.Config{DB: d, Seal: box, Outbox: h.outbox, Accounts: h.accounts, BaseURL: "https://pay.larkspur.example",
		Open: func(now time.Time) bool { return b.Hours(now).Open }, Log: quiet})
	h.portal = &Portal{Contacts: &contact.Contacts{DB: d, Accounts: h.accounts, Seal: box, Outbox: h.outbox, CanMail: true, CanText: true, CanPrint: true}, Chats: h.chats, Calls: callrequest.New(callrequest.Config{DB: d, Seal: box, Outbox: h.outbox, Brand: b}), Cases: cases.New(cases.Config{DB: d, Seal: box, Outbox: h.outbox, Zone: b.Zone()}), Recoveries: h.recoveries, DB: d, Payments: pays, Seal: box, Outbox: h.outbox, CanText: true, CanPrint: true, Households: h.households, Enroll: h.enroll, BaseURL: "https://pay.larkspur.example", Arrives: h.bank.SettlesOn,
		LastCall: h.bank.NextCut, Browser: processor.BrowserConfig{ScriptURL: "https://cards.example/v3/", PublishableKey: "pk_test_1"}}
	h.portal.Phone = &phonepay.Phone{DB: d, Seal: box, Outbox: h.outbox, Payments: pays, CanMail: true, CanText: true, BaseURL: "https://pay.larkspur.example", Arrives: h.bank.SettlesOn, LastCall: h.bank.NextCut}
	h.portal.Shares = &share.Shares{DB: d, Seal: box}
	h.portal.Help = help.New(help.Config{DB: d, Seal: box, Log: quiet})
	h.site = &web.Site{Brand: b, Words: h.words, Accounts: h.accounts, Log: quiet, Now: h.clock, Fail: h.portal.Fail,
		Door: h.portal.Door, Framed: h.portal.Framed, Prove: h.portal.Prove, CSP: h.portal.CSP}
	h.handler = h.site.Handler(h.portal.Routes())
	h.furnish()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// letters returns the messages of a kind to a recipient, oldest first, whether they were sent or not.
func (h *house) letters(kind, recipient string) []event.Message {
	h.t.Helper()
	var subjects []string
	h.must(db.Each(h.t.Context(), h.db.Read(), "SELECT subject FROM outbox WHERE kind = $1 ORDER BY id", []any{kind}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		subjects = append(subjects, s)
		return err
	}))
	var out []event.Message
	for _, s := range subjects {
		about, err := h.outbox.Of(h.t.Context(), h.db.Read(), s)
		h.must(err)
		for _, m := range about {
			if m.Kind == kind && m.Recipient == recipient {
				out = append(out, m)
			}
		}
	}
	return out
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass lets time go by.
func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// furnish brings in the people, their bills and Rosa's account.
func (h *house) furnish() {
	h.t.Helper()
	list := []member.Incoming{
		{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero", BirthDate: day.MustParse(rosaBirth)},
		{MemberID: mateoNumber, PatientID: "p-mateo", Guarantor: rosaNumber, Given: "Mateo", Family: "Quintero", BirthDate: day.MustParse(mateoBirth)},
		{MemberID: averyNumber, PatientID: "p-avery", Given: "Avery", Family: "Stone", BirthDate: day.MustParse(averyBirth)},
	}
	var made []member.Imported
	h.write(func(tx *db.Tx) (err error) {
		if err = bill.LockImports(h.t.Context(), tx); err == nil {
			made, err = member.ImportBatch(h.t.Context(), tx, h.clock(), list)
		}
		return err
	})
	for i, in := range list {
		h.people[in.Given] = made[i].ID
	}
	base := func(key, patient string, share int64) bill.Incoming {
		guarantor := h.people[patient]
		if patient == "Mateo" {
			guarantor = h.people["Rosa"]
		}
		return bill.Incoming{ClaimKey: key, Source: "test", Kind: bill.Medical, Payee: "medical", Number: key, PatientID: h.people[patient],
			GuarantorID: guarantor, Provider: "Hillcrest Dermatology", ServiceDate: day.MustParse("2026-10-02"), DueDate: day.MustParse("2026-12-20"),
			Charged: 48_000, PlanPaid: 12_000, Adjustment: 48_000 - 12_000 - money.Cents(share), Responsibility: money.Cents(share),
			Lines: []bill.Line{{Text: "Skin biopsy", Charged: 48_000, PlanPaid: 12_000, Share: money.Cents(share)}}}
	}
	visit := base("M-204118907", "Rosa", 15_000)
	visit.Visit, visit.DueDate = "v1", day.MustParse("2026-11-20")
	lab := base("M-204118908", "Rosa", 2_550)
	lab.Visit, lab.Provider = "v1", "Riverbend Lab"
	son := base("M-300", "Mateo", 6_400)
	son.Lines[0].Text, son.Provider = hostile, hostile
	premium := bill.Incoming{ClaimKey: "P-88201", Source: "test", Kind: bill.Premium, Payee: "premium", Number: "P-88201",
		PatientID: h.people["Rosa"], GuarantorID: h.people["Rosa"], ServiceDate: day.MustParse("2026-12-01"), DueDate: day.MustParse("2026-12-01"), Responsibility: 41_000}
	settled := base("M-100", "Rosa", 0)
	settled.ServiceDate = day.MustParse("2025-05-05")
	stranger := base("A-1", "Avery", 9_900)
	stranger.Provider = "Northgate Clinic"
	h.add(visit, lab, son, premium, settled, stranger)
	_, err := h.accounts.Create(h.t.Context(), h.clock(), rosaEmail, rosaPassword, "en", h.people["Rosa"])
	h.must(err)
}

// add brings bills in, new or changed, and remembers them by claim key.
func (h *house) add(list ...bill.Incoming) {
	h.t.Helper()
	var out []bill.Imported
	h.write(func(tx *db.Tx) (err error) {
		if err = bill.LockImports(h.t.Context(), tx); err == nil {
			out, err = bill.ImportBatch(h.t.Context(), tx, h.clock(), list)
		}
		return err
	})
	for i, in := range list {
		b, err := bill.Get(h.t.Context(), h.db.Read(), bill.Scope{Members: []string{in.GuarantorID}}, out[i].BillID)
		h.must(err)
		h.bills[in.ClaimKey] = b
	}
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.db.Write(h.t.Context(), fn))
}

// visitor is a browser: it keeps cookies and follows nothing by itself.
type visitor struct {
	h       *house
	cookies map[string]string
	lang    string // Accept-Language, "" for none
	from    string // address of the page whose form is posted, "" for none
}

func (h *house) visitor() *visitor { return &visitor{h: h, cookies: map[string]string{}} }

// guest is a visitor who has found bills by a number and a date of birth.
func (h *house) guest(number, birth string) *visitor {
	h.t.Helper()
	v := h.visitor()
	if a := v.post("/pay", findForm(number, birth)); a.Status != http.StatusSeeOther {
		h.t.Fatalf("the guest %s found nothing: %d\n%s", number, a.Status, a.Text())
	}
	return v
}

// rosa is a visitor who has signed in, in a browser that her account was used in before.
func (h *house) rosa() *visitor {
	h.t.Helper()
	v := h.visitor()
	v.cookies[identity.BrowserCookie] = strings.Repeat("a", len(id.Secret()))
	if a := v.post("/sign-in", url.Values{"email": {rosaEmail}, "password": {rosaPassword}}); a.Status != http.StatusSeeOther {
		h.t.Fatalf("Rosa cannot sign in: %d\n%s", a.Status, a.Text())
	}
	delete(v.cookies, "memberpay_language") // a test says its language as it goes
	return v
}

func findForm(number, birth string) url.Values {
	d := day.MustParse(birth)
	return url.Values{"number": {number}, "birth_month": {d.At(0, 0, time.UTC).Format("1")}, "birth_day": {d.At(0, 0, time.UTC).Format("2")},
		"birth_year": {d.At(0, 0, time.UTC).Format("2006")}}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   string
	To     string // where a redirect leads
}

var (
	markup = regexp.MustCompile(`(?s)<(script|style|svg)\b.*?</(script|style|svg)>|<[^>]*>`)
	blank  = regexp.MustCompile(`\s+`)
)

// Text is what a reader of the page sees.
func (a answer) Text() string {
	s := markup.ReplaceAllString(a.Body, " ")
	for from, to := range map[string]string{"&lt;": "<", "&gt;": ">", "&#34;": `"`, "&#39;": "'", "&nbsp;": " ", "\u00a0": " "} {
		s = strings.ReplaceAll(s, from, to)
	}
	return strings.TrimSpace(blank.ReplaceAllString(strings.ReplaceAll(s, "&amp;", "&"), " "))
}

func (v *visitor) get(path string) answer { return v.do(http.MethodGet, path, nil) }

func (v *visitor) post(path string, form url.Values) answer { return v.do(http.MethodPost, path, form) }

// follow gets pages until one is no redirect.
func (v *visitor) follow(a answer) answer {
	for range 5 {
		if a.To == "" {
			return a
		}
		a = v.get(a.To)
	}
	return a
}

func (v *visitor) do(method, path string, form url.Values) answer {
	v.h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode())).WithContext(context.Background())
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.lang != "" {
		r.Header.Set("Accept-Language", v.lang)
	}
	if v.from != "" {
		r.Header.Set("Referer", "http://"+r.Host+v.from)
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	v.h.handler.ServeHTTP(rec, r)
	for _, k := range rec.Result().Cookies() {
		if k.MaxAge < 0 {
			delete(v.cookies, k.Name)
		} else {
			v.cookies[k.Name] = k.Value
		}
	}
	a := answer{Status: rec.Code, Header: rec.Header(), Body: rec.Body.String()}
	if rec.Code >= 300 && rec.Code < 400 {
		a.To = rec.Header().Get("Location")
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && a.To == "" {
		v.check(method, path, a)
	}
	return a
}

// check is what holds for every page there is.
func (v *visitor) check(method, path string, a answer) {
	v.h.t.Helper()
	if n := strings.Count(a.Body, "<h1"); n != 1 {
		v.h.t.Errorf("%s %s (%d) has %d first headings", method, path, a.Status, n)
	}
	if !strings.Contains(a.Body, `<html lang="en"`) && !strings.Contains(a.Body, `<html lang="es"`) {
		v.h.t.Errorf("%s %s does not say its language", method, path)
	}
	if strings.Contains(a.Body, "⟦") {
		v.h.t.Errorf("%s %s shows a missing sentence: %s", method, path, a.Text())
	}
	if strings.Contains(a.Body, "<script>alert") {
		v.h.t.Errorf("%s %s lets markup from outside through", method, path)
	}
}

var nonces = regexp.MustCompile(`nonce="[^"]*"|data-options="[^"]*"|name="ceremony" value="[^"]*"`)

// Alike is the page without what differs between two answers on purpose, so that pages can be compared.
func (a answer) Alike() string { return nonces.ReplaceAllString(a.Body, "") }

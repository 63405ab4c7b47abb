package desk

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

	"github.com/pquerna/otp/totp"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/contact"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/note"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/phonepay"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
	"memberpay/internal/share"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/words"
)

// TestMain keeps the identity provider of the tests quiet: it logs to the program's own logger.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// office is the real desk on a database of its own, with one member in it.
type office struct {
	t        testing.TB
	db       *db.DB
	accounts *identity.Accounts
	staff    *staff.Staff
	desk     *Desk
	chats    *chat.Chats
	talked   string // the latest conversation
	calls    int    // how many were asked for
	handler  http.Handler
	member   string // row id
	bank     *nacha.Rail
	outbound string // folder of its files
	pays     *payment.Payments
	cards    *paymenttest.Cards
	byCard   payment.Payment // zero before the first
	asked    int             // refunds
	outbox   *event.Outbox

	mu  sync.Mutex
	now time.Time
}

const password = "four words that nobody knows"

func newOffice(t testing.TB) *office { return officeOn(t, dbtest.Open(t, db.SQLite), staff.SSO{}) }

func officeOn(t testing.TB, d *db.DB, sso staff.SSO) *office {
	t.Helper()
	o := &office{t: t, db: d, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)}
	box, err := seal.New()
	o.must(err)
	catalog, err := words.Load()
	o.must(err)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	if os.Getenv("MEMBERPAY_TEST_LOG") != "" {
		quiet = slog.Default()
	}
	o.accounts = identity.New(d, box, 2)
	o.must(o.accounts.UsePasskeys(identity.Passkeys{ID: "pay.larkspur.example", Origins: []string{"https://pay.larkspur.example"}, Name: "Larkspur Health"}))
	o.staff = staff.New(staff.Config{DB: d, Accounts: o.accounts, Seal: box, Outbox: event.NewOutbox(box), BaseURL: "https://pay.larkspur.example", SSO: sso, Log: quiet})
	o.chats = chat.New(chat.Config{DB: d, Seal: box, Outbox: event.NewOutbox(box), Accounts: o.accounts, BaseURL: "https://pay.larkspur.example", Log: quiet})
	o.desk = &Desk{Chats: o.chats, DB: d, Staff: o.staff, Callbacks: callrequest.New(callrequest.Config{DB: d, Seal: box, Outbox: event.NewOutbox(box), Brand: brand.Default()}), Cases: cases.New(cases.Config{DB: d, Seal: box, Outbox: event.NewOutbox(box), Zone: brand.Default().Zone()}), Calls: &caller.Calls{DB: d, Accounts: o.accounts, Seal: box},
		Households: household.New(household.Config{DB: d, Accounts: o.accounts, Seal: box, Outbox: event.NewOutbox(box), Now: o.clock, Log: quiet}),
		Contacts:   &contact.Contacts{DB: d, Accounts: o.accounts, Seal: box, Outbox: event.NewOutbox(box), CanMail: true, CanText: true, CanPrint: true},
		Notes:      &note.Notes{DB: d, Seal: box}, Shares: &share.Shares{DB: d, Seal: box}, JoinCode: func(c *web.Context, _ string) (string, time.Time, error) {
			return "135790", c.Now.Add(24 * time.Hour), nil
		}}
	o.desk.Help = help.New(help.Config{DB: d, Seal: box, Log: quiet})
	o.phones(box, quiet)
	site := &web.Site{Brand: brand.Default(), Words: catalog, Accounts: o.accounts, Log: quiet, Now: o.clock, Cookie: Cookie, Fail: o.desk.Fail,
		Door: o.desk.Door, Extra: o.desk.Extra, Gate: o.desk.Gate, Prove: o.desk.Prove}
	o.handler = site.Handler(o.desk.Routes())
	var made []member.Imported
	o.must(d.Write(t.Context(), func(tx *db.Tx) (err error) {
		if err = bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		made, err = member.ImportBatch(t.Context(), tx, o.clock(), []member.Incoming{{MemberID: "LH7700123", PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
			BirthDate: day.MustParse("1984-03-05"), Email: "rosa@mail.example", Phone: "503-555-0199"}})
		if err != nil {
			return err
		}
		o.member = made[0].ID
		_, err = bill.ImportBatch(t.Context(), tx, o.clock(), []bill.Incoming{{ClaimKey: "M-90417", Source: "test", Kind: bill.Medical, Payee: "medical", Number: "M-90417",
			PatientID: o.member, GuarantorID: o.member, Provider: "Hillcrest Dermatology", ServiceDate: day.MustParse("2026-10-02"),
			DueDate: day.MustParse("2026-12-20"), Charged: 20_000, Adjustment: 4_975, Responsibility: 15_025, Lines: []bill.Line{{Text: "Skin biopsy", Charged: 20_000, Share: 15_025}}}})
		return err
	}))
	return o
}

// phones lets the desk take payments.
func (o *office) phones(box *seal.Box, quiet *slog.Logger) {
	originators := map[string]nacha.Originator{}
	for _, kind := range []string{"medical", "premium"} {
		a := brand.Default().Payee(kind).ACH
		originators[kind] = nacha.Originator{CompanyName: a.CompanyName, CompanyID: a.CompanyID, EntryDescription: a.Description,
			ODFIRouting: a.BankRouting, DestinationName: a.BankName, OriginName: a.CompanyName}
	}
	var err error
	o.outbound = o.t.TempDir()
	o.bank, err = nacha.New(nacha.Config{Database: o.db, Seal: box, Originators: originators, OutboundDir: o.outbound, InboundDir: o.t.TempDir(), Clock: o.clock, Log: quiet})
	o.must(err)
	o.outbox, o.cards = event.NewOutbox(box), paymenttest.NewCards()
	o.pays = payment.New(payment.Config{DB: o.db, Cards: o.cards, Bank: o.bank, Outbox: o.outbox, Seal: box, Now: o.clock, Log: quiet})
	o.t.Cleanup(o.pays.Close)
	o.desk.Phone = &phonepay.Phone{DB: o.db, Seal: box, Outbox: o.outbox, Payments: o.pays, CanMail: true, CanText: true, CanPrint: true,
		BaseURL: "https://pay.larkspur.example", Arrives: o.bank.SettlesOn, LastCall: o.bank.NextCut}
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// hire makes one of the staff with a password and returns the account's id.
func (o *office) hire(role identity.Actor) (accountID, email string) {
	o.t.Helper()
	email = id.New("x") + "@staff.example"
	link, err := o.staff.Invite(o.t.Context(), o.clock(), audit.Who{Actor: "operator", Role: audit.Operator}, "Iris Example", email, role)
	o.must(err)
	hashed, err := o.accounts.Hash(o.t.Context(), password)
	o.must(err)
	accountID, err = o.staff.Accept(o.t.Context(), o.clock(), link[strings.LastIndex(link, "/")+1:], "", hashed, "192.0.2.1", nil)
	o.must(err)
	return accountID, email
}

// opened is a browser with a session of an account.
func (o *office) opened(accountID, how string) *visitor {
	o.t.Helper()
	_, token, err := o.accounts.Start(o.t.Context(), o.clock(), identity.Opening{AccountID: accountID, How: how})
	o.must(err)
	v := o.visitor()
	v.cookies[Cookie] = token
	return v
}

// entries are the audit entries of an action.
func (o *office) entries(action string) []audit.Entry {
	o.t.Helper()
	list, err := audit.List(o.t.Context(), o.db.Read(), audit.Filter{Action: action}, 100)
	o.must(err)
	return list
}

func (o *office) count(query string, args ...any) (n int) {
	o.t.Helper()
	err := o.db.Read().QueryRowContext(o.t.Context(), query, args...).Scan(&n)
	if err == sql.ErrNoRows {
		return 0
	}
	o.must(err)
	return n
}

// code is what an authenticator app with the secret shows now.
func (o *office) code(secret string) string {
	o.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), o.clock())
	o.must(err)
	return code
}

// visitor is a browser that follows nothing by itself.
type visitor struct {
	o       *office
	cookies map[string]string
}

func (o *office) visitor() *visitor { return &visitor{o: o, cookies: map[string]string{}} }

type answer struct {
	Status   int
	Body, To string
}

var markup = regexp.MustCompile(`(?s)<(script|style|svg)\b.*?</(script|style|svg)>|<[^>]*>`)

func (a answer) Text() string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(a.Body, " ")), " ")
}

func (a answer) says(t testing.TB, status int, words ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status %d, want %d: %s %s", a.Status, status, a.To, a.Text())
	}
	for _, w := range words {
		if !strings.Contains(a.Text(), w) {
			t.Errorf("the page does not say %q: %s", w, a.Text())
		}
	}
}

func (a answer) leads(t testing.TB, to string) {
	t.Helper()
	if a.Status != http.StatusSeeOther || a.To != to {
		t.Errorf("%d to %q, want to %q: %s", a.Status, a.To, to, a.Text())
	}
}

func (v *visitor) get(path string) answer { return v.do(http.MethodGet, path, nil) }
func (v *visitor) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do(http.MethodPost, path, form)
}

func (v *visitor) do(method, path string, form url.Values) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode())).WithContext(context.Background())
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	v.o.handler.ServeHTTP(rec, r)
	for _, k := range rec.Result().Cookies() {
		if k.MaxAge < 0 {
			delete(v.cookies, k.Name)
		} else {
			v.cookies[k.Name] = k.Value
		}
	}
	a := answer{Status: rec.Code, Body: rec.Body.String(), To: rec.Header().Get("Location")}
	if strings.Contains(a.Body, "⟦") {
		v.o.t.Errorf("%s %s shows a missing sentence: %s", method, path, a.Text())
	}
	if strings.Contains(a.Body, "<script>alert") {
		v.o.t.Errorf("%s %s lets markup through", method, path)
	}
	return a
}

// script is the caller script in force.
func (o *office) script() brand.CallerScript { return brand.Default().CallerScript(o.clock()) }

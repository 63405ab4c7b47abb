package dossier

import (
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/consent"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
)

// Schema names the form of the document. A field may be added to it; a change that breaks a reader needs another name.
const Schema = "memberpay.account-data.v1"

// Times stand in UTC as RFC 3339 says, amounts in cents of US dollars, days as 2026-12-03. What is not known is left out.

type account struct {
	ID           string    `json:"id"`
	Email        string    `json:"email"`
	Language     string    `json:"language,omitempty"`
	Password     bool      `json:"has_password"`
	SecondFactor string    `json:"second_factor,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

func accountOf(p identity.Profile) account {
	return account{ID: p.ID, Email: p.Email, Language: p.Language, Password: p.HasPassword, SecondFactor: p.SecondFactor, CreatedAt: p.CreatedAt}
}

// person is a member the account acts for, with everything on file; of others it holds id and name only.
type person struct {
	ID        string   `json:"id"`
	Name      string   `json:"name,omitempty"`
	MemberID  string   `json:"member_id,omitempty"`
	BirthDate string   `json:"birth_date,omitempty"`
	Address   []string `json:"address,omitempty"`
	ZIP       string   `json:"zip,omitempty"`
	State     string   `json:"state,omitempty"`
	Email     string   `json:"email_on_file,omitempty"`
	Phone     string   `json:"phone_on_file,omitempty"`
	Language  string   `json:"language_on_file,omitempty"`
	PaidBy    string   `json:"bills_go_to,omitempty"` // id of who owes for them, where it is somebody else
}

func ownPerson(m member.Member) person {
	p := person{ID: m.ID, Name: m.Name(), MemberID: m.MemberID, Address: m.Address(), ZIP: m.ZIP, State: m.State, Email: m.Email, Phone: m.Phone, Language: m.Language}
	if !m.BirthDate.IsZero() {
		p.BirthDate = m.BirthDate.String()
	}
	if !m.Self() {
		p.PaidBy = m.GuarantorID
	}
	return p
}

type billLine struct {
	Text       string `json:"text"`
	Date       string `json:"date,omitempty"`
	Charged    int64  `json:"charged_cents"`
	PlanPaid   int64  `json:"plan_paid_cents"`
	Adjustment int64  `json:"adjustment_cents"`
	Share      int64  `json:"your_share_cents"`
}

type billData struct {
	ID           string     `json:"id"`
	Number       string     `json:"number,omitempty"`
	PayCode      string     `json:"pay_code"`
	Kind         string     `json:"kind"`
	Payee        string     `json:"payee"`
	State        string     `json:"state"`
	PatientID    string     `json:"patient"`
	GuarantorID  string     `json:"owed_by"`
	Date         string     `json:"date,omitempty"`
	DueDate      string     `json:"due_date,omitempty"`
	Charged      int64      `json:"charged_cents"`
	PlanPaid     int64      `json:"plan_paid_cents"`
	Adjustment   int64      `json:"adjustment_cents"`
	Share        int64      `json:"your_share_cents"`
	PaidBefore   int64      `json:"paid_elsewhere_cents"`
	PaidHere     int64      `json:"paid_here_cents"`
	OnItsWay     int64      `json:"on_its_way_cents"`
	CareIncluded bool       `json:"care_included"` // false where the reader may not see what care it was for
	Provider     string     `json:"provider,omitempty"`
	Insurer      string     `json:"insurer,omitempty"`
	Lines        []billLine `json:"lines,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
}

func billOf(b bill.Bill, care bool) billData {
	out := billData{ID: b.ID, Number: b.Number, PayCode: id.Grouped(b.PayCode), Kind: string(b.Kind), Payee: b.Payee, State: string(b.State),
		PatientID: b.PatientID, GuarantorID: b.GuarantorID, Charged: int64(b.Charged), PlanPaid: int64(b.PlanPaid), Adjustment: int64(b.Adjustment),
		Share: int64(b.Responsibility), PaidBefore: int64(b.PriorPaid), PaidHere: int64(b.Applied), OnItsWay: int64(b.Pending), CareIncluded: care, CreatedAt: b.CreatedAt}
	if !b.ServiceDate.IsZero() {
		out.Date = b.ServiceDate.String()
	}
	if !b.DueDate.IsZero() {
		out.DueDate = b.DueDate.String()
	}
	if !care {
		return out
	}
	out.Provider, out.Insurer = b.Provider, b.Insurer
	for _, l := range b.Lines {
		x := billLine{Text: l.Text, Charged: int64(l.Charged), PlanPaid: int64(l.PlanPaid), Adjustment: int64(l.Adjustment), Share: int64(l.Share)}
		if !l.Date.IsZero() {
			x.Date = l.Date.String()
		}
		out.Lines = append(out.Lines, x)
	}
	return out
}

// part is what of a payment was for one bill.
type part struct {
	BillID string `json:"bill"`
	Amount int64  `json:"amount_cents"`
}

type paymentData struct {
	ID            string     `json:"id"`
	Number        string     `json:"confirmation_number"`
	Amount        int64      `json:"amount_cents"`
	Payee         string     `json:"payee"`
	Rail          string     `json:"paid_by"`
	State         string     `json:"state"`
	Reason        string     `json:"reason,omitempty"`
	Own           bool       `json:"made_by_you"` // what follows is told to whoever made the payment
	Method        string     `json:"card_or_account,omitempty"`
	Last4         string     `json:"last4,omitempty"`
	Email         string     `json:"receipt_to,omitempty"`
	Language      string     `json:"language,omitempty"`
	Authorization string     `json:"authorization,omitempty"`
	For           []part     `json:"for"`
	SubmittedAt   time.Time  `json:"submitted_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
	SettledAt     *time.Time `json:"settled_at,omitempty"`
	Refunded      int64      `json:"refunded_cents,omitempty"`
}

func paymentOf(p payment.Payment, own bool, parts []bill.Allocation) paymentData {
	out := paymentData{ID: p.ID, Number: id.Grouped(p.Confirmation), Amount: int64(p.Amount), Payee: p.Payee, Rail: string(p.Rail), State: string(p.State), Own: own,
		For: []part{}, SubmittedAt: p.SubmittedAt, UpdatedAt: p.UpdatedAt, SettledAt: moment(p.SettledAt), Refunded: int64(p.Refunded)}
	for _, a := range parts {
		out.For = append(out.For, part{BillID: a.BillID, Amount: int64(a.Amount)})
	}
	if own {
		out.Reason, out.Method, out.Last4, out.Email, out.Language, out.Authorization = p.Reason, p.Brand, p.Last4, p.Email, p.Language, p.Authorization
	}
	return out
}

type cardData struct {
	ID        string    `json:"id"`
	Brand     string    `json:"brand"`
	Last4     string    `json:"last4"`
	AllowedBy string    `json:"allowed_by_payment,omitempty"`
	CreatedAt time.Time `json:"kept_since"`
}

func cardOf(s payment.SavedCard) cardData {
	return cardData{ID: s.ID, Brand: s.Brand, Last4: s.Last4, AllowedBy: s.PaymentID, CreatedAt: s.CreatedAt}
}

type consentData struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind"`
	State       string     `json:"state"`
	Version     string     `json:"version"`
	Language    string     `json:"language"`
	Words       string     `json:"words"`
	Shown       string     `json:"shown_by,omitempty"`
	OfferedAt   time.Time  `json:"offered_at"`
	ConsentedAt *time.Time `json:"consented_at,omitempty"`
	From        string     `json:"consented_from,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

func consentOf(c consent.Consent) consentData {
	return consentData{ID: c.ID, Kind: string(c.Kind), State: string(c.State), Version: c.Words.Version, Language: c.Words.Language, Words: c.Words.Text, Shown: c.Shown,
		OfferedAt: c.OfferedAt, ConsentedAt: moment(c.ConsentedAt), From: c.By.Address, EndedAt: moment(c.EndedAt)}
}

type contactPoint struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Value      string     `json:"value"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
}

func contactOf(c identity.ContactPoint) contactPoint {
	return contactPoint{ID: c.ID, Kind: c.Kind, Value: c.Value, VerifiedAt: moment(c.VerifiedAt), CreatedAt: c.CreatedAt}
}

type passkeyData struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

func passkeyOf(p identity.Passkey) passkeyData {
	return passkeyData{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, UsedAt: moment(p.UsedAt)}
}

// device is a browser that is signed in, or one that is remembered.
type device struct {
	Browser   string    `json:"browser"`
	Address   string    `json:"from,omitempty"`
	How       string    `json:"signed_in_with,omitempty"`
	CreatedAt time.Time `json:"since"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"until"`
}

func sessionOf(s identity.Session) device {
	return device{Browser: s.Browser, Address: s.Address, How: s.How, CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt}
}

func deviceOf(d identity.Device) device {
	return device{Browser: d.Browser, CreatedAt: d.CreatedAt, SeenAt: d.SeenAt, ExpiresAt: d.ExpiresAt}
}

// helpData is a permission to pay for somebody else, given or held. Of one that is held, nobody is named.
type helpData struct {
	ID           string     `json:"id"`
	Given        bool       `json:"given_by_you"`
	Name         string     `json:"name,omitempty"`
	State        string     `json:"state"`
	Medical      bool       `json:"medical_bills"`
	Premium      bool       `json:"premiums"`
	PaymentLimit int64      `json:"limit_of_a_payment_cents,omitempty"`
	MonthLimit   int64      `json:"limit_of_a_month_cents,omitempty"`
	For          []string   `json:"for,omitempty"`
	LastDay      string     `json:"last_day"`
	InvitedAt    time.Time  `json:"invited_at"`
	AcceptedAt   *time.Time `json:"accepted_at,omitempty"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
}

func helpOf(h member.Help, given bool, now time.Time) helpData {
	out := helpData{ID: h.ID, Given: given, State: string(h.State(now)), Medical: h.Medical, Premium: h.Premium, PaymentLimit: int64(h.PaymentLimit),
		MonthLimit: int64(h.MonthLimit), LastDay: h.LastDay.String(), InvitedAt: h.InvitedAt, AcceptedAt: moment(h.AcceptedAt), EndedAt: moment(h.EndedAt)}
	if given {
		out.Name, out.For = h.Name, h.For
	}
	return out
}

type preference struct {
	Topic string `json:"topic"`
	Mail  bool   `json:"by_mail"`
	Text  bool   `json:"by_text"`
}

// entry is one line of the audit log. Who works here is told by their role, anybody else by what they are to the reader.
type entry struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	You     bool      `json:"by_you"`
	Role    string    `json:"role"`
	Action  string    `json:"action"`
	Member  string    `json:"member,omitempty"`
	From    string    `json:"from,omitempty"`    // by_you only
	Subject string    `json:"subject,omitempty"` // by_you only
	Reason  string    `json:"reason,omitempty"`
}

func entryOf(e audit.Entry, accountID string, own map[string]bool) entry {
	out := entry{ID: e.ID, At: e.At, You: e.Actor == accountID, Role: e.Role, Action: e.Action, Reason: e.Reason}
	if own[e.Member] {
		out.Member = e.Member
	}
	if out.You {
		out.From, out.Subject = e.From, e.Subject
	}
	return out
}

// moment is a time that may never have come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

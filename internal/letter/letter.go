// Package letter names the letters about accounts and says what each is written from. Features fill one in and put it
// into the outbox; notice finds the words, in the reader's language and for the way it travels. It reads and writes
// nothing.
//
//	outbox.Tell(ctx, tx, now, letter.New(letter.Code{Purpose: letter.SignIn, Code: "123456", Until: now.Add(10 * time.Minute)},
//		challengeID, letter.To{Channel: event.Mail, Recipient: "ana@mail.example", Language: "es"}))
package letter

import (
	"fmt"
	"strings"
	"time"

	"memberpay/internal/event"
	"memberpay/internal/money"
)

// ToMembers are the kinds of all letters that members get.
var ToMembers = []string{KindCode, KindMemberID, KindAccountOpened, KindAccountChanged, KindEmailTaken, KindHelperInvited, KindHelperPaid, KindHelperRevoked,
	KindChatAnswered, KindChatCopy, KindCopy, KindPayLink, KindCallNews, KindCaseNews, KindRefundNews, KindContactNews}

// To says how a letter travels, where, and in which language.
type To struct {
	Channel   string // event.Mail, event.Text or event.Print
	Recipient string // an e-mail address, a phone number written +15035550100, or the text of an Address; "" drops the letter
	Language  string
}

// Letter is one of the types of this package.
type Letter interface {
	kind() string
	until() time.Time
}

// New makes the message of a letter. subject is the id of what the letter is about: of the code, the invitation, the
// change. One letter of a kind is sent about a subject, however often it is told; where two people or two ways are told
// of the same thing, write "ID/old" and "ID/new".
func New(l Letter, subject string, to To) event.Message {
	return event.Message{Kind: l.kind(), Subject: subject, Channel: to.Channel, Recipient: to.Recipient, Language: to.Language,
		Data: l, NotAfter: l.until()}
}

// ToAll makes the messages of one letter to several addresses and phones, each once: "subject/0", "subject/1" and so on.
func ToAll(l Letter, subject, language string, emails, phones []string) (out []event.Message) {
	seen := map[string]bool{}
	add := func(channel string, list []string) {
		for _, to := range list {
			if folded := strings.ToLower(strings.TrimSpace(to)); folded != "" && !seen[folded] {
				seen[folded] = true
				out = append(out, New(l, fmt.Sprintf("%s/%d", subject, len(out)), To{Channel: channel, Recipient: strings.TrimSpace(to), Language: language}))
			}
		}
	}
	add(event.Mail, emails)
	add(event.Text, phones)
	return out
}

// Address is where a printed letter goes.
type Address struct {
	Name  string
	Lines []string // street, city with state and ZIP
}

// String is the address as the Recipient of a printed letter: a line each. It is "" where there is no line but a name.
func (a Address) String() string {
	var out []string
	for _, s := range a.Lines {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return ""
	}
	if name := strings.Join(strings.Fields(a.Name), " "); name != "" {
		out = append([]string{name}, out...)
	}
	return strings.Join(out, "\n")
}

// Kinds of letters, as they stand in the outbox.
const (
	KindCode           = "code"
	KindMemberID       = "member_id"
	KindAccountOpened  = "account_opened"
	KindAccountChanged = "account_changed"
	KindEmailTaken     = "email_taken"
	KindHelperInvited  = "helper_invited"
	KindHelperPaid     = "helper_paid"
	KindHelperRevoked  = "helper_revoked"
	KindStaffInvited   = "staff_invited"
	KindChatAnswered   = "chat_answered"
	KindChatCopy       = "chat_copy"
	KindCopy           = "copy"
	KindPayLink        = "pay_link"
)

// Purpose is what a code is for.
type Purpose string

// The purposes of a code.
const (
	Join    Purpose = "join"    // to create an account
	SignIn  Purpose = "sign_in" // the second fact at sign-in
	Recover Purpose = "recover" // to get back into an account
	Contact Purpose = "contact" // to show that this address or number is theirs
	StepUp  Purpose = "step_up" // before something that must be safe
	FindID  Purpose = "find_id" // to see a member ID
)

// Code carries a one-time code. After Until it is not sent any more.
type Code struct {
	Purpose Purpose   `json:"purpose"`
	Code    string    `json:"code"`
	Until   time.Time `json:"until"`
}

// MemberID is the answer to "find my member ID".
type MemberID struct {
	MemberID string `json:"member_id"`
}

// AccountOpened tells that an account was opened with this address.
type AccountOpened struct {
	When time.Time `json:"when"`
}

// Change is what was changed in an account.
type Change string

// The changes that are told. Each has its sentence in the catalogs, "letter.changed.CHANGE".
const (
	Email               Change = "email"
	Password            Change = "password"
	Phone               Change = "phone"
	PasskeyAdded        Change = "passkey_added"
	PasskeyRemoved      Change = "passkey_removed"
	TOTPOn              Change = "totp_on"
	TOTPOff             Change = "totp_off"
	SecondFactor        Change = "second_factor" // on, off or another one
	RecoveryCodes       Change = "recovery_codes"
	RecoveryLetter      Change = "recovery_letter" // a code to get back in goes by post to the home address
	Recovered           Change = "recovered"
	RecoveredEmail      Change = "recovered_email" // and the address of the account is another one
	Undone              Change = "undone"          // the old address or phone is back
	SignedOutEverywhere Change = "signed_out_everywhere"
	ContactChanged      Change = "contact"
	Closed              Change = "closed"
	PaperlessOn         Change = "paperless_on"
	PaperlessOff        Change = "paperless_off"
	Language            Change = "language"
	Notices             Change = "notices"      // which news comes, and how
	CardRemoved         Change = "card_removed" // a saved card or bank account
	DataTaken           Change = "data_taken"   // the data of the account was downloaded
	NewDevice           Change = "new_device"
	HelperAdded         Change = "helper_added"
	HelperEnded         Change = "helper_ended"
	MemberAdded         Change = "member_added"  // of the account: it acts for one more person
	MemberShared        Change = "member_shared" // of a person: one more account acts for them
)

// AccountChanged tells of a change, so that somebody who did not make it can act.
type AccountChanged struct {
	What Change    `json:"what"`
	When time.Time `json:"when"`
	From string    `json:"from,omitempty"` // where from, roughly: a network address; may be ""
	Copy string    `json:"copy,omitempty"` // the words that were agreed to, for their copy; "" for none
	Undo string    `json:"undo,omitempty"` // path of the page that takes the change back; "" for none
}

// EmailTaken tells that somebody tried to open an account with an address that has one.
type EmailTaken struct{}

// HelperInvited invites somebody to pay for a member. The page behind URL asks for a second fact.
type HelperInvited struct {
	From    string    `json:"from"` // first name or initials of who invites
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// HelperPaid tells a member that a helper paid.
type HelperPaid struct {
	Helper string      `json:"helper"` // as the member calls the helper
	Amount money.Cents `json:"amount"`
	When   time.Time   `json:"when"`
}

// HelperRevoked tells a helper that they can no longer pay for a member.
type HelperRevoked struct {
	From string `json:"from"` // first name or initials of who invited
}

// PayLink leads a caller to the payment that was begun in their call. The page behind URL asks for their date of birth.
type PayLink struct {
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
}

// Copy is a document that somebody asked for on paper, ready to print.
type Copy struct {
	PDF []byte `json:"pdf"`
}

// StaffInvited invites somebody to work at the desk.
type StaffInvited struct {
	Name    string    `json:"name"`
	Role    string    `json:"role"` // agent, supervisor, finance, administrator or auditor
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// ChatAnswered tells that an answer waits in a conversation. What it says stands on the page behind URL, not in the letter.
type ChatAnswered struct {
	URL string `json:"url"`
}

// ChatCopy is a copy of a conversation that its owner asked for.
type ChatCopy struct {
	Began time.Time  `json:"began"`
	Lines []ChatLine `json:"lines"`
	Cut   bool       `json:"cut"` // there is more on the page
	URL   string     `json:"url"`
}

// ChatLine is what one side said, or what happened, in words of the reader's language.
type ChatLine struct {
	Who  string    `json:"who"` // "" where something happened
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

func (Code) kind() string           { return KindCode }
func (MemberID) kind() string       { return KindMemberID }
func (AccountOpened) kind() string  { return KindAccountOpened }
func (AccountChanged) kind() string { return KindAccountChanged }
func (EmailTaken) kind() string     { return KindEmailTaken }
func (HelperInvited) kind() string  { return KindHelperInvited }
func (HelperPaid) kind() string     { return KindHelperPaid }
func (HelperRevoked) kind() string  { return KindHelperRevoked }
func (StaffInvited) kind() string   { return KindStaffInvited }
func (ChatAnswered) kind() string   { return KindChatAnswered }
func (ChatCopy) kind() string       { return KindChatCopy }
func (Copy) kind() string           { return KindCopy }
func (PayLink) kind() string        { return KindPayLink }

func (c Code) until() time.Time          { return c.Until }
func (MemberID) until() time.Time        { return time.Time{} }
func (AccountOpened) until() time.Time   { return time.Time{} }
func (AccountChanged) until() time.Time  { return time.Time{} }
func (EmailTaken) until() time.Time      { return time.Time{} }
func (i HelperInvited) until() time.Time { return i.Expires }
func (HelperPaid) until() time.Time      { return time.Time{} }
func (HelperRevoked) until() time.Time   { return time.Time{} }
func (i StaffInvited) until() time.Time  { return i.Expires }
func (ChatAnswered) until() time.Time    { return time.Time{} }
func (ChatCopy) until() time.Time        { return time.Time{} }
func (Copy) until() time.Time            { return time.Time{} }
func (l PayLink) until() time.Time       { return l.Until }

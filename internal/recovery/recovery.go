package recovery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	Zone     *time.Location // of the organisation: whoever is of age there
	CanText  bool           // texts are sent
	CanPrint bool           // letters are printed and posted
	Now      func() time.Time
	Log      *slog.Logger
}

// Recoveries knows who wants back in. It is safe for concurrent use.
type Recoveries struct{ Config }

// New returns Recoveries.
func New(c Config) *Recoveries { return &Recoveries{c} }

const (
	life     = time.Hour        // from asking to the new key
	codeLife = 15 * time.Minute // of a code that was sent
	atOnce   = 50               // questions answered in one round

	// LetterLife is how long the code of a letter is good: the post takes its time.
	LetterLife = 14 * 24 * time.Hour
)

// What the codes are for.
const (
	forMailbox = "recover"         // subject: the recovery
	forContact = "recover on file" // subject: the recovery
	forPhone   = "recover phone"   // subject: the recovery
	forEmail   = "recover e-mail"  // subject: the recovery
	forLetter  = "recover letter"  // subject: letterSubject
)

// Limits of codes. They are limits of their own, so that nobody uses up the codes that an owner needs to sign in.
var (
	// codesSent bounds the codes that strangers can set off to one account, and with them how often one can be guessed: five
	// tries a code.
	codesSent = identity.Limit{Name: "recover/sent", Hits: 10, Window: 24 * time.Hour}
	// letters bounds the letters. A new one would make the code of the first one worthless on its way.
	letters = identity.Limit{Name: "recover/letter", Hits: 1, Window: 7 * 24 * time.Hour}
	// emails bounds the codes that one browser sends to new addresses, and address those that one address gets.
	emails  = identity.Limit{Name: "recover/e-mails", Hits: 6, Window: time.Hour}
	address = identity.Limit{Name: "recover/address", Hits: 5, Window: time.Hour}
)

// Errors of the verbs.
var (
	ErrOver = fault.New(fault.NotFound, "recovery.over") // finished, too long ago, or begun in another browser
	ErrStep = fault.New(fault.Conflict, "recovery.step") // it stands somewhere else by now
	ErrCode = fault.Field("code", "recovery.code")       // wrong, used, or never sent: which of them is not told
)

// Way is where the code goes that proves more than facts.
type Way string

// The ways. Whether there is such a contact on file is not told.
const (
	ByText Way = "text"
	ByMail Way = "mail"
	ByPost Way = "print"
	Given  Way = "given" // it is in hand: it came in a letter
)

// Recovery is one try to get back in.
type Recovery struct {
	ID         string
	AccountID  string // "" where there is no account, or nobody has looked yet
	Proofs     []Proof
	MemberID   string // row id of the member whose facts were told, "" for nobody's
	Way        Way    // "" before facts were told
	Reached    string // where the code went, "" for nowhere
	NewEmail   string // the address to sign in with from now on, "" for the one there was
	NewEmailAt time.Time
}

// Has reports whether something was shown.
func (x Recovery) Has(p Proof) bool { return slices.Contains(x.Proofs, p) }

// Step is what has to be answered next.
type Step string

// The steps.
const (
	ToCode      Step = "code"       // the code that went to the sign-in address
	ToMore      Step = "more"       // another proof
	ToEmail     Step = "email"      // a new sign-in address
	ToEmailCode Step = "email-code" // the code that went there
	ToSecure    Step = "secure"     // the new key
)

// Standing is how far a recovery is.
type Standing struct {
	Account identity.Profile // zero before the first proof
	Factors identity.Factors
	Next    Step
}

// Stand returns how far a recovery is. It says nothing of the account before the first proof.
func (r *Recoveries) Stand(ctx context.Context, x Recovery) (s Standing, err error) {
	if len(x.Proofs) == 0 || x.AccountID == "" {
		return Standing{Next: ToCode}, nil
	}
	if s.Account, err = r.Accounts.Get(ctx, x.AccountID); fault.Is(err, fault.NotFound) {
		return s, ErrOver // it was closed
	} else if err != nil {
		return s, err
	}
	if s.Factors, err = r.Accounts.Factors(ctx, x.AccountID); err != nil {
		return s, err
	}
	switch {
	case !Enough(s.Factors, x.Proofs):
		s.Next = ToMore
	case x.Has(Mailbox) || !x.NewEmailAt.IsZero():
		s.Next = ToSecure
	case x.NewEmail != "":
		s.Next = ToEmailCode
	default:
		s.Next = ToEmail
	}
	return s, nil
}

// Ask begins a recovery for whoever signs in with email, and returns the token for their browser's cookie. It looks
// nobody up; Answer does, a moment later.
func (r *Recoveries) Ask(ctx context.Context, now time.Time, email, language string, who audit.Who) (token string, err error) {
	token = id.Secret()
	recoveryID := id.New("rec")
	sealed, err := r.Seal.Seal([]byte(identity.FoldEmail(email)), askedEmail.Place(recoveryID))
	if err != nil {
		return "", err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Later(ctx, "ask to get back in", `INSERT INTO recovery (id, token_hash, email_sealed, language, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			recoveryID, id.Digest(token), sealed, language, db.Micros(now), db.Micros(now.Add(life))); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "recovery.asked", recoveryID, ""))
	})
	if err != nil {
		return "", fmt.Errorf("ask to get back in: %w", err)
	}
	return token, nil
}

// TellFacts notes that somebody who cannot read the mailbox told the facts of a member, row id "" for nobody's, and where
// the code is to go. It looks no further and sends nothing; Answer does, a moment later.
func (r *Recoveries) TellFacts(ctx context.Context, now time.Time, who audit.Who, x Recovery, memberID string, way Way) error {
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Later(ctx, "tell facts", "UPDATE recovery SET member_id = $2, way = $3, told_at = $4, sent_at = 0, reached_sealed = NULL WHERE id = $1 AND finished_at = 0",
			x.ID, memberID, string(way), db.Micros(now)); err != nil {
			return err
		}
		e := who.Did(now, "recovery.facts_told", x.ID, "")
		e.Detail = string(way)
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("tell facts to get back in: %w", err)
	}
	return nil
}

package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Limit bounds how often something may be tried: at most Hits within Window. All nodes share the count.
type Limit struct {
	Name   string
	Hits   int64
	Window time.Duration
}

// Limits of the doors that strangers may knock on.
var (
	// LookUpAddress bounds guest look-ups from one network address; households and offices share addresses.
	LookUpAddress = Limit{"look-up/address", 60, 10 * time.Minute}
	// LookUpNumber bounds tries at one number from one network, so that nobody can keep the right person out from afar.
	LookUpNumber = Limit{"look-up/number", 10, 15 * time.Minute}
	// LookUpAnywhere bounds tries at one number from everywhere together, against many networks at once.
	LookUpAnywhere = Limit{"look-up/anywhere", 60, time.Hour}
	// SignInAddress bounds sign-ins from one network address.
	SignInAddress = Limit{"sign-in/address", 60, 10 * time.Minute}
	// SignInEmail bounds tries at one e-mail address from one network. It is a delay, not a lock-out: the window passes.
	SignInEmail = Limit{"sign-in/email", 10, 15 * time.Minute}
	// SignInAnywhere bounds tries at one e-mail address from everywhere together.
	SignInAnywhere = Limit{"sign-in/anywhere", 60, time.Hour}
	// CodesSubject bounds the codes that are made for one purpose and subject, in NewCode itself: nobody is flooded with them,
	// and nobody gets five tries too often.
	CodesSubject = Limit{"codes/subject", 5, 15 * time.Minute}
	// CodesDay is the same for a day: at 20 codes of five tries, a guess is right once in 10,000 days.
	CodesDay = Limit{"codes/day", 20, 24 * time.Hour}
	// FindIDAddress bounds questions for a member ID from one network address.
	FindIDAddress = Limit{"find-id/address", 20, 10 * time.Minute}
	// FindIDPerson bounds questions about one person from one network.
	FindIDPerson = Limit{"find-id/person", 5, 15 * time.Minute}
	// FindIDAnywhere bounds questions about one person from everywhere together.
	FindIDAnywhere = Limit{"find-id/anywhere", 30, time.Hour}
	// FindIDMember bounds the messages with their ID that one member gets: nobody is flooded by a stranger's questions.
	FindIDMember = Limit{"find-id/member", 3, 24 * time.Hour}
	// FindIDLetter is the same for letters, which take days to come.
	FindIDLetter = Limit{"find-id/letter", 1, 7 * 24 * time.Hour}
	// SecondFactor bounds wrong codes after the right password of one account, and wrong proofs in the middle of a session.
	SecondFactor = Limit{"second-factor/account", 10, 15 * time.Minute}
	// CodesSent bounds the codes sent to the owner of one account: whoever asks for them knows its password or has its session.
	CodesSent = Limit{"codes-sent/account", 6, 15 * time.Minute}
	// InviteHelper bounds the invitations that one account sends: they are e-mails to strangers.
	InviteHelper = Limit{"invite-helper", 10, 24 * time.Hour}
	// Invitation bounds tries at one invitation's link from one network.
	Invitation = Limit{"invitation", 30, 15 * time.Minute}
)

// LookUps are the tries that one guest look-up counts as.
func LookUps(address, number string) []Try {
	return []Try{{LookUpAddress, network(address)}, {LookUpNumber, number + " from " + network(address)}, {LookUpAnywhere, number}}
}

// SignIns are the tries that one sign-in counts as.
func SignIns(address, email string) []Try {
	email = FoldEmail(email)
	return []Try{{SignInAddress, network(address)}, {SignInEmail, email + " from " + network(address)}, {SignInAnywhere, email}}
}

// SignInFrom is the try that a sign-in counts as where nobody says who they are.
func SignInFrom(address string) Try { return Try{SignInAddress, network(address)} }

// FindIDs are the tries that one question for a member ID counts as. person tells apart who is asked about.
func FindIDs(address, person string) []Try {
	return []Try{{FindIDAddress, network(address)}, {FindIDPerson, person + " from " + network(address)}, {FindIDAnywhere, person}}
}

// Allow counts one try of subject and returns a Busy fault, saying how long to wait, where it is one too many.
func (a *Accounts) Allow(ctx context.Context, now time.Time, l Limit, subject string) error {
	var busy error
	err := a.db.Write(ctx, func(tx *db.Tx) (err error) {
		if err = AllowIn(ctx, tx, now, l, subject); fault.Is(err, fault.Busy) {
			busy, err = err, nil // the try counts, although it was one too many
		}
		return err
	})
	if err != nil {
		return err
	}
	return busy
}

// AllowIn is Allow in a transaction. Where the transaction ends with an error, the try did not count.
func AllowIn(ctx context.Context, tx *db.Tx, now time.Time, l Limit, subject string) error {
	var hits, started int64
	err := tx.QueryRowContext(ctx, `INSERT INTO rate_limit (bucket, started, hits) VALUES ($1, $2, 1)
		ON CONFLICT (bucket) DO UPDATE SET
			hits = CASE WHEN rate_limit.started <= $3 THEN 1 ELSE rate_limit.hits + 1 END,
			started = CASE WHEN rate_limit.started <= $3 THEN $2 ELSE rate_limit.started END
		RETURNING hits, started`,
		bucket(l, subject), db.Micros(now), db.Micros(now.Add(-l.Window))).Scan(&hits, &started)
	if err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	if hits > l.Hits {
		return fault.BusyFor("limit.tries", db.Time(started).Add(l.Window).Sub(now))
	}
	return nil
}

// Allowed returns the Busy fault that AllowIn would return for one more try, and counts nothing.
func Allowed(ctx context.Context, tx *db.Tx, now time.Time, l Limit, subject string) error {
	return Full(ctx, tx, now, l, subject)
}

// Full is Allowed outside a transaction: a flood is turned away without keeping others from writing.
func Full(ctx context.Context, q db.Queryer, now time.Time, l Limit, subject string) error {
	var hits, started int64
	err := q.QueryRowContext(ctx, "SELECT hits, started FROM rate_limit WHERE bucket = $1 AND started > $2", bucket(l, subject), db.Micros(now.Add(-l.Window))).Scan(&hits, &started)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	if hits >= l.Hits {
		return fault.BusyFor("limit.tries", db.Time(started).Add(l.Window).Sub(now))
	}
	return nil
}

// From is the subject of a limit that bounds what comes from one network address.
func From(address string) string { return network(address) }

// bucket names the row that counts the tries of a subject.
func bucket(l Limit, subject string) string { return id.Digest(l.Name + " " + subject) }

// network is the part of an address that its owner cannot change at will. Of an IPv6 address that is the first half: the
// other half is the household's own.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Is6() || a.Is4In6() {
		return address
	}
	p, _ := a.WithZone("").Prefix(64) // cannot fail
	return p.String()
}

// Try is one try of a subject under a limit.
type Try struct {
	Limit   Limit
	Subject string
}

// AllowAll counts each of the tries, in order, and returns the first Busy fault. Later ones are not counted then.
func (a *Accounts) AllowAll(ctx context.Context, now time.Time, tries ...Try) error {
	for _, t := range tries {
		if err := a.Allow(ctx, now, t.Limit, t.Subject); err != nil {
			return err
		}
	}
	return nil
}

// Forgive takes back tries that turned out to be right, so that only wrong ones add up: a family that looks up its bills
// all day, or an office with one address, is not stopped.
func (a *Accounts) Forgive(ctx context.Context, tries ...Try) error {
	buckets := make([]string, len(tries))
	for i, t := range tries {
		buckets[i] = bucket(t.Limit, t.Subject)
	}
	if len(buckets) == 0 {
		return nil
	}
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE rate_limit SET hits = hits - 1 WHERE hits > 0 AND bucket IN "+db.In(1, len(buckets)), db.Args(buckets)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("forgive tries: %w", err)
	}
	return nil
}

package enroll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Limits of codes. They bound how often a code can be guessed and how much mail a stranger can set off, for a member and
// not for a browser, which costs nothing.
var (
	codesAnHour   = identity.Limit{Name: "join/codes an hour", Hits: 5, Window: time.Hour}
	codesADay     = identity.Limit{Name: "join/codes a day", Hits: 12, Window: 24 * time.Hour}
	triesAnHour   = identity.Limit{Name: "join/tries an hour", Hits: 20, Window: time.Hour}
	emailsAnHour  = identity.Limit{Name: "join/e-mails an hour", Hits: 6, Window: time.Hour}
	addressAnHour = identity.Limit{Name: "join/address an hour", Hits: 5, Window: time.Hour}
)

// What the codes of an enrollment are for.
const (
	forProof  = "join"        // subject: the enrollment
	forEmail  = "join/email"  // subject: the enrollment
	forLetter = "join/letter" // subject: the member
	forDesk   = "join/desk"   // subject: the member
)

const (
	// LetterLife is how long the code of a letter is good: the post takes its time.
	LetterLife = 14 * 24 * time.Hour
	// DeskLife is how long a code is good that an agent has given.
	DeskLife = 24 * time.Hour
	// letterPause is how long it takes until another letter can be ordered. A new one would make the code of the first one
	// worthless on its way.
	letterPause = 7 * 24 * time.Hour
)

// Choose takes the way in which somebody proves that they are the member. By Email and Phone, a code is sent in the
// language lang; Given, they have one. It returns ErrWay where the member cannot be reached that way, a Busy
// fault after many codes, and ErrStep where the proof is there already.
func (e *Enrollments) Choose(ctx context.Context, now time.Time, who audit.Who, en Enrollment, way Way, lang string) error {
	return e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if en.Proved(now) {
			return ErrStep
		}
		to := e.reach(m, way)
		if to == "" && way != Given {
			return ErrWay
		}
		en.Way, en.Reached, en.ProvedBy, en.ProvedAt = way, to, "", time.Time{}
		if !way.Sent() {
			return nil
		}
		for _, l := range []identity.Limit{codesAnHour, codesADay} {
			if err := identity.AllowIn(ctx, tx, now, l, m.ID); err != nil {
				return err
			}
		}
		code, err := e.Accounts.NewCode(ctx, tx, now, forProof, en.ID, codeLife)
		if err != nil {
			return err
		}
		if err := e.send(ctx, tx, now, code, codeLife, letter.To{Channel: channels[way], Recipient: to, Language: lang}); err != nil {
			return err
		}
		return e.note(ctx, tx, now, who, *en, "join.code_sent", string(way))
	})
}

// channels are how the codes of a way travel.
var channels = map[Way]string{Email: event.Mail, Phone: event.Text, Letter: event.Print}

// send puts a code into the outbox.
func (e *Enrollments) send(ctx context.Context, tx *db.Tx, now time.Time, code string, life time.Duration, to letter.To) error {
	return e.Outbox.Tell(ctx, tx, now, letter.New(letter.Code{Purpose: letter.Join, Code: code, Until: now.Add(life)}, id.New("code"), to))
}

// Mail orders a letter with a code to the address on file. It returns ErrWay where there is none, and ErrLetter where one
// is on its way.
func (e *Enrollments) Mail(ctx context.Context, now time.Time, who audit.Who, en Enrollment, lang string) error {
	return e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if en.Proved(now) {
			return ErrStep
		}
		last, err := lastLetter(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		if !last.IsZero() && now.Sub(last) < letterPause {
			return ErrLetter
		}
		if err := e.MailCode(ctx, tx, now, m.ID, lang); err != nil {
			return err
		}
		en.Way, en.Reached, en.MailedAt, en.ProvedBy, en.ProvedAt = Given, "", now, "", time.Time{}
		return e.note(ctx, tx, now, who, *en, "join.code_sent", string(Letter))
	})
}

// Ordered returns when a letter was ordered that is still on its way to the member of an enrollment; zero for none.
func (e *Enrollments) Ordered(ctx context.Context, now time.Time, en Enrollment) (time.Time, error) {
	last, err := lastLetter(ctx, e.DB.Read(), en.MemberID)
	if err != nil || now.Sub(last) >= letterPause {
		return time.Time{}, err
	}
	return last, nil
}

// MailCode makes a code for a member and orders the letter that brings it. It returns ErrWay where no address is on file.
// The caller notes who did it.
func (e *Enrollments) MailCode(ctx context.Context, tx *db.Tx, now time.Time, memberRowID, lang string) error {
	m, err := member.Get(ctx, tx, memberRowID)
	if err != nil {
		return err
	}
	to := e.address(m)
	if to == "" {
		return ErrWay
	}
	code, err := e.IssueCode(ctx, tx, now, m.ID, Letter)
	if err != nil {
		return err
	}
	return e.send(ctx, tx, now, code, LetterLife, letter.To{Channel: event.Print, Recipient: to, Language: lang})
}

// IssueCode makes a code with which a member proves at "Create your account" that it is them, and returns it for a letter
// (good for 14 days) or, by Desk, for an agent to hand to somebody whom they have verified (good for one day). An older
// code by the same way is good no more. The code of a child's record is that of their guarantor; ErrNobody means that
// nobody of age can have the account. The caller notes who did it and why.
func (e *Enrollments) IssueCode(ctx context.Context, tx *db.Tx, now time.Time, memberRowID string, by Way) (code string, err error) {
	m, err := member.Get(ctx, tx, memberRowID)
	if err != nil {
		return "", err
	}
	if m, err = e.Owner(ctx, tx, now, m); err != nil {
		return "", err
	}
	switch by {
	case Letter:
		return e.Accounts.NewCode(ctx, tx, now, forLetter, m.ID, LetterLife)
	case Desk:
		return e.Accounts.NewCode(ctx, tx, now, forDesk, m.ID, DeskLife)
	}
	return "", ErrWay
}

// Prove takes the code. It returns identity.ErrCode or identity.ErrCodeOver for a wrong one, and a Busy fault after many.
func (e *Enrollments) Prove(ctx context.Context, now time.Time, who audit.Who, en Enrollment, code string) error {
	var wrong error
	err := e.change(ctx, now, en, func(tx *db.Tx, en *Enrollment, m member.Member) error {
		if en.Proved(now) {
			return nil // sent twice
		}
		if wrong = identity.AllowIn(ctx, tx, now, triesAnHour, m.ID); wrong != nil {
			return wrong
		}
		by, err := e.check(ctx, tx, now, *en, code)
		if errors.Is(err, identity.ErrCode) || errors.Is(err, identity.ErrCodeOver) {
			wrong = err // and the try is counted
			return e.note(ctx, tx, now, who, *en, "join.code_wrong", string(en.Way))
		}
		if err != nil {
			return err
		}
		en.ProvedBy, en.ProvedAt = by, now
		return e.note(ctx, tx, now, who, *en, "join.proved", string(by))
	})
	if err == nil {
		err = wrong
	}
	return err
}

// check uses up the code of an enrollment and returns by which way it came. A code in hand is looked for among those of
// letters and those of the desk.
func (e *Enrollments) check(ctx context.Context, tx *db.Tx, now time.Time, en Enrollment, code string) (by Way, err error) {
	switch en.Way {
	case "":
		return "", ErrStep
	case Email, Phone:
		return en.Way, e.Accounts.CheckCode(ctx, tx, now, forProof, en.ID, code)
	}
	over := 0
	for _, hand := range []struct {
		by      Way
		purpose string
	}{{Desk, forDesk}, {Letter, forLetter}} {
		err := e.Accounts.CheckCode(ctx, tx, now, hand.purpose, en.MemberID, code)
		switch {
		case err == nil:
			return hand.by, nil
		case errors.Is(err, identity.ErrCodeOver):
			over++
		case !errors.Is(err, identity.ErrCode):
			return "", err
		}
	}
	if over == 2 {
		return "", identity.ErrCodeOver
	}
	return "", identity.ErrCode
}

// change locks an enrollment and its member for a step, saves what the step made of it, and keeps nothing where the step
// fails.
func (e *Enrollments) change(ctx context.Context, now time.Time, en Enrollment, step func(tx *db.Tx, en *Enrollment, m member.Member) error) error {
	err := e.DB.Write(ctx, func(tx *db.Tx) error {
		locked, err := e.lock(ctx, tx, now, en.ID)
		if err != nil {
			return err
		}
		m, err := member.Get(ctx, tx, locked.MemberID)
		if err != nil {
			return err
		}
		if err := step(tx, &locked, m); err != nil {
			return err
		}
		return e.save(ctx, tx, locked)
	})
	if err != nil {
		return fmt.Errorf("enrollment: %w", err)
	}
	return nil
}

// note appends what happened to the audit log.
func (e *Enrollments) note(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, en Enrollment, action, detail string) error {
	entry := who.Did(now, action, en.ID, en.MemberID)
	entry.Detail = detail
	return audit.Append(ctx, tx, entry)
}

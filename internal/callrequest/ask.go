package callrequest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/scrub"
)

// Asking is what somebody says who wants to be called.
type Asking struct {
	Key       string // secret of the form: it makes one request, however often it is sent, and opens it later
	AccountID string // of a member who is signed in, "" for a guest
	MemberID  string // whom that account acts for first, "" for a guest
	Name      string
	Phone     string // in any spelling
	Email     string // "" for nowhere
	Text      string // a phone of theirs, as texts are sent to it, that is told too; "" for none
	Topic     Topic
	Language  string
	Speaks    string
	From      time.Time // begin of the slot
	Address   string    // network address that asks
}

// Free are the slots that still take a request, soonest first.
func (r *Requests) Free(ctx context.Context, now time.Time) ([]brand.Slot, error) {
	slots := r.Brand.Slots(now)
	if len(slots) == 0 {
		return nil, nil
	}
	promised, err := r.promised(ctx, slots[0].From)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slots, func(s brand.Slot) bool { return promised[db.Micros(s.From)] >= int64(r.Brand.PerSlot()) }), nil
}

// Ask takes a request. The same key again returns what it made before. It returns ErrKey, all at once
// of ErrName, ErrPhone, ErrPremium, ErrEmail, ErrTopic, ErrSpeaks and ErrSlot that are to be corrected, ErrFull, or a Busy fault
// where a limit is reached.
func (r *Requests) Ask(ctx context.Context, now time.Time, who audit.Who, in Asking) (Request, error) {
	fresh, err := r.read(now, in)
	if err != nil {
		return Request{}, err
	}
	if there, err := r.one(ctx, r.DB.Read(), "start_key = $1", id.Digest(in.Key)); err == nil {
		return r.same(there, in)
	} else if !errors.Is(err, ErrNotFound) {
		return Request{}, err
	}
	var busy error
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		busy = nil
		for _, t := range []identity.Try{{Limit: From, Subject: identity.From(in.Address)}, {Limit: Account, Subject: in.AccountID}, {Limit: ToPhone, Subject: fresh.Phone},
			{Limit: ToEmail, Subject: identity.FoldEmail(fresh.Email)}} {
			if t.Subject == "" {
				continue
			}
			if err := identity.AllowIn(ctx, tx, now, t.Limit, t.Subject); fault.Is(err, fault.Busy) {
				busy = err // the try counts, although it was one too many
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := r.insert(ctx, tx, now, who, &fresh, in.Key); err != nil || in.Text == "" {
			return err
		}
		return r.Outbox.Tell(ctx, tx, now, letter.New(letter.CallNews{What: letter.CallAsked, Number: fresh.Number, From: fresh.Slot.From, To: fresh.Slot.To}, id.New("new"),
			letter.To{Channel: event.Text, Recipient: in.Text, Language: fresh.Language}))
	})
	if errors.Is(err, errHasKey) {
		there, err := r.one(ctx, r.DB.Read(), "start_key = $1", id.Digest(in.Key))
		if err != nil {
			return Request{}, err
		}
		return r.same(there, in)
	}
	if err == nil {
		err = busy
	}
	if err != nil {
		return Request{}, fmt.Errorf("ask for a call: %w", err)
	}
	return fresh, nil
}

// same is a request that its own form has made before. Somebody else's form is none of ours.
func (r *Requests) same(there Request, in Asking) (Request, error) {
	if there.AccountID != in.AccountID {
		return Request{}, ErrKey
	}
	return there, nil
}

// read checks what was said and makes the request of it, or returns all that is wrong with it.
func (r *Requests) read(now time.Time, in Asking) (Request, error) {
	out := Request{ID: id.New("crq"), AccountID: in.AccountID, MemberID: in.MemberID, Topic: in.Topic, Language: in.Language, Speaks: in.Speaks,
		State: Waiting, CreatedAt: now, Email: strings.TrimSpace(in.Email)}
	if len(in.Key) != len(id.Secret()) || strings.ContainsFunc(in.Key, func(c rune) bool {
		return c != '-' && c != '_' && (c >= 0x80 || !unicode.IsLetter(c) && !unicode.IsDigit(c))
	}) {
		return Request{}, ErrKey
	}
	var wrong []error
	out.Name = scrub.Line(in.Name)
	if out.Name == "" || !utf8.ValidString(in.Name) || utf8.RuneCountInString(out.Name) > MaxName {
		wrong = append(wrong, ErrName)
	}
	out.Name, _ = scrub.Cards(out.Name)
	var ok bool
	if out.Phone, ok = identity.PhoneNumber(in.Phone); !ok {
		wrong = append(wrong, ErrPhone)
	} else if premium(out.Phone) {
		wrong = append(wrong, ErrPremium)
	}
	if out.Email != "" && !identity.ValidEmail(out.Email) {
		wrong = append(wrong, ErrEmail)
	}
	if !slices.Contains(Topics, in.Topic) {
		wrong = append(wrong, ErrTopic)
	}
	if !r.speaks(in.Speaks) {
		wrong = append(wrong, ErrSpeaks)
	}
	slots := r.Brand.Slots(now)
	if at := slices.IndexFunc(slots, func(s brand.Slot) bool { return s.From.Equal(in.From) }); at >= 0 {
		out.Slot = slots[at]
	} else {
		wrong = append(wrong, ErrSlot)
	}
	if len(wrong) > 0 {
		return Request{}, errors.Join(wrong...)
	}
	return out, nil
}

// premium reports whether whoever calls a number, "+19005550100", pays extra for it: area code 900, and 976 after any other.
func premium(number string) bool { return number[2:5] == "900" || number[5:8] == "976" }

// speaks reports whether a call can be in a language: one of the pages, or through an interpreter.
func (r *Requests) speaks(s string) bool {
	return s == Other || r.Brand.Offers(s) || slices.ContainsFunc(r.Brand.Interpreters, func(l brand.Text) bool { return l.En == s })
}

// errHasKey: the form has made a request meanwhile.
var errHasKey = errors.New("the form has made a request")

func (r *Requests) insert(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, x *Request, key string) error {
	if err := r.promise(ctx, tx, x.Slot, r.Brand.PerSlot()); err != nil {
		return err
	}
	name, err := r.Seal.Seal([]byte(x.Name), requestName.Place(x.ID))
	if err != nil {
		return err
	}
	phone, err := r.Seal.Seal([]byte(x.Phone), requestPhone.Place(x.ID))
	if err != nil {
		return err
	}
	var email any
	if x.Email != "" {
		if email, err = r.Seal.Seal([]byte(x.Email), requestEmail.Place(x.ID)); err != nil {
			return err
		}
	}
	for tries := 0; ; tries++ {
		n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
		if err != nil {
			return err
		}
		x.Number = n.Add(n, big.NewInt(10_000_000)).String()
		done, err := tx.ExecContext(ctx, `INSERT INTO call_request (id, number, start_key, account_id, member_id, name_sealed, phone_sealed, email_sealed, topic,
			language, speaks, slot_from, slot_to, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting', $14) ON CONFLICT DO NOTHING`,
			x.ID, x.Number, id.Digest(key), x.AccountID, x.MemberID, name, phone, email, x.Topic, x.Language, x.Speaks, db.Micros(x.Slot.From), db.Micros(x.Slot.To), db.Micros(now))
		if err != nil {
			return err
		}
		made, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if made == 1 {
			break
		}
		if _, err := r.one(ctx, tx, "start_key = $1", id.Digest(key)); err == nil {
			return errHasKey
		}
		if tries == 5 {
			return errors.New("no free number for a request")
		}
	}
	e := who.Did(now, "call_request.asked", x.ID, x.MemberID)
	e.Detail = string(x.Topic)
	if err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	return r.tell(ctx, tx, now, *x, letter.CallAsked, key)
}

// Cancel takes a request back. It returns ErrOver where it has ended.
func (r *Requests) Cancel(ctx context.Context, now time.Time, who audit.Who, requestID string) error {
	return r.change(ctx, requestID, "cancel a call", func(tx *db.Tx, x Request) error {
		if !x.State.Open() {
			return ErrOver
		}
		if err := r.end(ctx, tx, now, x, Canceled); err != nil {
			return err
		}
		if now.Before(x.Slot.From) { // somebody else may have the slot
			if err := r.release(ctx, tx, x.Slot); err != nil {
				return err
			}
		}
		if err := audit.Append(ctx, tx, who.Did(now, "call_request.canceled", x.ID, x.MemberID)); err != nil {
			return err
		}
		return r.tell(ctx, tx, now, x, letter.CallCanceled, "")
	})
}

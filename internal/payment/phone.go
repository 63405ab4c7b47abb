package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/scrub"
)

// Evidence is how the consent to a debit by telephone is on record.
type Evidence string

// The kinds of evidence. A written notice counts from the moment it is sent.
const (
	Recorded       Evidence = "recording"
	NoticeByMail   Evidence = "mail"   // the mail that a bank payment was submitted, which has the authorization in it
	NoticeByLetter Evidence = "letter" // the same on paper
)

// ByPhone is a payment that was begun in a call: whoever asks later finds who took it, in which call, by which words.
type ByPhone struct {
	DraftID   string
	After     string // the draft of the same call that came to nothing before it, "" for the first
	PaymentID string // "" until it was made
	CallID    string
	Reference string // of the call, as it is said aloud
	AgentID   string
	MemberID  string // row id
	Script    string // version of what was read out
	Evidence  Evidence
	Recording string // where the recording of the call is found
	AgreedAt  time.Time
	BegunAt   time.Time
	EndedAt   time.Time // the desk gave it up
}

// Spoken is the consent to a debit that a caller gave by telephone to one of the staff.
type Spoken struct {
	AgentID   string
	Evidence  Evidence
	Recording string // with Recorded
	Address   string // with NoticeByLetter: recipient of the letter
}

// Faults of payments by phone.
var (
	// ErrCallOver: the desk gave the payment up, or whoever called is not known to be the member any more.
	ErrCallOver = fault.New(fault.Conflict, "payment.call_over")
	// ErrEvidence: a debit by telephone needs a recording or a notice.
	ErrEvidence = fault.Field("evidence", "payment.evidence")
	// ErrRecording: what was given is no reference of a recording.
	ErrRecording = fault.Field("recording", "payment.recording")
)

// RecordingReference tidies where a recording is found, or returns ErrRecording: 3 to 60 letters, digits and -_./: of any
// system, and no card number.
func RecordingReference(s string) (string, error) {
	s = strings.TrimSpace(s)
	if _, found := scrub.Cards(s); found > 0 || len(s) < 3 || len(s) > 60 {
		return "", ErrRecording
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./: ", r) {
			return "", ErrRecording
		}
	}
	return s, nil
}

// CallOwner owns the drafts that the desk works on in a call.
func CallOwner(callID string) Owner { return Owner{SessionID: "call/" + callID} }

// BeginByPhone begins a draft in a call. The caller has checked that the member proved who they are in it.
func BeginByPhone(ctx context.Context, tx *db.Tx, now time.Time, b ByPhone, a Answers) (Draft, error) {
	return beginByPhone(ctx, tx, now, b, CallOwner(b.CallID), a)
}

// AgainByPhone begins the next draft of a call after one that came to nothing, for whoever paid that one: the same agent,
// call and words stand for it.
func AgainByPhone(ctx context.Context, tx *db.Tx, now time.Time, before ByPhone, to Owner, a Answers) (Draft, error) {
	before.After = before.DraftID
	return beginByPhone(ctx, tx, now, before, to, a)
}

func beginByPhone(ctx context.Context, tx *db.Tx, now time.Time, b ByPhone, to Owner, a Answers) (Draft, error) {
	a.Call = b.CallID
	d := Draft{ID: id.New("draft"), SessionID: to.SessionID, AccountID: to.AccountID, PayerID: b.MemberID, Answers: a, CreatedAt: now, UpdatedAt: now}
	if err := KeepDrafts(ctx, tx, []Draft{d}); err != nil {
		return Draft{}, err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO phone_payment (draft_id, after_draft, call_id, reference, agent_id, member_id, script, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		d.ID, b.After, b.CallID, id.Unfold(b.Reference), b.AgentID, b.MemberID, b.Script, db.Micros(now))
	if err != nil {
		return Draft{}, fmt.Errorf("begin a payment by phone: %w", err)
	}
	return d, nil
}

// HandDraft gives a draft that was begun in a call to whoever proved to be its payer in their own browser. The bills stay
// chosen; how to pay is theirs to say.
func HandDraft(ctx context.Context, tx *db.Tx, now time.Time, draftID string, to Owner) error {
	d, err := scanDraft(tx.QueryRowContext(ctx, "UPDATE draft SET updated_at = $2 WHERE id = $1 RETURNING "+draftFields, draftID, db.Micros(now)))
	if err == nil && d.Answers.Call == "" {
		err = errNoDraft
	}
	if err != nil {
		return fmt.Errorf("hand a draft over: %w", err)
	}
	if to.owns(d) {
		return nil
	}
	d.SessionID, d.AccountID = to.SessionID, to.AccountID
	d.forgetMethod()
	d.Answers.Reviewed = Reviewed{}
	d.Answers.Changes++
	return storeDraft(ctx, tx, d)
}

// GiveUp ends a payment by phone that was not made yet: nobody can make it any more, whoever has its draft. It returns
// ErrCallOver where it has ended or was made.
func GiveUp(ctx context.Context, tx *db.Tx, now time.Time, agentID, draftID string) error {
	done, err := tx.ExecContext(ctx, "UPDATE phone_payment SET ended_at = $3 WHERE draft_id = $1 AND agent_id = $2 AND payment_id = '' AND ended_at = 0", draftID, agentID, db.Micros(now))
	if err != nil {
		return fmt.Errorf("give a payment by phone up: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrCallOver
	}
	_, err = tx.ExecContext(ctx, `UPDATE draft SET account_id = '', session_id = (SELECT 'call/' || call_id FROM phone_payment WHERE draft_id = draft.id) WHERE id = $1`, draftID)
	if err != nil {
		return fmt.Errorf("give a payment by phone up: %w", err)
	}
	return nil
}

// checkCalls notes which payments of a group were begun in a call, and refuses those whose call does not carry them any
// more: given up, or, of a debit by telephone, no proof that holds of who calls. It reads that proof in the transaction of
// the payment.
func checkCalls(ctx context.Context, tx *db.Tx, now time.Time, group []*submission) error {
	refused := notHelped{}
	for _, s := range group {
		r := s.request
		if r.Call == "" {
			continue
		}
		query, args := "UPDATE phone_payment SET payment_id = $2 WHERE draft_id = $1 AND payment_id = '' AND ended_at = 0", []any{r.Key, s.payment.ID}
		if r.Spoken != nil {
			query = `UPDATE phone_payment SET payment_id = $2, evidence = $3, recording = $4, agreed_at = $5
				WHERE draft_id = $1 AND payment_id = '' AND ended_at = 0 AND agent_id = $6 AND EXISTS (SELECT 1 FROM caller_verification
					WHERE caller_verification.call_id = phone_payment.call_id AND caller_verification.member_id = phone_payment.member_id
						AND caller_verification.agent_id = phone_payment.agent_id AND caller_verification.ends_at > $5)`
			args = append(args, string(r.Spoken.Evidence), r.Spoken.Recording, db.Micros(now), r.Spoken.AgentID)
		}
		done, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("note a payment by phone: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			refused[s.payment.ID] = ErrCallOver
		}
	}
	if len(refused) > 0 {
		return refused
	}
	return nil
}

// checkSpoken refuses a consent by telephone that would not be on record.
func (r Request) checkSpoken() error {
	s := r.Spoken
	if s == nil {
		return nil
	}
	if r.Call == "" || s.AgentID == "" || r.Method.Bank == nil {
		return fault.New(fault.Invalid, "payment.spoken")
	}
	switch s.Evidence {
	case Recorded:
		_, err := RecordingReference(s.Recording)
		return err
	case NoticeByMail:
		if r.Email != "" {
			return nil
		}
	case NoticeByLetter:
		if s.Address != "" {
			return nil
		}
	}
	return ErrEvidence
}

const phoneFields = "draft_id, after_draft, payment_id, call_id, reference, agent_id, member_id, script, evidence, recording, agreed_at, begun_at, ended_at"

func scanPhone(row interface{ Scan(...any) error }) (ByPhone, error) {
	var b ByPhone
	var agreed, begun, ended int64
	err := row.Scan(&b.DraftID, &b.After, &b.PaymentID, &b.CallID, &b.Reference, &b.AgentID, &b.MemberID, &b.Script, &b.Evidence, &b.Recording, &agreed, &begun, &ended)
	b.Reference, b.AgreedAt, b.BegunAt, b.EndedAt = id.Grouped(b.Reference), db.Time(agreed), db.Time(begun), db.Time(ended)
	return b, err
}

// PhoneDraft returns the payment by phone of a draft, or a NotFound fault.
func PhoneDraft(ctx context.Context, q db.Queryer, draftID string) (ByPhone, error) {
	b, err := scanPhone(q.QueryRowContext(ctx, "SELECT "+phoneFields+" FROM phone_payment WHERE draft_id = $1", draftID))
	if errors.Is(err, sql.ErrNoRows) {
		return ByPhone{}, errNoDraft
	}
	if err != nil {
		return ByPhone{}, fmt.Errorf("get a payment by phone: %w", err)
	}
	return b, nil
}

// LastByPhone returns what a payment by phone has led to: the draft that was begun last of those that were begun again after
// it, or b itself.
func LastByPhone(ctx context.Context, q db.Queryer, b ByPhone) (ByPhone, error) {
	for {
		next, err := scanPhone(q.QueryRowContext(ctx, "SELECT "+phoneFields+" FROM phone_payment WHERE after_draft = $1", b.DraftID))
		if errors.Is(err, sql.ErrNoRows) {
			return b, nil
		}
		if err != nil {
			return b, fmt.Errorf("follow a payment by phone: %w", err)
		}
		b = next
	}
}

// PhoneDrafts returns the payments that were begun in a call, newest first.
func PhoneDrafts(ctx context.Context, q db.Queryer, callID string) ([]ByPhone, error) {
	return phones(ctx, q, "call_id = $1 ORDER BY begun_at DESC, draft_id LIMIT 20", callID)
}

// PendingByPhone returns a member's (row id) debits by telephone that are not settled yet, the newest first, at most 20.
func PendingByPhone(ctx context.Context, q db.Queryer, memberID string) ([]ByPhone, error) {
	return phones(ctx, q, `evidence <> '' AND payment_id IN (SELECT id FROM payment WHERE payer_id = $1 AND state = 'pending')
		ORDER BY agreed_at DESC, draft_id LIMIT 20`, memberID)
}

// PhonePayments returns which of the payments were made by phone, by payment id.
func PhonePayments(ctx context.Context, q db.Queryer, paymentIDs []string) (map[string]ByPhone, error) {
	out := map[string]ByPhone{}
	if len(paymentIDs) == 0 {
		return out, nil
	}
	list, err := phones(ctx, q, "payment_id IN "+db.In(1, len(paymentIDs)), db.Args(paymentIDs)...)
	for _, b := range list {
		out[b.PaymentID] = b
	}
	return out, err
}

func phones(ctx context.Context, q db.Queryer, where string, args ...any) (out []ByPhone, err error) {
	err = db.Each(ctx, q, "SELECT "+phoneFields+" FROM phone_payment WHERE "+where, args, func(rows *sql.Rows) error {
		b, err := scanPhone(rows)
		out = append(out, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list payments by phone: %w", err)
	}
	return out, nil
}

// MadeByPhone returns how many payments by phone were made from one time until before another, by account of the staff who took
// them: submitted, and neither failed nor canceled.
func MadeByPhone(ctx context.Context, q db.Queryer, from, to time.Time) (map[string]int, error) {
	made := map[string]int{}
	err := db.Each(ctx, q, `SELECT phone_payment.agent_id, COUNT(*) FROM payment JOIN phone_payment ON phone_payment.payment_id = payment.id
		WHERE payment.submitted_at >= $1 AND payment.submitted_at < $2 AND payment.state NOT IN ('failed', 'canceled') GROUP BY phone_payment.agent_id`,
		[]any{db.Micros(from), db.Micros(to)}, func(rows *sql.Rows) error {
			var agentID string
			var n int
			err := rows.Scan(&agentID, &n)
			made[agentID] = n
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("count payments by phone: %w", err)
	}
	return made, nil
}

// ClearTold lets debits by telephone into the next file whose written notice has been sent. It returns how many.
func (p *Payments) ClearTold(ctx context.Context) (cleared int, err error) {
	waiting, err := nacha.Uncleared(ctx, p.db.Read(), 500)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	byPhone, err := PhonePayments(ctx, p.db.Read(), waiting)
	if err != nil {
		return 0, err
	}
	for _, paymentID := range waiting {
		kind := "payment.submitted"
		if byPhone[paymentID].Evidence == NoticeByLetter {
			kind = "payment.notice"
		}
		if byPhone[paymentID].Evidence == Recorded {
			continue
		}
		state, err := event.StateOf(ctx, p.db.Read(), paymentID, kind)
		if err != nil {
			return cleared, err
		}
		told, err := p.exceptionTold(ctx, p.db.Read(), "payment.notice_unsent", paymentID)
		if err != nil {
			return cleared, err
		}
		if (state == "failed" || state == "") && !told { // without a recipient there is no message
			err = p.db.Write(ctx, func(tx *db.Tx) error {
				return p.exceptStill(ctx, tx, p.now(), "payment.notice_unsent", paymentID, saidUnsent)
			})
			if err != nil {
				return cleared, err
			}
		}
		if state != "sent" {
			continue
		}
		err = p.db.Write(ctx, func(tx *db.Tx) error {
			done, err := p.bank.Clear(ctx, tx, paymentID)
			if done {
				cleared++
			}
			return err
		})
		if err != nil {
			return cleared, err
		}
	}
	return cleared, nil
}

// Waiting returns the payments by phone whose debits wait for their consent, oldest first.
func (p *Payments) Waiting(ctx context.Context) (out []ByPhone, err error) {
	ids, err := nacha.Uncleared(ctx, p.db.Read(), 500)
	if err != nil {
		return nil, err
	}
	byPhone, err := PhonePayments(ctx, p.db.Read(), ids)
	for _, paymentID := range ids {
		out = append(out, byPhone[paymentID])
	}
	return out, err
}

// Uncleared reports whether the debit of a payment waits until its consent is on record.
func (p *Payments) Uncleared(ctx context.Context, paymentID string) (bool, error) {
	return nacha.WaitsForConsent(ctx, p.db.Read(), paymentID)
}

// RecordLater puts a recording on record for a debit by telephone whose notice was not sent. It returns ErrRecording, or
// ErrTooLate where the debit does not wait for it.
func (p *Payments) RecordLater(ctx context.Context, now time.Time, who audit.Who, b ByPhone, recording string) error {
	recording, err := RecordingReference(recording)
	if err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		done, err := p.bank.Clear(ctx, tx, b.PaymentID)
		if err != nil {
			return err
		}
		if !done {
			return ErrTooLate
		}
		if _, err := tx.ExecContext(ctx, "UPDATE phone_payment SET evidence = 'recording', recording = $2 WHERE draft_id = $1", b.DraftID, recording); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "payment.consent_recorded", b.PaymentID, b.MemberID))
	})
	if err != nil {
		return fmt.Errorf("record a consent: %w", err)
	}
	return nil
}

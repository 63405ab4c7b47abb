package payment_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/seal"
)

// desk is a Payments that keeps drafts, with a clock that a test moves.
type desk struct {
	*payment.Payments
	db  *db.DB
	box *seal.Box
	now time.Time
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &desk{db: d, box: box, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)}
	s.Payments = payment.New(payment.Config{DB: d, Now: func() time.Time { return s.now }})
	t.Cleanup(s.Close)
	return s
}

var (
	guest   = payment.Owner{SessionID: "session-1"}
	account = payment.Owner{SessionID: "session-2", AccountID: "acc_1"}
)

func (s *desk) draft(t *testing.T, o payment.Owner) payment.Draft {
	t.Helper()
	d, err := s.NewDraft(t.Context(), o, "mem_1", payment.Answers{Ticked: []string{"bill_1"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDraftBelongsToItsOwner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		ofGuest, ofAccount := s.draft(t, guest), s.draft(t, account)
		for name, row := range map[string]struct {
			owner payment.Owner
			draft payment.Draft
			yes   bool
		}{
			"the guest":                    {guest, ofGuest, true},
			"the account":                  {account, ofAccount, true},
			"the account, another browser": {payment.Owner{SessionID: "session-9", AccountID: "acc_1"}, ofAccount, true},
			"another guest":                {payment.Owner{SessionID: "session-9"}, ofGuest, false},
			"another account":              {payment.Owner{SessionID: "session-9", AccountID: "acc_2"}, ofAccount, false},
			"nobody":                       {payment.Owner{}, ofGuest, false},
			"nobody, of an account":        {payment.Owner{}, ofAccount, false},
		} {
			_, err := payment.GetDraft(t.Context(), d.Read(), row.owner, row.draft.ID)
			_, saved := s.ChangeDraft(t.Context(), row.owner, row.draft.ID, func(*payment.Draft) error { return nil })
			if row.yes != (err == nil) || row.yes != (saved == nil) || (!row.yes && (!fault.Is(err, fault.NotFound) || !fault.Is(saved, fault.NotFound))) {
				t.Errorf("%s: get %v, change %v", name, err, saved)
			}
		}
		if _, err := payment.GetDraft(t.Context(), d.Read(), guest, "draft_none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a draft that never was: %v", err)
		}
	})
}

// TestDraftSealsTheAccountNumber: the number is nowhere in the row, opens for its own draft only, and is gone with the
// next method.
func TestDraftSealsTheAccountNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		first := s.draft(t, guest)
		bank := payment.BankAccount{Name: "Rosa Quintero", Routing: "021000021", Number: "000123456789", Type: "savings"}
		first, err := s.ChangeDraft(t.Context(), guest, first.ID, func(d *payment.Draft) error { return d.SetBank(s.box, bank) })
		if err != nil {
			t.Fatal(err)
		}
		again, err := payment.GetDraft(t.Context(), d.Read(), guest, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		r, err := again.Request(s.box)
		if err != nil || r.Method.Bank == nil || *r.Method.Bank != bank || r.Key != first.ID || again.Answers.BankLast4 != "6789" {
			t.Errorf("request: %+v, %v", r.Method.Bank, err)
		}
		var answers, sealed []byte
		if err := d.Read().QueryRowContext(t.Context(), "SELECT answers, sealed FROM draft WHERE id = $1", first.ID).Scan(&answers, &sealed); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(answers, []byte("123456")) || bytes.Contains(sealed, []byte("123456")) || len(sealed) == 0 {
			t.Errorf("the number stands in the row: %s %x", answers, sealed)
		}
		second := s.draft(t, guest)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE draft SET sealed = $2, answers = $3 WHERE id = $1", second.ID, sealed, string(answers))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		moved, err := payment.GetDraft(t.Context(), d.Read(), guest, second.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := moved.Request(s.box); err == nil {
			t.Error("a number moved to another draft opens")
		}
		card, err := s.ChangeDraft(t.Context(), guest, first.ID, func(d *payment.Draft) error {
			d.SetCard("tok_1", processor.Card{Brand: "visa", Last4: "4242"}, false)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := card.Request(s.box); err != nil || r.Method.Bank != nil || card.Answers.BankRouting != "" {
			t.Errorf("the bank account outlives the card: %+v, %v", card.Answers, err)
		}
	})
}

// TestDraftReview: any answer makes what was reviewed void, and a review that an answer overtook is refused.
func TestDraftReview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := s.draft(t, guest)
		shown := payment.Reviewed{Mark: "m", Authorization: "I agree", Language: "es", Until: s.now.Add(time.Hour)}
		at, err := s.ReviewDraft(t.Context(), guest, at, shown)
		if err != nil || at.Answers.Reviewed.Mark != "m" {
			t.Fatalf("review: %+v, %v", at.Answers.Reviewed, err)
		}
		kept, err := payment.GetDraft(t.Context(), d.Read(), guest, at.ID)
		if err != nil || !kept.Answers.Reviewed.Until.Equal(shown.Until) {
			t.Errorf("kept: %+v, %v", kept.Answers.Reviewed, err)
		}
		if r, err := kept.Request(s.box); err != nil || r.Authorization != "I agree" || r.Language != "es" {
			t.Errorf("request: %+v, %v", r, err)
		}
		changed, err := s.ChangeDraft(t.Context(), guest, at.ID, func(d *payment.Draft) error { d.Answers.Email = "a@b.example"; return nil })
		if err != nil || changed.Answers.Reviewed.Mark != "" {
			t.Errorf("after an answer: %+v, %v", changed.Answers.Reviewed, err)
		}
		if _, err := s.ReviewDraft(t.Context(), guest, at, shown); !errors.Is(err, payment.ErrDraftChanged) {
			t.Errorf("an overtaken review: %v", err)
		}
		boom := errors.New("boom")
		if _, err := s.ChangeDraft(t.Context(), guest, at.ID, func(d *payment.Draft) error { d.Answers.Email = "x"; return boom }); !errors.Is(err, boom) {
			t.Errorf("a change that fails: %v", err)
		}
		if now, _ := payment.GetDraft(t.Context(), d.Read(), guest, at.ID); now.Answers.Email != "a@b.example" {
			t.Errorf("a change that failed was kept: %q", now.Answers.Email)
		}
	})
}

// TestDraftLosesNoAnswer: answers given at the same time are all kept.
func TestDraftLosesNoAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := s.draft(t, guest)
		const n = 20
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if _, err := s.ChangeDraft(t.Context(), guest, at.ID, func(d *payment.Draft) error {
					d.Answers.Ticked = append(d.Answers.Ticked, fmt.Sprint(i))
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		now, err := payment.GetDraft(t.Context(), d.Read(), guest, at.ID)
		if err != nil || len(now.Answers.Ticked) != n+1 || now.Answers.Changes != n {
			t.Errorf("%d answers, %d changes, %v", len(now.Answers.Ticked), now.Answers.Changes, err)
		}
	})
}

func TestAdoptDraft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := s.draft(t, guest)
		at, err := s.ChangeDraft(t.Context(), guest, at.ID, func(d *payment.Draft) error {
			d.Answers.Lines, d.Answers.Email, d.Answers.Emailed = []payment.Line{{BillID: "bill_1", Amount: 100}}, "a@b.example", true
			return d.SetBank(s.box, payment.BankAccount{Name: "R", Routing: "021000021", Number: "12345678", Type: "checking"})
		})
		if err != nil {
			t.Fatal(err)
		}
		next := payment.Owner{SessionID: "session-3", AccountID: "acc_3"}
		ended := func(string) (bool, error) { return false, nil }
		if _, err := s.AdoptDraft(t.Context(), next, []string{"mem_2"}, at.ID, ended); !fault.Is(err, fault.NotFound) {
			t.Errorf("adopted for somebody else: %v", err)
		}
		boom := errors.New("boom")
		for want, alive := range map[error]bool{nil: true, boom: false} {
			_, err := s.AdoptDraft(t.Context(), next, []string{"mem_1"}, at.ID, func(sessionID string) (bool, error) {
				if sessionID != guest.SessionID {
					t.Errorf("asked for session %q", sessionID)
				}
				return alive, want
			})
			if alive && !fault.Is(err, fault.NotFound) || !alive && !errors.Is(err, boom) {
				t.Errorf("alive %v, %v: adopted, %v", alive, want, err)
			}
		}
		// The session of before goes on meanwhile, and in the end somebody else has the draft first.
		if _, err := s.AdoptDraft(t.Context(), next, []string{"mem_1"}, at.ID, func(string) (bool, error) {
			return false, d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE draft SET session_id = 'session-4' WHERE id = $1", at.ID)
				return err
			})
		}); !fault.Is(err, fault.NotFound) {
			t.Errorf("adopted from a session that nobody asked about: %v", err)
		}
		other := payment.Owner{SessionID: "session-4"}
		if kept, err := payment.GetDraft(t.Context(), d.Read(), other, at.ID); err != nil || kept.Answers.BankName != "R" || !kept.UpdatedAt.Equal(at.UpdatedAt) {
			t.Errorf("a draft that was not adopted has changed: %+v, %v", kept, err)
		}
		got, err := s.AdoptDraft(t.Context(), next, []string{"mem_2", "mem_1"}, at.ID, ended)
		if err != nil || !got.Chosen() || got.Complete() || got.Answers.BankName != "" || got.Answers.Email != "" || got.AccountID != "acc_3" {
			t.Errorf("adopted: %+v, %v", got, err)
		}
		if _, err := payment.GetDraft(t.Context(), d.Read(), other, at.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the session before still has it: %v", err)
		}
		if _, err := s.AdoptDraft(t.Context(), guest, []string{"mem_1"}, at.ID, ended); !fault.Is(err, fault.NotFound) {
			t.Errorf("a draft of an account was adopted: %v", err)
		}
	})
}

// TestLatestDraftAndSweep: the newest draft without a payment is found, and old drafts and paid ones go.
func TestLatestDraftAndSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		for _, o := range []payment.Owner{guest, {}} {
			if _, err := payment.LatestDraft(t.Context(), d.Read(), o); !fault.Is(err, fault.NotFound) {
				t.Errorf("no draft yet: %v", err)
			}
		}
		first := s.draft(t, account)
		s.now = s.now.Add(time.Minute)
		paid := s.draft(t, account)
		s.draft(t, guest)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO payment (id, confirmation, idempotency_key, request_hash, payer_id, payee, rail, amount_cents, state,
				authorization_text, submitted_at, updated_at) VALUES ('pay_1', 'C', $1, 'h', 'mem_1', 'medical', 'card', 1, 'failed', 'yes', 1, 1)`, paid.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		got, err := payment.LatestDraft(t.Context(), d.Read(), payment.Owner{SessionID: "elsewhere", AccountID: "acc_1"})
		if err != nil || got.ID != first.ID {
			t.Errorf("latest %s, %v", got.ID, err)
		}
		for _, row := range []struct {
			after time.Duration
			gone  int64
		}{{time.Hour, 0}, {24 * time.Hour, 1}, {payment.DraftLife - 26*time.Hour, 0}, {2 * time.Hour, 2}} {
			s.now = s.now.Add(row.after)
			if gone, err := s.SweepDrafts(t.Context()); err != nil || gone != row.gone {
				t.Errorf("after another %s: %d went, want %d, %v", row.after, gone, row.gone, err)
			}
		}
	})
}

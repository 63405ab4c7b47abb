package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

var noon = time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)

// desk is a database with an account in it.
type desk struct {
	t       *testing.T
	d       *db.DB
	account string
}

func newDesk(t *testing.T, d *db.DB) desk {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	account, err := identity.New(d, box, 1).Create(t.Context(), noon, "ana@mail.example", "a long enough password", "en")
	if err != nil {
		t.Fatal(err)
	}
	return desk{t, d, account}
}

func (k desk) write(fn func(tx *db.Tx) error) error { return k.d.Write(k.t.Context(), fn) }

func (k desk) offer(at time.Time, w consent.Words) (c consent.Consent) {
	k.t.Helper()
	if err := k.write(func(tx *db.Tx) (err error) {
		c, err = consent.Offer(k.t.Context(), tx, at, k.account, consent.Paperless, w)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	return c
}

func (k desk) agree(at time.Time, accountID, offerID string) (c consent.Consent, err error) {
	err = k.write(func(tx *db.Tx) (err error) {
		c, err = consent.Agree(k.t.Context(), tx, at, accountID, offerID, consent.Where{SessionID: "ses_1", Address: "192.0.2.7"}, "test document")
		return err
	})
	return c, err
}

func (k desk) withdraw(at time.Time) error {
	return k.write(func(tx *db.Tx) error {
		return consent.Withdraw(k.t.Context(), tx, at, k.account, consent.Paperless, consent.Where{SessionID: "ses_2", Address: "192.0.2.8"})
	})
}

func (k desk) current() consent.Consent {
	k.t.Helper()
	c, err := consent.Current(k.t.Context(), k.d.Read(), k.account, consent.Paperless)
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

func (k desk) states() string {
	k.t.Helper()
	list, err := consent.History(k.t.Context(), k.d.Read(), k.account)
	if err != nil {
		k.t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, string(c.State))
	}
	return strings.Join(out, " ")
}

func words() consent.Words {
	return consent.Words{Version: consent.Version[consent.Paperless], Language: "es", Text: "Línea uno.\n\n¿\"Dos\"? 😀"}
}

func TestFromOfferToWithdrawal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		if c := k.current(); c.State != consent.None || c.Holds() {
			t.Errorf("before anything: %+v", c)
		}
		if err := k.withdraw(noon); !fault.Is(err, fault.Conflict) {
			t.Errorf("taking back nothing: %v", err)
		}
		offer := k.offer(noon, words())
		if again := k.offer(noon.Add(time.Minute), words()); again.ID != offer.ID || !again.OfferedAt.Equal(noon) {
			t.Errorf("the same words shown again are another offer")
		}
		if _, err := k.agree(noon, "acc_stranger", offer.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("a stranger agreed: %v", err)
		}
		got, err := k.agree(noon.Add(time.Hour), k.account, offer.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := consent.Consent{ID: offer.ID, AccountID: k.account, Kind: consent.Paperless, State: consent.Consented, Words: words(), Shown: "test document",
			OfferedAt: noon, ConsentedAt: noon.Add(time.Hour), By: consent.Where{SessionID: "ses_1", Address: "192.0.2.7"}}
		if got != want || k.current() != want || !got.Holds() {
			t.Errorf("agreed\n%+v, want\n%+v", got, want)
		}
		if _, err := k.agree(noon, k.account, offer.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("agreed twice: %v", err)
		}
		if err := k.withdraw(noon.Add(2 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		if c := k.current(); c.State != consent.None || c.Holds() {
			t.Errorf("after taking it back: %+v", c)
		}
		if err := k.withdraw(noon); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back twice: %v", err)
		}
		second := k.offer(noon.Add(3*time.Hour), words())
		if _, err := k.agree(noon.Add(3*time.Hour), k.account, second.ID); err != nil || second.ID == offer.ID {
			t.Errorf("a second time: %v", err)
		}
		if got := k.states(); got != "withdrawn consented" {
			t.Errorf("history: %s", got)
		}
	})
}

// TestOtherWords shows other words while older ones are open or agreed to.
func TestOtherWords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		old := words()
		old.Version = "2020-01"
		outdated := k.offer(noon, old)
		if _, err := k.agree(noon, k.account, outdated.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("agreed to words that are not shown any more: %v", err)
		}
		first := k.offer(noon, words())
		if _, err := k.agree(noon, k.account, first.ID); err != nil {
			t.Fatal(err)
		}
		english := words()
		english.Language, english.Text = "en", "Line one."
		second := k.offer(noon.Add(time.Hour), english)
		if c := k.current(); c.ID != first.ID || !c.Holds() {
			t.Errorf("an offer ended the agreement there was: %+v", c)
		}
		if _, err := k.agree(noon.Add(time.Hour), k.account, second.ID); err != nil {
			t.Fatal(err)
		}
		if c := k.current(); c.ID != second.ID || c.Words != english {
			t.Errorf("the newer words do not hold: %+v", c)
		}
		if got := k.states(); got != "replaced replaced consented" {
			t.Errorf("history: %s", got)
		}
	})
}

// TestAgreementToOldWords: an agreement to words that have changed since counts for nothing.
func TestAgreementToOldWords(t *testing.T) {
	t.Parallel()
	c := consent.Consent{Kind: consent.Paperless, State: consent.Consented, Words: consent.Words{Version: "2020-01"}}
	if c.Holds() || !c.Outdated() {
		t.Error("it holds")
	}
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	all := []consent.State{consent.None, consent.Offered, consent.Consented, consent.Withdrawn, consent.Replaced}
	var got []string
	for _, from := range all {
		for _, to := range all {
			if from.May(to) {
				got = append(got, string(from)+">"+string(to))
			}
		}
	}
	if s := strings.Join(got, " "); s != ">offered offered>consented offered>replaced consented>withdrawn consented>replaced" {
		t.Errorf("%s", s)
	}
}

// TestWordsNeverChange tries what a careless statement would do.
func TestWordsNeverChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.offer(noon, words())
		for _, s := range []string{"UPDATE consent SET words = 'x'", "UPDATE consent SET version = 'x'", "UPDATE consent SET language = 'x'", "DELETE FROM consent"} {
			err := k.write(func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), s); return err })
			if err == nil || !strings.Contains(err.Error(), "never change") {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
}

func TestTestNumber(t *testing.T) {
	t.Parallel()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, offer := range strings.Fields("cns_1 cns_2 cns_3 cns_4 cns_5 cns_6 cns_7 cns_8") {
		n := consent.TestNumber(box, offer)
		if len(n) != 4 || strings.Trim(n, "0123456789") != "" || n[0] == '0' || n != consent.TestNumber(box, offer) {
			t.Errorf("%s: %q", offer, n)
		}
		seen[n] = true
	}
	if len(seen) < 5 {
		t.Errorf("%d numbers in eight documents", len(seen))
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		wants := func(account string, topic consent.Topic, want ...string) {
			t.Helper()
			got, err := consent.Wants(t.Context(), d.Read(), account, topic)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v (%v)", topic, got, want, err)
			}
		}
		prefer := func(ways map[consent.Topic]consent.Ways) {
			t.Helper()
			if err := k.write(func(tx *db.Tx) error { return consent.Prefer(t.Context(), tx, noon, k.account, ways) }); err != nil {
				t.Fatal(err)
			}
		}
		for _, topic := range consent.Topics {
			wants(k.account, topic, event.Mail)
			wants("", topic, event.Mail)
		}
		prefer(map[consent.Topic]consent.Ways{consent.Receipts: {}, consent.NewBills: {}, consent.Reminders: {Mail: true, Text: true}, consent.HelperNews: {Text: true}})
		wants(k.account, consent.Receipts, event.Mail)
		wants(k.account, consent.NewBills)
		wants(k.account, consent.Reminders, event.Mail) // nobody agreed to texts
		wants(k.account, consent.HelperNews)
		if err := k.write(func(tx *db.Tx) error {
			w := consent.Words{Version: consent.Version[consent.Texts], Language: "en", Text: "Text me."}
			offer, err := consent.Offer(t.Context(), tx, noon, k.account, consent.Texts, w)
			if err == nil {
				_, err = consent.Agree(t.Context(), tx, noon, k.account, offer.ID, consent.Where{}, "")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		wants(k.account, consent.Reminders, event.Mail, event.Text)
		wants(k.account, consent.HelperNews, event.Text)
		prefer(map[consent.Topic]consent.Ways{consent.HelperNews: {Mail: true}})
		wants(k.account, consent.HelperNews, event.Mail)
		wants(k.account, consent.NewBills)
		if _, err := consent.Wants(t.Context(), d.Read(), k.account, "weather"); err == nil {
			t.Error("a topic that does not exist is wanted")
		}
		if err := k.write(func(tx *db.Tx) error { return consent.Forget(t.Context(), tx, noon, k.account, consent.Where{}) }); err != nil {
			t.Fatal(err)
		}
		wants(k.account, consent.NewBills, event.Mail)
		if got := k.states(); got != "withdrawn" {
			t.Errorf("after closing: %s", got)
		}
	})
}

package processortest

import (
	"context"
	"testing"
	"time"

	"memberpay/internal/id"
	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Situation is a way a card behaves.
type Situation string

// The situations that the suite needs a card for.
const (
	Good             Situation = "good"
	HSA              Situation = "hsa"
	Generic          Situation = "generic decline"
	InsufficientFund Situation = "insufficient funds"
	Lost             Situation = "lost"
	Stolen           Situation = "stolen"
	Expired          Situation = "expired"
	SecurityCode     Situation = "security code"
	ZIP              Situation = "zip"
	Processing       Situation = "processing error"
	Velocity         Situation = "velocity"
	Fraud            Situation = "fraud"
	Challenge        Situation = "challenge"
	ChallengeDecline Situation = "challenge, then declined"
	Slow             Situation = "slow"
	LostThenPaid     Situation = "no answer, then paid"
	LostThenDeclined Situation = "no answer, then declined"
)

// Tokens is what the suite needs of the world behind the processor.
type Tokens interface {
	// Mint returns a one-time token of a card for which the situation holds.
	Mint(t testing.TB, s Situation) string
	// Answer answers the bank's challenge at an ActionURL, and returns where the payer is sent then.
	Answer(t testing.TB, actionURL string, pass bool) (returnURL string)
	// Moved returns the amounts that truly moved for a charge's reference.
	Moved(t testing.TB, reference string) []money.Cents
}

const (
	amount    = money.Cents(12345)
	returnURL = "http://127.0.0.1/payments/back?step=1"
)

// suite is one run of Exercise.
type suite struct {
	cards  processor.Cards
	tokens Tokens
}

// Exercise checks that a processor keeps the contract of processor.Cards. setup makes one processor with its world;
// a confirmation must be answered within a few seconds where the situation is not one of the lost answers.
func Exercise(t *testing.T, setup func(t *testing.T) (processor.Cards, Tokens)) {
	t.Helper()
	cards, tokens := setup(t)
	s := suite{cards, tokens}
	for name, fn := range map[string]func(*testing.T){
		"success":                   s.success,
		"hsa":                       s.hsa,
		"declines":                  s.declines,
		"challenge passed":          s.challengePassed,
		"challenge failed":          s.challengeFailed,
		"challenge then declined":   s.challengeDeclined,
		"challenge abandoned":       s.challengeAbandoned,
		"slow":                      s.slow,
		"lost answer then paid":     s.lostThenPaid,
		"lost answer then declined": s.lostThenDeclined,
		"caller gives up":           s.callerGivesUp,
		"prepare moves nothing":     s.prepareMovesNothing,
		"one reference one charge":  s.oneReference,
		"many confirms one charge":  s.manyConfirms,
		"used token":                s.usedToken,
		"saved card":                s.savedCard,
		"cancel before":             s.cancelBefore,
		"cancel after":              s.cancelAfter,
		"refund":                    s.refund,
		"refund of too much":        s.refundTooMuch,
		"many refunds one refund":   s.manyRefunds,
		"look":                      s.look,
		"unsound charges":           s.unsound,
		"forged callback":           s.forgedCallback,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t)
		})
	}
}

func (s suite) charge(t testing.TB, with Situation) processor.Charge {
	t.Helper()
	return processor.Charge{Reference: id.New("att"), PaymentID: id.New("pay"), Amount: amount, Token: s.tokens.Mint(t, with),
		Descriptor: "LARKSPUR HEALTH", ReturnURL: returnURL}
}

func (s suite) prepare(t testing.TB, c processor.Charge) string {
	t.Helper()
	ref, err := s.cards.Prepare(t.Context(), c)
	if err != nil || ref == "" {
		t.Fatalf("Prepare = %q, %v", ref, err)
	}
	return ref
}

// run prepares and confirms.
func (s suite) run(t testing.TB, c processor.Charge) (ref string, out processor.Outcome) {
	t.Helper()
	ref = s.prepare(t, c)
	out = s.cards.Confirm(t.Context(), ref, c)
	if out.ProcessorRef != ref {
		t.Errorf("Confirm tells of charge %q, want %q", out.ProcessorRef, ref)
	}
	return ref, out
}

func (s suite) status(t testing.TB, ref string) processor.Outcome {
	t.Helper()
	out, err := s.cards.Status(t.Context(), ref)
	if err != nil {
		t.Fatalf("Status: %v", err)
	}
	return out
}

// await asks Status until it is known, for at most ten seconds.
func (s suite) await(t testing.TB, ref string) processor.Outcome {
	t.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second); ; {
		defer cancel()
		if out := s.status(t, ref); out.Status != processor.Unknown {
			return out
		}
		select {
		case <-ctx.Done():
			t.Fatal("the outcome stayed unknown")
		case <-tick.C:
		}
	}
}

// moved checks that exactly these amounts moved for a reference.
func (s suite) moved(t testing.TB, reference string, want ...money.Cents) {
	t.Helper()
	got := s.tokens.Moved(t, reference)
	if len(got) != len(want) {
		t.Fatalf("money moved %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("money moved %v, want %v", got, want)
		}
	}
}

func wantStatus(t testing.TB, out processor.Outcome, want processor.Status) {
	t.Helper()
	if out.Status != want {
		t.Fatalf("outcome %+v, want status %s", out, want)
	}
}

func wantDeclined(t testing.TB, out processor.Outcome, want processor.Reason) {
	t.Helper()
	if out.Status != processor.Declined || out.Reason != want {
		t.Fatalf("outcome %+v, want declined for %s", out, want)
	}
}

func (s suite) success(t *testing.T) {
	c := s.charge(t, Good)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	if out.Amount != amount || out.Card.Brand != "visa" || out.Card.Last4 != "4242" || out.Card.HSA || out.SavedCard != "" {
		t.Errorf("outcome %+v", out)
	}
	if again := s.status(t, ref); again != out {
		t.Errorf("Status says %+v, Confirm said %+v", again, out)
	}
	s.moved(t, c.Reference, amount)
}

func (s suite) hsa(t *testing.T) {
	_, out := s.run(t, s.charge(t, HSA))
	wantStatus(t, out, processor.Succeeded)
	if !out.Card.HSA {
		t.Errorf("card %+v is not marked as a health savings card", out.Card)
	}
}

func (s suite) declines(t *testing.T) {
	for with, reason := range map[Situation]processor.Reason{
		Generic: processor.ReasonGeneric, InsufficientFund: processor.ReasonInsufficientFunds, Lost: processor.ReasonLost,
		Stolen: processor.ReasonStolen, Expired: processor.ReasonExpired, SecurityCode: processor.ReasonSecurityCode,
		ZIP: processor.ReasonZIP, Processing: processor.ReasonProcessing, Velocity: processor.ReasonVelocity, Fraud: processor.ReasonFraud,
	} {
		t.Run(string(with), func(t *testing.T) {
			t.Parallel()
			c := s.charge(t, with)
			ref, out := s.run(t, c)
			wantDeclined(t, out, reason)
			if out.Card.Last4 == "" || !out.CanRetry {
				t.Errorf("outcome %+v: want its card, and that another try may work", out)
			}
			wantDeclined(t, s.status(t, ref), reason)
			s.moved(t, c.Reference)
		})
	}
}

func (s suite) challengePassed(t *testing.T) {
	c := s.charge(t, Challenge)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.ActionRequired)
	if out.ActionURL == "" {
		t.Fatal("no ActionURL")
	}
	s.moved(t, c.Reference)
	back := s.tokens.Answer(t, out.ActionURL, true)
	checkReturn(t, back, ref)
	wantStatus(t, s.status(t, ref), processor.Succeeded)
	s.moved(t, c.Reference, amount)
}

func (s suite) challengeFailed(t *testing.T) {
	c := s.charge(t, Challenge)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.ActionRequired)
	checkReturn(t, s.tokens.Answer(t, out.ActionURL, false), ref)
	wantDeclined(t, s.status(t, ref), processor.ReasonAuthentication)
	s.moved(t, c.Reference)
}

func (s suite) challengeDeclined(t *testing.T) {
	c := s.charge(t, ChallengeDecline)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.ActionRequired)
	s.tokens.Answer(t, out.ActionURL, true)
	wantDeclined(t, s.status(t, ref), processor.ReasonGeneric)
	s.moved(t, c.Reference)
}

func (s suite) challengeAbandoned(t *testing.T) {
	c := s.charge(t, Challenge)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.ActionRequired)
	wantStatus(t, s.status(t, ref), processor.ActionRequired)
	canceled, err := s.cards.Cancel(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	wantDeclined(t, canceled, processor.ReasonAbandoned)
	s.tokens.Answer(t, out.ActionURL, true) // too late: it must not move money any more
	wantDeclined(t, s.status(t, ref), processor.ReasonAbandoned)
	s.moved(t, c.Reference)
}

func (s suite) slow(t *testing.T) {
	c := s.charge(t, Slow)
	_, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	s.moved(t, c.Reference, amount)
}

// lost confirms with a card that does not answer, within a short patience of the caller.
func (s suite) lost(t *testing.T, with Situation) (c processor.Charge, ref string) {
	c = s.charge(t, with)
	ref = s.prepare(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	wantStatus(t, s.cards.Confirm(ctx, ref, c), processor.Unknown)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Confirm took %v, although the caller's patience was half a second", took)
	}
	return c, ref
}

func (s suite) lostThenPaid(t *testing.T) {
	c, ref := s.lost(t, LostThenPaid)
	wantStatus(t, s.await(t, ref), processor.Succeeded)
	s.moved(t, c.Reference, amount)
	wantStatus(t, s.cards.Confirm(t.Context(), ref, c), processor.Succeeded)
	s.moved(t, c.Reference, amount)
}

func (s suite) lostThenDeclined(t *testing.T) {
	c, ref := s.lost(t, LostThenDeclined)
	wantDeclined(t, s.await(t, ref), processor.ReasonGeneric)
	s.moved(t, c.Reference)
}

package caller

import (
	"context"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
)

// Limits of checks that fail, over all staff together. What is counted is the member who is meant and, beside it, what was
// said: somebody who does not exist is closed just like somebody who does.
var (
	// FailedHour bounds failed checks of one subject in an hour.
	FailedHour = identity.Limit{Name: "caller/failed", Hits: 5, Window: time.Hour}
	// FailedDay is the same for a day.
	FailedDay = identity.Limit{Name: "caller/failed-day", Hits: 12, Window: 24 * time.Hour}
	// FailedBack and FailedBackDay are the same for calls back, which nobody else's failures close: they go to the number on
	// file, and are the way that is left to a member whom a stranger has closed.
	FailedBack    = identity.Limit{Name: "caller/failed-back", Hits: 5, Window: time.Hour}
	FailedBackDay = identity.Limit{Name: "caller/failed-back-day", Hits: 12, Window: 24 * time.Hour}
	// FailedAgent bounds the failed checks that one of the staff types: nobody guesses from a desk.
	FailedAgent = identity.Limit{Name: "caller/failed-agent", Hits: 60, Window: time.Hour}
)

// Errors of Check.
var (
	ErrAsk   = fault.Field("name", "caller.ask")          // a fact that always has to match was not typed
	ErrFew   = fault.Field("name", "caller.few")          // fewer facts were typed than have to match
	ErrTries = fault.New(fault.Conflict, "caller.tries")  // this call has had all its checks
	ErrProof = fault.New(fault.Forbidden, "caller.proof") // nobody has proved who they are in this call
)

// Answer is what the desk learns of one fact.
type Answer struct {
	Fact  string
	Match bool
}

// Result is what a check came to.
type Result struct {
	Answers      []Answer // of the facts that were asked, in the order of the script
	Passed       bool
	Left         int // checks that this call still has
	Verification Verification
}

// Check compares what a caller says with the file of whom they may mean and tells of each fact whether it matches. Enough
// matches make a Verification. It does the same where nobody is meant. It returns ErrAsk or ErrFew, which count as no try;
// ErrTries, ErrEnded, ErrNoCall; or a Busy fault where the checks of this member, or of these answers, failed too often. A
// call back asks only for what the script always asks: the number on file is a fact of its own.
func (c *Calls) Check(ctx context.Context, now time.Time, who audit.Who, callID string, script brand.CallerScript, zone *time.Location, said Said) (Result, error) {
	call, err := c.Get(ctx, c.DB.Read(), who.Actor, callID)
	if err != nil {
		return Result{}, err
	}
	facts, needed := script.Facts(), script.Needed
	if call.Kind == Back {
		facts, needed = script.Always, len(script.Always)
	}
	asked := 0
	for i, fact := range facts {
		if said.answer(fact) != "" {
			asked++
		} else if i < len(script.Always) {
			return Result{}, fault.Field(fact, ErrAsk.Code)
		}
	}
	if asked < needed {
		return Result{}, fault.Field(said.missing(facts), ErrFew.Code)
	}
	f, err := c.compared(ctx, call, facts, zone, said)
	if err != nil {
		return Result{}, err
	}
	var r Result
	matched, always := 0, true
	for i, fact := range facts {
		match := f.matches(fact, said.answer(fact), zone)
		if said.answer(fact) == "" {
			continue
		}
		r.Answers = append(r.Answers, Answer{fact, match})
		if match {
			matched++
		} else if i < len(script.Always) {
			always = false
		}
	}
	r.Passed = always && matched >= needed && asked-matched <= script.Misses
	var closed error
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		closed = nil
		call, err := c.lock(ctx, tx, now, who.Actor, callID)
		if err != nil {
			return err
		}
		if call.Tries >= script.Tries {
			return ErrTries
		}
		r.Left = script.Tries - call.Tries
		if closed, err = failures(ctx, tx, now, call, f.m.ID, said, r.Passed); err != nil {
			return err
		}
		e := who.Did(now, "caller.closed", call.ID, f.m.ID)
		if closed != nil {
			return audit.Append(ctx, tx, e) // the answer is the same whether or not it was right
		}
		if e.Action, err = c.record(ctx, tx, now, who, call, script, f.m.ID, &r); err != nil {
			return err
		}
		e.Detail = words(r.Answers)
		return audit.Append(ctx, tx, e)
	})
	if err == nil {
		err = closed
	}
	if err != nil {
		return Result{}, fmt.Errorf("check a caller: %w", err)
	}
	return r, nil
}

// missing is the first of the facts that nobody has said, or the last.
func (s Said) missing(facts []string) string {
	for _, fact := range facts {
		if s.answer(fact) == "" {
			return fact
		}
	}
	return facts[len(facts)-1]
}

// lock takes a call for the rest of the transaction.
func (c *Calls) lock(ctx context.Context, tx *db.Tx, now time.Time, agentID, callID string) (Call, error) {
	if _, err := tx.ExecContext(ctx, "UPDATE phone_call SET tries = tries WHERE id = $1 AND agent_id = $2", callID, agentID); err != nil {
		return Call{}, err
	}
	call, err := c.Get(ctx, tx, agentID, callID)
	if err == nil && !call.On(now) {
		err = ErrEnded
	}
	return call, err
}

// record notes the check and what it made, and returns the action for the audit log.
func (c *Calls) record(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, call Call, script brand.CallerScript, memberID string, r *Result) (string, error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO caller_check (id, call_id, agent_id, member_id, script, facts, passed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		id.New("chk"), call.ID, who.Actor, memberID, script.Version, words(r.Answers), r.Passed, db.Micros(now)); err != nil {
		return "", err
	}
	if !r.Passed {
		r.Left--
		_, err := tx.ExecContext(ctx, "UPDATE phone_call SET tries = tries + 1 WHERE id = $1", call.ID)
		return "caller.failed", err
	}
	how := Facts
	if call.Kind == Back {
		how = ByCallBack
	}
	r.Verification = Verification{ID: id.New("ver"), CallID: call.ID, AgentID: who.Actor, MemberID: memberID, How: how, Script: script.Version,
		At: now, Until: now.Add(time.Duration(script.Minutes) * time.Minute)}
	return "caller.verified", insertVerification(ctx, tx, r.Verification)
}

// words are answers as they are noted down.
func words(list []Answer) string {
	var out []string
	for _, a := range list {
		s := a.Fact + ":no"
		if a.Match {
			s = a.Fact + ":yes"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// failures counts a check that failed and tells, as closed, where there were too many. One that passed is not counted, and
// yet does not pass where there were.
func failures(ctx context.Context, tx *db.Tx, now time.Time, call Call, memberID string, said Said, passed bool) (closed, err error) {
	tries := []identity.Try{{Limit: FailedAgent, Subject: call.AgentID}}
	if call.Kind == Back {
		tries = append(tries, identity.Try{Limit: FailedBack, Subject: call.MemberID}, identity.Try{Limit: FailedBackDay, Subject: call.MemberID})
	} else {
		for _, s := range subjects(memberID, said) {
			tries = append(tries, identity.Try{Limit: FailedHour, Subject: s}, identity.Try{Limit: FailedDay, Subject: s})
		}
	}
	for _, t := range tries {
		allow := identity.AllowIn
		if passed {
			allow = identity.Allowed
		}
		if err := allow(ctx, tx, now, t.Limit, t.Subject); fault.Is(err, fault.Busy) {
			closed = err
		} else if err != nil {
			return nil, err
		}
	}
	return closed, nil
}

// subjects are what failed checks are counted under: the member, and what finds one.
func subjects(memberID string, said Said) []string {
	born, _ := Date(said.answer("birth"))
	name := strings.Join(member.NameWords(said.answer("name")), "")
	out := []string{"name " + name + " " + born.String()}
	if zip := onlyDigits(said.answer("zip")); len(zip) >= 5 {
		out = append(out, "zip "+zip[:5]+" "+born.String())
	}
	for _, fact := range []string{"member_id", "bill"} {
		if n := id.Fold(said.answer(fact)); n != "" {
			out = append(out, "number "+n)
		}
	}
	if memberID == "" {
		memberID = out[0]
	}
	return append(out, "member "+memberID)
}

// compared is the file with which the answers of a call are compared: of the one member of whom most of them are true, and
// the zero file where there is none or several are alike. It does the same work either way.
func (c *Calls) compared(ctx context.Context, call Call, facts []string, zone *time.Location, said Said) (file, error) {
	list, holders, billed, err := meant(ctx, c.DB.Read(), said)
	if err != nil {
		return file{}, err
	}
	if call.MemberID != "" {
		m, err := member.Get(ctx, c.DB.Read(), call.MemberID)
		if err != nil {
			return file{}, err
		}
		list = []member.Member{m}
	}
	best, most, alike := file{holders: holders, billed: billed}, -1, false
	for _, m := range list {
		f := file{m: m, holders: holders, billed: billed}
		n := 0
		for _, fact := range facts {
			if f.matches(fact, said.answer(fact), zone) {
				n++
			}
		}
		switch {
		case n > most:
			best, most, alike = f, n, false
		case n == most:
			alike = true
		}
	}
	if alike {
		best.m = member.Member{}
	}
	best.amount, best.paid, err = lastPaid(ctx, c.DB.Read(), best.m.ID, zone)
	return best, err
}

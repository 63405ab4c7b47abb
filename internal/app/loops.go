package app

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"memberpay/internal/keys"
	"memberpay/internal/member"
)

// loops starts the work that goes on beside requests. Each finds its work in the tables themselves, so nothing is lost
// where a process dies, and several processes share it: rows are claimed, windows are leased.
func (a *App) loops(ctx context.Context, work *sync.WaitGroup) {
	every := func(name string, pause time.Duration, fn func(context.Context) error) {
		work.Add(1)
		go func() {
			defer work.Done()
			for {
				a.step(ctx, name, fn)
				select {
				case <-ctx.Done():
					return
				case <-time.After(pause):
				}
			}
		}()
	}
	every("members to find", 10*time.Minute, func(ctx context.Context) error { return member.IndexAll(ctx, a.DB) })
	every("keys", keys.Pause, a.Keys.Check)
	every("sweep", time.Second, func(ctx context.Context) error { _, err := a.Payments.Sweep(ctx); return err })
	every("refunds", time.Second, func(ctx context.Context) error { _, err := a.Payments.SweepRefunds(ctx); return err })
	every("bank results", 2*time.Second, func(ctx context.Context) error { _, err := a.Payments.Receive(ctx); return err })
	every("letters", time.Second, a.Letters.SendMail)
	every("texts", time.Second, a.Letters.SendTexts)
	every("printed letters", 5*time.Second, a.Letters.SendPrint)
	every("member IDs", time.Second, func(ctx context.Context) error { _, err := a.Households.AnswerIDs(ctx); return err })
	every("helpers' payments", 5*time.Second, func(ctx context.Context) error { _, err := a.Households.TellPaid(ctx); return err })
	every("getting back in", time.Second, func(ctx context.Context) error { _, err := a.Recoveries.Answer(ctx); return err })
	every("changes of contacts", 30*time.Second, func(ctx context.Context) error { _, err := a.Contacts.Apply(ctx, time.Now()); return err })
	every("sessions", 10*time.Minute, func(ctx context.Context) error { _, err := a.Accounts.Sweep(ctx, time.Now()); return err })
	every("answers in chats", 5*time.Second, func(ctx context.Context) error { _, err := a.Chats.TellAnswers(ctx, time.Now()); return err })
	every("chats", 30*time.Second, func(ctx context.Context) error { _, _, _, err := a.Chats.Sweep(ctx, time.Now()); return err })
	work.Add(1)
	go func() {
		defer work.Done()
		a.Chats.Hub.Listen(ctx)
	}()
	every("audit seal", 5*time.Second, func(ctx context.Context) error { _, err := a.Sealer.Seal(ctx); return err })
	every("call requests", time.Hour, func(ctx context.Context) error { _, err := a.Callbacks.Sweep(ctx, time.Now()); return err })
	every("enrollments", 5*time.Minute, func(ctx context.Context) error { _, err := a.Enroll.Sweep(ctx, time.Now()); return err })
	every("drafts", time.Hour, func(ctx context.Context) error { _, err := a.Payments.SweepDrafts(ctx); return err })
	every("consents by telephone", 2*time.Second, func(ctx context.Context) error { _, err := a.Payments.ClearTold(ctx); return err })
	if a.Config.Bank.CutEvery > 0 { // Cut and CutDue both deliver what an earlier run could not
		every("bank file", a.Config.Bank.CutEvery, func(ctx context.Context) error { _, err := a.Bank.Cut(ctx); return err })
	} else {
		every("bank file", 30*time.Second, func(ctx context.Context) error { _, err := a.Bank.CutDue(ctx); return err })
	}
}

// sealRest seals what the last requests did, so that nothing waits while no server runs.
func (a *App) sealRest() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a.step(ctx, "audit seal", func(ctx context.Context) error { _, err := a.Sealer.Seal(ctx); return err })
}

// step runs one piece of work and logs what went wrong; the next round tries again.
func (a *App) step(ctx context.Context, name string, fn func(context.Context) error) {
	defer func() {
		if p := recover(); p != nil {
			a.metrics.failed(name)
			a.log.Error("panic", "work", name, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	if err := fn(ctx); err != nil && ctx.Err() == nil {
		a.metrics.failed(name)
		a.log.Error("work failed; it is tried again", "work", name, "err", err)
	}
}

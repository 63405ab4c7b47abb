package main

import (
	"context"
	"path/filepath"
	"time"
)

// start measures how long the program takes from exec to its first page, and what it holds in memory when nobody asks
// for anything.
func (b *bench) start(ctx context.Context) error {
	postgres, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	for _, database := range []string{postgres, "sqlite:" + filepath.Join(b.dir, "start.db")} {
		var took, holds []float64
		for range b.rounds + 1 { // the first start of all makes what later ones find
			b.say("starting the program on %s", engine(database))
			began := time.Now()
			s, err := b.serveReady(ctx, database)
			if err != nil {
				return err
			}
			took = append(took, time.Since(began).Seconds())
			idle := time.NewTimer(2 * time.Second)
			select {
			case <-idle.C:
			case <-ctx.Done():
			}
			m, err := s.memory()
			if err != nil {
				return err
			}
			holds = append(holds, m)
			if err := s.stop(); err != nil {
				return err
			}
		}
		b.report.atMost("cold start to the first page, "+engine(database), middle(took[1:]), 0.5, "s", "")
		b.report.atMost("idle memory, "+engine(database), middle(holds[1:]), 60, "MiB", "")
	}
	return nil
}

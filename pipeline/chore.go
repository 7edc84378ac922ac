package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// chore is work that rows oblige to: a pass does all of it that can be done now
// and returns an error when some is still owed. It runs when it is woken, and
// again with growing pauses as long as it fails.
type chore struct {
	name        string
	pass        func(context.Context) error
	bell        chan struct{}
	first, most time.Duration
	log         *slog.Logger
}

// errEngineAway says that the engine does not answer, which its own status tells better.
var errEngineAway = errors.New("no container engine answers")

func (s *Service) newChore(name string, pass func(context.Context) error) *chore {
	return &chore{name: name, pass: pass, bell: make(chan struct{}, 1), first: s.cfg.RetryFirst, most: s.cfg.RetryMost, log: s.log}
}

// run begins with a pass, for what was owed before this process, and ends with ctx.
func (c *chore) run(ctx context.Context) {
	pause := c.first
	failing := false
	for {
		err := c.pass(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			pause, failing = c.first, false
			select {
			case <-c.bell:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !failing {
			c.log.WarnContext(ctx, "work is owed and will be tried again", "chore", c.name, "error", err)
			failing = true
		}
		again := time.NewTimer(pause)
		pause = min(2*pause, c.most)
		select {
		case <-again.C:
		case <-c.bell:
		case <-ctx.Done():
			again.Stop()
			return
		}
		again.Stop()
	}
}

package app

import (
	"context"
	"log/slog"
	"time"

	"croft/internal/events"
)

// retryPause is how long owed work rests after it failed.
const retryPause = 5 * time.Second

// keepUp does work now, whenever an E is published, and again after a pause when
// it failed, until ctx ends. The rows that work reads oblige; E only wakes, so
// events that arrive together or get lost cost nothing.
func keepUp[E any](ctx context.Context, bus *events.Bus, log *slog.Logger, name string, work func(context.Context) error) error {
	for ctx.Err() == nil {
		followOnce[E](ctx, bus, log, name, work)
	}
	return nil
}

// followOnce returns when ctx ends or the subscription was dropped.
func followOnce[E any](ctx context.Context, bus *events.Bus, log *slog.Logger, name string, work func(context.Context) error) {
	subscription := events.Subscribe[E](bus, 256)
	defer subscription.Close()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-subscription.C():
			if !ok {
				return
			}
		case <-again.C:
		}
		if err := work(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "owed work failed, trying again", "work", name, "error", err)
			again.Reset(retryPause)
		}
	}
}

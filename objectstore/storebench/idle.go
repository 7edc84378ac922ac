package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// A store may finish what it was at; it is at rest when it wrote nothing for
	// restFor, or is taken as it is after restAtMost.
	restFor    = 5 * time.Second
	restAtMost = time.Minute
)

// idles watches what the store writes when nobody asks anything of it.
func idles(ctx context.Context, b *bench) error {
	before, err := b.usage(false)
	if err != nil {
		return err
	}
	if !before.measured {
		b.progress("idle: skipped: this system does not tell what a process writes")
		return nil
	}
	if before, err = b.rest(ctx); err != nil {
		return err
	}
	b.progress("idle: watching for %v", b.idle)
	if err := sleep(ctx, b.idle); err != nil {
		return err
	}
	after, err := b.usage(false)
	if err != nil {
		return err
	}
	cpu := (after.store.CPU - before.store.CPU).Seconds()
	b.add(row{
		name: "idle", what: fmt.Sprintf("written in %v without requests, %s s of CPU", b.idle, number(cpu)),
		figure: "written", unit: "bytes", value: sample{float64(after.store.Written - before.store.Written)},
	})
	return nil
}

// rest waits until the store is at rest.
func (b *bench) rest(ctx context.Context) (usage, error) {
	began := time.Now()
	last, err := b.usage(false)
	for quiet := began; err == nil && time.Since(quiet) < restFor; {
		if err := sleep(ctx, restFor/10); err != nil {
			return last, err
		}
		var now usage
		if now, err = b.usage(false); now.store.Written != last.store.Written {
			quiet = time.Now()
		}
		last = now
		if time.Since(began) > restAtMost {
			b.progress("idle: still writing after %v", restAtMost)
			break
		}
	}
	return last, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

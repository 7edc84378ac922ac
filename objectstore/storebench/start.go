package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// starts kills the store in the middle of PUTs and measures the time from its
// start until an object is read that was acknowledged last. Then it wants
// everything acknowledged to be there. An engine in this process is stopped
// instead.
func starts(ctx context.Context, b *bench) error {
	l, err := b.largeBucket(ctx)
	if err != nil {
		return err
	}
	const bucket = "killed"
	if err := b.bucket(ctx, bucket); err != nil {
		return err
	}
	r := row{name: "start", what: fmt.Sprintf("from start to the first object read, %s objects, after kill -9", number(float64(l.count))), figure: "time", unit: "s"}
	if _, shared := b.target.process(); shared {
		r.what = fmt.Sprintf("from opening to the first object read, %s objects", number(float64(l.count)))
	}
	o := &objects{ring: b.ring, bucket: bucket, bytes: 4 * kib}
	const clients = 16
	for n := range b.runs {
		acked, err := b.cutDown(ctx, o, clients, uint64(n)<<48)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := b.target.start(ctx); err != nil {
			return err
		}
		err = b.once(ctx, func(c client) error {
			if err := o.verify(ctx, c, acked[0].last); err != nil {
				return err
			}
			r.value = append(r.value, time.Since(began).Seconds())
			usage, err := b.usage(false)
			if err == nil && usage.measured {
				r.peak = append(r.peak, float64(usage.store.Peak)/mib)
			}
			return err
		})
		if err == nil {
			err = b.once(ctx, func(c client) error { return o.survived(ctx, c, acked) })
		}
		if err != nil {
			return err
		}
		b.progress("start: run %d of %d: %s s", n+1, b.runs, number(r.value[n]))
	}
	b.add(r)
	return nil
}

// acknowledged are the numbers that one client's PUTs were acknowledged for.
type acknowledged struct{ first, last uint64 }

// cutDown has clients put objects for a second at most, then kills the store and
// returns what was acknowledged. The numbers start at base, apart for each client.
func (b *bench) cutDown(ctx context.Context, o *objects, clients int, base uint64) ([]acknowledged, error) {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	acked := make([]acknowledged, clients)
	failures := make([]error, clients)
	var killed atomic.Bool
	var all sync.WaitGroup
	for i := range clients {
		acked[i].first = base + uint64(i)<<32
		acked[i].last = acked[i].first
		c, err := b.target.connect(working)
		if err != nil {
			return nil, err
		}
		// One before the clock, so that everybody has one acknowledged.
		if err := c.put(ctx, o.bucket, o.key(acked[i].first), o.body(acked[i].first)); err != nil {
			return nil, err
		}
		all.Go(func() {
			defer c.close()
			for working.Err() == nil {
				next := acked[i].last + 1
				if err := c.put(working, o.bucket, o.key(next), o.body(next)); err != nil {
					if !killed.Load() {
						failures[i] = err
					}
					return
				}
				acked[i].last = next
			}
		})
	}
	select {
	case <-time.After(min(b.length, time.Second)):
	case <-ctx.Done():
	}
	killed.Store(true)
	err := b.target.kill()
	if errors.Is(err, errCannotKill) {
		cancel()
		all.Wait()
		err = b.target.stop(ctx)
	}
	all.Wait()
	return acked, errors.Join(append(failures, err, ctx.Err())...)
}

// verify reads one object whole.
func (o *objects) verify(ctx context.Context, c client, number uint64) error {
	err := c.get(ctx, o.bucket, o.key(number), o.body(number).check(true))
	if err != nil {
		return fmt.Errorf("%s was acknowledged before the kill: %w", o.key(number), err)
	}
	return nil
}

// survived reads the last that each client had acknowledged and a number of others.
func (o *objects) survived(ctx context.Context, c client, acked []acknowledged) error {
	for _, a := range acked {
		for back := range min(20, a.last-a.first+1) {
			if err := o.verify(ctx, c, a.last-back); err != nil {
				return err
			}
		}
		for range 20 {
			if err := o.verify(ctx, c, a.first+rand.Uint64N(a.last-a.first+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"croft/objectstore/storebench/machine"
)

// work is one operation of a worker. Its units are what the rate counts: bytes,
// keys, objects. errNoMore ends the worker, any other error the run.
type work func(ctx context.Context, c client, worker int) (units int64, err error)

var errNoMore = errors.New("no more work")

// run is what one run of some workers came to.
type run struct {
	ops       int
	units     int64
	elapsed   time.Duration
	latencies []time.Duration // sorted
	store     machine.Usage   // of the store's process, during the run
	own       time.Duration   // this process's CPU time; 0 where the store is in it
	others    float64         // part of the cores that other processes took
	measured  bool            // store, own and others are known
}

func (r run) rate() float64 { return float64(r.units) / r.elapsed.Seconds() }

// quantile is in milliseconds.
func (r run) quantile(q float64) float64 {
	if len(r.latencies) == 0 {
		return 0
	}
	i := min(int(q*float64(len(r.latencies))), len(r.latencies)-1)
	return float64(r.latencies[i]) / float64(time.Millisecond)
}

func (r run) perOp(total float64) float64 { return total / float64(max(r.ops, 1)) }

// load has that many clients work until length is over, 0 for until there is no
// more. Each does something, however short the run is. An operation under way at the
// end is finished and counted, and so is its time.
func (b *bench) load(ctx context.Context, clients int, length time.Duration, f work) (run, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	connections := make([]client, clients)
	for i := range connections {
		c, err := b.target.connect(ctx)
		if err != nil {
			return run{}, err
		}
		defer c.close()
		connections[i] = c
	}
	before, err := b.usage(true)
	if err != nil {
		return run{}, err
	}
	var all sync.WaitGroup
	parts := make([]run, clients)
	began := time.Now()
	for i, c := range connections {
		all.Go(func() {
			if err := parts[i].repeat(ctx, c, i, began, length, f); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	total := run{elapsed: time.Since(began)}
	if err := context.Cause(ctx); err != nil {
		return run{}, err
	}
	after, err := b.usage(false)
	if err != nil {
		return run{}, err
	}
	total.measured = after.measured
	total.store = machine.Usage{CPU: after.store.CPU - before.store.CPU, Written: after.store.Written - before.store.Written, Peak: after.store.Peak}
	total.own = after.own - before.own
	others := after.busy - before.busy - total.store.CPU - total.own
	total.others = max(0, others.Seconds()/total.elapsed.Seconds()/float64(runtime.NumCPU()))
	for _, part := range parts {
		total.ops += part.ops
		total.units += part.units
		total.latencies = append(total.latencies, part.latencies...)
	}
	slices.Sort(total.latencies)
	if total.ops == 0 {
		return run{}, errors.New("there was nothing to do")
	}
	return total, nil
}

func (r *run) repeat(ctx context.Context, c client, worker int, began time.Time, length time.Duration, f work) error {
	for at := time.Now(); r.ops == 0 || length == 0 || at.Sub(began) < length; {
		if ctx.Err() != nil {
			return nil // the failure that ended it is told by who met it
		}
		units, err := f(ctx, c, worker)
		if errors.Is(err, errNoMore) {
			return nil
		}
		if err != nil {
			return err
		}
		now := time.Now()
		r.ops++
		r.units += units
		r.latencies = append(r.latencies, now.Sub(at))
		at = now
	}
	return nil
}

// usage is what the store's process and this one took so far, and all there are.
type usage struct {
	store    machine.Usage
	own      time.Duration
	busy     time.Duration // of all cores, for anybody
	measured bool
}

// usage reads the counters; resetPeak starts a new phase of memory.
func (b *bench) usage(resetPeak bool) (usage, error) {
	process, shared := b.target.process()
	if resetPeak {
		if err := process.ResetPeak(); err != nil && !errors.Is(err, machine.ErrUnmeasured) {
			return usage{}, fmt.Errorf("reset the memory peak: %w", err)
		}
	}
	store, err := process.Usage()
	if errors.Is(err, machine.ErrUnmeasured) {
		return usage{}, nil
	}
	if err != nil {
		return usage{}, fmt.Errorf("read the counters of process %d: %w", process.PID, err)
	}
	u := usage{store: store, measured: true}
	if u.busy, err = machine.Busy(); err != nil {
		return usage{}, err
	}
	if !shared {
		own, err := machine.Process{PID: os.Getpid()}.Usage()
		if err != nil {
			return usage{}, err
		}
		u.own = own.CPU
	}
	return u, nil
}

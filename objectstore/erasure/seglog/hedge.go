package seglog

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"croft/objectstore/erasure/driveset"
)

// hedge is how long a drive may take for a read at least before the others are
// asked instead. It is long, since that costs several times as much: a machine that
// has too much to do must not make itself more of it.
const hedge = time.Second

// hedgeBytes is the longest read that is hedged. A longer one is not handed from
// one core to another, which would cost half as much again; it goes around a drive
// that is known to be slow, and waits for one that becomes so.
const hedgeBytes = 128 << 10

// errSlow is why the others are asked for what a drive that is slow has.
var errSlow = errors.New("the drive does not answer in time")

// pace is what is known of how fast the drives read.
type pace struct {
	late    [driveset.MaxDrives]atomic.Int32 // reads that the others were asked for instead, and that go on
	typical atomic.Int64                     // how long a read takes these days, in nanoseconds

	judged atomic.Int64  // when that was last done, in Unix nanoseconds
	slow   atomic.Uint32 // the drives that were much slower than the others then
}

// judgeEvery is how often the drives are compared.
const judgeEvery = 250 * time.Millisecond

// avoid reports whether reads should go around a drive for now.
func (l *Log) avoid(place int) bool {
	p := &l.pace
	if p.late[place].Load() > 0 {
		return true
	}
	now, last := time.Now().UnixNano(), p.judged.Load()
	if now-last > int64(judgeEvery) && p.judged.CompareAndSwap(last, now) {
		p.slow.Store(uint32(l.set.SlowToRead()))
	}
	return driveset.Places(p.slow.Load()).Has(place)
}

// question is a read that somebody waits for, for a time. What it reads into may
// be used again only when it was answered.
type question struct {
	late   *atomic.Int32 // nil when it is not of one drive
	state  atomic.Int32
	answer chan error
}

// States of a question.
const (
	pending int32 = iota
	late
	answered
)

// ask reads from a drive, or from several when place is noPlace.
func (l *Log) ask(place int, read func() error) *question {
	q := &question{answer: make(chan error, 1)}
	if place != noPlace {
		q.late = &l.pace.late[place]
	}
	l.reads.Go(func() {
		began := time.Now()
		err := read()
		if q.state.Swap(answered) == late {
			q.late.Add(-1)
		} else if err == nil && q.late != nil {
			l.pace.note(time.Since(began))
		}
		q.answer <- err
	})
	return q
}

// tooLate notes that the drive keeps somebody waiting.
func (q *question) tooLate() {
	if q.state.CompareAndSwap(pending, late) {
		q.late.Add(1)
	}
}

// noPlace is of no drive.
const noPlace = -1

func (p *pace) note(took time.Duration) {
	typical := p.typical.Load()
	p.typical.Store(typical + (int64(took)-typical)/8)
}

// patience is how long a read may take before others are asked.
func (l *Log) patience() time.Duration {
	return max(hedge, 4*time.Duration(l.pace.typical.Load()))
}

// fastest fills b with what one drive has or, when that takes too long, with what is
// computed from the others, whichever is there first. It returns the memory that it
// is in, which is not b when the drive may yet write there. When the drive fails in
// time the error comes with b, otherwise with nil.
func (l *Log) fastest(ctx context.Context, place int, b []byte, direct, around func([]byte) error) ([]byte, error) {
	if l.avoid(place) && around(b) == nil {
		return b, nil
	}
	if len(b) > hedgeBytes {
		return b, direct(b)
	}
	q := l.ask(place, func() error { return direct(b) })
	timer := time.NewTimer(l.patience())
	defer timer.Stop()
	select {
	case err := <-q.answer:
		return b, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
	}
	q.tooLate()
	other := make([]byte, len(b))
	o := l.ask(noPlace, func() error { return around(other) })
	select {
	case err := <-q.answer:
		return b, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-o.answer:
		if err == nil {
			return other, nil
		}
	}
	select {
	case err := <-q.answer:
		return b, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// gather asks drives for shards, in the order given, until need are there: as many
// at once as are still missing, and one more whenever one fails or takes too long.
// read returns nil for a shard that is not to be had.
func (l *Log) gather(ctx context.Context, order []int, need int, place func(shard int) int, read func(shard int) []byte) map[int][]byte {
	type answer struct {
		shard int
		bytes []byte
	}
	answers := make(chan answer, len(order))
	asked := make(map[int]*question)
	got := make(map[int][]byte)
	next := 0
	ask := func() {
		if next == len(order) {
			return
		}
		s := order[next]
		next++
		asked[s] = l.ask(place(s), func() error {
			answers <- answer{s, read(s)}
			return nil
		})
	}
	for range need {
		ask()
	}
	timer := time.NewTimer(l.patience())
	defer timer.Stop()
	for len(got) < need && len(asked) > 0 {
		select {
		case a := <-answers:
			delete(asked, a.shard)
			if a.bytes != nil {
				got[a.shard] = a.bytes
			} else {
				ask()
			}
		case <-timer.C:
			for _, q := range asked {
				q.tooLate()
			}
			ask()
			timer.Reset(l.patience())
		case <-ctx.Done():
			return got
		}
	}
	return got
}

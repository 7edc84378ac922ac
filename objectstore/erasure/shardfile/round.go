package shardfile

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"croft/objectstore/erasure/driveset"
)

// span is a part of a chunk, in whole blocks.
type span struct{ lo, hi int64 }

func (s span) covers(o span) bool { return s.lo <= o.lo && o.hi <= s.hi }

func (s span) hull(o span) span {
	switch {
	case s == span{}:
		return o
	case o == span{}:
		return s
	}
	return span{min(s.lo, o.lo), max(s.hi, o.hi)}
}

// round is one stripe being read. Only the reader's goroutine uses it; the drives
// are asked by goroutines of their own, which hold the stripe's memory until they
// answer, even when nobody waits for them any more.
type round struct {
	reader *Reader
	number int64
	start  int64 // of the stripe in the body
	end    int64
	chunk  int64
	stripe *stripe
	want   [driveset.MaxDrives]span // of data shards, what is to be handed out
	all    span                     // hull of want

	got     [driveset.MaxDrives]span // verified bytes in the stripe
	asked   [driveset.MaxDrives]*question
	waiting driveset.Places // shards that were asked and have not answered
	late    driveset.Places // of those, which are no longer counted on
	failed  driveset.Places
	err     error // of the shard that failed last
	answers chan answer
	rebuilt [driveset.MaxDrives][]byte // computed bytes of all, where they are not in the stripe
}

// question is what a drive was asked.
type question struct {
	shard int
	span  span
	began time.Time
	lane  *lane
	state atomic.Int32
}

// States of a question.
const (
	pending int32 = iota
	late          // nobody counts on it any more; its lane knows
	answered
)

// noteLate lets the drive's lane know that it keeps a reader waiting.
func (q *question) noteLate() {
	if q.state.CompareAndSwap(pending, late) {
		q.lane.lateReads.Add(1)
	}
}

func (q *question) noteAnswered() {
	if q.state.Swap(answered) == late {
		q.lane.lateReads.Add(-1)
	}
}

type answer struct {
	*question
	err  error
	took time.Duration
}

// begin asks for what the reader needs of a stripe.
func (r *Reader) begin(number int64) *round {
	g, lay := r.lay.Geometry(), &r.lay
	n := &round{
		reader: r, number: number, start: number * lay.stripe, chunk: lay.chunkAt(number),
		stripe: r.store.memory.newStripe(lay.stripe),
		// A shard may be asked twice, for a part and for more.
		answers: make(chan answer, 2*g.Drives()),
	}
	n.end = min(n.start+lay.stripe, lay.Size)
	if r.rebuild != 0 {
		n.all, n.failed = span{0, n.chunk}, r.rebuild
		n.stripe.needParity(lay.chunk * int64(lay.Parity))
		n.pump()
		return n
	}
	from, to := max(r.offset, n.start)-n.start, min(r.end, n.end)-n.start
	for s := range g.Data {
		at := int64(s) * n.chunk
		lo, hi := max(from-at, 0), min(to-at, n.chunk)
		if lo < hi {
			n.want[s] = span{lo / BlockBytes * BlockBytes, min(roundUp(hi, BlockBytes), n.chunk)}
			n.all = n.all.hull(n.want[s])
		}
	}
	n.pump()
	return n
}

// pump asks drives for what is missing and reports whether nothing is any more.
func (n *round) pump() (complete bool) {
	r, k := n.reader, int(n.reader.lay.Data)
	if r.rebuild != 0 {
		return n.pumpAny(k)
	}
	complete, direct := true, true
	for s := range k {
		if n.want[s] == (span{}) || n.got[s].covers(n.want[s]) && n.got[s] != (span{}) {
			continue
		}
		complete = false
		if n.failed.Has(s) || n.late.Has(s) || !n.waiting.Has(s) && r.avoid(s) {
			direct = false
		}
	}
	if complete {
		return true
	}
	if direct {
		for s := range k {
			if n.want[s] != (span{}) && n.got[s] == (span{}) && !n.waiting.Has(s) {
				n.ask(s, n.want[s])
			}
		}
		return false
	}
	return n.pumpAny(k)
}

// pumpAny asks for any k shards, of which the missing ones can be computed.
func (n *round) pumpAny(k int) (complete bool) {
	have, expected := 0, 0
	for s := range n.reader.lay.width() {
		switch {
		case n.got[s] != (span{}) && n.got[s].covers(n.all):
			have++
		case n.waiting.Has(s) && !n.late.Has(s):
			expected++
		}
	}
	if have >= k {
		return n.rebuild()
	}
	// Those to be gone around are asked when nobody else is left.
	for _, last := range []bool{false, true} {
		for s := range n.reader.lay.width() {
			if have+expected >= k {
				return false
			}
			if n.waiting.Has(s) || n.failed.Has(s) || n.got[s] != (span{}) && n.got[s].covers(n.all) || n.reader.avoid(s) != last {
				continue
			}
			n.ask(s, n.all)
			expected++
		}
	}
	return false
}

// ask reads a part of a shard's chunk in the background.
func (n *round) ask(s int, part span) {
	r := n.reader
	if s >= int(r.lay.Data) {
		n.stripe.needParity(r.lay.chunk * int64(r.lay.Parity))
	}
	p := n.stripe.chunk(s, int(r.lay.Data), n.chunk)[part.lo:part.hi]
	offset := n.number*r.lay.chunk + part.lo
	sh := r.shard(s)
	n.got[s] = span{}
	n.waiting = n.waiting.With(s)
	q := &question{shard: s, span: part, began: time.Now(), lane: &r.store.lanes[r.lay.place(s)]}
	n.asked[s] = q
	n.stripe.hold()
	sh.hold()
	answers, st := n.answers, n.stripe
	r.store.behind.Go(func() {
		err := sh.read(p, offset)
		q.noteAnswered()
		answers <- answer{q, err, time.Since(q.began)}
		sh.release()
		st.release()
	})
}

// await waits until all that is wanted is there.
func (n *round) await(ctx context.Context) error {
	var timer *time.Timer
	for !n.pump() {
		if n.waiting == 0 {
			return readQuorumError(fmt.Errorf("stripe %d of body %s: %w", n.number, n.reader.lay.ID, n.err))
		}
		var tick <-chan time.Time
		if next, ok := n.nextLate(); ok {
			if timer == nil {
				timer = time.NewTimer(next)
				defer timer.Stop()
			} else {
				timer.Reset(next)
			}
			tick = timer.C
		}
		select {
		case a := <-n.answers:
			n.take(a)
		case <-tick:
			n.noteLate()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for s := range n.reader.lay.width() {
		if n.late.Has(s) { // and all others were faster
			mark(&n.asked[s].lane.slowRead)
		}
	}
	return nil
}

// take notes an answer.
func (n *round) take(a answer) {
	r := n.reader
	n.waiting, n.late = n.waiting.Without(a.shard), n.late.Without(a.shard)
	if a.err != nil {
		n.failed = n.failed.With(a.shard)
		n.err = a.err
		r.fail(a.shard, a.err)
		return
	}
	if n.rebuilt[a.shard] == nil {
		n.got[a.shard] = a.span
	}
	r.typical += (a.took - r.typical) / 4
	r.store.typicalRead.Store(int64(r.typical))
}

// patience is how long a drive may take before others are asked instead.
func (r *Reader) patience() time.Duration { return max(r.store.timing.hedge, 4*r.typical) }

// nextLate returns when the next drive will have taken too long, if another one
// could be asked instead.
func (n *round) nextLate() (in time.Duration, ok bool) {
	for s := range n.reader.lay.width() {
		if n.waiting.Has(s) && !n.late.Has(s) {
			left := n.reader.patience() - time.Since(n.asked[s].began)
			if !ok || left < in {
				in, ok = left, true
			}
		}
	}
	return max(in, 0), ok && n.reader.lay.Parity > 0
}

// noteLate no longer counts on drives that took too long.
func (n *round) noteLate() {
	for s := range n.reader.lay.width() {
		if n.waiting.Has(s) && !n.late.Has(s) && time.Since(n.asked[s].began) >= n.reader.patience() {
			n.late = n.late.With(s)
			n.asked[s].noteLate()
		}
	}
}

// rebuild computes what is wanted and missing.
func (n *round) rebuild() (complete bool) {
	r := n.reader
	missing := r.rebuild
	for s := range int(r.lay.Data) {
		if n.want[s] != (span{}) && n.got[s] == (span{}) {
			missing = missing.With(s)
		}
	}
	g := r.lay.Geometry()
	coder, err := r.store.set.Coders.For(g)
	if err != nil || coder == nil {
		n.err = errors.Join(err, n.err)
		return false
	}
	shards := make([][]byte, g.Drives())
	required := make([]bool, g.Drives())
	for s := range shards {
		switch {
		case n.got[s] != (span{}) && n.got[s].covers(n.all):
			shards[s] = n.stripe.chunk(s, g.Data, n.chunk)[n.all.lo:n.all.hi]
		case missing.Has(s):
			required[s] = true
			if n.waiting.Has(s) { // its drive may yet write where the chunk belongs
				shards[s] = make([]byte, 0, n.all.hi-n.all.lo)
			} else {
				shards[s] = n.stripe.chunk(s, g.Data, n.chunk)[n.all.lo:n.all.lo:n.all.hi]
			}
		}
	}
	if err := coder.ReconstructSome(shards, required); err != nil {
		n.err = err
		return false
	}
	for s := range shards {
		if required[s] {
			n.rebuilt[s], n.got[s] = shards[s], n.all
		}
	}
	return true
}

// bytes returns verified bytes of the body from offset on, as many as there are in
// one piece.
func (n *round) bytes(offset, end int64) []byte {
	end = min(end, n.end) - n.start
	from := offset - n.start
	s := from / n.chunk
	if b := n.rebuilt[s]; b != nil {
		return b[from-s*n.chunk-n.all.lo : min(end-s*n.chunk, n.chunk)-n.all.lo]
	}
	to := (s + 1) * n.chunk
	for to < end && n.rebuilt[to/n.chunk] == nil {
		to += n.chunk
	}
	return n.stripe.data[from:min(to, end)]
}

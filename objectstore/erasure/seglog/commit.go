package seglog

import (
	"errors"
	"slices"
	"time"

	"croft/objectstore/erasure/driveset"
)

// inflight is a record on its way to the drives and to those who wait for it.
type inflight struct {
	*quorum
	at       Position
	next     Position
	encoded  *encoded
	requests []*request
	stable   Position // at the time it was durable
}

// commitLoop turns what is queued into records, one after the other.
func (l *Log) commitLoop() {
	defer close(l.applied)
	defer l.stopWriters()
	for {
		batch, stop := l.take()
		if stop {
			return
		}
		began := time.Now()
		f := l.write(batch)
		l.queueMu.Lock()
		queued := len(l.queue)
		l.queueMu.Unlock()
		l.rhythm.batch(len(batch), queued, began)
		if f != nil {
			l.applied <- f
		}
	}
}

// write makes a batch durable, or ends its requests with an error and returns nil.
func (l *Log) write(batch []*request) *inflight {
	if r := batch[0]; r.pause != nil {
		r.err = r.pause()
		close(r.done)
		return nil
	}
	l.queueMu.Lock()
	broken := l.broken
	l.queueMu.Unlock()
	if broken != nil {
		fail(batch, broken)
		return nil
	}
	geometry := batch[0].geometry
	if n, need := l.set.Writable().Count(), l.need(geometry); n < need {
		fail(batch, l.quorumError(need, n, nil))
		return nil
	}
	if l.reserved && slices.ContainsFunc(batch, func(r *request) bool { return !r.urgent }) {
		// What is kept for urgent requests is not for others.
		if err := l.roll(0, false); err != nil {
			if batch = l.urgentOf(batch, err); len(batch) == 0 {
				return nil
			}
		}
	}
	var entries []Entry
	var freed []uint64
	for _, r := range batch {
		entries = append(entries, r.entries...)
		freed = append(freed, r.freed...)
	}
	e, err := l.encode(l.next, entries, freed, geometry)
	if err != nil {
		fail(batch, err)
		return nil
	}
	length := int64(e.head.length) * unit
	if l.next.Offset+length > l.size {
		e.release()
		if batch = l.makeRoom(batch, length); batch == nil {
			return nil
		}
		return l.write(batch)
	}
	f := l.dispatch(e, batch, l.need(geometry))
	if ok := <-f.settled; !ok {
		// Also when they are full: what is there of the record is not known.
		done, failures := f.reached()
		err := l.writeQuorumLost(f.need, done.Count(), failures)
		l.breakWith(err)
		fail(batch, err)
		return nil
	}
	l.advance(f)
	return f
}

// makeRoom begins a new segment for a record of a length and returns the requests
// to go on with. When the drives are full it ends those that are not urgent.
func (l *Log) makeRoom(batch []*request, length int64) []*request {
	err := l.roll(length, false)
	if err == nil {
		return batch
	}
	if errors.Is(err, driveset.ErrFull) {
		if batch = l.urgentOf(batch, err); len(batch) == 0 {
			return nil
		}
		if err = l.roll(length, true); err == nil {
			return batch
		}
	}
	fail(batch, err)
	return nil
}

// urgentOf returns the urgent requests and ends the others with an error.
func (l *Log) urgentOf(batch []*request, err error) (urgent []*request) {
	var others []*request
	for _, r := range batch {
		if r.urgent {
			urgent = append(urgent, r)
		} else {
			others = append(others, r)
		}
	}
	fail(others, err)
	return urgent
}

func (e *encoded) release() {
	for _, b := range e.buffers {
		b.release()
	}
}

// dispatch hands a record to the drives.
func (l *Log) dispatch(e *encoded, batch []*request, need int) *inflight {
	h := &e.head
	f := &inflight{quorum: newQuorum(len(e.buffers), need), at: l.next, encoded: e, requests: batch}
	f.next = Position{
		Segment: h.segment, Offset: l.next.Offset + int64(h.length)*unit,
		Seq: h.seq + 1, Chain: h.next(),
	}
	l.segMu.Lock()
	l.flying = append(l.flying, f)
	l.segMu.Unlock()
	for place, buf := range e.buffers {
		l.writers[place].give(job{flight: f, buffer: buf})
	}
	return f
}

// advance moves the end of the log behind a record that is durable.
func (l *Log) advance(f *inflight) {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	l.next = f.next
	// Before another segment is begun, whose head says what is in use.
	l.drop(f.encoded.freed)
	f.stable = l.stable()
}

// stable is the oldest position that some drive has not answered for. The caller
// holds segMu.
func (l *Log) stable() Position {
	if len(l.flying) > 0 {
		return l.flying[0].at
	}
	return l.next
}

// onItsWay reports whether a record is still to be written to a drive.
func (l *Log) onItsWay(segment uint64, record int64, place int) bool {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	for _, f := range l.flying {
		if f.at.Segment == segment && f.at.Offset == record {
			return f.waits(place)
		}
	}
	return false
}

// landed forgets the oldest records that all drives have answered for, and
// reports what one of them lacks.
func (l *Log) landed(f *inflight) {
	done, _ := f.reached()
	l.reportDamage(f.at.Segment, f.at.Offset, driveset.AllPlaces(len(f.encoded.buffers))&^done)
	l.segMu.Lock()
	defer l.segMu.Unlock()
	for i, o := range l.flying {
		if o == f {
			l.flying = append(l.flying[:i:i], l.flying[i+1:]...)
			break
		}
	}
}

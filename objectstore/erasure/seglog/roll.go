package seglog

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"croft/objectstore/erasure/driveset"
)

// roll begins a new segment that has room for a record of a length. The first one
// of an opening takes a new epoch.
func (l *Log) roll(length int64, urgent bool) error {
	first := l.epoch == 0
	if first {
		if err := l.takeEpoch(); err != nil {
			return err
		}
	}
	l.beginMu.Lock()
	defer l.beginMu.Unlock()
	l.rolls++
	l.segMu.Lock()
	h := &segmentHead{id: l.epoch<<32 | l.rolls, prev: l.next, live: slices.Clone(l.live)}
	if l.next.Offset > l.start {
		h.live = append(h.live, extent{id: l.next.Segment, end: l.next.Offset})
	}
	// Whatever becomes of this attempt: where a head of it was written, recovery
	// ends the segment before here. So nothing may follow in that one.
	l.size = l.next.Offset
	l.segMu.Unlock()
	h.size = max(l.segmentBytes(len(h.live)), h.length()+length)
	head := h.encode(l.seed)
	done, failures := l.set.Each(l.set.Writable(), func(d *driveset.Drive) error {
		return l.begin(d, h, head, urgent)
	})
	if need := l.set.Geometry.WriteQuorum(); done.Count() < need {
		return l.quorumError(need, done.Count(), failures)
	}
	l.segMu.Lock()
	l.live, l.next, l.start, l.size = h.live, h.begin(), h.length(), h.size
	l.segMu.Unlock()
	if first {
		l.purge()
	}
	l.spares.want(h.size)
	return nil
}

// takeEpoch finds a number above all that were used and writes it to the drives.
func (l *Log) takeEpoch() error {
	last := epochOf(l.latest)
	for _, d := range l.set.Drives {
		if !d.Readable() {
			continue
		}
		m, err := readMark(d)
		switch {
		case err == nil:
			last = max(last, m.epoch)
		case !errors.Is(err, fs.ErrNotExist) && d.Writable():
			// A drive whose word is lost is not asked for a quorum.
			d.Fence(fmt.Sprintf("its epoch file cannot be read: %v", err))
		}
	}
	if last == maxEpoch {
		return errors.New("the log was opened too often")
	}
	m := mark{epoch: last + 1, used: l.used}
	done, failures := l.set.Each(l.set.Writable(), func(d *driveset.Drive) error { return writeMark(d, m) })
	if need := l.set.Geometry.WriteQuorum(); done.Count() < need {
		return l.quorumError(need, done.Count(), failures)
	}
	l.epoch = m.epoch
	return nil
}

// Sizes of segments: a small store should not take much space before anything is
// in it, a large one should not begin segments all the time.
const (
	smallSegment  = 4 << 20
	mediumSegment = 16 << 20
	largeSegment  = 64 << 20
)

func (l *Log) segmentBytes(live int) int64 {
	switch {
	case l.cfg.SegmentBytes > 0:
		return l.cfg.SegmentBytes
	case live < 8:
		return smallSegment
	case live < 24:
		return mediumSegment
	}
	return largeSegment
}

// begin makes a segment on one drive. Its head is durable before it has its name.
func (l *Log) begin(d *driveset.Drive, h *segmentHead, head []byte, urgent bool) error {
	name, err := l.spares.take(d, h.size, urgent)
	if err != nil {
		return err
	}
	err = writeHead(d, name, h.size, head)
	if err == nil {
		err = d.Rename(name, segmentName(h.id))
	}
	if err != nil {
		l.spares.giveBack(d, name)
		return err
	}
	return d.SyncDir(logDir)
}

func writeHead(d *driveset.Drive, name string, size int64, head []byte) error {
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	err = f.Allocate(size)
	if err == nil {
		err = f.WriteAt(head, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// purge removes segments that no head mentions: what an earlier opening left half
// made, and what was freed while a drive was away.
func (l *Log) purge() {
	l.segMu.Lock()
	keep := map[uint64]bool{l.next.Segment: true}
	for _, x := range l.live {
		keep[x.id] = true
	}
	l.segMu.Unlock()
	_, _ = l.set.Each(l.set.Writable(), func(d *driveset.Drive) error {
		entries, err := d.List(logDir)
		for _, e := range entries {
			if id, ok := parseName(e.Name, segmentSuffix); ok && !keep[id] {
				l.discard(d, id)
			}
		}
		return err
	})
}

// discard makes a segment that is not needed any more a spare one.
func (l *Log) discard(d *driveset.Drive, id uint64) {
	l.files[d.Place].forget(id)
	if err := d.Rename(segmentName(id), spareName(id)); err == nil {
		l.spares.giveBack(d, spareName(id))
	}
}

package seglog

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"croft/objectstore/erasure/driveset"
)

// roll begins a new segment that has room for a record of a length. The first one
// of an opening takes a new epoch. A segment for urgent needs is small, and may use
// the file that each drive keeps for that.
func (l *Log) roll(length int64, urgent bool) error {
	first := l.epoch == 0
	if first {
		if err := l.takeEpoch(); err != nil {
			return err
		}
	}
	l.rolls++
	l.segMu.Lock()
	h := &segmentHead{id: l.epoch<<32 | l.rolls, prev: l.next, live: slices.Clone(l.live), drives: l.width()}
	if l.next.Offset > l.start {
		h.live = append(h.live, extent{id: l.next.Segment, end: l.next.Offset, unsure: l.unsure, drives: l.drives})
	}
	l.segMu.Unlock()
	usual := l.segmentBytes(len(h.live))
	h.size = usual
	if urgent {
		h.size = l.segmentBytes(0)
	}
	h.size = max(h.size, h.length()+length)
	b := &beginning{
		log: l, id: h.id, size: h.size, usual: usual, head: h.encode(l.seed), urgent: urgent, proceed: make(chan bool),
		prepared: newQuorum(len(l.writers), l.set.Geometry.WriteQuorum()),
		begun:    newQuorum(len(l.writers), l.set.Geometry.WriteQuorum()),
	}
	l.everywhere(b.on)
	if err := l.await(b.prepared); err != nil {
		close(b.proceed)
		return err
	}
	// Whatever becomes of this attempt: where a head of it was written, recovery
	// ends the segment before here. So nothing may follow in that one.
	l.segMu.Lock()
	l.size = l.next.Offset
	l.segMu.Unlock()
	b.agreed = true
	close(b.proceed)
	if err := l.await(b.begun); err != nil {
		l.everywhere(func(d *driveset.Drive, refused error) {
			if refused == nil {
				l.discard(d, h.id)
			}
		})
		return err
	}
	if _, failures := b.begun.reached(); len(failures) > 0 {
		l.log.Warn("segment could not be begun on all drives", "segment", fmt.Sprintf("%016x", h.id), "error", errors.Join(failures...))
	}
	l.segMu.Lock()
	l.live, l.next, l.start, l.size, l.drives, l.unsure = h.live, h.begin(), h.length(), h.size, h.drives, false
	l.segMu.Unlock()
	l.reserved = urgent
	if first {
		l.purge()
	}
	return nil
}

// beginning is a segment that is being begun. No drive writes its head before a
// write quorum has a file for it, so that nothing changes when the drives are full.
type beginning struct {
	log      *Log
	id       uint64
	size     int64
	usual    int64 // size of others
	head     []byte
	urgent   bool
	prepared *quorum
	begun    *quorum
	proceed  chan bool // closed when agreed is set
	agreed   bool
}

// on begins the segment on one drive.
func (b *beginning) on(d *driveset.Drive, refused error) {
	name, err := "", refused
	if err == nil {
		name, err = b.log.spares.take(d, b.size, b.urgent)
	}
	b.prepared.answer(d.Place, err)
	if err == nil {
		<-b.proceed
		if !b.agreed {
			b.log.spares.giveBack(d, name)
			return
		}
		err = b.name(d, name)
	}
	b.begun.answer(d.Place, err)
	b.log.spares.want(d, b.usual)
}

// name makes a prepared file the segment. Its head is durable before it has its name.
func (b *beginning) name(d *driveset.Drive, name string) error {
	l := b.log
	err := writeHead(d, name, b.head)
	if err != nil {
		l.spares.giveBack(d, name)
		return err
	}
	l.naming[d.Place].Lock()
	defer l.naming[d.Place].Unlock()
	if _, err := l.headOn(d.Place, b.id); err == nil { // healed before the drive came to this
		l.spares.giveBack(d, name)
		return nil
	}
	if err := d.Rename(name, segmentName(b.id)); err != nil {
		l.spares.giveBack(d, name)
		return err
	}
	return d.SyncDir(logDir)
}

func writeHead(d *driveset.Drive, name string, head []byte) error {
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	err = f.WriteAt(head, 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
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
	if err := l.onQuorum(func(d *driveset.Drive) error { return writeMark(d, m) }); err != nil {
		return err
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

// purge removes segments that no head mentions: what an earlier opening left half
// made, and what was freed while a drive was away.
func (l *Log) purge() {
	l.segMu.Lock()
	keep := map[uint64]bool{l.next.Segment: true}
	for _, x := range l.live {
		keep[x.id] = true
	}
	l.segMu.Unlock()
	l.everywhere(func(d *driveset.Drive, refused error) {
		if refused != nil {
			return
		}
		entries, _ := d.List(logDir)
		for _, e := range entries {
			// What is newer was begun or healed since.
			if id, ok := parseName(e.Name, segmentSuffix); ok && !keep[id] && id < l.epoch<<32 {
				l.discard(d, id)
			}
		}
	})
}

// discard makes a segment that is not needed any more a spare one.
func (l *Log) discard(d *driveset.Drive, id uint64) {
	l.files[d.Place].forget(id)
	if err := d.Rename(segmentName(id), spareName(id)); err == nil {
		l.spares.giveBack(d, spareName(id))
	}
}

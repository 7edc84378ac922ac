package erasure

import (
	"context"
	"errors"
	"sync"

	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/shardfile"
)

// damage is what drives were found to lack or to have wrong, on its way into the
// catalogue, where healing takes it from. It goes there with the next batch, in
// the transaction that moves the position past the batches it is about: so a
// crash loses none of it.
type damage struct {
	mu      sync.Mutex // guards the following 4 fields
	records map[recordRef]driveset.Places
	bodies  map[shardfile.ID]driveset.Places
	// known are segments of which the catalogue knows already that places may lack
	// anything. A drive that is away would be reported with every batch.
	known map[uint64]driveset.Places
	// suspect are bodies in which somebody read wrong bytes: it takes more than a
	// look at their files' sizes to see that.
	suspect map[shardfile.ID]bool

	wake chan struct{} // has room for one
}

// recordRef names a record of the log, or all of a segment.
type recordRef struct {
	segment uint64
	offset  int64
}

// wholeSegment stands for all records of a segment: none is at the beginning,
// where the segment's head is.
const wholeSegment = 0

// maxDamage is how many records and bodies are remembered one by one.
const maxDamage = 4096

func (d *damage) init() {
	d.records = make(map[recordRef]driveset.Places)
	d.bodies = make(map[shardfile.ID]driveset.Places)
	d.known = make(map[uint64]driveset.Places)
	d.suspect = make(map[shardfile.ID]bool)
	d.wake = make(chan struct{}, 1)
}

func (d *damage) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// recordDamaged is the log's Damaged. A drive that is not well is going to lack
// more: its segment is noted as a whole.
func (s *Store) recordDamaged(segment uint64, offset int64, places driveset.Places) {
	well := s.wellDrives()
	d := &s.damage
	d.mu.Lock()
	defer d.mu.Unlock()
	one, whole := places&well, places&^well
	if one != 0 {
		ref := recordRef{segment, offset}
		if len(d.records) < maxDamage || d.records[ref] != 0 {
			d.records[ref] |= one
		} else {
			whole |= one
		}
	}
	if whole &^= d.known[segment]; whole != 0 {
		d.records[recordRef{segment, wholeSegment}] |= whole
	}
	d.signal()
}

// wellDrives are the drives that should have everything.
func (s *Store) wellDrives() (well driveset.Places) {
	for i, d := range s.set.Drives {
		if state, _ := d.Status(); state == objectstore.DriveOK {
			well = well.With(i)
		}
	}
	return well
}

// bodyDamaged is the shard files' Damaged. What does not fit is found again by the
// next reader, or by the scrub.
func (s *Store) bodyDamaged(id shardfile.ID, places driveset.Places) {
	d := &s.damage
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.bodies) < maxDamage || d.bodies[id] != 0 {
		d.bodies[id] |= places
		d.suspect[id] = true
	}
	d.signal()
}

// noted is what a transaction took over.
type noted struct {
	records map[recordRef]driveset.Places
	bodies  map[shardfile.ID]driveset.Places
}

// note writes the damage that is waiting to a transaction. Unless that is kept,
// the caller gives it back.
func (d *damage) note(tx *index.Tx) (n noted, err error) {
	d.mu.Lock()
	if len(d.records)+len(d.bodies) == 0 {
		d.mu.Unlock()
		return n, nil
	}
	n = noted{d.records, d.bodies}
	d.records = make(map[recordRef]driveset.Places)
	d.bodies = make(map[shardfile.ID]driveset.Places)
	for ref, places := range n.records {
		if ref.offset == wholeSegment {
			d.known[ref.segment] |= places
		}
	}
	d.mu.Unlock()
	for ref, places := range n.records {
		err = errors.Join(err, tx.AddRepair(index.Repair{Segment: ref.segment, Offset: uint64(ref.offset), Places: uint16(places)}))
	}
	for id, places := range n.bodies {
		f, found, fileErr := tx.File(index.FileID(id))
		if fileErr == nil && found && f.Missing|uint16(places) != f.Missing {
			_, fileErr = tx.SetMissing(f.ID, f.Missing|uint16(places))
		}
		err = errors.Join(err, fileErr)
	}
	return n, err
}

// giveBack takes up again what a transaction that failed had taken over.
func (d *damage) giveBack(n noted) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ref, places := range n.records {
		d.records[ref] |= places
	}
	for id, places := range n.bodies {
		d.bodies[id] |= places
	}
}

// begin says that a segment is being healed as a whole, or is no more. What is
// found in it from now on is told anew.
func (d *damage) begin(segment uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, segment)
}

// since are the places that a segment was noted for as a whole since begin.
func (d *damage) since(segment uint64) driveset.Places {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[segment]
}

// isSuspect reports whether wrong bytes were read of a body, and forgets it.
func (d *damage) isSuspect(id shardfile.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	is := d.suspect[id]
	delete(d.suspect, id)
	return is
}

// noteDamage brings what is waiting into the catalogue when no batch does.
func (s *Store) noteDamage(ctx context.Context) error {
	d := &s.damage
	d.mu.Lock()
	nothing := len(d.records)+len(d.bodies) == 0
	d.mu.Unlock()
	if nothing {
		return nil
	}
	var n noted
	err := s.index.Apply(ctx, func(tx *index.Tx) (err error) {
		n, err = d.note(tx)
		return err
	})
	if err != nil {
		d.giveBack(n)
	}
	return err
}

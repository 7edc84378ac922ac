package erasure

import (
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"sync"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/shardfile"
)

// Healing gives drives back what they lack or have wrong. What that is stands in
// the catalogue: repairs say it of the log, the files' missing places of large
// bodies. What was made whole is taken off there at once, so healing that was cut
// off goes on where it was.
//
// What has the fewest intact copies comes first, and of those the newest, which is
// most likely to be wanted.

const (
	// healers is how many segments and bodies are healed at a time.
	healers = 3
	// healRetry is how long after a failure it is tried again.
	healRetry = time.Minute
	// healPage is how many rows of the catalogue are looked at at once.
	healPage = 1000
)

// healer heals.
type healer struct {
	store    *Store
	progress [driveset.MaxDrives]progress
	// segmentMu is held while a segment is written to a place: one after the other,
	// since the log sees to the newest before any other.
	segmentMu [driveset.MaxDrives]sync.Mutex
}

// run heals what there is to heal until ctx ends: first what was left by the last
// time, then what is found.
func (h *healer) run(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.store.damage.wake:
		case <-again.C:
		}
		if err := h.heal(ctx); err != nil && ctx.Err() == nil {
			h.store.log.Warn("healing is not complete; it is tried again", "error", err)
			again.Reset(healRetry)
		}
	}
}

// heal heals all that it can. An error says that it could have healed more.
func (h *healer) heal(ctx context.Context) error {
	s := h.store
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := s.noteDamage(ctx); err != nil {
		return err
	}
	err := h.claim(ctx)
	w, surveyErr := h.survey(ctx)
	if surveyErr != nil {
		return errors.Join(err, surveyErr)
	}
	h.announce(w)
	for level := len(w.levels) - 1; level >= 0 && ctx.Err() == nil; level-- {
		if w.levels[level] {
			err = errors.Join(err, h.segments(ctx, w, level), h.bodies(ctx, w, level))
		}
	}
	return errors.Join(err, h.finish(ctx))
}

// work is what there is to do.
type work struct {
	targets driveset.Places // drives that can be written to
	// levels says of how many copies something is short that can be healed now.
	levels [driveset.MaxDrives + 1]bool
	bytes  [driveset.MaxDrives]int64 // that each place lacks
	files  driveset.Places           // where bodies may be missing
	ends   map[uint64]int64          // where the records of segments end
}

// short is how many places are without an intact copy, drives that are away included.
func (h *healer) short(missing driveset.Places) int {
	return (missing | driveset.AllPlaces(len(h.store.set.Drives))&^h.store.set.Readable()).Count()
}

// urgency is of how many copies a body is short; one with less parity than the log
// has counts as short of the difference.
func (h *healer) urgency(f index.File) int {
	less := h.store.set.Geometry.Parity - int(bodyOfFile(f).Parity)
	return min(max(h.short(driveset.Places(f.Missing))+less, 0), driveset.MaxDrives)
}

// survey counts what there is to do.
func (h *healer) survey(ctx context.Context) (*work, error) {
	w := &work{targets: h.store.set.Writable(), ends: make(map[uint64]int64)}
	for _, x := range h.store.seglog.Segments() {
		w.ends[x.ID] = x.End
	}
	err := h.eachRepair(ctx, func(r index.Repair) error {
		places := driveset.Places(r.Places)
		if places&w.targets != 0 {
			w.levels[h.short(places)] = true
		}
		if r.Offset == wholeSegment {
			w.add(places, w.ends[r.Segment])
		}
		return nil
	})
	for place := range h.store.set.Drives {
		if err != nil {
			return nil, err
		}
		err = h.eachMissing(ctx, place, func(f index.File) error {
			missing := driveset.Places(f.Missing)
			if missing&w.targets != 0 {
				w.levels[h.urgency(f)] = true
			}
			w.files = w.files.With(place)
			if missing != placesOfFile(f) { // else nobody knows
				w.add(driveset.Places(0).With(place), shardBytes(f))
			}
			return nil
		})
	}
	return w, err
}

func (w *work) add(places driveset.Places, bytes int64) {
	for p := uint16(places); p != 0; p &= p - 1 {
		w.bytes[bits.TrailingZeros16(p)] += bytes
	}
}

// shardBytes is about how large a file's shard on one drive is.
func shardBytes(f index.File) int64 { return f.Size / int64(max(bodyOfFile(f).Data, 1)) }

func bodyOfFile(f index.File) shardfile.Body {
	b := shardfile.Body{ID: shardfile.ID(f.ID), Size: f.Size}
	if len(f.Value) == 2 {
		b.Data, b.Parity = f.Value[0], f.Value[1]
	}
	return b
}

// placesOfFile are the drives that a body is on: those that there were when it was
// written.
func placesOfFile(f index.File) driveset.Places {
	return driveset.AllPlaces(bodyOfFile(f).Geometry().Drives())
}

// eachRepair calls f for each repair, the newest segments first.
func (h *healer) eachRepair(ctx context.Context, f func(index.Repair) error) error {
	var after index.Repair
	for {
		rows, err := h.store.index.Repairs(ctx, after, healPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := f(r); err != nil {
				return err
			}
			after = r
		}
	}
}

// eachMissing calls f for each file that a place lacks, the newest first.
func (h *healer) eachMissing(ctx context.Context, place int, f func(index.File) error) error {
	var after index.File
	for {
		rows, err := h.store.index.FilesMissing(ctx, place, after, healPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if err := f(r); err != nil {
				return err
			}
			after = r
		}
	}
}

// announce says what was found.
func (h *healer) announce(w *work) {
	for place, d := range h.store.set.Drives {
		h.progress[place].remaining(w.bytes[place])
		if w.bytes[place] > 0 {
			d.SetHealing(true, "It lacks some of what it should hold and is being filled.")
		}
	}
}

// crew is a few goroutines that work side by side.
type crew struct {
	slots chan struct{}
	wg    sync.WaitGroup

	mu       sync.Mutex // guards the following field
	failures []error
}

func newCrew() *crew { return &crew{slots: make(chan struct{}, healers)} }

// do runs f when a slot is free, unless ctx ends before.
func (c *crew) do(ctx context.Context, f func() error) error {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	c.wg.Go(func() {
		defer func() { <-c.slots }()
		if err := f(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.failures) < 10 {
				c.failures = append(c.failures, err)
			}
		}
	})
	return nil
}

// wait returns what failed.
func (c *crew) wait() error {
	c.wg.Wait()
	return errors.Join(c.failures...)
}

// bodies heals the bodies that are short of so many copies.
func (h *healer) bodies(ctx context.Context, w *work, level int) error {
	var err error
	for place := range h.store.set.Drives {
		if !(w.targets & w.files).Has(place) {
			continue
		}
		c := newCrew()
		err = errors.Join(err, h.eachMissing(ctx, place, func(f index.File) error {
			if h.urgency(f) != level {
				return nil
			}
			return c.do(ctx, func() error { return h.body(ctx, f) })
		}), c.wait())
	}
	return err
}

// body heals one body and notes where it is whole now.
func (h *healer) body(ctx context.Context, f index.File) error {
	s := h.store
	f, found, err := s.index.File(ctx, f.ID)
	if err != nil || !found || driveset.Places(f.Missing)&s.set.Writable() == 0 {
		return err
	}
	suspect := s.damage.isSuspect(shardfile.ID(f.ID))
	_, lacking, err := s.bodies.Heal(ctx, bodyOfFile(f), suspect)
	if errors.Is(err, fs.ErrNotExist) { // it is being removed
		return nil
	}
	if err != nil {
		if suspect {
			s.bodyDamaged(shardfile.ID(f.ID), driveset.Places(f.Missing))
		}
		return err
	}
	seen := s.set.Readable()
	var still uint16
	err = s.index.Apply(ctx, func(tx *index.Tx) error {
		now, found, err := tx.File(f.ID)
		if err != nil || !found {
			return err
		}
		still = uint16(lacking & (seen | driveset.Places(now.Missing)))
		_, err = tx.SetMissing(f.ID, still)
		return err
	})
	if err == nil {
		h.done(driveset.Places(f.Missing&^still), shardBytes(f))
	}
	if left := driveset.Places(still) & s.set.Writable(); err == nil && left != 0 {
		err = errors.New("some drives still lack a body")
	}
	return err
}

func (h *healer) done(places driveset.Places, bytes int64) {
	for p := uint16(places); p != 0; p &= p - 1 {
		h.progress[bits.TrailingZeros16(p)].add(bytes)
	}
}

// finish ends the healing of drives that hold everything.
func (h *healer) finish(ctx context.Context) error {
	s := h.store
	var lacking driveset.Places
	err := h.eachRepair(ctx, func(r index.Repair) error {
		lacking |= driveset.Places(r.Places)
		return nil
	})
	for place, d := range s.set.Drives {
		state, _ := d.Status()
		if err != nil || state != objectstore.DriveHealing || lacking.Has(place) {
			continue
		}
		rows, missErr := s.index.FilesMissing(ctx, place, index.File{}, 1)
		if missErr != nil || len(rows) > 0 {
			err = errors.Join(err, missErr)
			continue
		}
		if err = h.sweep(ctx, place); err != nil {
			continue
		}
		if err = s.set.Healed(place); err == nil {
			h.progress[place].end()
			s.log.Info("drive holds everything", "path", d.Path)
		}
	}
	return err
}

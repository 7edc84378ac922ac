package shardfile

import (
	"sync"
	"time"

	"croft/objectstore/erasure/driveset"
)

// Remove lets go of bodies. Those that are being read go when the last reader is
// closed. Nothing is synced: what a crash brings back is an orphan, and so is what
// is on drives that cannot be written to now. Only the IDs count.
func (s *Store) Remove(bodies ...Body) {
	var now []ID
	for _, b := range bodies {
		if s.uses.remove(b.ID) {
			now = append(now, b.ID)
		}
	}
	s.unlink(now...)
}

// unlink removes the files of bodies and ends their removal.
func (s *Store) unlink(ids ...ID) {
	if len(ids) == 0 {
		return
	}
	s.unlinkOn(s.answering(), func() {
		for _, id := range ids {
			s.uses.haveRemoved(id)
		}
	}, ids...)
}

// answering are the drives that can be written to and do so. What is left on the
// others is for somebody else.
func (s *Store) answering() driveset.Places {
	where := s.set.Writable()
	for i := range s.lanes {
		if where.Has(i) && s.lanes[i].stuck.Load() > 0 {
			where = where.Without(i)
			s.leftBehind()
		}
	}
	return where
}

// leftBehind tells that files may stay.
func (s *Store) leftBehind() {
	if s.cfg.LeftBehind != nil {
		s.cfg.LeftBehind()
	}
}

// unlinkOn removes the files of bodies from some drives and then calls after. It
// does not wait long for drives that do not answer: they count as stuck until they
// have, and what is asked of them goes on.
func (s *Store) unlinkOn(where driveset.Places, after func(), ids ...ID) {
	u := &unlinking{store: s, pending: where, after: after, done: make(chan struct{})}
	if where == 0 {
		after()
		return
	}
	for place, d := range s.set.Drives {
		if !where.Has(place) {
			continue
		}
		s.behind.Go(func() {
			for _, id := range ids {
				s.unlinkFile(d, id.file())
			}
			u.answered(place)
		})
	}
	t := time.NewTimer(s.timing.grace)
	defer t.Stop()
	select {
	case <-u.done:
	case <-t.C:
		u.giveUp()
	}
}

// unlinking is files being removed from several drives.
type unlinking struct {
	store *Store
	after func()
	done  chan struct{}

	mu      sync.Mutex // guards the following 2 fields
	pending driveset.Places
	stuck   driveset.Places // of those, which nobody waits for any more
}

func (u *unlinking) answered(place int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stuck.Has(place) {
		u.store.lanes[place].end(true)
	}
	if u.pending = u.pending.Without(place); u.pending == 0 {
		u.after()
		close(u.done)
	}
}

func (u *unlinking) giveUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stuck = u.pending
	u.store.leftBehind()
	for place, d := range u.store.set.Drives {
		if u.stuck.Has(place) {
			u.store.lanes[place].begin(true)
			u.store.log.Warn("files are removed without waiting for a drive", "drive", d.Path)
		}
	}
}

func (s *Store) unlinkFile(d *driveset.Drive, name string) {
	if err := d.Remove(name); err != nil {
		s.log.Warn("file left behind", "drive", d.Path, "file", name, "error", err)
	}
}

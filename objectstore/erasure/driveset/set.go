package driveset

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"croft/objectstore"
)

// Set is the drives that belong together, each in its place, locked against
// other processes.
type Set struct {
	Deployment string
	Geometry   Geometry // of what is written when nothing else is asked for
	// Earlier are the geometries that the set had before it grew, the smallest first:
	// what was written then stays as it is. A drive keeps its place.
	Earlier []Geometry
	Drives  []*Drive // by place
	Given   []*Drive // the same in the order they were given in
	Coders  Coders

	log      *slog.Logger
	replaced atomic.Uint32 // Places

	// mu guards the following 4 fields and is held while drives are looked for. It
	// is never held while a drive is used for anything else.
	mu      sync.Mutex
	members format // as agreed on; its Drive is nobody's
	claimed int    // the highest number that was seen anywhere
	doubted Places // where a drive may believe in another one, as was never agreed on
	closed  bool
}

// Close lets go of all drives.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, d := range s.Given {
		d.close()
	}
}

// Replaced are the places whose drive was blank when it took a lost one's, in this
// opening or an earlier one, and does not hold yet what that one held: what it
// lacks was not necessarily never written. Healed ends that.
func (s *Set) Replaced() Places { return Places(s.replaced.Load()) }

func (s *Set) setReplaced(p Places) { s.replaced.Store(uint32(p)) }

// GeometryOf is the set's geometry when it had so many drives; 0 is as many as at
// the very first.
func (s *Set) GeometryOf(drives int) Geometry {
	for _, was := range s.Earlier {
		if drives == 0 || was.Drives() == drives {
			return was
		}
	}
	return s.Geometry
}

// Healed notes that a drive holds all that it should.
func (s *Set) Healed(place int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.Drives[place]
	if s.closed || !d.Writable() {
		return nil
	}
	if s.Replaced().Has(place) {
		if err := s.alter(func(members []member) { members[place].Filling = false }); err != nil {
			return err
		}
		s.setReplaced(s.Replaced().Without(place))
		s.agree()
	}
	d.SetHealing(false, "")
	return nil
}

// Writable are the drives that changes may go to.
func (s *Set) Writable() Places { return s.where((*Drive).Writable) }

// Readable are the drives that may be asked for what they hold.
func (s *Set) Readable() Places { return s.where((*Drive).Readable) }

// online are the drives that are not offline.
func (s *Set) online() Places {
	return s.where(func(d *Drive) bool {
		state, _ := d.Status()
		return state != objectstore.DriveOffline
	})
}

func (s *Set) where(is func(*Drive) bool) Places {
	var p Places
	for i, d := range s.Drives {
		if d != nil && is(d) {
			p = p.With(i)
		}
	}
	return p
}

// Each runs f for each of the given drives, side by side, and returns where it
// succeeded and the failures of the others.
func (s *Set) Each(where Places, f func(d *Drive) error) (done Places, failures []error) {
	results := make([]error, len(s.Drives))
	var wg sync.WaitGroup
	for i, d := range s.Drives {
		if where.Has(i) {
			wg.Go(func() { results[i] = f(d) })
		}
	}
	wg.Wait()
	for i, err := range results {
		switch {
		case !where.Has(i):
		case err != nil:
			failures = append(failures, err)
		default:
			done = done.With(i)
		}
	}
	return done, failures
}

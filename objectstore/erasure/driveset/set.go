package driveset

import (
	"sync"
)

// Set is the drives that belong together, each in its place, locked against
// other processes.
type Set struct {
	Deployment string
	Geometry   Geometry // of what is written when nothing else is asked for
	Drives     []*Drive // by place
	Given      []*Drive // the same in the order they were given in
	Coders     Coders
	// Replaced are places whose drive was blank when the set was opened and took
	// the place of a lost one.
	Replaced Places
}

// Close lets go of all drives.
func (s *Set) Close() {
	for _, d := range s.Drives {
		d.close()
	}
}

// Writable are the drives that changes may go to.
func (s *Set) Writable() Places { return s.where((*Drive).Writable) }

// Readable are the drives that may be asked for what they hold.
func (s *Set) Readable() Places { return s.where((*Drive).Readable) }

func (s *Set) where(is func(*Drive) bool) Places {
	var p Places
	for i, d := range s.Drives {
		if is(d) {
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

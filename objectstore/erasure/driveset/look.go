package driveset

import (
	"context"
	"sync"

	"croft/internal/errs"
	"croft/objectstore"
)

// Look looks for the drives that are offline, and at those that were fenced
// whether they are still there. A member that is found is used again, healing,
// and a blank drive takes a lost one's place by the rules of Open. It returns the
// places that have become writable. Nothing is written while nothing has changed,
// and nothing is asked of drives that are well.
func (s *Set) Look(ctx context.Context) (back Places) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.look(ctx, AllPlaces(len(s.Drives)))
}

// look is Look at some places. The caller holds mu.
func (s *Set) look(ctx context.Context, where Places) (back Places) {
	if s.closed || ctx.Err() != nil {
		return 0
	}
	found := make([]*Candidate, len(s.Drives))
	var wg sync.WaitGroup
	for i, d := range s.Drives {
		if where.Has(i) && !d.Writable() && d.again != nil {
			wg.Go(func() { found[i] = d.lookAgain(ctx) })
		}
	}
	wg.Wait()
	var blank []vacancy
	for i, c := range found {
		d := s.Drives[i]
		if c == nil || d.still(c) {
			continue
		}
		if d.Readable() {
			d.away(errs.Newf(errs.Unavailable, "drive_offline", "%s is not the disk that it was.", d.Path))
		}
		if c.blank() {
			blank = append(blank, vacancy{d, c})
		} else if err := s.readmit(d, c); err != nil {
			d.away(err)
		} else if d.Writable() {
			back = back.With(i)
		}
	}
	back |= s.fill(blank)
	for _, c := range found {
		if c != nil {
			c.release()
		}
	}
	if s.voters().Count() >= enoughOthers(s.Geometry) {
		if err := s.settle(); err != nil {
			s.log.Warn("drives could not agree on the set's members", "error", err)
		}
	}
	s.agree()
	return back
}

// lookAgain returns what is at the drive's path, nil when it does not say in time.
func (d *Drive) lookAgain(ctx context.Context) *Candidate {
	c, _ := d.looks.ask(ctx, func() *Candidate {
		c := d.again()
		if err := c.inspect(); err != nil {
			c.Problem = err
		}
		return c
	})
	return c
}

// still reports whether a candidate is the disk that the drive has, fenced. It is
// also taken for it when it cannot be read: the drive is no worse than before.
func (d *Drive) still(c *Candidate) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.at == nil {
		return false
	}
	return c.Problem != nil || c.format != nil && c.format.Drive == d.id && c.FileSystem == d.at.fileSystem
}

// readmit takes a drive up again that was away. The caller holds mu.
func (s *Set) readmit(d *Drive, c *Candidate) error {
	if !c.member(&s.members) {
		return c.absence(&s.members)
	}
	if place := s.members.placeOf(c.format.Drive); place != d.Place {
		if o := s.Drives[place]; o.Readable() {
			return errs.Newf(errs.Invalid, "drive_duplicate", "%s and %s are the same drive, one a copy of the other. Give only one of them.", o.Path, d.Path)
		}
		return errs.Newf(errs.Unavailable, "drive_offline", "%s has another drive of this set than it had before. Start Croft again to use it.", d.Path)
	}
	s.claimed = max(s.claimed, c.format.Generation, c.format.Claimed)
	if c.format.Generation > s.members.Generation {
		// Had it been agreed on, those who suffice to agree would know of it.
		s.doubted |= s.members.differs(c.format)
		if s.voters().Count() < enoughOthers(s.Geometry) {
			return errs.Newf(errs.Unavailable, "drive_offline", "%s knows of a drive that was replaced while too few others were here. Start Croft again.", d.Path)
		}
	}
	if s.doubted.Has(d.Place) {
		if err := s.settle(); err != nil {
			return errs.Wrap(err, errs.Unavailable, "drive_offline", d.Path+" is back, but too few other drives could be told of it.")
		}
	}
	return s.admit(d, c, objectstore.DriveHealing)
}

// Reset has a drive that was fenced looked at anew, because somebody says that it
// is well again. It is written to from then on, healing, or the error says why not.
func (s *Set) Reset(ctx context.Context, place int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.Drives[place]
	s.look(ctx, Places(0).With(place))
	if a, err := d.disk(); err == nil && !d.Writable() {
		if err := probe(a.disk); err != nil {
			return unusable(d.Path, err)
		}
		d.attach(a, d.ID(), objectstore.DriveHealing, s.lacks(place))
		s.agree()
	}
	if _, reason := d.Status(); !d.Writable() {
		return errs.New(errs.Unavailable, "drive_offline", reason)
	}
	return nil
}

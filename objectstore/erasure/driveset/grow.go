package driveset

import (
	"errors"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// A set grows by blank drives that get the places behind those it has. All drives
// that it has must be here and whole, so that a blank one cannot be meant to take
// a lost one's place. What was there before stays where and as it is.
//
//  1. All drives that it has are told of a number, as for every change.
//  2. The new ones get a format that does not count yet.
//  3. All drives that it has are told of the new members.
//  4. All of them are told that it has grown, under another number.
//
// Nothing is written to a set of the new size before 4. Cut off before, it has grown
// if those who are here and know of 3 are so many that, of any that suffice to read
// what was there before, at least one does, and if they are enough to make up for 4.
// Otherwise it is what it was, for nobody can have used it as anything else: 4 would
// have been told to as many, and one of them would be here.

// enoughToGrow is how many drives of a set have to know that it has grown.
func enoughToGrow(before Geometry) int { return before.Parity + 1 }

// grew returns the size that the set had before, if the format's generation is the
// one with which it was to grow.
func (f *format) grew() (before size, ok bool) {
	if n := len(f.Grown); n > 0 && f.Grown[n-1].Until == f.Generation {
		return f.Grown[n-1], true
	}
	return size{}, false
}

// before is what a format was before the generation with which the set was to grow,
// nil for any other.
func (f *format) before() *format {
	was, ok := f.grew()
	if !ok {
		return nil
	}
	o := *f
	o.Members, o.Grown = f.Members[:was.Drives:was.Drives], f.Grown[:len(f.Grown)-1]
	o.Parity, o.Generation = was.Parity, f.Generation-1
	if len(o.Grown) == 0 {
		o.Version = formatVersion
	}
	return &o
}

// outgrown reports whether the set is not of this size any more, but what a format
// says with which it was to grow.
func (s size) outgrown(f *format, found []*Candidate) bool {
	here, know := 0, 0
	for _, c := range found {
		if !c.member(f) {
			continue
		}
		here++
		if c.format.Ready && c.format.Generation >= f.Generation && f.placeOf(c.format.Drive) < s.Drives {
			know++
		}
	}
	return know >= enoughToGrow(s.geometry()) && here >= enoughOthers(f.geometry())
}

// newcomers are the candidates that a set can grow by, beside all of its drives.
func (f *format) newcomers(found []*Candidate) (members, added []*Candidate, err error) {
	var reasons []string
	for _, c := range found {
		switch {
		case c.member(f):
			members = append(members, c)
			continue
		case c.blank() || c.halfFormatted():
			reasons = append(reasons, c.Path+" is empty.")
		default:
			_, reason := errs.Public(c.absence(f))
			reasons = append(reasons, reason)
		}
		added = append(added, c)
	}
	if n := len(f.Members); len(members) < n {
		return nil, nil, errs.Newf(errs.Invalid, "drive_count",
			"These drives are part of a set of %d, and %d were given, of which %d are drives of it. %s So it cannot be told which one is to "+
				"take a lost drive's place and which one to be added. Give %d paths first, also of drives that are lost, and add drives when all are well.",
			n, len(found), len(members), strings.Join(reasons, " "), n)
	}
	for _, c := range added {
		if err := f.mayAdd(c); err != nil {
			return nil, nil, err
		}
	}
	return members, added, nil
}

// mayAdd says why a candidate cannot be added to a whole set. The empty mount point
// of a drive that is to be mounted is none.
func (f *format) mayAdd(c *Candidate) error {
	switch {
	case c.Missing:
		return errs.Newf(errs.Invalid, "drive_offline",
			"%s is missing and is no drive of this set of %d. Mount or make it to add it, or leave it out.", c.Path, len(f.Members))
	case !c.blank() && !c.halfFormatted():
		return c.absence(f)
	case !c.Mounted && !slices.ContainsFunc(f.Members, func(m member) bool { return !m.Mounted }):
		return errs.Newf(errs.Invalid, "drive_offline",
			"%s is an empty folder, and the drives of this set are mounted. Mount the one that is to be added, or leave it out.", c.Path)
	}
	return nil
}

// grown is the geometry of a set that grows. What it can lose stays the same unless
// somebody says otherwise. It never reads from fewer drives than it did.
func (f *format) grown(drives, parity int) (Geometry, error) {
	if parity < 0 {
		parity = f.Parity
	}
	g, err := NewGeometry(drives, parity)
	if most := drives - (len(f.Members) - f.Parity); err == nil && parity > most {
		return g, errs.Newf(errs.Invalid, "parity_invalid",
			"Parity %d is too much for a set that grows from %d drives with parity %d to %d; it can be up to %d.",
			parity, len(f.Members), f.Parity, drives, most)
	}
	return g, err
}

// unfit says why a set cannot grow: one of its drives is not well.
func (s *Set) unfit() error {
	for _, d := range s.Drives {
		_, reason := d.Status()
		switch {
		case s.Replaced().Has(d.Place):
			reason = d.Path + " is still being filled."
		case d.Writable():
			continue
		}
		return errs.Newf(errs.Unavailable, "drive_not_whole",
			"Drives can be added when all others are well. %s Give the %d drives that there were until then.", reason, len(s.Drives))
	}
	return nil
}

// grow adds blank drives to a set of which all drives are here. Nobody else has the
// set yet. After an error the next opening finds the old set or the new one.
func (s *Set) grow(added []*Candidate, g Geometry) (err error) {
	before := size{Drives: len(s.Drives), Parity: s.members.Parity}
	var disks []*attached
	kept := false
	defer func() {
		for _, a := range disks {
			if !kept {
				a.close()
			}
		}
	}()
	for _, c := range added {
		a, state, reason, err := c.take()
		if err != nil {
			return err
		}
		disks = append(disks, a)
		if state != objectstore.DriveOK {
			return errs.New(errs.Invalid, "drive_not_writable", reason)
		}
	}
	all := AllPlaces(before.Drives)
	err = s.change(func(told Places) bool { return told == all }, func(next *format) error {
		before.Until = next.Generation
		next.Version, next.Parity, next.Grown = grownVersion, g.Parity, append(slices.Clone(next.Grown), before)
		for _, c := range added {
			next.Members = append(next.Members, member{ID: ids.New(), Since: next.Generation, Mounted: c.Mounted})
		}
		half := *next
		half.Ready, half.Claimed = false, s.claimed
		for i, a := range disks {
			half.Drive = half.Members[before.Drives+i].ID
			if err := writeFormat(a.disk, half); err != nil {
				return unusable(added[i].Path, err)
			}
		}
		return nil
	})
	if err != nil {
		return notTold(err)
	}
	kept = true
	s.Earlier, s.Geometry = s.members.earlier(), g
	for i, c := range added {
		d := newDrive(c, s.log)
		d.Place = before.Drives + i
		d.attach(disks[i], s.members.Members[d.Place].ID, objectstore.DriveOK, "")
		s.Given, s.Drives = append(s.Given, d), append(s.Drives, d)
	}
	if err := s.finishGrowing(); err != nil {
		return err
	}
	s.log.Info("drives added", "added", len(added), "drives", g.Drives(), "parity", g.Parity)
	return nil
}

// finishGrowing makes a set that was to grow one that has.
func (s *Set) finishGrowing() error {
	before, ok := s.members.grew()
	if !ok {
		return nil
	}
	need, needBefore := enoughOthers(s.Geometry), enoughToGrow(before.geometry())
	return notTold(s.change(func(told Places) bool {
		return told.Count() >= need && (told&AllPlaces(before.Drives)).Count() >= needBefore
	}, func(*format) error { return nil }))
}

// notTold says in words that a set cannot grow because too few drives took note.
func notTold(err error) error {
	if errors.Is(err, errFewVoters) {
		return errs.Wrap(err, errs.Unavailable, "drive_not_whole",
			"Drives can only be added when the others can be written to, and too many of them could not. The log has the details.")
	}
	return err
}

// earlier are the geometries that the set had before it grew.
func (f *format) earlier() (all []Geometry) {
	for _, s := range f.Grown {
		all = append(all, s.geometry())
	}
	return all
}

// Added are the places whose drive was added when the set grew, and that never had
// another one.
func (s *Set) Added() (places Places) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.members.Members {
		if slices.ContainsFunc(s.members.Grown, func(g size) bool { return g.Until == m.Since && i >= g.Drives }) {
			places = places.With(i)
		}
	}
	return places
}

// giveInOrder puts the drives in the order in which their candidates were given.
func (s *Set) giveInOrder(given []*Candidate) {
	at := func(d *Drive) int {
		return slices.IndexFunc(given, func(c *Candidate) bool { return c.Path == d.Path })
	}
	slices.SortFunc(s.Given, func(a, b *Drive) int { return at(a) - at(b) })
}

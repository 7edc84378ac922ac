package driveset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"croft/internal/errs"
	"croft/objectstore/erasure/disk"
)

// Which drives a set has is agreed on by its drives, since any of them may be
// away while another takes a lost one's place. Who wants a change
//
//  1. claims a number above all that were seen, on enough drives;
//  2. writes the new members under that number to enough of the drives that stay;
//  3. only then formats the new ones.
//
// Enough are so many that, of the drives that suffice to write later on, at least
// one knows of it: so a drive that has come into use cannot be passed over for
// the one it replaced, and no number is used for two changes.

// enoughOthers is how many drives it takes to change the members of a set. A
// write quorum, or all others where a set has no more.
func enoughOthers(g Geometry) int {
	return max(g.ReadQuorum(), min(g.WriteQuorum(), g.Drives()-1))
}

// commonFormat returns the members that the drives in use agree on, nil when none
// was ever used. What a first start left half done counts only beside drives that
// are ready. Some of them may believe in a change that was not agreed on, which
// leaves the places in doubt that it was about.
func commonFormat(found []*Candidate) (f *format, doubted Places, err error) {
	var used []*Candidate
	for i, c := range found {
		if c.format == nil {
			continue
		}
		for _, o := range found[:i] {
			if o.format != nil && o.format.Drive == c.format.Drive {
				return nil, 0, errs.Newf(errs.Invalid, "drive_duplicate",
					"%s and %s are the same drive, one a copy of the other. Give only one of them.", o.Path, c.Path)
			}
		}
		if c.format.Ready {
			used = append(used, c)
		}
	}
	if len(used) == 0 {
		return nil, 0, nil
	}
	for _, c := range found {
		if c.format != nil && c.format.Deployment != used[0].format.Deployment {
			return nil, 0, errs.Newf(errs.Conflict, "drive_foreign",
				"%s and %s belong to different Croft deployments. Give only drives of one.", used[0].Path, c.Path)
		}
	}
	slices.SortStableFunc(used, func(a, b *Candidate) int { return cmp.Compare(b.format.Generation, a.format.Generation) })
	for i, c := range used[1:] {
		if o := used[i]; o.format.Generation == c.format.Generation && !slices.Equal(o.format.Members, c.format.Members) {
			return nil, 0, errs.Newf(errs.Conflict, "drive_split",
				"%s and %s were each used without the other and given another drive in its place. Give only the drives that were used together last.",
				o.Path, c.Path)
		}
	}
	i := 0
	for i < len(used)-1 && used[i].format.before() == nil && outvoted(used[i].format, used, found) {
		i++
	}
	f = used[i].format
	if before := f.before(); before != nil && outvoted(f, used, found) {
		f = before
	}
	for _, c := range used {
		if c.format.Generation > f.Generation {
			doubted |= f.differs(c.format)
		}
	}
	return f, doubted, nil
}

// differs are the places where another format has another drive, or only one of
// them has any.
func (f *format) differs(o *format) (places Places) {
	for i := range max(len(f.Members), len(o.Members)) {
		if i >= len(f.Members) || i >= len(o.Members) || o.Members[i].ID != f.Members[i].ID {
			places = places.With(i)
		}
	}
	return places
}

// outvoted reports that a change of the members cannot have been agreed on: too
// many drives that stay are here and do not know of it, and none of the new ones is.
// It also does of one with which the set was to grow, when that cannot be finished.
func outvoted(f *format, used, found []*Candidate) bool {
	if was, ok := f.grew(); ok {
		return !was.outgrown(f, found)
	}
	may := 0 // know of it
	for _, m := range f.Members {
		if m.Since < f.Generation {
			may++
		}
	}
	for _, o := range used {
		place := f.placeOf(o.format.Drive)
		switch {
		case place < 0:
		case o.format.Generation < f.Generation:
			may--
		case o.format.Generation == f.Generation && f.Members[place].Since == f.Generation:
			return false // formatted after it was agreed on, or all were at the first start
		}
	}
	return may < enoughOthers(f.geometry())
}

// voters are the drives whose word counts for a change of the members.
func (s *Set) voters() Places { return s.Writable() &^ s.Replaced() }

var errFewVoters = errors.New("too few drives can be told of a change")

// alter agrees with the drives on other members. The caller holds mu.
func (s *Set) alter(change func([]member)) error {
	need := enoughOthers(s.Geometry)
	return s.change(func(told Places) bool { return told.Count() >= need }, func(next *format) error {
		change(next.Members)
		for i := range next.Members {
			if next.Members[i].ID != s.members.Members[i].ID {
				next.Members[i].Since = next.Generation
			}
		}
		return nil
	})
}

// change agrees with enough drives on another format, which edit makes of the one
// that counts. When that fails nothing changes. The caller holds mu.
func (s *Set) change(enough func(told Places) bool, edit func(next *format) error) error {
	voters := s.voters()
	if !enough(voters) {
		return fmt.Errorf("%w: only %d can be written to", errFewVoters, voters.Count())
	}
	s.claimed++
	if told, err := s.tell(voters, s.members); !enough(told) {
		return fmt.Errorf("%w: %w", errFewVoters, err)
	}
	next := s.members
	next.Generation = s.claimed
	next.Members = slices.Clone(next.Members)
	if err := edit(&next); err != nil {
		return err
	}
	doubted := s.doubted | s.members.differs(&next)
	if told, err := s.tell(voters, next); !enough(told) {
		s.doubted = doubted
		return fmt.Errorf("%w: %w", errFewVoters, err)
	}
	s.members, s.doubted = next, 0
	return nil
}

// settle agrees with the drives on the members that the set has where a change of
// them may be remembered by some that was never agreed on. The caller holds mu.
func (s *Set) settle() error {
	if s.doubted == 0 {
		return nil
	}
	return s.alter(func([]member) {})
}

// tell writes a format, and the claim, to drives. One with which the set is to grow
// does not count yet on the drives that are to be added.
func (s *Set) tell(where Places, f format) (told Places, err error) {
	var failures []error
	ready := AllPlaces(len(f.Members))
	if before, ok := f.grew(); ok {
		ready = AllPlaces(before.Drives)
	}
	for i, d := range s.Drives {
		if !where.Has(i) {
			continue
		}
		f.Drive, f.Claimed, f.Ready = d.ID(), s.claimed, ready.Has(i)
		content, err := f.encode()
		if err == nil {
			err = d.WriteSmall(formatFile, content)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		d.knows = f.Generation
		told = told.With(i)
	}
	return told, errors.Join(failures...)
}

// agree tells the members to the drives that do not know them. Those that know
// more than was agreed on are settle's business. The caller holds mu.
func (s *Set) agree() {
	for i, d := range s.Drives {
		if d != nil && d.Writable() && d.knows < s.members.Generation {
			if _, err := s.tell(Places(0).With(i), s.members); err != nil && !errors.Is(err, ErrFull) && !disk.IsExhausted(err) {
				s.log.Warn("drive could not be told of a change", "path", d.Path, "error", err)
			}
		}
	}
}

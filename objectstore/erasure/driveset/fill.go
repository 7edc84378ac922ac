package driveset

import (
	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// vacancy is a place whose drive is lost and the blank one that was found there.
type vacancy struct {
	drive *Drive
	blank *Candidate
}

// fill gives blank drives the places of lost ones and returns which. It does not
// while too few drives are there to agree on that, nor with the empty mount point
// of a drive that used to be mounted. The caller holds mu, or nobody else has the
// set yet.
func (s *Set) fill(found []vacancy) (filled Places) {
	type filling struct {
		drive *Drive
		disk  *attached
		as    member
	}
	var all []filling
	for _, v := range found {
		d, c := v.drive, v.blank
		if err := s.refuse(v); err != nil {
			d.away(err)
			continue
		}
		a, _, _, err := c.take()
		if err != nil {
			d.away(err)
			continue
		}
		all = append(all, filling{d, a, member{ID: ids.New(), Mounted: c.Mounted, Filling: true}})
	}
	if len(all) == 0 {
		return 0
	}
	err := s.alter(func(members []member) {
		for _, f := range all {
			members[f.drive.Place] = f.as
		}
	})
	for _, f := range all {
		d, format := f.drive, s.members
		if err != nil {
			f.disk.close()
			d.away(errs.Wrap(err, errs.Unavailable, "drive_offline", d.Path+" is empty, and too few other drives could be written to to fill it."))
			continue
		}
		format.Drive, format.Claimed = f.as.ID, s.claimed
		if err := writeFormat(f.disk.disk, format); err != nil {
			f.disk.close()
			d.away(unusable(d.Path, err))
			continue
		}
		d.knows = format.Generation
		s.setReplaced(s.Replaced().With(d.Place))
		d.attach(f.disk, format.Drive, objectstore.DriveHealing, s.lacks(d.Place))
		s.log.Info("blank drive takes a lost one's place", "path", d.Path, "place", d.Place)
		filled = filled.With(d.Place)
	}
	if filled != 0 {
		s.agree()
	}
	return filled
}

// refuse says why a blank drive may not take a place.
func (s *Set) refuse(v vacancy) error {
	switch {
	case s.voters().Count() < enoughOthers(s.Geometry):
		return errs.Newf(errs.Unavailable, "drive_offline",
			"%s is empty and too few other drives are here to fill it. Are the drives mounted?", v.drive.Path)
	case s.members.Members[v.drive.Place].Mounted && !v.blank.Mounted:
		return errs.Newf(errs.Unavailable, "drive_offline",
			"%s is an empty folder where a drive used to be mounted. Mount it, or a blank one in its stead.", v.drive.Path)
	}
	return nil
}

package driveset

import (
	"errors"
	"log/slog"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

// Config is what a set is opened with.
type Config struct {
	// Parity is how many drives may be lost; negative is DefaultParity on the first
	// start and what the drives were formatted with afterwards. It can be another one
	// when drives are added.
	Parity int
	// Deployment, when set, is the set that the drives must be of: there has been a
	// first start, so blank drives are not formatted but missed.
	Deployment string
	Logger     *slog.Logger
}

// Open assembles the set that the candidates are, in whatever order, or makes one
// of them when none was ever used. Those that cannot be used are offline and
// named; the rest must suffice to read. Blank ones beside a whole set are added to
// it. Errors name the drive and say what to do. The candidates' disks belong to the
// set, or are closed.
func Open(cfg Config, given []*Candidate) (_ *Set, err error) {
	found := given // of them, those that the set has already
	defer func() {
		for _, c := range given {
			c.release()
		}
	}()
	if len(found) == 0 {
		return nil, errs.New(errs.Invalid, "drive_count", "Give at least one folder to keep the data in.")
	}
	if len(found) > MaxDrives {
		return nil, errs.Newf(errs.Invalid, "drive_limit", "%d drives were given; this version takes up to %d.", len(found), MaxDrives)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	for _, c := range found {
		if err := c.inspect(); err != nil {
			return nil, err
		}
	}
	members, doubted, err := commonFormat(found)
	switch {
	case err != nil:
		return nil, err
	case members == nil && cfg.Deployment != "":
		for _, c := range given {
			if c.Problem != nil {
				return nil, c.Problem
			}
		}
		return nil, errs.Newf(errs.Unavailable, "drives_away",
			"The state folder belongs to drives that are not here: %s and the others are missing or empty. Are the drives mounted?", found[0].Path)
	case members == nil:
		return firstStart(cfg, found)
	case cfg.Deployment != "" && cfg.Deployment != members.Deployment:
		return nil, errs.New(errs.Conflict, "state_of_another",
			"The state folder belongs to other drives than the ones given. Start Croft with the drives it was made with, or name another folder with --state.")
	case len(found) < len(members.Members):
		return nil, errs.Newf(errs.Invalid, "drive_count",
			"These drives are part of a set of %d, but %d were given. Give all %d paths, also of drives that are lost.",
			len(members.Members), len(found), len(members.Members))
	case len(found) == len(members.Members) && cfg.Parity >= 0 && cfg.Parity != members.Parity:
		return nil, errs.Newf(errs.Invalid, "parity_mismatch",
			"These drives were formatted with parity %d, which cannot be changed to %d. Leave the parity out, or give %d.",
			members.Parity, cfg.Parity, members.Parity)
	}
	var added []*Candidate
	var grown Geometry
	if len(found) > len(members.Members) {
		if found, added, err = members.newcomers(given); err != nil {
			return nil, err
		}
		if grown, err = members.grown(len(given), cfg.Parity); err != nil {
			return nil, err
		}
	}
	s := &Set{
		Deployment: members.Deployment, Drives: make([]*Drive, len(found)),
		log: cfg.Logger, members: *members, doubted: doubted, Earlier: members.earlier(),
	}
	s.members.Ready = true
	for _, c := range given {
		if c.format != nil {
			s.claimed = max(s.claimed, c.format.Claimed, c.format.Generation)
		}
	}
	if s.Geometry, err = NewGeometry(len(found), members.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err = s.seat(found); err != nil {
		return nil, err
	}
	if err = s.enough(); err != nil {
		return nil, err
	}
	settled := s.settle()
	if settled != nil {
		s.log.Warn("drives could not agree on the set's members", "error", settled)
	}
	if len(added) > 0 {
		if err = errors.Join(settled, s.unfit()); err == nil {
			err = s.grow(added, grown)
		}
		if err != nil {
			return nil, err
		}
		s.giveInOrder(given)
	}
	s.agree()
	return s, nil
}

func newDrive(c *Candidate, log *slog.Logger) *Drive {
	return &Drive{Path: c.Path, log: log, again: c.Again, state: objectstore.DriveOffline}
}

// firstStart formats drives of which none was ever used. All must be usable:
// whoever starts with a broken drive wants to know now.
func firstStart(cfg Config, found []*Candidate) (_ *Set, err error) {
	for _, c := range found {
		if c.Problem != nil {
			return nil, c.Problem
		}
	}
	s := &Set{log: cfg.Logger}
	if s.Geometry, err = NewGeometry(len(found), cfg.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	var disks []*attached
	for i, c := range found {
		d := newDrive(c, cfg.Logger)
		d.Place = i
		s.Given, s.Drives = append(s.Given, d), append(s.Drives, d)
		a, state, reason, err := c.take()
		if err != nil {
			return nil, err
		}
		d.attach(a, "", state, reason)
		disks = append(disks, a)
		if state != objectstore.DriveOK { // half done before, and since then not writable
			return nil, errs.New(errs.Invalid, "drive_not_writable", reason)
		}
	}
	f := newFormat(found, s.Geometry.Parity)
	for _, f.Ready = range []bool{false, true} {
		for i, d := range s.Drives {
			f.Drive = f.Members[i].ID
			if err := writeFormat(disks[i].disk, f); err != nil {
				return nil, unusable(d.Path, err)
			}
		}
	}
	for i, d := range s.Drives {
		d.attach(disks[i], f.Members[i].ID, objectstore.DriveOK, "")
		d.knows = f.Generation
	}
	s.Deployment, s.members, s.claimed = f.Deployment, f, f.Claimed
	cfg.Logger.Info("drives formatted", "drives", len(s.Drives), "parity", s.Geometry.Parity)
	return s, nil
}

// seat puts each drive in its place, whatever the order they were given in. Blank
// drives take the places of lost ones; what cannot be used is put, named, in the
// places that are left: where it was given, if that one is, because then it is
// most likely its own.
func (s *Set) seat(found []*Candidate) error {
	for _, c := range found {
		d := newDrive(c, s.log)
		s.Given = append(s.Given, d)
		if !c.member(&s.members) {
			continue
		}
		err := s.admit(d, c, objectstore.DriveOK)
		if e := new(errs.Error); errors.As(err, &e) && e.Code == "drive_locked" {
			return err
		}
		if err != nil {
			c.Problem = err
			continue
		}
		d.Place = s.members.placeOf(c.format.Drive)
		s.Drives[d.Place] = d
	}
	var left []int
	for i, d := range s.Given {
		switch {
		case d.Readable():
		case s.Drives[i] == nil:
			s.Drives[i], d.Place = d, i
		default:
			left = append(left, i)
		}
	}
	for _, i := range left {
		d := s.Given[i]
		d.Place = slices.Index(s.Drives, nil)
		s.Drives[d.Place] = d
	}
	var blank []vacancy
	for i, d := range s.Given {
		switch c := found[i]; {
		case d.Readable():
		case c.blank():
			blank = append(blank, vacancy{d, c})
		default:
			d.away(c.absence(&s.members))
		}
	}
	if err := s.finishGrowing(); err != nil {
		return err
	}
	s.fill(blank)
	return nil
}

// member reports whether the candidate is one of a set's drives.
func (c *Candidate) member(f *format) bool {
	return c.Problem == nil && c.format != nil && f.placeOf(c.format.Drive) >= 0
}

// absence says why a candidate that is not blank is not used.
func (c *Candidate) absence(f *format) error {
	switch {
	case c.Problem != nil:
		return c.Problem
	case c.Missing:
		return errs.Newf(errs.Unavailable, "drive_offline", "%s is missing. Mount or reconnect the drive; it is then used again by itself.", c.Path)
	case c.format.Deployment != f.Deployment:
		return errs.Newf(errs.Conflict, "drive_foreign", "%s belongs to a different Croft deployment.", c.Path)
	}
	return errs.Newf(errs.Unavailable, "drive_replaced", "%s was replaced by another drive meanwhile. %s", c.Path, emptyIt)
}

// lacks says why a drive in a place is healing, for people.
func (s *Set) lacks(place int) string {
	if s.members.Members[place].Filling {
		return "The drive is new and is being filled."
	}
	return "It was away and is catching up."
}

// admit makes the disk of a member its drive's, in a state unless it cannot be
// written to.
func (s *Set) admit(d *Drive, c *Candidate, state objectstore.DriveState) error {
	a, can, reason, err := c.take()
	if err != nil {
		return err
	}
	place := s.members.placeOf(c.format.Drive)
	filling := s.members.Members[place].Filling
	if filling {
		s.setReplaced(s.Replaced().With(place))
	}
	switch {
	case can != objectstore.DriveOK:
		d.log.Warn("drive cannot be written to", "path", d.Path, "reason", reason)
		state = can
	case filling || state == objectstore.DriveHealing:
		state, reason = objectstore.DriveHealing, s.lacks(place)
	}
	d.knows = 0
	if c.format.Ready {
		d.knows = c.format.Generation
	}
	d.attach(a, c.format.Drive, state, reason)
	return nil
}

// enough refuses a set that could not read.
func (s *Set) enough() error {
	online := s.online().Count()
	if online >= s.Geometry.ReadQuorum() {
		return nil
	}
	var reasons []string
	for _, d := range s.Given {
		if state, reason := d.Status(); state == objectstore.DriveOffline {
			reasons = append(reasons, reason)
		}
	}
	return errs.Newf(errs.Unavailable, objectstore.ErrReadQuorum.Code,
		"Only %d of %d drives are usable; at least %d are needed to read. %s",
		online, s.Geometry.Drives(), s.Geometry.ReadQuorum(), strings.Join(reasons, " "))
}

package driveset

import (
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
	"croft/objectstore/erasure/disk"
)

// Config is what a set is opened with.
type Config struct {
	// Parity is how many drives may be lost; negative is DefaultParity on the first
	// start and what the drives were formatted with afterwards.
	Parity int
	// Deployment, when set, is the set that the drives must be of: there has been a
	// first start, so blank drives are not formatted but missed.
	Deployment string
	Logger     *slog.Logger
}

// Candidate is what was found where a drive was announced.
type Candidate struct {
	Path    string    // as given
	Disk    disk.Disk // its .croft folder; nil when there is none
	Missing bool      // there is nothing at the path
	Problem error     // why the drive cannot be used, for people; nil for blank ones
	Mounted bool      // the path is the root of a file system of its own
	// Make makes the .croft folder where Disk is nil.
	Make func() (disk.Disk, error)

	format *format
}

// Open assembles the set that the candidates are, in whatever order, or makes one
// of them when none was ever used. Those that cannot be used are offline and
// named; the rest must suffice to read. Errors name the drive and say what to do.
func Open(cfg Config, found []*Candidate) (_ *Set, err error) {
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
	set, err := commonFormat(found)
	switch {
	case err != nil:
		return nil, err
	case set == nil && cfg.Deployment != "":
		return nil, errs.Newf(errs.Unavailable, "drives_away",
			"The state folder belongs to drives that are not here: %s and the others are missing or empty. Are the drives mounted?", found[0].Path)
	case set == nil:
		return firstStart(cfg, found)
	case len(found) != len(set.Members):
		return nil, errs.Newf(errs.Invalid, "drive_count",
			"These drives are part of a set of %d, but %d were given. Give all %d paths, also of drives that are lost.",
			len(set.Members), len(found), len(set.Members))
	case cfg.Parity >= 0 && cfg.Parity != set.Parity:
		return nil, errs.Newf(errs.Invalid, "parity_mismatch",
			"These drives were formatted with parity %d, which cannot be changed to %d. Leave the parity out, or give %d.",
			set.Parity, cfg.Parity, set.Parity)
	}
	s := &Set{Deployment: set.Deployment, Drives: make([]*Drive, len(found))}
	if s.Geometry, err = NewGeometry(len(set.Members), set.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err = s.seat(cfg, set, found); err != nil {
		return nil, err
	}
	return s, s.enough()
}

// inspect reads a candidate's format. A drive of the engine before this one is
// refused whole, so that nobody starts on half of their drives.
func (c *Candidate) inspect() error {
	if c.Disk == nil || c.Problem != nil {
		return nil
	}
	f, err := readFormat(c.Disk)
	c.Problem = formatProblem(c.Path, err)
	if errors.Is(err, errOldFormat) {
		return c.Problem
	}
	c.format = f
	return nil
}

func (c *Candidate) blank() bool { return c.format == nil && c.Problem == nil }

// commonFormat returns the newest format that the drives in use share, nil when
// none was ever used. What a first start left half done counts only beside
// drives that are ready.
func commonFormat(found []*Candidate) (*format, error) {
	var newest *Candidate
	for i, c := range found {
		if c.format == nil {
			continue
		}
		for _, o := range found[:i] {
			if o.format != nil && o.format.Drive == c.format.Drive {
				return nil, errs.Newf(errs.Invalid, "drive_duplicate",
					"%s and %s are the same drive, one a copy of the other. Give only one of them.", o.Path, c.Path)
			}
		}
		if c.format.Ready && (newest == nil || c.format.Generation > newest.format.Generation) {
			newest = c
		}
	}
	if newest == nil {
		return nil, nil
	}
	for _, c := range found {
		if c.format != nil && c.format.Deployment != newest.format.Deployment {
			return nil, errs.Newf(errs.Conflict, "drive_foreign",
				"%s and %s belong to different Croft deployments. Give only drives of one.", newest.Path, c.Path)
		}
	}
	return newest.format, nil
}

// firstStart formats drives of which none was ever used. All must be usable:
// whoever starts with a broken drive wants to know now.
func firstStart(cfg Config, found []*Candidate) (_ *Set, err error) {
	for _, c := range found {
		if c.Problem != nil {
			return nil, c.Problem
		}
	}
	s := &Set{}
	if s.Geometry, err = NewGeometry(len(found), cfg.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	for i, c := range found {
		d := &Drive{Path: c.Path, Place: i, log: cfg.Logger, state: objectstore.DriveOK}
		s.Given = append(s.Given, d)
		s.Drives = append(s.Drives, d)
		if err := d.bringUp(c); err != nil {
			return nil, err
		}
		if f, err := readFormat(c.Disk); err == nil && f.Ready {
			return nil, errs.Newf(errs.Conflict, "drive_locked", "Another Croft process has just formatted %s. Start again.", d.Path)
		}
	}
	f := newFormat(found, s.Geometry.Parity)
	s.Deployment = f.Deployment
	for _, f.Ready = range []bool{false, true} {
		for i, c := range found {
			f.Drive = f.Members[i].ID
			s.Drives[i].id = f.Drive
			if err := writeFormat(c.Disk, f); err != nil {
				return nil, unusable(c.Path, err)
			}
		}
	}
	cfg.Logger.Info("drives formatted", "drives", len(s.Drives), "parity", s.Geometry.Parity)
	return s, nil
}

// seat puts each drive in its place, whatever the order they were given in. Blank
// drives take the places of lost ones; what cannot be used is put, named, in the
// places that are left.
func (s *Set) seat(cfg Config, set *format, found []*Candidate) error {
	var blank, offline []*Drive
	from := make(map[*Drive]*Candidate)
	for _, c := range found {
		d := &Drive{Path: c.Path, log: cfg.Logger, state: objectstore.DriveOffline}
		s.Given = append(s.Given, d)
		from[d] = c
		switch {
		case c.Problem != nil:
			d.away(c.Problem)
		case c.Missing:
			d.away(errs.Newf(errs.Unavailable, "drive_offline", "%s is missing. Mount or reconnect the drive and start again.", c.Path))
		case c.blank():
			blank = append(blank, d)
			continue
		case set.placeOf(c.format.Drive) < 0:
			d.away(errs.Newf(errs.Unavailable, "drive_replaced",
				"%s was replaced by another drive meanwhile. Empty its .croft folder before you give it again.", c.Path))
		default:
			err := d.bringUp(c)
			if e := new(errs.Error); errors.As(err, &e) && e.Code == "drive_locked" {
				return err
			}
			if err != nil {
				d.away(err)
				break
			}
			d.id, d.Place = c.format.Drive, set.placeOf(c.format.Drive)
			s.Drives[d.Place] = d
			continue
		}
		offline = append(offline, d)
	}
	offline = append(offline, s.fill(cfg, set, blank, from)...)
	s.agree(set, from)
	for i, d := range s.Drives {
		if d == nil {
			s.Drives[i], offline = offline[0], offline[1:]
			s.Drives[i].Place = i
		}
	}
	return nil
}

// away marks a drive that cannot be used.
func (d *Drive) away(err error) {
	_, d.reason = errs.Public(err)
	d.state = objectstore.DriveOffline
	d.log.Warn("drive offline", "path", d.Path, "reason", d.reason, "error", err)
}

// fill gives blank drives the places of lost ones and returns those that it does
// not: while too few drives are there to write, and the empty mount points of
// drives that used to be mounted.
func (s *Set) fill(cfg Config, set *format, blank []*Drive, from map[*Drive]*Candidate) (left []*Drive) {
	present, mounts := 0, 0
	for i, d := range s.Drives {
		if d != nil {
			present++
		}
		if set.Members[i].Mounted {
			mounts++
		}
	}
	for _, d := range blank {
		c := from[d]
		place := slices.Index(s.Drives, nil)
		switch {
		case present < s.Geometry.WriteQuorum():
			d.away(errs.Newf(errs.Unavailable, "drive_offline",
				"%s is empty and too few other drives are here to fill it. Are the drives mounted?", d.Path))
			left = append(left, d)
			continue
		case !c.Mounted && mounts > 0:
			d.away(errs.Newf(errs.Unavailable, "drive_offline",
				"%s is an empty folder and the drives of this set are mounted ones. Mount the drive and start again.", d.Path))
			left = append(left, d)
			continue
		}
		if err := d.bringUp(c); err != nil {
			d.away(err)
			left = append(left, d)
			continue
		}
		d.id, d.Place = ids.New(), place
		set.Members[place] = member{ID: d.id, Mounted: c.Mounted}
		set.Generation++
		s.Drives[place] = d
		s.Replaced = s.Replaced.With(place)
		d.SetHealing(true, "The drive is new and is being filled.")
		cfg.Logger.Info("blank drive takes a lost one's place", "path", d.Path, "place", place)
	}
	return left
}

// agree writes the newest format to the drives that do not have it.
func (s *Set) agree(set *format, from map[*Drive]*Candidate) {
	mine := *set
	mine.Ready = true
	// New drives come last: a start that is cut off finds them blank again.
	for _, replaced := range []bool{false, true} {
		for i, d := range s.Drives {
			c := from[d]
			if d == nil || !d.Writable() || s.Replaced.Has(i) != replaced ||
				c.format != nil && c.format.Ready && c.format.Generation == set.Generation {
				continue
			}
			mine.Drive = d.id
			if err := writeFormat(c.Disk, mine); err != nil && !disk.IsFull(err) {
				d.close()
				d.away(unusable(d.Path, err))
			}
		}
	}
}

// bringUp locks a drive and makes sure that it can be written to.
func (d *Drive) bringUp(c *Candidate) error {
	if c.Disk == nil {
		b, err := c.Make()
		if err != nil {
			return unusable(c.Path, err)
		}
		c.Disk = b
	}
	lock, err := c.Disk.Lock(lockFile)
	if errors.Is(err, disk.ErrLocked) {
		return errs.Newf(errs.Conflict, "drive_locked", "%s is in use by another Croft process. Stop that one first.", d.Path)
	}
	if err != nil {
		return unusable(d.Path, err)
	}
	state, reason := objectstore.DriveOK, ""
	switch err := probe(c.Disk); {
	case err == nil || disk.IsFull(err): // reads and deletes go on
	case disk.IsReadOnly(err) && c.format != nil:
		_, reason = errs.Public(unusable(d.Path, err))
		state = objectstore.DriveFailing
		d.log.Warn("drive cannot be written to", "path", d.Path, "error", err)
	default:
		_ = lock.Close()
		return unusable(d.Path, err)
	}
	d.disk, d.lock, d.state, d.reason = c.Disk, lock, state, reason
	return nil
}

// probe writes to the drive, since permissions alone do not tell.
func probe(b disk.Disk) error {
	const name = "probe"
	if err := b.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := b.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("croft"), 0)
	return errors.Join(err, f.Close(), b.Remove(name))
}

// unusable says what is wrong with a drive in words that help.
func unusable(path string, err error) error {
	switch {
	case disk.IsFull(err):
		return errs.Wrap(err, errs.StorageFull, objectstore.ErrStorageFull.Code, path+" is full. Free some space and start again.")
	case disk.IsReadOnly(err):
		return errs.Wrap(err, errs.Invalid, "drive_not_writable", path+" cannot be written to. Mount it writable or change its permissions.")
	}
	return errs.Wrap(err, errs.Invalid, "drive_unreadable", path+" cannot be used as a drive. The log has the details.")
}

// enough refuses a set that could not read.
func (s *Set) enough() error {
	var reasons []string
	online := 0
	for _, d := range s.Given {
		if state, reason := d.Status(); state != objectstore.DriveOffline {
			online++
		} else {
			reasons = append(reasons, reason)
		}
	}
	if online-s.Replaced.Count() >= s.Geometry.ReadQuorum() {
		return nil
	}
	return errs.Newf(errs.Unavailable, objectstore.ErrReadQuorum.Code,
		"Only %d of %d drives are usable; at least %d are needed to read. %s",
		online, s.Geometry.Drives(), s.Geometry.ReadQuorum(), strings.Join(reasons, " "))
}

package erasure

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

// assembly is a set of drives that belong together, each in its place, locked.
type assembly struct {
	geometry geometry
	drives   []*drive // by place
	given    []*drive // the same in the order of the command line
}

func (a *assembly) unlock() {
	for _, d := range a.given {
		if d.lock != nil {
			_ = d.lock.Close()
		}
	}
}

// assemble finds the set that the given paths are, or makes one of them when
// none was ever used. It changes nothing unless it succeeds, but for folders
// that a first start made.
func assemble(cfg Config) (_ *assembly, err error) {
	found, err := inspectAll(cfg.Drives)
	if err != nil {
		return nil, err
	}
	set, err := commonFormat(found)
	if err != nil {
		return nil, err
	}
	if set == nil && cfg.Deployment != "" {
		return nil, errs.Newf(errs.Unavailable, "drives_away",
			"The state folder belongs to drives that are not here: %s and the others are missing or empty. Are the drives mounted?", found[0].path)
	}
	if set == nil {
		return firstStart(cfg, found)
	}
	if len(found) != len(set.Drives) {
		return nil, errs.Newf(errs.Invalid, "drive_count",
			"These drives are part of a set of %d, but %d were given. Give all %d paths, also of drives that are lost.",
			len(set.Drives), len(found), len(set.Drives))
	}
	if cfg.Parity >= 0 && cfg.Parity != set.Parity {
		return nil, errs.Newf(errs.Invalid, "parity_mismatch",
			"These drives were formatted with parity %d, which cannot be changed to %d. Leave the parity out, or give %d.",
			set.Parity, cfg.Parity, set.Parity)
	}
	a := &assembly{drives: make([]*drive, len(found))}
	if a.geometry, err = newGeometry(len(set.Drives), set.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.unlock()
		}
	}()
	if err = a.seat(found, cfg.Logger); err != nil {
		return nil, err
	}
	if err = enough(a.given, a.geometry); err != nil {
		return nil, err
	}
	return a, nil
}

func inspectAll(paths []string) ([]*candidate, error) {
	if len(paths) == 0 {
		return nil, errs.New(errs.Invalid, "drive_count", "Give at least one folder to keep the data in.")
	}
	if len(paths) > MaxDrives {
		return nil, errs.Newf(errs.Invalid, "drive_limit", "%d drives were given; this version takes up to %d.", len(paths), MaxDrives)
	}
	seen := make(map[string]bool)
	var found []*candidate
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "drive_unreadable", p+" is not a usable path.")
		}
		c := inspect(abs)
		c.path = p
		if seen[abs] {
			return nil, duplicate(p, p)
		}
		seen[abs] = true
		for _, o := range found {
			if c.info != nil && o.info != nil && os.SameFile(c.info, o.info) {
				return nil, duplicate(o.path, p)
			}
			if c.format != nil && o.format != nil && c.format.Drive == o.format.Drive {
				return nil, errs.Newf(errs.Invalid, "drive_duplicate",
					"%s and %s are the same drive, one a copy of the other. Give only one of them.", o.path, p)
			}
		}
		found = append(found, c)
	}
	return found, nil
}

func duplicate(a, b string) error {
	if a == b {
		return errs.Newf(errs.Invalid, "drive_duplicate", "%s was given twice. Give each drive once.", a)
	}
	return errs.Newf(errs.Invalid, "drive_duplicate", "%s and %s are the same folder. Give each drive once.", a, b)
}

// commonFormat returns the format that all drives in use share, nil when none
// was ever used. What a first start left half done counts only beside drives
// that are ready.
func commonFormat(found []*candidate) (*format, error) {
	var set *candidate
	for _, c := range found {
		if c.format != nil && c.format.Ready {
			set = c
			break
		}
	}
	if set == nil {
		return nil, nil
	}
	for _, c := range found {
		if c.format != nil && !c.format.sameSet(set.format) {
			return nil, errs.Newf(errs.Conflict, "drive_foreign",
				"%s and %s belong to different Croft deployments. Give only drives of one.", set.path, c.path)
		}
	}
	return set.format, nil
}

// firstStart formats drives of which none was ever used. All must be usable:
// whoever starts with a broken drive wants to know now.
func firstStart(cfg Config, found []*candidate) (_ *assembly, err error) {
	for _, c := range found {
		if c.problem != nil {
			return nil, c.problem
		}
	}
	a := &assembly{}
	if a.geometry, err = newGeometry(len(found), cfg.Parity); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.unlock()
		}
	}()
	for i, c := range found {
		d := &drive{path: c.path, place: i, log: cfg.Logger, state: objectstore.DriveOK}
		a.given = append(a.given, d)
		if err := makeDirs(d.join()); err != nil {
			return nil, unusable(d, err)
		}
		if err := d.acquire(); err != nil {
			return nil, err
		}
		if f, err := readFormat(d.join(formatFile)); err == nil && f.Ready {
			return nil, errs.Newf(errs.Conflict, "drive_locked", "Another Croft process has just formatted %s. Start again.", d.path)
		}
		if err := prepare(d); err != nil {
			return nil, unusable(d, err)
		}
	}
	formats := newFormats(len(found), a.geometry.parity)
	for _, ready := range []bool{false, true} {
		for i, d := range a.given {
			formats[i].Ready = ready
			if err := writeFormat(d.path, formats[i]); err != nil {
				return nil, unusable(d, err)
			}
		}
	}
	a.drives = a.given
	cfg.Logger.Info("drives formatted", "drives", len(a.drives), "parity", a.geometry.parity)
	return a, nil
}

// seat puts each drive in its place, whatever the order they were given in, and
// the unusable ones, named, in the places that are left.
func (a *assembly) seat(found []*candidate, log *slog.Logger) error {
	var offline []*drive
	for _, c := range found {
		d := &drive{path: c.path, log: log, state: objectstore.DriveOK}
		a.given = append(a.given, d)
		err := c.problem
		switch {
		case c.missing:
			err = errs.Newf(errs.Unavailable, "drive_offline", "%s is missing. Mount or reconnect the drive and start again.", c.path)
		case c.blank():
			err = errs.Newf(errs.Unavailable, "drive_offline", "%s is empty and not part of this set. Is the drive mounted?", c.path)
		case err == nil:
			err = d.bringUp(c.format)
		}
		if e := new(errs.Error); errors.As(err, &e) && e.Code == "drive_locked" {
			return err
		}
		if err != nil {
			_, d.reason = errs.Public(err)
			d.state = objectstore.DriveOffline
			offline = append(offline, d)
			log.Warn("drive offline", "path", d.path, "reason", d.reason, "error", err)
			continue
		}
		d.place = c.format.place()
		a.drives[d.place] = d
	}
	for i, d := range a.drives {
		if d == nil {
			a.drives[i], offline = offline[0], offline[1:]
			a.drives[i].place = i
		}
	}
	return nil
}

// bringUp locks a formatted drive and makes sure that it can be written to.
func (d *drive) bringUp(f *format) error {
	if err := d.acquire(); err != nil {
		return err
	}
	err := prepare(d)
	if err == nil {
		err = d.sweep()
	}
	if err == nil && !f.Ready {
		ready := *f
		ready.Ready = true
		err = writeFormat(d.path, ready)
	}
	if err == nil {
		err = d.probe()
	}
	if isFull(err) {
		d.log.Warn("drive full", "path", d.path)
		return nil // reads and deletes go on
	}
	if err != nil {
		return unusable(d, err)
	}
	return nil
}

// acquire takes the drive's lock, so that no second process writes to it.
func (d *drive) acquire() error {
	f, err := os.OpenFile(d.join(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unusable(d, err)
	}
	ok, err := tryLock(f)
	if ok {
		d.lock = f
		return nil
	}
	_ = f.Close()
	if err != nil {
		return unusable(d, err)
	}
	return errs.Newf(errs.Conflict, "drive_locked", "%s is in use by another Croft process. Stop that one first.", d.path)
}

// sweep removes what unfinished writes left behind.
func (d *drive) sweep() error {
	entries, err := os.ReadDir(d.join(storeDir, tmpDir))
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(d.join(storeDir, tmpDir, e.Name())))
	}
	return err
}

// probe writes to the drive, since permissions alone do not tell.
func (d *drive) probe() error {
	path := d.join(storeDir, tmpDir, "probe")
	err := os.WriteFile(path, []byte("croft"), 0o600)
	return errors.Join(err, os.Remove(path))
}

// unusable says what is wrong with a drive in words that help.
func unusable(d *drive, err error) error {
	switch {
	case isFull(err):
		return errs.Wrap(err, errs.StorageFull, objectstore.ErrStorageFull.Code, d.path+" is full. Free some space and start again.")
	case isReadOnly(err):
		return errs.Wrap(err, errs.Invalid, "drive_not_writable", d.path+" cannot be written to. Mount it writable or change its permissions.")
	}
	return errs.Wrap(err, errs.Invalid, "drive_unreadable", d.path+" cannot be used as a drive. The log has the details.")
}

// enough refuses a set that could not read.
func enough(given []*drive, g geometry) error {
	var reasons []string
	online := 0
	for _, d := range given {
		if s, reason := d.status(); s != objectstore.DriveOffline {
			online++
		} else {
			reasons = append(reasons, reason)
		}
	}
	if online >= g.readQuorum() {
		return nil
	}
	return errs.Newf(errs.Unavailable, objectstore.ErrReadQuorum.Code,
		"Only %d of %d drives are usable; at least %d are needed to read. %s",
		online, g.drives(), g.readQuorum(), strings.Join(reasons, " "))
}

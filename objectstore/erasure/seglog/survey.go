package seglog

import (
	"errors"
	"fmt"
	"io/fs"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// survey is what the drives say before the log is read.
type survey struct {
	newest *segmentHead // of the last segment that any drive has; one drive's word is enough
	// listed are the drives whose folder could be looked at.
	listed driveset.Places
	// witnesses know of the last segment with records in it: they have a newer one,
	// or that one, or none because there is none.
	witnesses driveset.Places
	// sure are those of which it is certain that they never had what they do not
	// have of the newest segment. A drive that took a lost one's place since does
	// not know what that one had.
	sure driveset.Places
	// fresh were added after the newest segment was begun, and know for certain that
	// they have nothing that was written since.
	fresh driveset.Places
	taken uint64 // the highest epoch that a listed drive has
	// leftovers are segments that a process was healing when it ended.
	leftovers []leftover
}

type leftover struct {
	place int
	name  string
}

// said is what one drive says.
type said struct {
	listed bool
	mark   *mark
	ids    []uint64 // of its segments
	newest *segmentHead
	heal   []string // names of segments that were being healed
}

// look asks all drives for their newest segment and their mark. Fewer witnesses
// than a read quorum may all have missed what was acknowledged last.
func (r *recovery) look() error {
	all := make([]said, len(r.set.Drives))
	_, failures := r.set.Each(r.set.Readable(), func(d *driveset.Drive) (err error) {
		all[d.Place], err = r.ask(d)
		return err
	})
	last, used := uint64(0), uint64(0)
	for place, s := range all {
		if !s.listed {
			continue
		}
		r.listed = r.listed.With(place)
		for _, name := range s.heal {
			r.leftovers = append(r.leftovers, leftover{place, name})
		}
		if s.newest != nil && s.newest.id > last {
			r.newest, last = s.newest, s.newest.id
		}
		if s.mark != nil {
			r.taken, used = max(r.taken, s.mark.epoch), max(used, s.mark.used)
		}
	}
	for place, s := range all {
		if s.newest != nil || s.mark != nil {
			r.witnesses = r.witnesses.With(place)
		}
		if s.newest != nil || s.mark != nil && s.mark.epoch <= epochOf(last) {
			r.sure = r.sure.With(place)
		}
	}
	r.fresh = r.set.Added() & r.listed &^ r.witnesses &^ r.placesOfNewest()
	if used > last {
		return quorumLost(fmt.Errorf("no drive that is here has segment %016x of the log", used))
	}
	if id := r.headless(all, last); id != 0 {
		return quorumLost(fmt.Errorf("segment %016x, the newest of the log, has no intact head on any drive that is here", id))
	}
	if g, ok := r.known(); !ok && !r.blank() {
		return errs.Wrap(errors.Join(failures...), errs.Unavailable, objectstore.ErrReadQuorum.Code, fmt.Sprintf(
			"Only %d drives know the end of the log and %d are needed. Bring back the drives that are missing.",
			(r.witnesses&driveset.AllPlaces(g.Drives())).Count(), g.ReadQuorum()))
	}
	return nil
}

// known reports whether enough witnesses are here, or what the set was like of which
// there are not. What is newer than the newest segment may have been written to the
// set as it was then, or as it was at any time since.
func (r *recovery) known() (of driveset.Geometry, ok bool) {
	for _, g := range r.sizes() {
		if ((r.witnesses | r.fresh) & driveset.AllPlaces(g.Drives())).Count() < g.ReadQuorum() {
			return g, false
		}
	}
	return of, true
}

// sizes are the geometries of the set since the newest segment was begun.
func (r *recovery) sizes() (all []driveset.Geometry) {
	for _, g := range r.set.Earlier {
		if g.Drives() >= r.placesOfNewest().Count() {
			all = append(all, g)
		}
	}
	return append(all, r.set.Geometry)
}

// placesOfNewest are the drives that there were when the newest segment was begun.
func (r *recovery) placesOfNewest() driveset.Places {
	drives := 0
	if r.newest != nil {
		drives = r.newest.drives
	}
	return driveset.AllPlaces(r.set.GeometryOf(drives).Drives())
}

// grown reports whether drives were added since the newest segment was begun.
func (r *recovery) grown() bool { return r.placesOfNewest() != r.everyone() }

// blank reports whether nothing was ever written to the log: all drives are here,
// no one has a segment, and those without a mark never had one, for they are not
// in a lost one's place.
func (r *recovery) blank() bool {
	unmarked := r.everyone() &^ r.witnesses
	return r.newest == nil && r.listed == r.everyone() && (r.taken == 0 || unmarked&r.set.Replaced() == 0)
}

// ask looks at one drive.
func (r *recovery) ask(d *driveset.Drive) (s said, err error) {
	entries, err := d.List(logDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	switch m, err := readMark(d); {
	case err == nil:
		s.mark = &m
	case !errors.Is(err, fs.ErrNotExist):
		r.log.Error("epoch file cannot be read", "drive", d.Path, "error", err)
	}
	for _, e := range entries {
		if id, ok := parseName(e.Name, segmentSuffix); ok {
			s.ids = append(s.ids, id)
		} else if _, ok := parseName(e.Name, healSuffix); ok {
			s.heal = append(s.heal, logDir+"/"+e.Name)
		}
	}
	for i := len(s.ids) - 1; i >= 0 && s.newest == nil; i-- { // the names are in order
		s.newest, err = r.headOn(d.Place, s.ids[i])
		switch {
		case errors.Is(err, errOther): // made anew, but not renamed durably
			s.ids = s.ids[:i]
		case err != nil:
			r.log.Error("segment without an intact head", "drive", d.Path, "segment", fmt.Sprintf("%016x", s.ids[i]), "error", err)
		}
	}
	s.listed = true
	return s, nil
}

// headless returns a segment behind the last one with an intact head that may have
// been on a write quorum, 0 when there is none.
func (r *recovery) headless(all []said, last uint64) uint64 {
	count := make(map[uint64]int)
	for _, s := range all {
		for _, id := range s.ids {
			count[id]++
		}
	}
	for _, g := range r.sizes() {
		away := (driveset.AllPlaces(g.Drives()) &^ r.listed).Count()
		for id, n := range count {
			if id > last && n+away >= g.WriteQuorum() {
				return id
			}
		}
	}
	return 0
}

func (r *recovery) everyone() driveset.Places { return driveset.AllPlaces(len(r.set.Drives)) }

// hidden reports whether a drive that is not here may have the head of a newer
// segment: one of an opening that ended before a write quorum had it.
func (r *recovery) hidden() bool {
	return r.taken > epochOf(r.newest.id) && r.listed != r.everyone()
}

// first marks the drives of a log that nothing was ever written to, so that they
// can be told from blank ones. An opening may have ended after it marked some, and
// before that was durable.
func (r *recovery) first() {
	if r.listed != r.everyone() || r.set.Writable() != r.everyone() {
		return
	}
	_, failures := r.set.Each(r.everyone(), func(d *driveset.Drive) error {
		switch _, err := readMark(d); {
		case err == nil:
			return d.SyncDir(".")
		case errors.Is(err, fs.ErrNotExist):
			return writeMark(d, mark{})
		default:
			return err
		}
	})
	if len(failures) > 0 {
		r.log.Warn("drives could not be marked", "error", errors.Join(failures...))
	}
}

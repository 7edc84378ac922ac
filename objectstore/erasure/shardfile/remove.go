package shardfile

import "croft/objectstore/erasure/driveset"

// Remove lets go of bodies. Those that are being read go when the last reader is
// closed. Nothing is synced: what a crash brings back is an orphan, and so is what
// is on drives that cannot be written to now. Only the IDs count.
func (s *Store) Remove(bodies ...Body) {
	var now []ID
	for _, b := range bodies {
		if s.uses.remove(b.ID) {
			now = append(now, b.ID)
		}
	}
	s.unlink(now...)
}

// unlink removes the files of bodies and ends their removal.
func (s *Store) unlink(ids ...ID) {
	if len(ids) == 0 {
		return
	}
	s.unlinkOn(s.answering(), ids...)
	for _, id := range ids {
		s.uses.haveRemoved(id)
	}
}

// answering are the drives that can be written to and do so.
func (s *Store) answering() driveset.Places {
	where := s.set.Writable()
	for i := range s.lanes {
		if s.lanes[i].stuck.Load() > 0 {
			where = where.Without(i)
		}
	}
	return where
}

// unlinkOn removes the files of bodies from some drives.
func (s *Store) unlinkOn(where driveset.Places, ids ...ID) {
	s.set.Each(where, func(d *driveset.Drive) error {
		for _, id := range ids {
			s.unlinkFile(d, id.file())
		}
		return nil
	})
}

func (s *Store) unlinkFile(d *driveset.Drive, name string) {
	if err := d.Remove(name); err != nil {
		s.log.Warn("file left behind", "drive", d.Path, "file", name, "error", err)
	}
}

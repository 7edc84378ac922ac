package erasure

import (
	"errors"
	"fmt"

	"croft/objectstore"
)

// publish commits a staged version under its name and returns it. After an error
// it is taken back from every drive that can still be written to. The caller
// holds the name's lock, updates the index, and retires the version before.
func (s *Store) publish(rec *record, where places) (*version, error) {
	f := file{folder: rec.folder(), seq: s.nextSeq(), id: rec.id}
	done, failures := s.onDrives(where, func(d *drive) error { return d.publish(f) })
	if done != where {
		s.discard(rec.id, where&^done)
	}
	if done.count() < s.geometry.writeQuorum() {
		s.onDrives(where&s.writableDrives(), func(d *drive) error { return d.removeDurably([]file{f}) })
		return nil, s.tooFew(done, failures)
	}
	return &version{rec: rec, file: f, holders: done}, nil
}

// store stages and publishes a version that has no body.
func (s *Store) publishRecord(rec *record) (*version, error) {
	done, failures := s.stageRecord(rec)
	if done.count() < s.geometry.writeQuorum() {
		s.discard(rec.id, done)
		return nil, s.tooFew(done, failures)
	}
	return s.publish(rec, done)
}

func (s *Store) stageRecord(rec *record) (places, []error) {
	rec.id = newVersionID()
	rec.data, rec.parity, rec.chunk = s.geometry.data, s.geometry.parity, s.geometry.chunk
	return s.onDrives(s.writableDrives(), func(d *drive) error {
		mine := *rec
		mine.place = d.place
		out := shardWriter{drive: d}
		var err error
		if out.file, err = d.create(rec.id); err != nil {
			return err
		}
		if err = out.seal(&mine); err != nil {
			_ = out.file.Close() // closed already when the sync failed
			d.discard(rec.id)
		}
		return err
	})
}

// unlink ends a version durably, before the index forgets it. When it fails, what
// is left of the version may be too little to read.
func (s *Store) unlink(v *version) error {
	if err := s.checkWritable(); err != nil {
		return err
	}
	files := v.files()
	done, failures := s.onDrives(s.writableDrives(), func(d *drive) error { return d.removeDurably(files) })
	s.index.Lock()
	v.holders &^= done
	v.gone = done.count() >= s.geometry.writeQuorum()
	gone := v.gone
	s.index.Unlock()
	if gone {
		return nil
	}
	return s.writeQuorumError(done.count(), errors.Join(failures...))
}

// retire removes the files of versions that newer ones stand for or that nothing
// refers to any more. That need not be durable: whatever comes back after a power
// cut is recognised at start, and deleting the name removes it first.
func (s *Store) retire(versions ...*version) {
	var files []file
	s.index.Lock()
	for _, v := range versions {
		if v != nil {
			v.gone = true
			files = append(files, v.files()...)
		}
	}
	s.index.Unlock()
	if len(files) > 0 {
		s.onDrives(s.writableDrives(), func(d *drive) error { return d.remove(files) })
	}
}

// allowed checks a condition against what the key holds, nil for nothing.
func allowed(c objectstore.Condition, held *version, readable bool) error {
	switch {
	case c == objectstore.Condition{}:
		return nil
	case held == nil && c.ETag != "":
		return objectstore.ErrObjectNotFound
	case held == nil:
		return nil
	case !readable: // nobody can say which of two versions counts
		return readQuorumError(fmt.Errorf("condition on %s", held.file.base()))
	case c.Absent, c.ETag != "*" && c.ETag != held.rec.etag:
		return objectstore.ErrPreconditionFailed
	}
	return nil
}

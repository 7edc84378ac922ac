package shardfile

import (
	"errors"
	"io/fs"

	"croft/objectstore/erasure/driveset"
)

// folders are the folders that a drive is known to have, durably.
type folders struct {
	asking turn   // guards the following 2 fields; held while the drive is asked
	drive  string // ID of the drive that they are on
	known  map[string]bool
}

// need makes the folder of a body where it is missing. Its name is durable
// afterwards; what is put into it is the caller's business.
func (f *folders) need(d *driveset.Drive, id ID) error {
	folder := id.folder()
	f.asking.take()
	defer f.asking.pass()
	if id := d.ID(); f.known == nil || f.drive != id { // replaced by another one
		f.drive, f.known = id, make(map[string]bool)
	}
	for _, step := range []struct{ name, in string }{{topFolder, "."}, {folder, topFolder}} {
		if f.known[step.name] {
			continue
		}
		if err := d.Mkdir(step.name); err != nil {
			return err
		}
		// Synced also when it was there: who made it may not have come that far.
		if err := d.SyncDir(step.in); err != nil {
			return err
		}
		f.known[step.name] = true
	}
	return nil
}

// forget lets the folders be made anew.
func (f *folders) forget() {
	f.asking.take()
	defer f.asking.pass()
	f.known = make(map[string]bool)
}

// create makes a file of a body on a drive.
func (s *Store) create(d *driveset.Drive, id ID, name string) (*driveset.File, error) {
	f := &s.lanes[d.Place].folders
	file, err := f.create(d, id, name)
	if errors.Is(err, fs.ErrNotExist) { // somebody emptied the drive
		f.forget()
		file, err = f.create(d, id, name)
	}
	return file, err
}

func (f *folders) create(d *driveset.Drive, id ID, name string) (*driveset.File, error) {
	if err := f.need(d, id); err != nil {
		return nil, err
	}
	return d.Create(name)
}

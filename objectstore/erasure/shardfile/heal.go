package shardfile

import (
	"context"
	"errors"
	"io/fs"

	"croft/objectstore/erasure/driveset"
)

// Heal makes anew the files of a body that drives lack or have incomplete, and
// with verify, which reads everything, also those that have wrong bytes. What it
// made is durable when it returns. Lacking are the places that have no intact file
// afterwards, as far as it looked: drives that are away, that cannot be written
// to, or that still write what Write left to them.
//
// The error is ErrReadQuorum when too little of the body is left, the context's,
// or fs.ErrNotExist when the body was just removed.
func (s *Store) Heal(ctx context.Context, b Body, verify bool) (healed, lacking driveset.Places, err error) {
	lay, err := s.layout(b)
	if err != nil {
		return 0, 0, err
	}
	if err := s.pin(b.ID); err != nil {
		return 0, 0, err
	}
	defer s.unpin(b.ID)
	for wait := s.uses.heal(b.ID); wait != nil; wait = s.uses.heal(b.ID) {
		select {
		case <-wait:
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
	}
	defer s.uses.haveHealed(b.ID)

	busy := s.uses.writing(b.ID)
	v := inspection{store: s, lay: &lay, deep: verify}
	bad, err := v.run(ctx)
	if err != nil {
		return 0, 0, err
	}
	lacking = driveset.AllPlaces(lay.width())&^s.set.Readable() | bad | busy
	targets := bad & s.set.Writable() &^ busy
	if targets == 0 {
		return 0, lacking, nil
	}
	healed, wrong, err := s.rebuild(ctx, &lay, targets)
	return healed, lacking&^healed | wrong, err
}

// rebuild makes the files of some places from those of the others, and returns
// where it did and which of the others it found wrong.
func (s *Store) rebuild(ctx context.Context, lay *layout, targets driveset.Places) (healed, wrong driveset.Places, err error) {
	r := &Reader{store: s, ctx: ctx, lay: *lay, end: lay.Size}
	defer r.release()
	var files []*newFile
	defer func() {
		for _, f := range files {
			f.discard()
		}
	}()
	for place, d := range s.set.Drives {
		if targets.Has(place) {
			r.rebuild = r.rebuild.With(lay.shard(place))
			files = append(files, &newFile{store: s, lay: lay, drive: d, out: newOutput(lay.Body, place)})
		}
	}
	each := func(f func(*newFile) error) {
		s.set.Each(targets, func(d *driveset.Drive) error {
			for _, n := range files {
				if n.drive == d && n.err == nil {
					n.err = f(n)
				}
			}
			return nil
		})
	}
	each((*newFile).create)
	for r.offset < r.end {
		if err := r.advance(); err != nil {
			return 0, r.reported, err
		}
		each(func(f *newFile) error { return f.out.add(r.current.rebuilt[lay.shard(f.drive.Place)]) })
		r.offset = r.current.end
	}
	each((*newFile).seal)
	for _, f := range files {
		if f.err == nil {
			healed = healed.With(f.drive.Place)
		} else {
			s.log.Warn("shard not healed", "drive", f.drive.Path, "body", lay.ID.String(), "error", f.err)
		}
	}
	return healed, r.reported, nil
}

// newFile is a file of a body that is made beside the one it will replace.
type newFile struct {
	store *Store
	lay   *layout
	drive *driveset.Drive
	out   output
	err   error
}

func (f *newFile) create() error {
	id := f.lay.ID
	file, err := f.store.create(f.drive, id, id.file()+healSuffix)
	if errors.Is(err, fs.ErrExist) { // left by somebody who was cut off
		if err = f.drive.Remove(id.file() + healSuffix); err == nil {
			file, err = f.store.create(f.drive, id, id.file()+healSuffix)
		}
	}
	if err == nil {
		f.out.open(file)
	}
	return err
}

// seal makes the file durable and then puts it in its place.
func (f *newFile) seal() error {
	if err := f.out.seal(f.lay); err != nil {
		return err
	}
	f.out.close()
	name := f.lay.ID.file()
	if err := f.drive.Rename(name+healSuffix, name); err != nil {
		f.store.unlinkFile(f.drive, name+healSuffix)
		return err
	}
	return f.drive.SyncDir(f.lay.ID.folder())
}

// discard removes a file that was not put in its place.
func (f *newFile) discard() {
	if f.out.close() {
		f.store.unlinkFile(f.drive, f.lay.ID.file()+healSuffix)
	}
}

package shardfile

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"croft/objectstore/erasure/driveset"
)

// Orphans calls f for the bodies that one drive has files of and that nobody
// knows: what crashes cut off or brought back, and what was removed while the
// drive was away. f may call Remove. Bodies begun since the Store was made are left
// alone unless they were just removed, since who will know them may not have come
// to it. It ends with f's error, the drive's or the context's. Half-made files of
// earlier healings are removed on the way.
func (s *Store) Orphans(ctx context.Context, place int, known func(ID) bool, f func(ID) error) error {
	d := s.set.Drives[place]
	folders, err := listFolder(d, topFolder)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		names, err := listFolder(d, topFolder+"/"+folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				return err
			}
			name, half := strings.CutSuffix(name, healSuffix)
			id, ok := ParseID(name)
			switch {
			case !ok || id.folder() != topFolder+"/"+folder: // not ours
			case half:
				s.removeHalf(d, id)
			case (id.Time().Before(s.start) || s.uses.removed(id)) && !s.uses.known(id) && !known(id):
				if err := f(id); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// removeHalf removes what an earlier healing left, unless one goes on.
func (s *Store) removeHalf(d *driveset.Drive, id ID) {
	if s.uses.heal(id) == nil {
		s.unlinkFile(d, id.file()+healSuffix)
		s.uses.haveHealed(id)
	}
}

// listFolder returns the names in a folder; one that does not exist has none.
func listFolder(d *driveset.Drive, folder string) ([]string, error) {
	entries, err := d.List(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names, nil
}

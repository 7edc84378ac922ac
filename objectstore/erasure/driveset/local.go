package driveset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"croft/internal/errs"
	"croft/objectstore/erasure/disk"
)

// croftDir holds everything on a drive, so that a folder with other files in it
// may be one.
const croftDir = ".croft"

// Local looks at the folders of this machine that paths name, without changing
// anything. One folder under two names is refused.
func Local(paths []string) ([]*Candidate, error) {
	var found []*Candidate
	infos := make([]fs.FileInfo, len(paths))
	absolute := make(map[string]string)
	for i, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "drive_unreadable", p+" is not a usable path.")
		}
		if _, twice := absolute[abs]; twice {
			return nil, duplicate(p, p)
		}
		absolute[abs] = p
		c := &Candidate{Path: p}
		infos[i], c.Problem = c.look(abs)
		for j, o := range infos[:i] {
			if o != nil && infos[i] != nil && os.SameFile(o, infos[i]) {
				return nil, duplicate(paths[j], p)
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

// look opens the candidate's .croft folder when there is one.
func (c *Candidate) look(path string) (fs.FileInfo, error) {
	inner := filepath.Join(path, croftDir)
	c.Make = func() (disk.Disk, error) {
		if err := makeDirs(inner); err != nil {
			return nil, err
		}
		return disk.At(inner)
	}
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Missing = true
		return nil, nil
	case err != nil:
		return nil, errs.Wrap(err, errs.Invalid, "drive_unreadable",
			fmt.Sprintf("%s cannot be read. Check the drive and its permissions.", c.Path))
	case !st.IsDir():
		return nil, errs.Newf(errs.Invalid, "drive_not_folder", "%s is a file. Give a folder, or a path where one can be made.", c.Path)
	}
	c.Mounted = mounted(path, st)
	b, err := disk.At(inner)
	switch {
	case err == nil:
		c.Disk = b
	case !errors.Is(err, fs.ErrNotExist):
		return st, unusable(c.Path, err)
	}
	return st, nil
}

// makeDirs is os.MkdirAll whose new entries are durable.
func makeDirs(path string) error {
	if st, err := os.Stat(path); err == nil {
		if !st.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("is not a folder")}
		}
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeDirs(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	b, err := disk.At(parent)
	if err != nil {
		return err
	}
	return errors.Join(b.SyncDir("."), b.Close())
}

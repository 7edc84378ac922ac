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
func Local(paths []string) (found []*Candidate, err error) {
	defer func() {
		if err != nil {
			for _, c := range found {
				c.release()
			}
			found = nil
		}
	}()
	infos := make([]fs.FileInfo, len(paths))
	absolute := make(map[string]bool)
	for i, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return found, errs.Wrap(err, errs.Invalid, "drive_unreadable", p+" is not a usable path.")
		}
		if absolute[abs] {
			return found, duplicate(p, p)
		}
		absolute[abs] = true
		c, info := look(p, abs)
		found, infos[i] = append(found, c), info
		for j, o := range infos[:i] {
			if o != nil && info != nil && os.SameFile(o, info) {
				return found, duplicate(paths[j], p)
			}
		}
	}
	return found, nil
}

func duplicate(a, b string) error {
	if a == b {
		return errs.Newf(errs.Invalid, "drive_duplicate", "%s was given twice. Give each drive once.", a)
	}
	return errs.Newf(errs.Invalid, "drive_duplicate", "%s and %s are the same folder. Give each drive once.", a, b)
}

// look says what is at a path, and opens the .croft folder when there is one.
func look(path, abs string) (*Candidate, fs.FileInfo) {
	inner := filepath.Join(abs, croftDir)
	c := &Candidate{Path: path}
	c.Again = func() *Candidate {
		c, _ := look(path, abs)
		return c
	}
	c.Make = func() (disk.Disk, error) {
		if err := makeDirs(inner); err != nil {
			return nil, err
		}
		if c.FileSystem == "" {
			c.FileSystem = fileSystem(abs)
		}
		return disk.At(inner)
	}
	st, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Missing = true
		return c, nil
	case err != nil:
		c.Problem = errs.Wrap(err, errs.Invalid, "drive_unreadable",
			fmt.Sprintf("%s cannot be read. Check the drive and its permissions.", path))
		return c, nil
	case !st.IsDir():
		c.Problem = errs.Newf(errs.Invalid, "drive_not_folder", "%s is a file. Give a folder, or a path where one can be made.", path)
		return c, nil
	}
	c.Mounted, c.FileSystem = mounted(abs, st), fileSystem(abs)
	b, err := disk.At(inner)
	switch {
	case err == nil:
		c.Disk = b
	case !errors.Is(err, fs.ErrNotExist):
		c.Problem = unusable(path, err)
	}
	return c, st
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

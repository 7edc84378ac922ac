package erasure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"croft/internal/errs"
	"croft/internal/ids"
)

const formatVersion = 1

// format is .croft/format.json: which set a drive belongs to and what it is there.
type format struct {
	Version    int      `json:"version"`
	Deployment string   `json:"deployment"`
	Drive      string   `json:"drive"`
	Drives     []string `json:"drives"` // all drives of the set, in order of place
	Parity     int      `json:"parity"`
	// Ready is set once every drive of the set has its format. A set without a
	// single ready drive was never used, and its formatting is taken up again.
	Ready bool `json:"ready"`
}

func (f *format) place() int { return slices.Index(f.Drives, f.Drive) }

func (f *format) sameSet(o *format) bool {
	return f.Deployment == o.Deployment && f.Parity == o.Parity && slices.Equal(f.Drives, o.Drives)
}

// candidate is what was found at one path of the command line.
type candidate struct {
	path    string // as given
	missing bool   // there is nothing at the path
	format  *format
	problem error // why the drive cannot be used; nil for blank and missing ones
	info    fs.FileInfo
}

func (c *candidate) blank() bool { return c.format == nil && c.problem == nil }

// inspect looks at a path without changing anything.
func inspect(path string) *candidate {
	c := &candidate{path: path}
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.missing = true
		return c
	case err != nil:
		c.problem = errs.Wrap(err, errs.Invalid, "drive_unreadable", fmt.Sprintf("%s cannot be read. Check the drive and its permissions.", path))
		return c
	case !st.IsDir():
		c.problem = errs.Newf(errs.Invalid, "drive_not_folder", "%s is a file. Give a folder, or a path where one can be made.", path)
		return c
	}
	c.info = st
	c.format, err = readFormat(filepath.Join(path, croftDir, formatFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.format = nil
	case err != nil:
		c.format = nil
		c.problem = errs.Wrap(err, errs.Invalid, "drive_format",
			fmt.Sprintf("The format file of %s cannot be read. The drive is damaged or was written by a newer Croft.", path))
	}
	return c
}

func readFormat(path string) (*format, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f format
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	n := len(f.Drives)
	if f.Version != formatVersion {
		return nil, fmt.Errorf("format version %d is not %d", f.Version, formatVersion)
	}
	if n < 1 || n > MaxDrives || f.place() < 0 || f.Parity < 0 || f.Parity > n/2 || f.Deployment == "" {
		return nil, fmt.Errorf("%s makes no sense", path)
	}
	return &f, nil
}

func writeFormat(drivePath string, f format) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(filepath.Join(drivePath, croftDir, formatFile), append(b, '\n'))
}

// newFormats makes the formats of a new set, one for each drive.
func newFormats(drives, parity int) []format {
	set := format{Version: formatVersion, Deployment: ids.New(), Parity: parity}
	for range drives {
		set.Drives = append(set.Drives, ids.New())
	}
	formats := make([]format, drives)
	for i := range formats {
		formats[i] = set
		formats[i].Drive = set.Drives[i]
	}
	return formats
}

// prepare makes the folders the engine needs on a formatted drive.
func prepare(d *drive) error {
	if err := makeDirs(d.join(storeDir, tmpDir)); err != nil {
		return err
	}
	versions := d.join(storeDir, versionsDir)
	if err := makeDirs(versions); err != nil {
		return err
	}
	made := false
	for i := range folders {
		err := os.Mkdir(filepath.Join(versions, fmt.Sprintf("%x", i)), 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		made = made || err == nil
	}
	if made {
		return syncDir(versions)
	}
	return nil
}

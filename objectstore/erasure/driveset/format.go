package driveset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore/erasure/disk"
)

// Names in a drive's .croft folder.
const (
	formatFile = "format.json"
	lockFile   = "drive.lock"
)

// formatVersion is 2; 1 was the engine before this one, with a file for each
// object on every drive.
const formatVersion = 2

// format is .croft/format.json: which set a drive belongs to and what it is there.
type format struct {
	Version    int    `json:"version"`
	Deployment string `json:"deployment"`
	Drive      string `json:"drive"`
	// Members are all drives of the set in order of place. Generation rises when
	// one of them is replaced, and the highest one counts.
	Members    []member `json:"members"`
	Generation int      `json:"generation"`
	Parity     int      `json:"parity"`
	// Ready is set once every drive of the set has its format. A set without a
	// single ready drive was never used, and its formatting is taken up again.
	Ready bool `json:"ready"`
}

// member is one drive of a set. Mounted says that it was a file system of its
// own, so that its empty mount point is not taken for a blank drive.
type member struct {
	ID      string `json:"id"`
	Mounted bool   `json:"mounted,omitempty"`
}

// place returns where the drive is in its set, -1 when it was replaced.
func (f *format) place() int { return f.placeOf(f.Drive) }

func (f *format) placeOf(id string) int {
	return slices.IndexFunc(f.Members, func(m member) bool { return m.ID == id })
}

var errOldFormat = errors.New("format version 1")

func readFormat(b disk.Disk) (*format, error) {
	content, err := readSmall(b, formatFile)
	if err != nil {
		return nil, err
	}
	var f format
	if err := json.Unmarshal(content, &f); err != nil {
		// The version before had other fields under the same name.
		var old struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(content, &old) == nil && old.Version == 1 {
			return nil, errOldFormat
		}
		return nil, fmt.Errorf("read %s: %w", formatFile, err)
	}
	switch n := len(f.Members); {
	case f.Version == 1:
		return nil, errOldFormat
	case f.Version != formatVersion:
		return nil, fmt.Errorf("format version %d is not %d", f.Version, formatVersion)
	case n < 1 || n > MaxDrives || f.Parity < 0 || f.Parity > n/2 || f.Deployment == "" || f.Drive == "":
		return nil, fmt.Errorf("%s makes no sense", formatFile)
	}
	return &f, nil
}

// formatProblem says why a drive's format file cannot be used; nil is that there
// is none.
func formatProblem(path string, err error) error {
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errOldFormat):
		return errs.Wrap(err, errs.Invalid, "drive_old_format",
			fmt.Sprintf("%s was written by an earlier Croft whose layout this one does not read. Start that version once more, "+
				"copy the buckets out with any S3 client, and give this one empty folders. Nothing was changed.", path))
	}
	return errs.Wrap(err, errs.Invalid, "drive_format",
		fmt.Sprintf("The format file of %s cannot be read. The drive is damaged or was written by a newer Croft.", path))
}

func writeFormat(b disk.Disk, f format) error {
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return writeSmall(b, formatFile, append(content, '\n'))
}

// newFormat makes the format of a new set, without saying which of its drives it is.
func newFormat(found []*Candidate, parity int) format {
	f := format{Version: formatVersion, Deployment: ids.New(), Parity: parity, Generation: 1}
	for _, c := range found {
		f.Members = append(f.Members, member{ID: ids.New(), Mounted: c.Mounted})
	}
	return f
}

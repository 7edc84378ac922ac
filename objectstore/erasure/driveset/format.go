package driveset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/zeebo/xxh3"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore/erasure/disk"
)

// Names in a drive's .croft folder.
const (
	formatFile = "format.json"
	lockFile   = "drive.lock"
)

// dataNames is what else there is of the engine in a drive's .croft folder. The
// state of Croft itself may be there too, so it is never emptied as a whole.
var dataNames = []string{"bodies", "epoch", "log"}

// emptyIt says how a drive becomes a blank one.
const emptyIt = "When nothing on it is needed, delete bodies, epoch, log and format.json from its .croft folder, " +
	"and it is filled from the others."

// formatVersion is 2; 1 was the engine before this one, with a file for each
// object on every drive. A set that has grown has grownVersion: who knows only 2
// would take all that was written before for lost.
const (
	formatVersion = 2
	grownVersion  = 3
)

// format is .croft/format.json: which set a drive belongs to and what it is there.
type format struct {
	Version    int    `json:"version"`
	Deployment string `json:"deployment"`
	Drive      string `json:"drive"`
	// Members are all drives of the set in order of place. Generation rises when
	// they change, and the highest one counts.
	Members    []member `json:"members"`
	Generation int      `json:"generation"`
	// Claimed is the highest number that was ever meant for a Generation. It is on
	// enough drives before a change of that number is on any, so that no later one
	// gets the same.
	Claimed int `json:"claimed"`
	Parity  int `json:"parity"`
	// Grown are the sizes that the set had before, the smallest first.
	Grown []size `json:"grown,omitempty"`
	// Ready is set once every drive of the set has its format. A set without a
	// single ready drive was never used, and its formatting is taken up again.
	Ready bool `json:"ready"`
	// Sum is the last field, so that it covers all others.
	Sum string `json:"sum"`
}

// member is one drive of a set.
type member struct {
	ID    string `json:"id"`
	Since int    `json:"since"` // the generation that it came with
	// Mounted says that it was a file system of its own, so that its empty mount
	// point is not taken for a blank drive.
	Mounted bool `json:"mounted,omitempty"`
	// Filling says that it took a lost one's place and does not hold yet what that
	// one held: what it lacks is no proof that it was never written.
	Filling bool `json:"filling,omitempty"`
}

// size is what a set was like before it grew.
type size struct {
	Drives int `json:"drives"`
	Parity int `json:"parity"`
	Until  int `json:"until"` // the generation with which it grew
}

func (s size) geometry() Geometry { return Geometry{Data: s.Drives - s.Parity, Parity: s.Parity} }

func (f *format) geometry() Geometry {
	return Geometry{Data: len(f.Members) - f.Parity, Parity: f.Parity}
}

// placeOf returns where a drive is in its set, -1 when it was replaced.
func (f *format) placeOf(id string) int {
	return slices.IndexFunc(f.Members, func(m member) bool { return m.ID == id })
}

// sensible reports whether a format can be one.
func (f *format) sensible() bool {
	ids := make(map[string]bool)
	for _, m := range f.Members {
		ids[m.ID] = true
	}
	n := len(f.Members)
	if f.Version == formatVersion && len(f.Grown) > 0 || f.Version == grownVersion && !f.sensiblyGrown() {
		return false
	}
	return n >= 1 && n <= MaxDrives && len(ids) == n && !ids[""] && f.Parity >= 0 && f.Parity <= n/2 &&
		f.Deployment != "" && f.Drive != "" && f.Generation > 0
}

// sensiblyGrown reports whether the sizes that a set had can have been those.
func (f *format) sensiblyGrown() bool {
	next := size{Drives: len(f.Members), Parity: f.Parity, Until: f.Generation + 1}
	for _, s := range slices.Backward(f.Grown) {
		if !s.geometry().Valid() || s.Drives >= next.Drives || s.geometry().Data > next.geometry().Data ||
			s.Until < 1 || s.Until >= next.Until {
			return false
		}
		next = s
	}
	return len(f.Grown) > 0
}

var (
	errOldFormat = errors.New("format version 1")
	errNewFormat = errors.New("format version from the future")
)

func readFormat(b disk.Disk) (*format, error) {
	content, err := readSmall(b, formatFile)
	if err != nil {
		return nil, err
	}
	return decodeFormat(content)
}

func decodeFormat(content []byte) (*format, error) {
	// Another version may have other fields under the same names.
	var is struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(content, &is); err != nil {
		return nil, fmt.Errorf("read %s: %w", formatFile, err)
	}
	switch {
	case is.Version == 1:
		return nil, errOldFormat
	case is.Version > grownVersion:
		return nil, fmt.Errorf("%w: %d", errNewFormat, is.Version)
	}
	var f format
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, fmt.Errorf("read %s: %w", formatFile, err)
	}
	if f.Version < formatVersion || f.Sum != formatSum(content) || !f.sensible() {
		return nil, fmt.Errorf("%s makes no sense", formatFile)
	}
	return &f, nil
}

// formatSum is the checksum of a format file: of all bytes before its own field.
func formatSum(content []byte) string {
	return fmt.Sprintf("%016x", xxh3.Hash(content[:max(0, bytes.LastIndex(content, []byte(`"sum"`)))]))
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
	case errors.Is(err, errNewFormat):
		return errs.Wrap(err, errs.Invalid, "drive_format",
			fmt.Sprintf("%s was written by a newer Croft, whose format this one does not know. Start that one.", path))
	}
	return errs.Wrap(err, errs.Invalid, "drive_format",
		fmt.Sprintf("The format file of %s cannot be read: the drive is damaged. %s", path, emptyIt))
}

func writeFormat(b disk.Disk, f format) error {
	content, err := f.encode()
	if err != nil {
		return err
	}
	return writeSmall(b, formatFile, content)
}

func (f format) encode() ([]byte, error) {
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	f.Sum = formatSum(content)
	if content, err = json.MarshalIndent(f, "", "  "); err != nil {
		return nil, err
	}
	return append(content, '\n'), nil
}

// newFormat makes the format of a new set, without saying which of its drives it is.
func newFormat(found []*Candidate, parity int) format {
	f := format{Version: formatVersion, Deployment: ids.New(), Parity: parity, Generation: 1, Claimed: 1}
	for _, c := range found {
		f.Members = append(f.Members, member{ID: ids.New(), Since: f.Generation, Mounted: c.Mounted})
	}
	return f
}

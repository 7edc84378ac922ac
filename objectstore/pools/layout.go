package pools

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"croft/internal/errs"
)

// layoutFile is the file on every drive, in its .croft folder, that says which sets
// make the store.
const layoutFile = "store.json"

// layoutVersion is what this version writes and reads.
const layoutVersion = 1

// layout is which sets make a store. Of two the higher generation counts.
type layout struct {
	Version int `json:"version"`
	// Store names the store for ever: the ID of the set that was its first.
	Store string `json:"store"`
	// Generation rises with each change, and follows the clock, so that a change
	// that reached too few drives to count never has the number of a later one.
	Generation uint64       `json:"generation"`
	Pools      []poolLayout `json:"pools"`
	// Sum is the last field, so that it covers all others.
	Sum string `json:"sum"`
}

// poolLayout is one pool: its sets in the order that placement goes by.
type poolLayout struct {
	Sets  []string  `json:"sets"`
	State poolState `json:"state,omitempty"`
}

type poolState string

const (
	poolInUse    poolState = ""
	poolDraining poolState = "draining" // nothing new goes there, and what is there moves away
	poolGone     poolState = "gone"     // nothing is there any more
)

var errNewLayout = errors.New("layout from the future")

// next returns the layout that follows this one, to be changed.
func (l layout) next() layout {
	l.Generation = max(l.Generation+1, uint64(time.Now().UnixNano()))
	l.Pools = slices.Clone(l.Pools)
	return l
}

func (l layout) encode() ([]byte, error) {
	l.Sum = ""
	content, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, err
	}
	l.Sum = layoutSum(content)
	if content, err = json.MarshalIndent(l, "", "  "); err != nil {
		return nil, err
	}
	return append(content, '\n'), nil
}

// layoutSum is the checksum of a layout file: of all bytes before its own field.
func layoutSum(content []byte) string {
	return fmt.Sprintf("%016x", xxh3.Hash(content[:max(0, bytes.LastIndex(content, []byte(`"sum"`)))]))
}

// decodeLayout reads a layout that a drive has; its errors are for people.
func decodeLayout(path string, content []byte) (*layout, error) {
	var is struct { // another version may have other fields under the same names
		Version int `json:"version"`
	}
	err := json.Unmarshal(content, &is)
	if err == nil && is.Version > layoutVersion {
		return nil, errs.Wrap(errNewLayout, errs.Invalid, "drive_format",
			path+" was written by a newer Croft, whose format this one does not know. Start that one.")
	}
	var l layout
	if err == nil {
		err = json.Unmarshal(content, &l)
	}
	if err == nil && (l.Version != layoutVersion || l.Sum != layoutSum(content) || !l.sensible()) {
		err = fmt.Errorf("%s of %s makes no sense", layoutFile, path)
	}
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "drive_layout",
			fmt.Sprintf("The file .croft/%s of %s, which says which sets make the store, is damaged. Delete it when other drives of the store have it too.", layoutFile, path))
	}
	return &l, nil
}

// sensible reports whether a layout can be one.
func (l *layout) sensible() bool {
	seen := make(map[string]bool)
	for _, p := range l.Pools {
		if len(p.Sets) == 0 || p.State != poolInUse && p.State != poolDraining && p.State != poolGone {
			return false
		}
		for _, id := range p.Sets {
			if id == "" || seen[id] {
				return false
			}
			seen[id] = true
		}
	}
	return l.Store != "" && l.Generation > 0 && len(l.Pools) > 0
}

// poolOf returns the pool that has any of these sets, -1 when none has.
func (l *layout) poolOf(ids []string) int {
	return slices.IndexFunc(l.Pools, func(p poolLayout) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return id != "" && slices.Contains(p.Sets, id) })
	})
}

package driveset

import (
	"errors"
	"io/fs"
)

// Seen is what a path shows before anything is opened.
type Seen struct {
	Path    string
	Missing bool   // there is nothing at the path
	Problem error  // why the drive cannot be used, for people
	Set     string // the set that the drive is of; empty for one that was never used
	Members int    // drives of that set
	Card    []byte // the small file that was asked for; nil when there is none
}

// Peek looks at folders of this machine without changing or locking anything. card
// names a small file to be read along from drives that are of a set.
func Peek(paths []string, card string) ([]Seen, error) {
	found, err := Local(paths)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, c := range found {
			c.release()
		}
	}()
	all := make([]Seen, len(found))
	for i, c := range found {
		if err := c.inspect(); err != nil {
			return nil, err
		}
		all[i] = Seen{Path: c.Path, Missing: c.Missing, Problem: c.Problem}
		if c.format == nil || !c.format.Ready {
			continue // a first start that was cut off is taken up again
		}
		all[i].Set, all[i].Members = c.format.Deployment, len(c.format.Members)
		content, err := readSmall(c.Disk, card)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			all[i].Problem = unusable(c.Path, err)
		}
		all[i].Card = content
	}
	return all, nil
}

package notification

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// place is a queue's name: whose events wait there, and for whom. It is what the keys
// of its notices begin with.
type place struct {
	Bucket string
	// ID is the bucket's own: one that is made anew under the name has other queues. It is
	// empty in queues of a Croft that did not write it down.
	ID     string
	Target Target
	// Shelf is empty for what waits, or one of the shelves beside it.
	Shelf string
}

// Shelves beside a queue.
const (
	unreadable = "unreadable" // notices that say nothing that can be understood
	summing    = "summing"    // which events a message is about that is on its way to a room
)

// bucketID is how the store writes numbers of buckets.
var bucketID = regexp.MustCompile(`^[0-9a-f]*$`)

var shelves = []string{"", unreadable, summing}

// String is the queue's name. The parts of a name are told apart by what an escaped ARN never holds.
func (p place) String() string {
	name := p.Bucket + "/" + url.PathEscape(p.Target.ARN())
	if p.ID != "" || p.Shelf != "" {
		name += ";" + p.ID
	}
	if p.Shelf != "" {
		name += ";" + p.Shelf
	}
	return name
}

// on is a shelf beside the queue.
func (p place) on(shelf string) place {
	p.Shelf = shelf
	return p
}

// parsePlace reads what String wrote. Other names are of a newer Croft.
func parsePlace(name string) (p place, err error) {
	bucket, rest, _ := strings.Cut(name, "/")
	parts := append(strings.Split(rest, ";"), "", "")
	arn, err := url.PathUnescape(parts[0])
	if err == nil {
		p.Target, err = ParseTarget(arn)
	}
	p.Bucket, p.ID, p.Shelf = bucket, parts[1], parts[2]
	if err == nil && (!bucketID.MatchString(p.ID) || !slices.Contains(shelves, p.Shelf) || p.String() != name) {
		err = ErrQueueNotFound
	}
	return p, err
}

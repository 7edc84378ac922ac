package seglog

import "croft/objectstore/erasure/driveset"

// A set may have grown. Its segments stay on the drives that there were when they
// were begun, which are those of the first places, and so do their records. A head
// says how many those were, so that drives that were added since are not asked for
// what was before them.

// width is how many drives a new segment is on, as its head says it.
func (l *Log) width() int {
	if len(l.set.Earlier) == 0 {
		return 0
	}
	return len(l.set.Drives)
}

// placesOf are the drives that a segment is on.
func (l *Log) placesOf(id uint64) driveset.Places {
	if len(l.set.Earlier) == 0 {
		return driveset.AllPlaces(len(l.set.Drives))
	}
	l.segMu.Lock()
	defer l.segMu.Unlock()
	drives := len(l.set.Drives)
	if id == l.next.Segment {
		drives = l.drives
	}
	for _, x := range l.live {
		if x.id == id {
			drives = x.drives
		}
	}
	return driveset.AllPlaces(l.set.GeometryOf(drives).Drives())
}

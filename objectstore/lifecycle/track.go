package lifecycle

import "croft/objectstore"

// tracker turns a listing of versions, keys in order and the versions of one from the
// newest to the oldest, into what rules judge. It is one version behind: only the next
// shows whether a version is the only one of its key.
type tracker struct {
	held  Version
	any   bool
	newer int // noncurrent versions of the key, up to what is held and without markers
}

// add takes the next version and returns the one before.
func (t *tracker) add(o objectstore.Object) (before Version, whole bool) {
	before, whole = t.held, t.any
	next := Version{Object: o, Only: true}
	if whole && before.Key == o.Key {
		before.Only, next.Only = false, false
		next.NoncurrentSince = before.ModifiedAt
		if !before.Latest && !before.Marker {
			t.newer++
		}
		next.Newer = t.newer
	} else {
		t.newer = 0
	}
	t.held, t.any = next, true
	return before, whole
}

// end returns the last version.
func (t *tracker) end() (last Version, whole bool) {
	last, whole = t.held, t.any
	*t = tracker{}
	return last, whole
}

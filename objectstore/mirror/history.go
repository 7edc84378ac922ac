package mirror

// version is something that a key held, as a listing tells it.
type version struct {
	id, etag string
	size     int64
	class    string // S3's storage class
	marker   bool   // it is a delete marker
	mark     string // at the target: the ETag of what this is a copy of, where that is another
}

// copyOf reports whether a version at the target is the same as one at the source.
func (v *version) copyOf(source *version) bool {
	if v.marker || source.marker {
		return v.marker && source.marker
	}
	return v.size == source.size && (v.etag == source.etag || v.mark != "" && v.mark == source.etag)
}

// history is a key and what it held, the oldest first; where versions are not looked at,
// what it holds.
type history struct {
	key      string
	versions []version
}

// align finds the versions of the source at the target, in their order, and returns where
// each of the first ones is there, and from which on they have to be put there anew so
// that the target has all of the source's in order and holds what the source holds. What
// the target has between them stays.
func align(source, target []version) (at []int, from int) {
	for i := 0; len(at) < len(source) && i < len(target); i++ {
		if target[i].copyOf(&source[len(at)]) {
			at = append(at, i)
		}
	}
	from = len(at)
	if from == len(source) && from > 0 && !target[len(target)-1].copyOf(&source[from-1]) {
		from--
	}
	return at, from
}

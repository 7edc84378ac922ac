package objectstore

// Range selects bytes of a body. A negative Offset counts from the end (the last
// -Offset bytes, all of a shorter body, Length ignored); a negative Length reaches
// to the end. A range that runs over the end is cut there.
type Range struct {
	Offset int64
	Length int64
}

// Suffix selects the last n bytes. No body satisfies n < 1.
func Suffix(n int64) *Range {
	if n < 1 {
		return &Range{Length: 0}
	}
	return &Range{Offset: -n, Length: -1}
}

// Resolve turns the range into an offset and a length within a body of the
// given size. A range without a single byte is ErrRangeInvalid; a nil range is
// the whole body, be it empty.
func (r *Range) Resolve(size int64) (offset, length int64, err error) {
	switch {
	case r == nil:
		return 0, size, nil
	case size == 0:
		return 0, 0, ErrRangeInvalid
	case r.Offset < 0:
		// Compared without negating, which the smallest int64 would not survive.
		offset = max(0, size+r.Offset)
		return offset, size - offset, nil
	case r.Offset >= size || r.Length == 0:
		return 0, 0, ErrRangeInvalid
	case r.Length < 0 || r.Length > size-r.Offset:
		return r.Offset, size - r.Offset, nil
	}
	return r.Offset, r.Length, nil
}

package erasure

import (
	"io"

	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// room refuses a large body of a geometry, of which so many bytes are still to
// come, for which too few drives have room. It looks at each drive by itself; folders that share a
// disk find out when the next body comes.
func (s *Store) room(bytes int64, g driveset.Geometry) error {
	shard := bytes / int64(g.Data)
	full := 0
	for _, d := range s.set.Drives {
		if d.Writable() && d.Full(shard) {
			full++
		}
	}
	if full > 0 && s.set.Writable().Count()-full < g.WriteQuorum() {
		s.short.Store(true)
		return objectstore.ErrStorageFull
	}
	return nil
}

// roomEvery is how often there is asked for room while a body of unknown size comes.
const roomEvery = 8 << 20

// roomy is a body of unknown size that ends when there is no more room for it.
type roomy struct {
	store    *Store
	body     io.Reader
	geometry driveset.Geometry
	left     int64 // until it is asked again
}

func (r *roomy) Read(p []byte) (int, error) {
	if r.left <= 0 {
		if err := r.store.room(roomEvery, r.geometry); err != nil {
			return 0, err
		}
		r.left = roomEvery
	}
	n, err := r.body.Read(p)
	r.left -= int64(n)
	return n, err
}

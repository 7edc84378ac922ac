package shardfile

import (
	"hash"
	"sync/atomic"

	"croft/objectstore/erasure/driveset"
)

// hasher feeds a hash beside what else happens to the bytes.
type hasher struct {
	hash  hash.Hash
	in    chan hashJob
	ended chan struct{}
	done  atomic.Int64 // stripes
}

type hashJob struct {
	stripe *stripe
	bytes  int
}

func newHasher(h hash.Hash) *hasher {
	// There is room for every stripe that there may be.
	return &hasher{hash: h, in: make(chan hashJob, window+driveset.MaxDrives), ended: make(chan struct{})}
}

func (h *hasher) run() {
	defer close(h.ended)
	for j := range h.in {
		_, _ = h.hash.Write(j.stripe.data[:j.bytes])
		j.stripe.release()
		h.done.Add(1)
	}
}

// end waits until everything is hashed.
func (h *hasher) end() {
	close(h.in)
	<-h.ended
}

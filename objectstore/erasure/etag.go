package erasure

import (
	"crypto/md5"
	"encoding/hex"
	"hash"
	"sync"
	"sync/atomic"

	md5simd "github.com/minio/md5-simd"
)

// etags makes the MD5 sums of bodies, by which S3 names what they hold. When
// several bodies come at once their sums are computed side by side in the lanes of
// one core's vector unit, which takes a quarter of the time; one alone is slower
// so. The zero value is ready.
type etags struct {
	bodies atomic.Int32 // that are worth a lane and on their way

	mu    sync.Mutex     // guards the following field
	lanes md5simd.Server // nil until it is needed
}

const (
	// manyBodies is how many bodies are faster side by side than each for itself.
	manyBodies = 4
	// laneBytes is the least length of a body that is worth a lane.
	laneBytes = 64 << 10
)

// expect counts a body of an announced size, -1 when there is none, until the
// returned function is called: when it was received and answered, since clients
// that wait for the same answer send their next bodies together.
func (e *etags) expect(size int64) func() {
	if size >= 0 && size < laneBytes {
		return func() {}
	}
	e.bodies.Add(1)
	return func() { e.bodies.Add(-1) }
}

// begin returns a hash, and what to call when it is needed no more.
func (e *etags) begin() (h hash.Hash, end func()) {
	if e.bodies.Load() < manyBodies {
		return md5.New(), func() {}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lanes == nil {
		e.lanes = md5simd.NewServer()
	}
	lane := e.lanes.NewHash()
	return lane, lane.Close
}

// of returns the sum of a whole body.
func (e *etags) of(body []byte) string {
	if len(body) < laneBytes {
		sum := md5.Sum(body)
		return hex.EncodeToString(sum[:])
	}
	h, end := e.begin()
	defer end()
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// close ends what computes. No body may be on its way.
func (e *etags) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lanes != nil {
		e.lanes.Close()
		e.lanes = nil
	}
}

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

	mu    sync.Mutex     // guards the following 3 fields
	lanes md5simd.Server // nil until it is needed
	// Hashes are used again and never closed: the library keeps looking at closed ones.
	free []md5simd.Hasher
	made int
}

const (
	// manyBodies is how many bodies are faster side by side than each for itself.
	manyBodies = 4
	// laneBytes is the least length of a body that is worth a lane.
	laneBytes = 64 << 10
	// maxLanes is how many hashes there are at most: as many as go side by side.
	maxLanes = 16
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
	if e.bodies.Load() >= manyBodies {
		if lane := e.lane(); lane != nil {
			return lane, func() { e.giveBack(lane) }
		}
	}
	return md5.New(), func() {}
}

// lane returns a hash that is computed beside others, nil when all are in use.
func (e *etags) lane() md5simd.Hasher {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.free); n > 0 {
		lane := e.free[n-1]
		e.free = e.free[:n-1]
		return lane
	}
	if e.made == maxLanes {
		return nil
	}
	if e.lanes == nil {
		e.lanes = md5simd.NewServer()
	}
	e.made++
	return e.lanes.NewHash()
}

func (e *etags) giveBack(lane md5simd.Hasher) {
	lane.Reset()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.free = append(e.free, lane)
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
	for _, lane := range e.free {
		lane.Close()
	}
	if e.lanes != nil {
		e.lanes.Close()
	}
	e.lanes, e.free, e.made = nil, nil, 0
}

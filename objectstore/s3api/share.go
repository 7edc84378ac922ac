package s3api

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// A body and what an engine makes of it take a multiple of the body, up to the
	// few blocks of a large one that are in memory at once.
	requestMemory  = 32 << 10
	bodyMultiple   = 3
	blocksInMemory = 4 << 20

	memoryPerCPU = 256 << 20
	defaultWait  = 20 * time.Second
	warnEvery    = time.Minute
)

// shares bounds the memory that the bodies of requests take at once: each takes a
// share by its size, waits for one in the order of arrival, and is refused when it
// waited too long. Without it a burst of uploads could end the whole process.
type shares struct {
	memory int64
	wait   time.Duration
	free   *semaphore.Weighted
	log    *slog.Logger
	warned atomic.Int64 // when a refusal was last logged, in nanoseconds
}

func newShares(memory int64, wait time.Duration, log *slog.Logger) *shares {
	if memory == 0 {
		memory = int64(runtime.GOMAXPROCS(0)) * memoryPerCPU
	}
	if wait == 0 {
		wait = defaultWait
	}
	return &shares{memory: memory, wait: wait, free: semaphore.NewWeighted(memory), log: log}
}

// shareOf is what a body of this size takes; -1 is an unknown size.
func (s *shares) shareOf(size int64) int64 {
	if size == 0 {
		return 0
	}
	if size < 0 || size > blocksInMemory {
		size = blocksInMemory
	}
	return min(s.memory, requestMemory+bodyMultiple*size)
}

// take waits for a share of the memory, which the caller gives back with give.
func (s *shares) take(ctx context.Context, size int64) (share int64, err error) {
	return s.acquire(ctx, s.shareOf(size))
}

// takeAll is take for something that needs as many bytes as it says, all at once.
func (s *shares) takeAll(ctx context.Context, bytes int64) (share int64, err error) {
	return s.acquire(ctx, min(s.memory, bytes))
}

func (s *shares) acquire(ctx context.Context, share int64) (int64, error) {
	if share == 0 || s.free.TryAcquire(share) {
		return share, nil
	}
	waiting, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	if s.free.Acquire(waiting, share) == nil {
		return share, nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	s.warn(ctx)
	return 0, errBusy
}

func (s *shares) give(share int64) {
	if share > 0 {
		s.free.Release(share)
	}
}

// errBusy is refused without a line in the log for each: the load is high already.
var errBusy = fail("SlowDown", "Too many uploads are under way. Please reduce your request rate.")

func (s *shares) warn(ctx context.Context) {
	now, last := time.Now().UnixNano(), s.warned.Load()
	if now-last > int64(warnEvery) && s.warned.CompareAndSwap(last, now) {
		s.log.WarnContext(ctx, "s3 uploads refused: too many at once", "memory", s.memory, "waited", s.wait)
	}
}

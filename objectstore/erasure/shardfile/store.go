package shardfile

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// Config is what a Store works with.
type Config struct {
	Logger *slog.Logger
	// Damaged is told which drives were found to lack a body's file or to have it
	// wrong. It is called by readers and must not block.
	Damaged func(id ID, places driveset.Places)
	// LeftBehind, when set, is told that files of removed bodies are left on a drive
	// that does not answer, where Orphans finds them. It must not block.
	LeftBehind func()
}

// Store is the bodies on the drives of a set. Its methods may be called concurrently.
type Store struct {
	set    *driveset.Set
	log    *slog.Logger
	cfg    Config
	start  time.Time
	memory memory
	lanes  []lane // by place
	uses   uses
	behind sync.WaitGroup // goroutines that nobody waits for
	timing timing
	// typicalRead is what drives last took for a chunk, in nanoseconds.
	typicalRead atomic.Int64
}

// timing is how long what is waited for.
type timing struct {
	// lag is how long all drives together may keep one body from being written
	// before the slowest of them is left out.
	lag time.Duration
	// grace is how long a write that a quorum holds waits for the others at least,
	// and late for such that were late before.
	grace, late time.Duration
	// stuck is how long a drive may take for one operation when it is needed.
	stuck time.Duration
	// hedge is how long a drive may take for a chunk at least before others are
	// asked instead.
	hedge time.Duration
	// memory is how long it is remembered that a drive was slow.
	memory time.Duration
}

var usualTiming = timing{
	lag: 2 * time.Second, grace: 500 * time.Millisecond, late: 20 * time.Millisecond, stuck: time.Minute,
	hedge: 50 * time.Millisecond, memory: 10 * time.Second,
}

// New returns the store of a set's bodies. It touches no drive.
func New(set *driveset.Set, cfg Config) *Store {
	s := &Store{set: set, log: cfg.Logger, cfg: cfg, start: time.Now(), timing: usualTiming}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.lanes = make([]lane, len(set.Drives))
	for i := range s.lanes {
		s.lanes[i].folders.asking = newTurn()
	}
	return s
}

// closeWait is how long Close waits for drives that do not answer.
const closeWait = 10 * time.Second

// Close waits for what goes on behind writes and readers that have ended. No
// other method may be running or be called any more.
func (s *Store) Close() {
	done := make(chan struct{})
	go func() { s.behind.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(closeWait):
		s.log.Warn("drives did not answer; going without them")
	}
}

func (s *Store) layout(b Body) (layout, error) {
	if g := b.Geometry(); !g.Valid() || g.Drives() > len(s.set.Drives) || b.Size < 0 {
		return layout{}, fmt.Errorf("a body of %d bytes in %d+%d shards on %d drives", b.Size, b.Data, b.Parity, len(s.set.Drives))
	}
	return layoutOf(b), nil
}

// damaged reports places that lack a body or have it wrong.
func (s *Store) damaged(id ID, places driveset.Places) {
	if places != 0 && s.cfg.Damaged != nil {
		s.cfg.Damaged(id, places)
	}
}

func readQuorumError(cause error) error {
	return errs.Wrap(cause, errs.Unavailable, objectstore.ErrReadQuorum.Code, objectstore.ErrReadQuorum.Message)
}

// writeError says why a write reached only so many drives.
func (s *Store) writeError(reached, need int, failures []error) error {
	cause := errors.Join(failures...)
	if errors.Is(cause, driveset.ErrFull) {
		return errs.Wrap(cause, errs.StorageFull, objectstore.ErrStorageFull.Code, objectstore.ErrStorageFull.Message)
	}
	return errs.Wrap(cause, errs.Unavailable, objectstore.ErrWriteQuorum.Code,
		fmt.Sprintf("Only %d of %d drives can be written to; at least %d are needed.", reached, len(s.set.Drives), need))
}

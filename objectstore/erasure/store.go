// Package erasure is the object store on local drives: every body is cut into
// stripes, each stripe into data chunks and Reed-Solomon parity chunks, one for
// each drive. It promises what package objectstore asks of an engine, with the
// quorums of geometry: reads need as many drives as there are data shards,
// writes the same, or one more where data and parity are equal.
//
// What a key holds is a version: one immutable shard file on each drive, staged
// in tmp, synced, and moved to its place under a rising sequence number. The
// newest version that enough drives hold is the one that counts. The drives are
// the only truth; Open reads all records and keeps the index in memory, so
// memory and start-up time grow with the number of objects.
//
// A version that fewer drives hold than a read needs, and never can, is removed
// at start; so what was half written goes, and what was deleted while a drive was
// away does not come back with it. Where drives are offline that might decide,
// nothing is removed and the key answers ErrReadQuorum until they are back.
//
// An error that is the disk's fault fences the drive until the next start.
// Missing and damaged shards are rebuilt when they are read and written back by
// Run. Only one process may have the drives open.
package erasure

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/klauspost/reedsolomon"

	"croft/internal/errs"
	"croft/objectstore"
)

// Config is what the engine works with.
type Config struct {
	// Drives are 1 to MaxDrives folders, in any order. On the very first start they
	// are made; later a missing one counts as lost.
	Drives []string
	// Parity is how many drives may be lost; -1 is DefaultParity on the first
	// start and what the drives were formatted with afterwards.
	Parity int
	// Deployment, when set, is the set that the drives must be of: there has been a
	// first start, so blank drives are not formatted but missed.
	Deployment string
	Logger     *slog.Logger
}

// Store is an open set of drives.
type Store struct {
	log      *slog.Logger
	geometry geometry
	drives   []*drive // by place
	given    []*drive // in the order of the command line
	coder    reedsolomon.Encoder
	buffers  sync.Pool // of *stripe
	index    *index
	keys     keyLocks
	healing  chan *version

	seqMu sync.Mutex // guards seq
	seq   uint64

	lifeMu sync.Mutex // guards closed and adds to inUse
	closed bool
	inUse  sync.WaitGroup
}

var (
	_ objectstore.Store         = (*Store)(nil)
	_ objectstore.DriveReporter = (*Store)(nil)
)

// Open assembles the drives, formats them on the very first start, and reads all
// records. With fewer drives than a write needs it opens for reading only. Its
// errors name the drive and say what to do.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	a, err := assemble(cfg)
	if err != nil {
		return nil, err
	}
	s := &Store{
		log: cfg.Logger, geometry: a.geometry, drives: a.drives, given: a.given,
		index: newIndex(), healing: make(chan *version, 256),
	}
	s.buffers.New = func() any { return newStripe(s.geometry) }
	s.coder, err = reedsolomon.New(s.geometry.data, s.geometry.parity)
	if err == nil {
		err = s.load(ctx)
	}
	if err != nil {
		a.unlock()
		return nil, fmt.Errorf("open drives: %w", err)
	}
	return s, nil
}

// Close waits for what is going on, open bodies included, and lets go of the
// drives. Everything afterwards fails.
func (s *Store) Close() error {
	s.lifeMu.Lock()
	s.closed = true
	s.lifeMu.Unlock()
	s.inUse.Wait()
	for _, d := range s.given {
		if d.lock != nil {
			_ = d.lock.Close()
			d.lock = nil
		}
	}
	return nil
}

// begin registers an operation; every begin without error is followed by one
// inUse.Done.
func (s *Store) begin() error {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.closed {
		return errs.New(errs.Unavailable, "store_closed", "The object store is shutting down.")
	}
	s.inUse.Add(1)
	return nil
}

// nextSeq returns a sequence number above all that were ever seen. It follows
// the clock, so that it also passes numbers that only an absent drive has seen.
func (s *Store) nextSeq() uint64 {
	s.seqMu.Lock()
	defer s.seqMu.Unlock()
	s.seq = max(s.seq+1, uint64(time.Now().UnixNano()))
	return s.seq
}

func (s *Store) writableDrives() places {
	var p places
	for i, d := range s.drives {
		if d.writable() {
			p = p.with(i)
		}
	}
	return p
}

// checkWritable refuses what could not reach a write quorum anyway.
func (s *Store) checkWritable() error {
	if n := s.writableDrives().count(); n < s.geometry.writeQuorum() {
		return s.writeQuorumError(n, nil)
	}
	return nil
}

func (s *Store) writeQuorumError(online int, cause error) error {
	return errs.Wrap(cause, errs.Unavailable, objectstore.ErrWriteQuorum.Code,
		fmt.Sprintf("Writing needs %d drives and only %d of %d could be written to. The drives' health says which are missing.",
			s.geometry.writeQuorum(), online, s.geometry.drives()))
}

// onDrives runs f for each of the given drives, side by side, and returns where
// it succeeded and the failures of the others.
func (s *Store) onDrives(where places, f func(d *drive) error) (done places, failures []error) {
	results := make([]error, len(s.drives))
	var wg sync.WaitGroup
	for i, d := range s.drives {
		if where.has(i) {
			wg.Go(func() { results[i] = f(d) })
		}
	}
	wg.Wait()
	for i, err := range results {
		switch {
		case !where.has(i):
		case err != nil:
			failures = append(failures, err)
		default:
			done = done.with(i)
		}
	}
	return done, failures
}

// keyLocks is a mutex for each name somebody is changing.
type keyLocks struct {
	mu    sync.Mutex // guards locks and the counts in it
	locks map[name]*keyLock
}

type keyLock struct {
	sync.Mutex
	waiters int
}

// lock takes the name's mutex and returns how to let it go.
func (k *keyLocks) lock(n name) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[name]*keyLock)
	}
	l := k.locks[n]
	if l == nil {
		l = new(keyLock)
		k.locks[n] = l
	}
	l.waiters++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.waiters--; l.waiters == 0 {
			delete(k.locks, n)
		}
	}
}

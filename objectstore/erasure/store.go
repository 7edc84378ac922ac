package erasure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/seglog"
	"croft/objectstore/erasure/shardfile"
)

// Config is what the engine works with.
type Config struct {
	// Drives are 1 to driveset.MaxDrives folders, in any order. On the very first
	// start they are made; later a missing one counts as lost.
	Drives []string
	// Parity is how many drives may be lost; -1 is the default on the first start and
	// what the drives were formatted with afterwards.
	Parity int
	// Reduced is the parity of large bodies of reduced redundancy, at most Parity; nil
	// is 1, where there is any.
	Reduced *int
	// Deployment, when set, is the set that the drives must be of: there has been a
	// first start, so blank drives are not formatted but missed.
	Deployment string
	// Catalogue is the file that the catalogue is kept in; empty is one on the first
	// drive that is there.
	Catalogue string
	// Reindex builds the catalogue anew from the drives.
	Reindex bool
	Logger  *slog.Logger
	// Keys seal the keys of encrypted objects; without them nothing is encrypted.
	Keys Keys
	// Tiers keep bodies of old versions; nil is none.
	Tiers objectstore.Tiers
	// Quotas limit owners; nil is no limit. Buckets have limits of their own.
	Quotas Quotas
	// SegmentBytes is the size of the log's segments; 0 lets the engine choose.
	SegmentBytes int64
	// Announcer says which changes are to be told to whom; nil is none.
	Announcer objectstore.Announcer
	// Union is what the set has in common with others that make one store with it; nil
	// is a set that stands alone.
	Union *Union
	// CatalogueOf, when set, names the catalogue's file for a set.
	CatalogueOf func(deployment string) string
}

// Store is an open set of drives.
type Store struct {
	log    *slog.Logger
	set    *driveset.Set
	seglog openLog
	bodies *shardfile.Store
	index  *index.DB
	coder  *coat.Coder
	master Keys              // nil when there are none
	quotas Quotas            // nil when there are none
	tiers  objectstore.Tiers // nil when there are none
	// announcer is told of changes; nil when there is none.
	announcer objectstore.Announcer
	// reduced is the parity of reduced redundancy; nil is usualReduced.
	reduced *int

	buckets bucketTable
	keys    keyLocks
	union   *Union
	cardMu  sync.Mutex // guards card
	card    card
	etags   etags
	pins    pins
	damage  damage
	heal    healer

	changed   bell // for followers
	noticed   bell // for who delivers notices
	leftovers leftovers
	scrubber  scrubber
	resealing resealing
	tiering   tiering
	restoring restoring
	now       func() time.Time // that copies beside tiers go by

	compactMu sync.Mutex // guards compactor
	compactor compactor
	short     atomic.Bool // of space: giving some back is urgent

	segmentBytes int64 // of the log's segments; 0 lets the log choose

	applied atomic.Uint64 // number of the last record that the catalogue has

	lifeMu sync.Mutex // guards closed and adds to inUse
	closed bool
	inUse  sync.WaitGroup
}

var (
	_ objectstore.Store               = (*Store)(nil)
	_ objectstore.DriveReporter       = (*Store)(nil)
	_ objectstore.BatchDeleter        = (*Store)(nil)
	_ objectstore.BatchVersionDeleter = (*Store)(nil)
	_ objectstore.UsageReporter       = (*Store)(nil)
	_ objectstore.Tierer              = (*Store)(nil)
	_ objectstore.Restorer            = (*Store)(nil)
)

// Open assembles the drives, formats them on the very first start, and follows the
// log to its end. With fewer drives than a write needs it opens for reading only.
// Its errors name the drive and say what to do.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	found, err := driveset.Local(cfg.Drives)
	if err != nil {
		return nil, err
	}
	set, err := driveset.Open(driveset.Config{Parity: cfg.Parity, Deployment: cfg.Deployment, Logger: cfg.Logger}, found)
	if err != nil {
		return nil, err
	}
	if cfg.Deployment != "" && cfg.Deployment != set.Deployment {
		set.Close()
		return nil, errs.New(errs.Conflict, "state_of_another",
			"The state folder belongs to other drives than the ones given. Start Croft with the drives it was made with, or name another folder with --state.")
	}
	switch {
	case cfg.CatalogueOf != nil:
		cfg.Catalogue = cfg.CatalogueOf(set.Deployment)
	case cfg.Catalogue == "":
		cfg.Catalogue = defaultCatalogue(set)
	}
	s, err := openSet(ctx, cfg, set)
	if err != nil {
		set.Close()
		return nil, fmt.Errorf("open drives: %w", err)
	}
	return s, nil
}

func defaultCatalogue(set *driveset.Set) string {
	for _, d := range set.Given {
		if d.Readable() {
			return filepath.Join(d.Path, ".croft", "catalogue.db")
		}
	}
	return ""
}

// openSet opens the store on drives that were assembled.
func openSet(ctx context.Context, cfg Config, set *driveset.Set) (*Store, error) {
	if err := checkReduced(set.Geometry, cfg.Reduced); err != nil {
		return nil, err
	}
	coder, err := coat.NewCoder()
	if err != nil {
		return nil, err
	}
	s := &Store{
		log: cfg.Logger, set: set, coder: coder, master: cfg.Keys, quotas: cfg.Quotas, tiers: cfg.Tiers, announcer: cfg.Announcer, union: cfg.Union, reduced: cfg.Reduced, segmentBytes: cfg.SegmentBytes,
	}
	if s.union == nil {
		s.union = new(Union)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.damage.init()
	s.scrubber.init()
	s.resealing.init()
	s.tiering.init()
	s.restoring.init()
	s.now = time.Now
	s.heal.store = s
	s.seglog.unsure = &s.leftovers.new
	s.keys.over = s.seglog.Stalled
	s.buckets.refuse = func() error {
		_, cause := s.seglog.Stalled()
		return cause
	}
	s.bodies = shardfile.New(set, shardfile.Config{
		Logger: s.log, Damaged: s.bodyDamaged, LeftBehind: func() { s.leftovers.new.Store(true) },
	})
	if err := os.MkdirAll(filepath.Dir(cfg.Catalogue), 0o700); err != nil {
		return nil, fmt.Errorf("make the catalogue's folder: %w", err)
	}
	if cfg.Reindex {
		if err := index.Remove(cfg.Catalogue); err != nil {
			return nil, fmt.Errorf("remove the catalogue: %w", err)
		}
	}
	err = s.follow(ctx, cfg)
	if errors.Is(err, index.ErrUnusable) || errors.Is(err, seglog.ErrStale) {
		s.log.Warn("catalogue is built anew from the drives", "reason", err)
		s.letGo()
		if err = index.Remove(cfg.Catalogue); err == nil {
			err = s.follow(ctx, cfg)
		}
	}
	if errors.Is(err, seglog.ErrLost) {
		err = errs.Wrap(err, errs.Unavailable, "log_lost",
			"The drives lack changes that this store had acknowledged and its catalogue remembers. Bring back the drives that are missing or were "+
				"replaced. If they are lost for good, `croft objectstore reindex` goes on with what is left.")
	}
	if err != nil {
		s.letGo()
		s.bodies.Close()
		return nil, err
	}
	s.union.join(s)
	return s, nil
}

// follow opens the catalogue and brings it to the log's end.
func (s *Store) follow(ctx context.Context, cfg Config) (err error) {
	if s.index, err = index.Open(ctx, cfg.Catalogue, s.set.Deployment); err != nil {
		return err
	}
	start, err := s.position(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	a := &applier{store: s, rebuilding: start == (seglog.Start{})}
	if s.leftovers.before, err = s.wasRunning(ctx); err != nil {
		return err
	}
	opened, err := seglog.Open(ctx, s.logConfig(a), start)
	if err != nil {
		return err
	}
	s.seglog.Store(opened)
	if a.rebuilding {
		s.leftovers.before = a.replayed > 0 // nobody knows how it ended
		if err := a.finishRebuild(ctx); err != nil {
			return err
		}
	}
	if err := a.removeDoomed(ctx); err != nil {
		return err
	}
	if err := s.loadBuckets(ctx); err != nil {
		return err
	}
	s.log.Info("drives read", "records", a.replayed, "took", time.Since(began).Round(time.Millisecond).String())
	return nil
}

func (s *Store) logConfig(a *applier) seglog.Config {
	return seglog.Config{
		Set: s.set, Logger: s.log, SegmentBytes: s.segmentBytes, Apply: a.apply, Damaged: s.recordDamaged,
	}
}

// letGo closes what follow opened.
func (s *Store) letGo() {
	s.seglog.close()
	if s.index != nil {
		if err := s.index.Close(); err != nil {
			s.log.Warn("catalogue could not be closed", "error", err)
		}
		s.index = nil
	}
}

// Deployment names the set of drives for ever.
func (s *Store) Deployment() string { return s.set.Deployment }

// Close waits for what is going on, open bodies included, and lets go of the
// drives. Everything afterwards fails.
func (s *Store) Close() error {
	s.lifeMu.Lock()
	closed := s.closed
	s.closed = true
	s.lifeMu.Unlock()
	if closed {
		return nil
	}
	s.inUse.Wait()
	s.union.leave(s)
	if err := s.markEnd(context.Background()); err != nil { //nolint:forbidigo // nobody waits for it
		s.log.Warn("the next start looks for leftovers", "error", err)
	}
	s.letGo()
	s.bodies.Close()
	s.etags.close()
	s.set.Close()
	return nil
}

// begin registers an operation; every begin without error is followed by one
// inUse.Done.
func (s *Store) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.closed {
		return seglog.ErrClosed
	}
	s.inUse.Add(1)
	return nil
}

// nextOrd returns a number above all that were given out or seen. It follows the
// clock, so that it also passes numbers that only an absent drive has seen.
func (s *Store) nextOrd() uint64 { return s.union.NextOrd() }

// sawOrd keeps nextOrd above a number that was read from the drives.
func (s *Store) sawOrd(ord uint64) { s.union.sawOrd(ord) }

// checkWritable refuses what could not reach a write quorum anyway.
func (s *Store) checkWritable() error {
	if _, cause := s.seglog.Stalled(); cause != nil {
		return cause
	}
	need := s.set.Geometry.WriteQuorum()
	if n := s.set.Writable().Count(); n < need {
		return errs.Newf(errs.Unavailable, objectstore.ErrWriteQuorum.Code,
			"Writing needs %d drives and only %d of %d can be written to. The drives' health says which are missing.",
			need, n, len(s.set.Drives))
	}
	return nil
}

// segmentExists reports whether the log still has a segment.
func (s *Store) segmentExists() func(uint64) bool {
	var known map[uint64]bool
	return func(id uint64) bool {
		if known == nil {
			known = make(map[uint64]bool)
			for _, x := range s.seglog.Segments() {
				known[x.ID] = true
			}
		}
		return known[id]
	}
}

package erasure

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// What is to be done about copies is in the catalogue, put there by the transaction
// that brings the version's entry: so it is taken up again after any crash, also where
// the catalogue is built anew. What fails is tried again until it is done or the version is
// no more.

const (
	// restoreWorkers is how many versions are brought back at once.
	restoreWorkers = 4
	restorePage    = 100
	// Pauses after one could not be brought back, or a tier not be reached.
	firstRestorePause = time.Second
	lastRestorePause  = 5 * time.Minute
	// longestRestoreWait is how long nobody looks at the clock: it may be set.
	longestRestoreWait = time.Hour
)

// restoring is what is under way about copies.
type restoring struct {
	bell   bell  // rung when there is something new
	stride int64 // restoreStride, but in tests

	mu    sync.Mutex // guards the following 3 fields
	busy  map[versionName]bool
	rests map[versionName]rest
	tiers map[string]rest
}

// versionName names a version in the catalogue.
type versionName struct {
	name
	ord uint64
}

// rest is how long something that failed is left alone.
type rest struct {
	until time.Time
	pause time.Duration
}

func (r *restoring) init() {
	r.stride = restoreStride
	r.busy, r.rests, r.tiers = make(map[versionName]bool), make(map[versionName]rest), make(map[string]rest)
}

// again is the rest after one more failure.
func (r rest) again() rest {
	pause := min(max(2*r.pause, firstRestorePause), lastRestorePause)
	return rest{time.Now().Add(pause), pause}
}

// restoreRow is when something is to be done about a version's copies. Those that are
// to be made come before all times, in the order in which they were asked for.
func restoreRow(v *record.Version) index.Restore {
	r := index.Restore{Bucket: v.Bucket, Key: v.Key, Ord: v.Ord, Due: v.Restore.Until}
	if v.Restore.Ongoing() {
		r.Due, r.Tier = v.Restore.Asked-math.MaxInt64, v.Tier()
	}
	return r
}

func nameOf(r index.Restore) versionName { return versionName{name{r.Bucket, r.Key}, r.Ord} }

// restores makes copies and removes them until ctx ends. It does nothing while nothing is due.
func (s *Store) restores(ctx context.Context) {
	var all sync.WaitGroup
	for range restoreWorkers {
		all.Go(func() {
			for ctx.Err() == nil {
				rung := s.restoring.bell.wait()
				did, wait, err := s.restoreNext(ctx)
				switch {
				case ctx.Err() != nil:
					return
				case err != nil:
					s.log.Warn("an object could not be brought back from its tier; it is tried again", "error", err)
				case !did:
					s.awaitRestores(ctx, rung, wait)
				}
			}
		})
	}
	all.Wait()
}

func (s *Store) awaitRestores(ctx context.Context, rung <-chan struct{}, wait time.Duration) {
	var over <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-rung:
	}
}

// restoreNext does what is due first and nobody does. Where there is nothing, wait is
// until when, 0 for until the bell rings.
func (s *Store) restoreNext(ctx context.Context) (did bool, wait time.Duration, err error) {
	if err := s.begin(ctx); err != nil {
		return false, firstRestorePause, ignoreClosed(err)
	}
	defer s.inUse.Done()
	row, wait, err := s.claimRestore(ctx)
	if err != nil {
		return false, firstRestorePause, err
	}
	if row == nil {
		return false, wait, nil
	}
	err = s.attend(ctx, *row)
	s.restoring.release(*row, err)
	if err != nil && (ctx.Err() != nil || errors.Is(err, errReplaced)) {
		err = nil // the version is another one, or no more: so is its row
	}
	return true, 0, err
}

// ignoreClosed passes on what is not the end of everything.
func ignoreClosed(err error) error {
	if errors.Is(err, seglog.ErrClosed) {
		return nil
	}
	return err
}

// claimRestore takes the first row that is due and that neither is being attended to nor
// rests, or says how long to wait for one.
func (s *Store) claimRestore(ctx context.Context) (*index.Restore, time.Duration, error) {
	r := &s.restoring
	r.mu.Lock()
	defer r.mu.Unlock()
	now, clock := time.Now(), s.now().UnixMilli()
	wait := longestRestoreWait
	resting := make(map[versionName]rest)
	for after := (index.Restore{Due: math.MinInt64}); ; {
		page, err := s.index.ScanRestores(ctx, after, clock, restorePage)
		if err != nil {
			return nil, 0, err
		}
		for _, row := range page {
			after = row
			if r.busy[nameOf(row)] {
				continue
			}
			one, known := r.rests[nameOf(row)]
			if known {
				resting[nameOf(row)] = one
			}
			until := one.until
			if tier := r.tiers[row.Tier].until; row.Tier != "" && tier.After(until) {
				until = tier
			}
			if until.After(now) {
				wait = min(wait, until.Sub(now))
				continue
			}
			r.busy[nameOf(row)] = true
			return &row, 0, nil
		}
		if len(page) < restorePage {
			break
		}
	}
	r.rests = resting // the others are of rows that are no more
	due, found, err := s.index.NextRestore(ctx, clock)
	if err != nil {
		return nil, 0, err
	}
	if found {
		return nil, min(wait, time.Duration(due-clock)*time.Millisecond+time.Millisecond), nil
	}
	if len(resting) == 0 && wait == longestRestoreWait {
		wait = 0
	}
	return nil, wait, nil
}

// release says that a row is attended to, and how that went.
func (r *restoring) release(row index.Restore, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, nameOf(row))
	if err == nil {
		delete(r.rests, nameOf(row))
		delete(r.tiers, row.Tier)
		return
	}
	r.rests[nameOf(row)] = r.rests[nameOf(row)].again()
	if errors.Is(err, objectstore.ErrTierUnavailable) {
		r.tiers[row.Tier] = r.tiers[row.Tier].again()
	}
}

// attend does what is due about a version's copies.
func (s *Store) attend(ctx context.Context, row index.Restore) error {
	b := s.buckets.byID(row.Bucket)
	if b == nil {
		return errReplaced
	}
	h, err := s.heldByOrd(ctx, row)
	if err != nil {
		return err
	}
	if err := s.checkWritable(); err != nil {
		return err
	}
	if h.Restore.Ongoing() {
		return s.bringBack(ctx, b, h)
	}
	return s.endRestoreAt(ctx, b, row, s.now())
}

// heldByOrd finds the version of a row.
func (s *Store) heldByOrd(ctx context.Context, row index.Restore) (*held, error) {
	v, found, err := s.index.ByOrd(ctx, row.Bucket, row.Key, row.Ord)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errReplaced
	}
	return heldIn(v)
}

// endRestoreAt removes copies whose time is over at a time, unless that was put off meanwhile.
func (s *Store) endRestoreAt(ctx context.Context, b *bucket, row index.Restore, at time.Time) error {
	b.use.RLock() // the bucket stays
	defer b.use.RUnlock()
	if b.dead {
		return errReplaced
	}
	defer s.keys.lock(name{row.Bucket, row.Key})()
	h, err := s.heldByOrd(ctx, row)
	if err != nil || h.Restore.Until == 0 || at.UnixMilli() < h.Restore.Until {
		return err
	}
	v := *h.Version
	v.Restore, v.Bodies = record.Restore{}, withoutCopies(h.Bodies)
	told, err := s.tell(ctx, nil, b, objectstore.HappenedRestoreEnd, s.nextOrd(), b.object(h.Version))
	if err != nil {
		return err
	}
	defer told.end()
	return s.rewriteAs(ctx, h, &v, &pending{}, told)
}

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
// the catalogue is built anew. What fails is tried again until it is done, nobody wants it any
// more, or the version is no more. Only what a tier gives wrongly has an end: how often it did is
// in the version's entry, too.

const (
	// restoreWorkers is how many versions are brought back at once.
	restoreWorkers = 4
	restorePage    = 100
	// Pauses after one could not be brought back, or a tier not be reached.
	firstRestorePause = time.Second
	lastRestorePause  = 5 * time.Minute
	// restoreTries is how often in a row a tier may give something else than what was stored
	// there, or not have it, until the copy is given up: after 21 minutes and a half.
	restoreTries     = 8
	firstTroubleWait = 10 * time.Second // it doubles
	// longestRestoreWait is how long nobody looks at the clock: it may be set.
	longestRestoreWait = time.Hour
)

// restoring is what is under way about copies.
type restoring struct {
	bell   bell  // rung when there is something new
	stride int64 // restoreStride, but in tests

	mu    sync.Mutex // guards the following 3 fields
	busy  map[versionName]context.CancelFunc
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
	r.busy, r.rests, r.tiers = make(map[versionName]context.CancelFunc), make(map[versionName]rest), make(map[string]rest)
}

// again is the rest after one more failure.
func (r rest) again() rest {
	pause := min(max(2*r.pause, firstRestorePause), lastRestorePause)
	return rest{time.Now().Add(pause), pause}
}

// again is the trouble after one more failure.
func again(t record.Trouble, at time.Time, code string) record.Trouble {
	return record.Trouble{Tries: t.Tries + 1, At: at.UnixMilli(), Code: code}
}

// troubleRest is for how long yet a version is left alone of which the tier gave something
// wrong. A clock that was set back does not make it longer.
func troubleRest(t record.Trouble, now time.Time) time.Duration {
	if t.Tries == 0 {
		return 0
	}
	wait := firstTroubleWait << (min(t.Tries, restoreTries) - 1)
	return min(record.Time(t.At).Add(wait).Sub(now), wait)
}

// restsError says that a version is to be left alone for a while.
type restsError struct{ wait time.Duration }

func (e restsError) Error() string { return "it rests for " + e.wait.String() }

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
	working, stop := context.WithCancel(ctx)
	defer stop()
	row, wait, err := s.claimRestore(working, stop)
	if err != nil {
		return false, firstRestorePause, err
	}
	if row == nil {
		return false, wait, nil
	}
	err = s.attend(working, *row)
	if err != nil && working.Err() != nil && ctx.Err() == nil {
		s.restoring.forget(*row) // nobody wants it any more
		return true, 0, nil
	}
	s.restoring.release(*row, err)
	if err != nil && (ctx.Err() != nil || errors.Is(err, errReplaced) || errors.As(err, new(restsError))) {
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
// rests, or says how long to wait for one. stop ends what is going to be done about it.
func (s *Store) claimRestore(ctx context.Context, stop context.CancelFunc) (*index.Restore, time.Duration, error) {
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
			if r.busy[nameOf(row)] != nil {
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
			r.busy[nameOf(row)] = stop
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
	if rests := (restsError{}); errors.As(err, &rests) {
		r.rests[nameOf(row)] = rest{until: time.Now().Add(rests.wait)}
		return
	}
	r.rests[nameOf(row)] = r.rests[nameOf(row)].again()
	if errors.Is(err, objectstore.ErrTierUnavailable) {
		r.tiers[row.Tier] = r.tiers[row.Tier].again()
	}
}

// forget says that a row is attended to no more, and that what went wrong with it does not count.
func (r *restoring) forget(row index.Restore) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, nameOf(row))
	delete(r.rests, nameOf(row))
}

// stop ends what is being done about a version's copies. Who asks for them anew does not wait
// for what went wrong before.
func (r *restoring) stop(n versionName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rests, n)
	if stop := r.busy[n]; stop != nil {
		stop()
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
	if !h.Restore.Ongoing() {
		return s.endRestoreAt(ctx, b, row, s.now())
	}
	if wait := troubleRest(h.Trouble, s.now()); wait > 0 {
		return restsError{wait}
	}
	err = s.bringBack(ctx, b, h)
	if code := objectstore.RestoreFailureCode(err); code != "" && ctx.Err() == nil {
		return s.noteTrouble(ctx, b, row, code, err)
	}
	return err
}

// noteTrouble writes down that what a tier gave is not what was stored there. What was
// copied of the version goes: the next try asks for all of it. After the last one nobody
// tries again until somebody asks for it again.
func (s *Store) noteTrouble(ctx context.Context, b *bucket, row index.Restore, code string, cause error) error {
	b.use.RLock() // the bucket stays
	defer b.use.RUnlock()
	if b.dead {
		return errReplaced
	}
	defer s.keys.lock(name{row.Bucket, row.Key})()
	h, err := s.heldByOrd(ctx, row)
	if err != nil {
		return err
	}
	if !h.Restore.Ongoing() || restoreRow(h.Version).Due != row.Due {
		return errReplaced
	}
	now := s.now()
	v := *h.Version
	v.Trouble, v.Bodies = again(h.Trouble, now, code), withoutCopies(h.Bodies)
	over := v.Trouble.Tries >= restoreTries
	if over {
		v.Restore = record.Restore{}
	}
	if err := s.rewriteAs(ctx, h, &v, &pending{}, nil); err != nil {
		return err
	}
	says := []any{"bucket", b.now.Load().Name, "key", h.Key, "version", versionID(h.Version), "tries", v.Trouble.Tries, "error", cause}
	if over {
		s.log.Error("an object could not be brought back from its tier, and is not tried again until somebody asks", says...)
		return nil
	}
	s.log.Warn("what a tier gave back is not the object; it is tried again", says...)
	return restsError{troubleRest(v.Trouble, now)}
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
	return s.endRestore(ctx, b, h)
}

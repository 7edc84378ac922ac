package mirror

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// Choice is whether something is brought. Auto is what the field says.
type Choice int

// The choices.
const (
	Auto Choice = iota
	Yes
	No
)

// Config says what is brought where.
type Config struct {
	// Source and Target are places. Without a bucket the source is all buckets. A target
	// with a bucket takes the source's one bucket under that name; its prefix is not used.
	Source, Target remote.Place
	Jobs           int  // keys at once; 0 is 8
	DryRun         bool // only look what there is to do
	// Versions is for older versions and delete markers of buckets that keep them. Auto
	// brings them where the target's bucket keeps versions or is made by the mirror; Yes
	// turns versioning on there.
	Versions Choice
	// Settings is for what buckets are set to. Auto brings them to buckets that the mirror
	// makes; Yes replaces those of others.
	Settings Choice
	// Delete removes at the target what the source does not have.
	Delete bool
	// BytesPerSecond bounds the bodies on their way; 0 does not.
	BytesPerSecond int64
	// Include and Exclude are patterns of keys, IncludeBuckets and ExcludeBuckets of the
	// source's buckets: * is any run of characters, with slashes, and ? is one byte.
	Include, Exclude               []string
	IncludeBuckets, ExcludeBuckets []string
	// Told is called with the progress now and then, and at the end; it may be nil.
	Told func(Progress)
	// Failed is called for each object that could not be copied; it may be nil. The key is
	// empty where it was the bucket.
	Failed func(bucket, key string, err error)
	// Noted is called with what came of a bucket's settings, and what else is to be known
	// of it, in a sentence; it may be nil.
	Noted func(bucket, sentence string)

	part  int64         // instead of ownPart, in tests
	pause time.Duration // instead of firstPause, in tests
}

// What a mirror ends with when the source cannot be brought to the target as it is.
var (
	errTargetBucket = errs.New(errs.Invalid, "mirror_target_bucket", "All buckets of the source do not go into one of the target. Name a bucket of the source too, or none of the target.")
	errTargetPrefix = errs.New(errs.Invalid, "mirror_target_prefix", "Keys keep their names: name the target without a prefix.")
	errItself       = errs.New(errs.Invalid, "mirror_itself", "Source and target are the same bucket.")
	errIncomplete   = errs.New(errs.Unavailable, "mirror_incomplete", "Not everything could be copied. Run the same command again: what is there already is not copied again.")
)

const defaultJobs = 8

// Run copies what the target lacks and returns once all that is there is there as at
// the source. Some objects may fail without keeping the others from being copied; then
// it returns an error as well.
func Run(ctx context.Context, c Config) (Progress, error) {
	m, err := newRun(c)
	if err != nil {
		return Progress{}, err
	}
	defer m.close()
	err = m.all(ctx)
	m.seen.tell(m.note)
	p := m.meter.now()
	if c.Told != nil {
		c.Told(p)
	}
	if err == nil && p.Failed > 0 {
		err = errIncomplete
	}
	return p, err
}

// run is one mirror.
type run struct {
	Config
	from, to *remote.Client
	keys     filter
	limit    *limiter
	meter    *meter
	seen     *seen
	// wantsAll says that the target completes no upload that has parts which are not listed.
	wantsAll atomic.Bool
}

func newRun(c Config) (*run, error) {
	switch {
	case c.Target.Prefix != "":
		return nil, errTargetPrefix
	case c.Source.Bucket == "" && c.Target.Bucket != "":
		return nil, errTargetBucket
	case c.Source.Target.Endpoint == c.Target.Target.Endpoint && (c.Target.Bucket == "" || c.Target.Bucket == c.Source.Bucket):
		return nil, errItself
	}
	m := &run{Config: c, keys: filter{c.Include, c.Exclude}, limit: newLimiter(c.BytesPerSecond), meter: newMeter(), seen: newSeen()}
	if m.Jobs <= 0 {
		m.Jobs = defaultJobs
	}
	var err error
	if m.from, err = remote.Dial(c.Source.Target); err != nil {
		return nil, err
	}
	if m.to, err = remote.Dial(c.Target.Target); err != nil {
		m.from.Close()
		return nil, err
	}
	return m, nil
}

func (m *run) close() {
	m.from.Close()
	m.to.Close()
}

func (m *run) note(bucket, sentence string) {
	if m.Noted != nil {
		m.Noted(bucket, sentence)
	}
}

func (m *run) all(ctx context.Context) error {
	pairs, err := m.pairs(ctx)
	if err != nil {
		return err
	}
	// All buckets are made first: some name others in their settings.
	var ready []pair
	var broken []error
	for _, p := range pairs {
		if err := m.prepare(ctx, &p); err != nil {
			if ctx.Err() != nil || again(err) {
				return err
			}
			if broken = append(broken, err); len(broken) == len(pairs) {
				return err // it is not about one bucket
			}
			m.fail(p.from, "", explained(err))
			continue
		}
		ready = append(ready, p)
	}
	defer m.watch(ctx, ready)()
	for _, p := range ready {
		err := m.each(ctx, p, false, m.do)
		if err == nil {
			err = m.finish(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// watch tells the progress and counts what there is, until the function that it returns
// is called.
func (m *run) watch(ctx context.Context, pairs []pair) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { m.meter.tell(m.Told) })
	both.Go(func() { m.count(ctx, pairs) })
	return func() {
		cancel()
		m.meter.end()
		both.Wait()
	}
}

// each compares a bucket here and there and does something about keys, several at once.
func (m *run) each(ctx context.Context, p pair, all bool, do func(context.Context, job)) error {
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range m.Jobs {
		workers.Go(func() {
			for j := range jobs {
				do(ctx, j)
			}
		})
	}
	err := m.compare(ctx, p, all, jobs)
	close(jobs)
	workers.Wait()
	return errors.Join(err, ctx.Err())
}

// pairs are the buckets to copy.
func (m *run) pairs(ctx context.Context) ([]pair, error) {
	if b := m.Source.Bucket; b != "" {
		if err := m.from.Check(ctx, b); err != nil {
			return nil, err
		}
		to := m.Target.Bucket
		if to == "" {
			to = b
		}
		return []pair{{from: b, to: to}}, nil
	}
	all, err := m.from.ListBuckets(ctx)
	if err != nil {
		return nil, m.from.Explain(err)
	}
	chosen := filter{m.IncludeBuckets, m.ExcludeBuckets}
	pairs := make([]pair, 0, len(all))
	for _, b := range all {
		if chosen.takes(b.Name) {
			pairs = append(pairs, pair{from: b.Name, to: b.Name})
		}
	}
	return pairs, nil
}

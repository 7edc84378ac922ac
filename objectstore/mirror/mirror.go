package mirror

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// Config says what is brought where.
type Config struct {
	// Source and Target are places. Without a bucket the source is all buckets. A target
	// with a bucket takes the source's one bucket under that name; its prefix is not used.
	Source, Target remote.Place
	Jobs           int  // objects at once; 0 is 8
	DryRun         bool // only look what there is to do
	// Told is called with the progress now and then, and at the end; it may be nil.
	Told func(Progress)
	// Failed is called for each object that could not be copied; it may be nil.
	Failed func(bucket, key string, err error)
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
	m := &run{Config: c, meter: newMeter()}
	if m.Jobs <= 0 {
		m.Jobs = defaultJobs
	}
	switch {
	case c.Target.Prefix != "":
		return Progress{}, errTargetPrefix
	case c.Source.Bucket == "" && c.Target.Bucket != "":
		return Progress{}, errTargetBucket
	case c.Source.Target.Endpoint == c.Target.Target.Endpoint && (c.Target.Bucket == "" || c.Target.Bucket == c.Source.Bucket):
		return Progress{}, errItself
	}
	var err error
	if m.from, err = remote.Dial(c.Source.Target); err != nil {
		return Progress{}, err
	}
	defer m.from.Close()
	if m.to, err = remote.Dial(c.Target.Target); err != nil {
		return Progress{}, err
	}
	defer m.to.Close()
	err = m.all(ctx)
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
	meter    *meter
}

// pair is a bucket and what it is called at the target.
type pair struct{ from, to string }

func (m *run) all(ctx context.Context) error {
	pairs, err := m.pairs(ctx)
	if err != nil {
		return err
	}
	var missing []pair // at the target, which are made unless it is a dry run
	for _, p := range pairs {
		there, err := m.to.BucketExists(ctx, p.to)
		if err != nil {
			return m.to.Explain(err)
		}
		if there {
			continue
		}
		if missing = append(missing, p); m.DryRun {
			continue
		}
		if err := m.to.MakeBucket(ctx, p.to, minio.MakeBucketOptions{Region: m.Target.Target.Region}); err != nil {
			return m.to.Explain(err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer m.meter.end()
	watch.Go(func() { m.meter.tell(m.Told) })
	watch.Go(func() { m.count(ctx, pairs) })
	defer cancel() // of counting, before it is waited for
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range m.Jobs {
		workers.Go(func() {
			for j := range jobs {
				m.do(ctx, j)
			}
		})
	}
	for _, p := range pairs {
		if err = m.compare(ctx, p, slices.Contains(missing, p), jobs); err != nil {
			break
		}
	}
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
		return []pair{{b, to}}, nil
	}
	all, err := m.from.ListBuckets(ctx)
	if err != nil {
		return nil, m.from.Explain(err)
	}
	pairs := make([]pair, 0, len(all))
	for _, b := range all {
		pairs = append(pairs, pair{b.Name, b.Name})
	}
	return pairs, nil
}

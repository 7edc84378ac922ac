package tiering

import (
	"context"
	"errors"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// Run finds out how tiers are when somebody wants to know, and ends uploads there that
// a process began that is no more, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() { s.keepChecking(ctx) })
	both.Go(func() { s.keepSweeping(ctx) })
	both.Wait()
	return nil
}

func (s *Service) keepChecking(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.checkDue(ctx)
	}
}

// checkDue tries the tiers that were not tried of late.
func (s *Service) checkDue(ctx context.Context) {
	s.all(func(p *place) {
		if p.reach.due(s.config.CheckEvery) {
			s.check(ctx, p)
		}
	})
}

func (s *Service) keepSweeping(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		s.all(func(p *place) { s.sweep(ctx, p) })
		next.Reset(s.config.SweepEvery)
	}
}

// all does something for all tiers at once.
func (s *Service) all(do func(*place)) {
	s.mu.RLock()
	var places []*place
	for _, p := range s.places {
		places = append(places, p)
	}
	s.mu.RUnlock()
	var each sync.WaitGroup
	for _, p := range places {
		each.Go(func() { do(p) })
	}
	each.Wait()
}

// check finds out whether a tier can be reached.
func (s *Service) check(ctx context.Context, p *place) {
	err := p.unusable
	if err == nil {
		err = p.client.InTime(ctx, checkTime, func(ctx context.Context) error { return p.client.Reach(ctx, p.tier.Bucket) })
	}
	if ctx.Err() != nil {
		return
	}
	p.reach.set(errs.ProblemOf(err))
	s.checked()
}

// sweepTime bounds one look for unfinished uploads.
const sweepTime = 5 * time.Minute

// sweep ends the uploads of a tier that nobody in this process has begun. No other
// process writes under the tier's mark.
func (s *Service) sweep(ctx context.Context, p *place) {
	if p.unusable != nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, sweepTime)
	defer stop()
	var failures []error
	keyMarker, idMarker := "", ""
	for {
		page, err := p.client.ListMultipartUploads(ctx, p.tier.Bucket, p.folder, keyMarker, idMarker, "", 1000)
		if err != nil {
			failures = append(failures, err)
			break
		}
		for _, u := range page.Uploads {
			if p.traffic.has(u.Key) {
				continue
			}
			err := p.client.AbortMultipartUpload(ctx, p.tier.Bucket, u.Key, u.UploadID)
			if err != nil && remote.Code(err) != "NoSuchUpload" {
				failures = append(failures, err)
			}
		}
		if !page.IsTruncated || page.NextKeyMarker == keyMarker && page.NextUploadIDMarker == idMarker {
			break
		}
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
	s.checked()
	if len(failures) > 0 && ctx.Err() == nil {
		s.log.DebugContext(ctx, "unfinished uploads may be left in a tier", "tier", p.tier.Name, "error", errors.Join(failures...))
	}
}

package erasure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/index"
)

var _ objectstore.Resealer = (*Store)(nil)

// metaReseal is where the catalogue keeps that keys are being sealed anew.
const metaReseal = "reseal"

// resealState is what a restart has to know; a catalogue that is built anew forgets
// it, and it can be asked for again.
type resealState struct {
	Asked    bool   `json:"asked"` // it has not finished
	Began    int64  `json:"began"` // Unix seconds, as Finished is
	Finished int64  `json:"finished"`
	Checked  int64  `json:"checked"`
	Total    int64  `json:"total"`
	Done     int64  `json:"done"`
	Failed   int64  `json:"failed"`
	Problem  string `json:"problem"`
}

// resealing is sealing anew in the background.
type resealing struct {
	wake chan struct{} // has one when it was asked for

	mu     sync.Mutex // guards the following 2 fields
	state  resealState
	loaded bool
}

func (b *resealing) init() { b.wake = make(chan struct{}, 1) }

// StartReseal implements objectstore.Resealer. Run does the work.
func (s *Store) StartReseal(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	if s.master == nil {
		return objectstore.ErrEncryptionUnavailable
	}
	if err := s.loadReseal(ctx); err != nil {
		return err
	}
	b := &s.resealing
	b.mu.Lock()
	before := b.state
	if before.Asked {
		b.mu.Unlock()
		return objectstore.ErrResealRunning
	}
	b.state = resealState{Asked: true, Began: time.Now().Unix()}
	b.mu.Unlock()
	if err := s.saveReseal(ctx); err != nil {
		b.mu.Lock()
		b.state = before
		b.mu.Unlock()
		return err
	}
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return nil
}

// ResealProgress implements objectstore.Resealer.
func (s *Store) ResealProgress(ctx context.Context) (objectstore.ResealProgress, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.ResealProgress{}, err
	}
	defer s.inUse.Done()
	if err := s.loadReseal(ctx); err != nil {
		return objectstore.ResealProgress{}, err
	}
	b := &s.resealing
	b.mu.Lock()
	defer b.mu.Unlock()
	st := b.state
	p := objectstore.ResealProgress{Running: st.Asked, Checked: st.Checked, Total: max(st.Total, st.Checked), Resealed: st.Done, Failed: st.Failed, Problem: st.Problem}
	if st.Began > 0 {
		p.StartedAt = time.Unix(st.Began, 0)
	}
	if st.Finished > 0 {
		p.FinishedAt = time.Unix(st.Finished, 0)
	}
	return p, nil
}

func (s *Store) loadReseal(ctx context.Context) error {
	b := &s.resealing
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded {
		return nil
	}
	kept, err := s.index.Get(ctx, metaReseal)
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &b.state); err != nil {
			return fmt.Errorf("%w: state of sealing anew: %w", index.ErrUnusable, err)
		}
	}
	b.loaded = true
	return nil
}

func (s *Store) saveReseal(ctx context.Context) error {
	s.resealing.mu.Lock()
	kept, err := json.Marshal(&s.resealing.state)
	s.resealing.mu.Unlock()
	if err != nil {
		return err
	}
	return s.index.Apply(ctx, func(tx *index.Tx) error { return tx.Set(metaReseal, kept) })
}

// reseals does what was asked for until ctx ends, first what a restart interrupted.
func (s *Store) reseals(ctx context.Context) {
	for {
		if err := s.resealAsked(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("keys could not all be sealed anew", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.resealing.wake:
		}
	}
}

// resealAsked seals anew when that was asked for and has not finished.
func (s *Store) resealAsked(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := s.loadReseal(ctx); err != nil {
		return err
	}
	b := &s.resealing
	b.mu.Lock()
	st := b.state
	b.mu.Unlock()
	if !st.Asked {
		return nil
	}
	total, err := s.countVersions(ctx)
	if err == nil {
		_, err = s.reseal(ctx, func(r *resealer) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.state.Checked, b.state.Total = r.checked, total
			b.state.Done, b.state.Failed = st.Done+int64(r.done), int64(r.failed)
		})
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), s.saveReseal(context.WithoutCancel(ctx)))
	}
	b.mu.Lock()
	b.state.Asked, b.state.Finished, b.state.Problem = false, time.Now().Unix(), ""
	if err != nil {
		_, b.state.Problem = errs.Public(err)
	}
	b.mu.Unlock()
	return errors.Join(err, s.saveReseal(context.WithoutCancel(ctx)))
}

// countVersions is how many versions there are in all buckets.
func (s *Store) countVersions(ctx context.Context) (total int64, err error) {
	buckets, err := s.index.Buckets(ctx)
	if err != nil {
		return 0, err
	}
	for _, b := range buckets {
		u, err := s.index.BucketUsage(ctx, b.ID)
		if err != nil {
			return 0, err
		}
		total += u.Objects + u.Versions
	}
	return total, nil
}

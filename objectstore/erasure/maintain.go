package erasure

import (
	"context"
	"time"

	"croft/objectstore"
)

var _ objectstore.Maintainer = (*Store)(nil)

// StartScrub implements objectstore.Maintainer. Run does the work; what is under
// way for the day gives way to it.
func (s *Store) StartScrub(ctx context.Context) error {
	return s.steerScrub(ctx, func(st *scrubState) error {
		if st.Asked {
			return objectstore.ErrScrubRunning
		}
		st.Asked, st.Anew, st.Rest = true, true, 0
		return nil
	})
}

// StopScrub implements objectstore.Maintainer.
func (s *Store) StopScrub(ctx context.Context) error {
	return s.steerScrub(ctx, func(st *scrubState) error {
		st.Asked, st.Anew = false, false
		st.Rest = time.Now().Add(scrubEvery).Unix()
		return nil
	})
}

// steerScrub changes what is to be done, keeps that over a restart, ends what is
// being done and has it looked at again what is due.
func (s *Store) steerScrub(ctx context.Context, change func(*scrubState) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := s.loadScrub(ctx); err != nil {
		return err
	}
	b := &s.scrubber
	b.mu.Lock()
	err := change(&b.state)
	if err == nil && b.work != nil {
		b.work.stop(errScrubStopped)
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	err = s.saveScrub(ctx)
	b.signal()
	return err
}

// ResetDrive implements objectstore.Maintainer.
func (s *Store) ResetDrive(ctx context.Context, id string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	for _, d := range s.set.Drives {
		if id == "" || d.ID() != id {
			continue
		}
		if d.Writable() {
			return nil
		}
		if err := s.set.Reset(ctx, d.Place); err != nil {
			return err
		}
		s.log.Info("drive was taken back into use", "path", d.Path)
		s.leftovers.new.Store(true) // of bodies that came and went meanwhile
		s.damage.signal()
		return nil
	}
	return objectstore.ErrDriveNotFound
}

package pipeline

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/store"
)

// errCancelRequested ends the context of a run that somebody canceled.
var errCancelRequested = errors.New("the run was canceled")

// Cancel stops a run. A queued run is canceled when Cancel returns; a running one
// is on its way to that state, whatever its steps still say. Canceling a run that
// has ended, or again, changes nothing.
func (s *Service) Cancel(ctx context.Context, runID string) (Run, error) {
	var run runRow
	changed := false
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", runID).Take(&run).Error; err != nil {
			return err
		}
		if run.State.Final() || run.CancelRequested {
			return nil
		}
		changed = true
		return cancelRow(tx, &run)
	})
	if store.NotFound(err) {
		return Run{}, errRunNotFound
	}
	if err != nil {
		return Run{}, fmt.Errorf("cancel run: %w", err)
	}
	if changed {
		s.afterCancel(run)
	}
	return s.RunByID(ctx, runID)
}

// cancelRow ends a queued run and marks a running one. The mark, not the
// goroutine that is told of it, makes the cancellation final.
func cancelRow(tx *gorm.DB, run *runRow) error {
	run.CancelRequested = true
	if run.State == RunQueued {
		if err := finish(tx, run, ending{state: RunCanceled}); err != nil {
			return err
		}
	}
	return saveRun(tx, run)
}

// afterCancel tells the goroutine that works on the run, if one does.
func (s *Service) afterCancel(run runRow) {
	s.mu.Lock()
	working := s.active[run.ID]
	s.mu.Unlock()
	if working != nil {
		working.stop(errCancelRequested)
	}
	s.announce(run)
}

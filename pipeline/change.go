package pipeline

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/events"
	"croft/internal/store"
)

// errFinal says that a run has ended and its rows stay as they are.
var errFinal = errors.New("the run has ended")

// change is the one way a run's rows change: fn edits the run that has not ended
// and whatever belongs to it, in one transaction; then the revision rises and,
// after the commit, RunChanged is published. fn may return errFinal to change nothing.
func (s *Service) change(ctx context.Context, runID string, fn func(tx *gorm.DB, run *runRow) error) (runRow, error) {
	var run runRow
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		err := tx.Where("id = ?", runID).Take(&run).Error
		if store.NotFound(err) {
			return errRunNotFound
		}
		if err != nil {
			return err
		}
		if run.State.Final() {
			return errFinal
		}
		if err := fn(tx, &run); err != nil {
			return err
		}
		return saveRun(tx, &run)
	})
	if err != nil {
		return run, fmt.Errorf("change run %s: %w", runID, err)
	}
	s.announce(run)
	return run, nil
}

// saveRun writes a changed run under its next revision.
func saveRun(tx *gorm.DB, run *runRow) error {
	run.Revision++
	return tx.Model(&runRow{}).Where("id = ?", run.ID).Select("*").Omit("id", "seq", "announced_revision").Updates(run).Error
}

func (s *Service) announce(run runRow) {
	events.Publish(s.bus, events.RunChanged{ProjectID: run.ProjectID, RunID: run.ID})
}

// ending is how a run ends.
type ending struct {
	state   RunState
	message string
}

// rest is the state of steps that were still running.
func (e ending) rest() StepState {
	switch e.state {
	case RunCanceled:
		return StepCanceled
	case RunFailed:
		return StepFailed
	}
	return StepError
}

// finish brings a run and all of its stages and steps to their final states. A
// cancellation that was accepted before counts more than how the run ended.
func finish(tx *gorm.DB, run *runRow, end ending) error {
	if run.CancelRequested {
		end = ending{state: RunCanceled}
	}
	now := nowMillis()
	run.State, run.Error, run.FinishedAt, run.Variables = end.state, end.message, now, nil
	steps := tx.Model(&stepRow{}).Where("run_id = ?", run.ID).Session(&gorm.Session{})
	stages := tx.Model(&stageRow{}).Where("run_id = ?", run.ID).Session(&gorm.Session{})
	return errors.Join(
		steps.Where("state = ?", StepRunning).Updates(map[string]any{"state": end.rest(), "error": end.message, "finished_at": now}).Error,
		steps.Where("state = ?", StepPending).Update("state", StepSkipped).Error,
		stages.Where("state = ?", StepRunning).Update("state", end.rest()).Error,
		stages.Where("state = ?", StepPending).Update("state", StepSkipped).Error,
	)
}

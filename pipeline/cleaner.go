package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"croft/internal/store"
)

// removeTimeout bounds one removal, so that a stuck one does not keep the others.
const removeTimeout = 2 * time.Minute

// cleanPass removes from the engine what ended runs left there, and once a
// process whatever belongs to no run that is going.
func (s *Service) cleanPass() func(context.Context) error {
	swept := false // owned by the chore's goroutine, and by Run after it
	return func(ctx context.Context) error {
		var owing []runRow
		err := s.db.Read(ctx).Where("cleanup_owed = 1 AND state NOT IN ?", unfinished).Order("seq").Find(&owing).Error
		if err != nil {
			return fmt.Errorf("list runs to clean up: %w", err)
		}
		if len(owing) == 0 && swept {
			return nil
		}
		if !s.executor.Check(ctx).Available {
			return errEngineAway
		}
		var failures []error
		for _, run := range owing {
			if err := s.clean(ctx, run.ID); err != nil {
				failures = append(failures, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if !swept {
			err := s.sweep(ctx)
			swept = err == nil
			failures = append(failures, err)
		}
		wake(s.remover.bell)
		return errors.Join(failures...)
	}
}

func (s *Service) clean(ctx context.Context, runID string) error {
	if err := s.remove(ctx, runID); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&runRow{}).Where("id = ?", runID).Update("cleanup_owed", false).Error
	})
}

func (s *Service) remove(ctx context.Context, runID string) error {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	if err := s.executor.Remove(ctx, runID); err != nil {
		return fmt.Errorf("remove what run %s left on the engine: %w", runID, err)
	}
	return nil
}

// sweep removes what the engine holds of runs that have ended or that nobody knows.
func (s *Service) sweep(ctx context.Context) error {
	left, err := s.executor.Leftovers(ctx)
	if err != nil {
		return fmt.Errorf("list leftovers: %w", err)
	}
	var failures []error
	for _, runID := range left {
		var run runRow
		err := s.db.Read(ctx).Where("id = ?", runID).Take(&run).Error
		switch {
		case err == nil && !run.State.Final():
			continue
		case err != nil && !store.NotFound(err):
			failures = append(failures, err)
			continue
		}
		failures = append(failures, s.remove(ctx, runID))
	}
	return errors.Join(failures...)
}

// removePass finishes the removal of repositories: when their runs have ended and
// left the engine, their logs go, then their rows.
func (s *Service) removePass(ctx context.Context) error {
	var rows []repositoryRow
	if err := s.db.Read(ctx).Where("deleted_at <> 0").Find(&rows).Error; err != nil {
		return fmt.Errorf("list repositories to remove: %w", err)
	}
	var failures []error
	for _, row := range rows {
		if err := s.removeRepository(ctx, row); err != nil {
			failures = append(failures, fmt.Errorf("remove repository %s: %w", row.ID, err))
		}
	}
	return errors.Join(failures...)
}

func (s *Service) removeRepository(ctx context.Context, row repositoryRow) error {
	var runs []runRow
	if err := s.db.Read(ctx).Where("repository_id = ?", row.ID).Find(&runs).Error; err != nil {
		return err
	}
	for _, run := range runs {
		if !run.State.Final() || run.CleanupOwed {
			return nil // who settles the run, or cleans up behind it, rings again
		}
	}
	var local int64
	err := s.db.Read(ctx).Model(&stepRow{}).
		Where("log = ? AND run_id IN (SELECT id FROM runs WHERE repository_id = ?)", logLocal, row.ID).Count(&local).Error
	if err != nil || local > 0 {
		return err // a log on its way to the store would arrive after the rest is gone
	}
	for _, run := range runs {
		if err := s.blobs.DeletePrefix(ctx, LogBucket, logPrefix(run.ID)); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Dir(s.logPath(run.ID, "x"))); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Delete(&repositoryRow{}, "id = ?", row.ID).Error })
}

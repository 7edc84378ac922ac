package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
)

const restartMessage = "Croft was restarted while this run was going. Start the run again."

// Run settles what the last process left, then executes runs until ctx ends. It
// returns when all of its goroutines have stopped: runs that were going are then
// in state error, queued ones wait for the next start, and the engine has been
// cleaned up as far as it let.
func (s *Service) Run(ctx context.Context) error {
	detached := context.WithoutCancel(ctx)
	if err := s.recoverRuns(detached); err != nil {
		return fmt.Errorf("settle the runs of the last time: %w", err)
	}
	choring, stopChores := context.WithCancel(detached)
	defer stopChores()
	chores := []*chore{s.cleaner, s.keeper, s.remover}
	var wg sync.WaitGroup
	for _, c := range chores {
		wg.Go(func() { c.run(choring) })
	}
	s.work(ctx)
	stopChores()
	wg.Wait()
	last, cancel := context.WithTimeout(detached, s.cfg.StopGrace)
	defer cancel()
	for _, c := range chores {
		if err := c.pass(last); err != nil && !errors.Is(err, errEngineAway) {
			s.log.WarnContext(ctx, "work is left for the next start", "chore", c.name, "error", err)
		}
	}
	return nil
}

// recoverRuns ends every run that a process before this one was working on.
func (s *Service) recoverRuns(ctx context.Context) error {
	var runs []runRow
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("state = ?", RunRunning).Order("seq").Find(&runs).Error; err != nil {
			return err
		}
		for i := range runs {
			err := errors.Join(finish(tx, &runs[i], ending{RunError, restartMessage}), saveRun(tx, &runs[i]))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, run := range runs {
		s.announce(run)
	}
	return nil
}

// work takes runs from the queue, at most Concurrency at once, and returns when
// ctx has ended and with it every run.
func (s *Service) work(ctx context.Context) {
	var runs sync.WaitGroup
	defer runs.Wait()
	slots := make(chan struct{}, s.cfg.Concurrency)
	pause := s.cfg.RetryFirst
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		run, found, err := s.claim(ctx)
		if found {
			pause = s.cfg.RetryFirst
			runs.Go(func() {
				defer func() { <-slots }()
				s.execute(ctx, run)
			})
			continue
		}
		<-slots
		var again <-chan time.Time
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the queue cannot be read", "error", err)
			timer := time.NewTimer(pause)
			defer timer.Stop()
			again = timer.C
			pause = min(2*pause, s.cfg.RetryMost)
		}
		select {
		case <-s.queue:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// claim makes the oldest queued run a running one. From now on the engine may
// hold something of it.
func (s *Service) claim(ctx context.Context) (run runRow, found bool, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		var oldest []runRow
		if err := tx.Where("state = ?", RunQueued).Order("seq").Limit(1).Find(&oldest).Error; err != nil || len(oldest) == 0 {
			return err
		}
		run, found = oldest[0], true
		run.State, run.StartedAt, run.CleanupOwed = RunRunning, nowMillis(), true
		return saveRun(tx, &run)
	})
	if err != nil {
		return runRow{}, false, err
	}
	if found {
		s.announce(run)
	}
	return run, found, nil
}

// activeRun is a run that a goroutine of this process works on.
type activeRun struct {
	projectID string
	stop      context.CancelCauseFunc
	ended     chan struct{} // closed when the goroutine touches nothing any more
}

// execute works on one claimed run until its final state is in the rows.
func (s *Service) execute(parent context.Context, run runRow) {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	working := &activeRun{projectID: run.ProjectID, stop: stop, ended: make(chan struct{})}
	s.mu.Lock()
	s.active[run.ID] = working
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.active, run.ID)
		s.mu.Unlock()
		close(working.ended)
	}()
	err := s.attempt(ctx, run)
	s.settle(parent, run.ID, endingOf(err), err)
	wake(s.cleaner.bell)
	wake(s.keeper.bell)
	wake(s.remover.bell)
}

// settle writes a run's end. It does not give up while the process lives: a
// disk may be full now and not later.
func (s *Service) settle(parent context.Context, runID string, end ending, cause error) {
	if end.state == RunError {
		s.log.WarnContext(parent, "a run could not be run", "runId", runID, "error", cause)
	}
	detached := context.WithoutCancel(parent)
	for pause := s.cfg.RetryFirst; ; pause = min(2*pause, s.cfg.RetryMost) {
		_, err := s.change(detached, runID, func(tx *gorm.DB, run *runRow) error { return finish(tx, run, end) })
		if err == nil || errors.Is(err, errFinal) || errors.Is(err, errRunNotFound) {
			return
		}
		s.log.ErrorContext(parent, "the end of a run cannot be written", "runId", runID, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-parent.Done():
			timer.Stop()
			return // the next start settles it
		}
	}
}

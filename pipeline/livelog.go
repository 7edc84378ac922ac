package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/gorm"

	"croft/pipeline/steplog"
)

// liveLog is the log of a step that runs in this process.
type liveLog struct {
	*steplog.Writer
	path string
}

// openLog makes a step's log and lets readers follow it.
func (s *Service) openLog(runID, stepID string, secrets []string) (*liveLog, error) {
	path := s.logPath(runID, stepID)
	s.folders.Lock()
	w, err := steplog.Create(path, steplog.Options{MaxBytes: s.cfg.MaxLogBytes, Secrets: secrets})
	s.folders.Unlock()
	if err != nil {
		return nil, err
	}
	l := &liveLog{Writer: w, path: path}
	s.mu.Lock()
	s.live[stepID] = l
	s.mu.Unlock()
	return l, nil
}

func (s *Service) liveLog(stepID string) *liveLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[stepID]
}

// dropLog forgets a log whose step has its final state in the rows.
func (s *Service) dropLog(stepID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, stepID)
}

// keepPass brings the logs of finished steps into the object store. The local file
// goes only after the object is durable and the row says so.
func (s *Service) keepPass(ctx context.Context) error {
	var steps []stepRow
	err := s.db.Read(ctx).Where("log = ?", logLocal).Order("id").Find(&steps).Error
	if err != nil {
		return fmt.Errorf("list local logs: %w", err)
	}
	var failures []error
	for _, step := range steps {
		if !step.State.Final() {
			continue
		}
		if err := s.keepLog(ctx, step); err != nil {
			failures = append(failures, fmt.Errorf("keep the log of step %s: %w", step.ID, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	wake(s.remover.bell)
	return errors.Join(failures...)
}

func (s *Service) keepLog(ctx context.Context, step stepRow) error {
	path := s.logPath(step.RunID, step.ID)
	size, err := steplog.Seal(path)
	if err != nil {
		return err
	}
	where := logNone
	if size > 0 {
		if err := s.putLog(ctx, step, path, size); err != nil {
			return err
		}
		where = logStored
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&stepRow{}).Where("id = ?", step.ID).Updates(map[string]any{"log": where, "log_size": size}).Error
	})
	if err != nil {
		return err
	}
	s.removeLog(path)
	return nil
}

// removeLog removes a log, and its run's folder with the last one. Where a reader keeps
// the file open (Windows) it stays until the run goes.
func (s *Service) removeLog(path string) {
	s.folders.Lock()
	defer s.folders.Unlock()
	_ = os.Remove(path)
	_ = os.Remove(filepath.Dir(path)) // fails while it holds another log
}

func (s *Service) putLog(ctx context.Context, step stepRow, path string, size int64) (err error) {
	if err := s.blobs.EnsureBucket(ctx, LogBucket, ""); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return s.blobs.Put(ctx, LogBucket, logKey(step.RunID, step.ID), "application/x-ndjson", size, f)
}

package pipeline

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/pipeline/config"
)

// TriggerRequest asks for a run.
type TriggerRequest struct {
	Kind      TriggerKind
	By        string // a user's ID, or empty
	Branch    string // empty: the repository's
	Commit    string // empty: the branch's newest
	Variables []Variable

	// What a webhook tells ahead of the fetch, and the ID of the delivery or the event
	// itself: the same one starts one run however often it comes.
	CommitMessage string
	Author        string
	DeliveryID    string
}

// Variable is an environment variable of one run.
type Variable struct {
	Name   string
	Value  string
	Secret bool // hidden in logs
}

const (
	maxVariables     = 100
	maxVariableBytes = 64 << 10 // all together
	keepDeliveries   = 30 * 24 * time.Hour
)

// ErrEventsBusy is that as many runs as may are under way that events of buckets started. A
// flood of events waits in its own queue, and pushes find room in this one.
var ErrEventsBusy = errs.New(errs.RateLimited, "events_busy",
	"As many runs that events started are under way as may be at once. The next begins when one of them ends.")

// Trigger queues a run. Runs of events are refused with ErrEventsBusy while Config.MaxEvents
// of the repository have not ended. It refuses with engine_unavailable while there is nothing
// to run it on, so that who triggers can try again later.
func (s *Service) Trigger(ctx context.Context, repositoryID string, req TriggerRequest) (Run, error) {
	repository, err := findRepository(s.db.Read(ctx), "id = ?", repositoryID)
	if err != nil {
		return Run{}, err
	}
	if req.Branch == "" {
		req.Branch = repository.Branch
	}
	for _, err := range []error{checkBranch(req.Branch), checkCommit(req.Commit), checkVariables(req.Variables)} {
		if err != nil {
			return Run{}, err
		}
	}
	if status := s.executor.Check(ctx); !status.Available {
		return Run{}, engineUnavailable(status)
	}
	run := runRow{
		ID: ids.New(), RepositoryID: repository.ID, ProjectID: repository.ProjectID, State: RunQueued,
		TriggerKind: req.Kind, TriggeredBy: req.By, Branch: req.Branch, CommitHash: req.Commit,
		CommitMessage: firstLine(req.CommitMessage), Author: req.Author, Revision: 1, CreatedAt: nowMillis(),
	}
	if req.Kind == TriggerEvent {
		run.TriggerKind, run.ByEvent = TriggerAPI, true
	}
	if len(req.Variables) > 0 {
		if run.Variables, err = s.sealJSON(variablesPurpose(run.ID), req.Variables); err != nil {
			return Run{}, err
		}
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error { return s.enqueue(tx, &run, req.DeliveryID) })
	if err != nil {
		return Run{}, fmt.Errorf("queue a run: %w", err)
	}
	s.announce(run)
	wake(s.queue)
	return run.toApp(repository.Name), nil
}

// enqueue gives the run its number and its place in the queue. For a delivery
// that was seen before, run becomes the one that it started.
func (s *Service) enqueue(tx *gorm.DB, run *runRow, deliveryID string) error {
	if _, err := findRepository(tx, "id = ?", run.RepositoryID); err != nil {
		return err
	}
	if deliveryID != "" {
		var before []runRow
		err := tx.Where("id IN (SELECT run_id FROM webhook_deliveries WHERE repository_id = ? AND delivery_id = ?)",
			run.RepositoryID, deliveryID).Limit(1).Find(&before).Error
		if err != nil {
			return err
		}
		if len(before) > 0 {
			*run = before[0]
			return nil
		}
	}
	var waiting, last int64
	if err := tx.Model(&runRow{}).Where("repository_id = ? AND state = ?", run.RepositoryID, RunQueued).Count(&waiting).Error; err != nil {
		return err
	}
	if waiting >= int64(s.cfg.MaxQueued) {
		return errs.Newf(errs.RateLimited, "queue_full", "%d runs of this repository are waiting already; cancel some or wait.", waiting)
	}
	if run.ByEvent {
		var events int64
		err := tx.Model(&runRow{}).Where("repository_id = ? AND by_event = 1 AND state IN ?", run.RepositoryID, unfinished).Count(&events).Error
		if err != nil {
			return err
		}
		if events >= int64(s.cfg.MaxEvents) {
			return ErrEventsBusy
		}
	}
	err := tx.Model(&repositoryRow{}).Where("id = ?", run.RepositoryID).Update("last_number", gorm.Expr("last_number + 1")).Error
	if err != nil {
		return err
	}
	if err := tx.Model(&repositoryRow{}).Where("id = ?", run.RepositoryID).Pluck("last_number", &run.Number).Error; err != nil {
		return err
	}
	if err := tx.Model(&runRow{}).Select("COALESCE(MAX(seq), 0)").Scan(&last).Error; err != nil {
		return err
	}
	run.Seq = last + 1
	if err := tx.Create(run).Error; err != nil || deliveryID == "" {
		return err
	}
	if err := tx.Where("created_at < ?", run.CreatedAt-keepDeliveries.Milliseconds()).Delete(&deliveryRow{}).Error; err != nil {
		return err
	}
	return tx.Create(&deliveryRow{RepositoryID: run.RepositoryID, DeliveryID: deliveryID, RunID: run.ID, CreatedAt: run.CreatedAt}).Error
}

func engineUnavailable(status ExecutorStatus) error {
	return errs.New(errs.Unavailable, "engine_unavailable", status.Message)
}

func checkVariables(variables []Variable) error {
	bytes := 0
	seen := make(map[string]bool, len(variables))
	for _, v := range variables {
		bytes += len(v.Name) + len(v.Value)
		switch {
		case !config.ValidEnvName(v.Name):
			return errs.Newf(errs.Invalid, "variable_invalid", "%q is not the name of a variable.", v.Name)
		case config.ReservedEnvName(v.Name):
			return errs.Newf(errs.Invalid, "variable_invalid", "%q is set by Croft; names starting with CROFT are reserved.", v.Name)
		case seen[v.Name]:
			return errs.Newf(errs.Invalid, "variable_invalid", "The variable %q is given twice.", v.Name)
		case containsNUL(v.Value):
			return errs.Newf(errs.Invalid, "variable_invalid", "The variable %q holds a NUL character.", v.Name)
		}
		seen[v.Name] = true
	}
	if len(variables) > maxVariables || bytes > maxVariableBytes {
		return errs.Newf(errs.Invalid, "variable_invalid", "A run takes at most %d variables of %d KiB together.", maxVariables, maxVariableBytes>>10)
	}
	return nil
}

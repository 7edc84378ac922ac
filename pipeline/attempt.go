package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/pipeline/config"
)

// attempt is one run being executed by one process.
type attempt struct {
	*Service
	run        runRow
	repository repositoryRow
	slug       string // of the project
	file       config.File
	variables  []Variable
	secrets    []string
	stages     [][]stepRow
	artifacts  artifactCount
}

// attempt runs the pipeline to its end and returns nil for success, or why not.
func (s *Service) attempt(ctx context.Context, run runRow) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in run %s: %v\n%s", run.ID, p, debug.Stack())
		} else if cause := causeOf(ctx); err != nil && cause != nil {
			err = cause
		}
	}()
	a := &attempt{Service: s, run: run}
	remote, err := a.load(ctx)
	if err != nil {
		return err
	}
	if err := s.awaitEngine(ctx); err != nil {
		return err
	}
	fetching, cancel := withTimeout(ctx, s.cfg.FetchTimeout)
	defer cancel()
	checkout, err := s.source.Fetch(fetching, remote, Revision{Branch: run.Branch, Commit: run.CommitHash})
	if err != nil {
		return a.fetchError(fetching, err)
	}
	defer func() { err = errors.Join(err, checkout.Close()) }()
	if err := a.plan(ctx, checkout); err != nil {
		return err
	}
	return a.runAll(ctx, checkout)
}

func (a *attempt) fetchError(ctx context.Context, err error) error {
	var limit timeout
	if errors.As(context.Cause(ctx), &limit) {
		return errs.Wrap(err, errs.Unavailable, "repository_unreachable",
			fmt.Sprintf("The repository could not be fetched within %s.", plainDuration(limit.limit)))
	}
	return err
}

// load reads what the run needs from rows, secrets opened.
func (a *attempt) load(ctx context.Context) (Remote, error) {
	var err error
	// The claim may have come before a cancellation found this attempt.
	var current runRow
	if err := a.db.Read(ctx).Where("id = ?", a.run.ID).Take(&current).Error; err != nil {
		return Remote{}, fmt.Errorf("read run: %w", err)
	}
	if current.CancelRequested {
		return Remote{}, errCancelRequested
	}
	if a.repository, err = findRepository(a.db.Read(ctx), "id = ?", a.run.RepositoryID); err != nil {
		return Remote{}, err
	}
	if a.slug, err = a.projects.Slug(ctx, a.run.ProjectID); err != nil {
		return Remote{}, fmt.Errorf("read project: %w", err)
	}
	credential, err := a.openCredential(a.repository)
	if err != nil {
		return Remote{}, err
	}
	if credential.Password != "" {
		a.secrets = append(a.secrets, credential.Password)
	}
	if err := a.openJSON(variablesPurpose(a.run.ID), a.run.Variables, &a.variables); err != nil {
		return Remote{}, err
	}
	for _, v := range a.variables {
		if v.Secret && v.Value != "" {
			a.secrets = append(a.secrets, v.Value)
		}
	}
	return Remote{URL: a.repository.CloneURL, Credential: credential}, nil
}

// awaitEngine waits a while for an engine that was there when the run was
// triggered: after a reboot Croft may be up first.
func (s *Service) awaitEngine(ctx context.Context) error {
	deadline := time.NewTimer(s.cfg.EngineGrace)
	defer deadline.Stop()
	for pause := s.cfg.RetryFirst; ; pause = min(2*pause, s.cfg.RetryMost) {
		status := s.executor.Check(ctx)
		if status.Available {
			return nil
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-deadline.C:
		case <-ctx.Done():
		}
		again.Stop()
		return engineUnavailable(status)
	}
}

// plan reads the pipeline file and makes a row of each stage and step.
func (a *attempt) plan(ctx context.Context, checkout Checkout) error {
	commit := checkout.Commit()
	data, readErr := checkout.File(config.FileName, config.MaxBytes)
	if readErr == nil {
		a.file, readErr = config.Parse(data)
	}
	if errs.KindOf(readErr) == errs.NotFound {
		readErr = errs.Newf(errs.Invalid, "config_missing",
			"Commit %.10s has no file %s in its root folder. Add one that says which steps to run.", commit.Hash, config.FileName)
	}
	run, err := a.change(ctx, a.run.ID, func(tx *gorm.DB, run *runRow) error {
		run.CommitHash, run.CommitMessage, run.Author = commit.Hash, firstLine(commit.Message), clip(commit.Author, 200)
		if readErr != nil {
			return nil
		}
		return a.createRows(tx)
	})
	if err != nil {
		return err
	}
	a.run = run
	return readErr
}

func (a *attempt) createRows(tx *gorm.DB) error {
	a.stages = nil
	for i, stage := range a.file.Stages {
		if err := tx.Create(&stageRow{RunID: a.run.ID, Position: i, Name: stage.Name, State: StepPending}).Error; err != nil {
			return err
		}
		steps := make([]stepRow, len(stage.Steps))
		for j, step := range stage.Steps {
			steps[j] = stepRow{
				ID: ids.New(), RunID: a.run.ID, Stage: i, Position: j, Name: step.Name,
				Image: step.Image, State: StepPending, Log: logNone,
			}
		}
		if err := tx.Create(&steps).Error; err != nil {
			return err
		}
		a.stages = append(a.stages, steps)
	}
	return nil
}

// runAll fills the workspace and runs the stages one after another.
func (a *attempt) runAll(ctx context.Context, checkout Checkout) (err error) {
	limit := a.file.Timeout
	if limit == 0 {
		limit = a.cfg.RunTimeout
	}
	ctx, cancel := withTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if cause := causeOf(ctx); err != nil && cause != nil {
			err = cause
		}
	}()
	if err := a.prepare(ctx, checkout); err != nil {
		return err
	}
	for i := range a.stages {
		if err := a.runStage(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// prepare streams the tree from the checkout into the executor's workspace.
func (a *attempt) prepare(ctx context.Context, checkout Checkout) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := checkout.Tar(ctx, w)
		w.CloseWithError(err)
		done <- err
	}()
	err := a.executor.Prepare(ctx, a.run.ID, a.file.Stages[0].Steps[0].Image, r)
	r.CloseWithError(errPrepared)
	tarErr := <-done
	// A tree that cannot be read explains a workspace that could not be filled.
	if tarErr != nil && !errors.Is(tarErr, errPrepared) {
		return fmt.Errorf("pack the workspace: %w", tarErr)
	}
	if err != nil {
		return fmt.Errorf("prepare the workspace: %w", err)
	}
	return nil
}

// errPrepared tells the packer that nobody reads on.
var errPrepared = errors.New("the workspace takes no more")

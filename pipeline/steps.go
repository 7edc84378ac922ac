package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/pipeline/config"
	"croft/pipeline/steplog"
)

// stepError says that Croft or the engine could not run a step.
type stepError struct{ message string }

// Error implements error.
func (e *stepError) Error() string { return e.message }

// stepEnd is how a step ended.
type stepEnd struct {
	state      StepState
	exitCode   *int
	message    string
	startedAt  time.Time // zero: when it was put to the engine
	finishedAt time.Time // zero: now
}

// runStage runs the steps of a stage side by side. One that fails lets the others
// end by themselves.
func (a *attempt) runStage(ctx context.Context, i int) error {
	logs, err := a.startStage(ctx, i)
	if err != nil {
		return err
	}
	ends := make([]stepEnd, len(logs))
	written := make([]error, len(logs))
	var wg sync.WaitGroup
	for j := range logs {
		wg.Go(func() {
			ends[j] = a.runStep(ctx, i, j, logs[j])
			written[j] = a.endStep(ctx, a.stages[i][j].ID, ends[j])
			a.dropLog(a.stages[i][j].ID)
			wake(a.keeper.bell)
		})
	}
	wg.Wait()
	if err := errors.Join(written...); err != nil {
		return err
	}
	return a.endStage(ctx, i, ends)
}

// startStage opens the steps' logs and marks the stage and its steps as running.
func (a *attempt) startStage(ctx context.Context, i int) (logs []*liveLog, err error) {
	defer func() {
		if err == nil {
			return
		}
		for j, log := range logs {
			err = errors.Join(err, log.Close())
			a.dropLog(a.stages[i][j].ID)
		}
	}()
	for _, step := range a.stages[i] {
		log, err := a.openLog(a.run.ID, step.ID, a.secrets)
		if err != nil {
			return logs, err
		}
		logs = append(logs, log)
	}
	_, err = a.change(ctx, a.run.ID, func(tx *gorm.DB, run *runRow) error {
		return errors.Join(
			tx.Model(&stageRow{}).Where("run_id = ? AND position = ?", run.ID, i).Update("state", StepRunning).Error,
			tx.Model(&stepRow{}).Where("run_id = ? AND stage = ?", run.ID, i).
				Updates(map[string]any{"state": StepRunning, "started_at": nowMillis(), "log": logLocal}).Error,
		)
	})
	return logs, err
}

// runStep puts one step to the executor and keeps its artifacts. Its log is
// complete and closed when it returns.
func (a *attempt) runStep(ctx context.Context, i, j int, log *liveLog) stepEnd {
	step, row := a.file.Stages[i].Steps[j], a.stages[i][j]
	limited, cancel := ctx, context.CancelFunc(func() {})
	if step.Timeout > 0 {
		limited, cancel = withTimeout(ctx, step.Timeout)
	}
	defer cancel()
	result, err := a.executor.Run(limited, a.spec(i, j), log)
	end := endOf(limited, result, err)
	if end.state == StepSuccess && len(step.Artifacts) > 0 {
		if err := a.collect(limited, step, row.ID, log); err != nil {
			end = a.artifactEnd(limited, end, err)
		}
	}
	if end.message != "" {
		_ = log.WriteLog(time.Now(), steplog.Stderr, []byte("Croft: "+end.message+"\n"))
	}
	if err := log.Close(); err != nil && end.message == "" {
		a.Service.log.ErrorContext(ctx, "a log is incomplete", "runId", a.run.ID, "stepId", row.ID, "error", err)
		end.message = "The log is incomplete: it could not be written."
	}
	return end
}

// endOf turns what the executor reports into a step's end.
func endOf(ctx context.Context, result StepResult, err error) stepEnd {
	end := stepEnd{state: StepSuccess, startedAt: result.StartedAt, finishedAt: result.FinishedAt}
	if err != nil {
		end.state, end.message = interrupted(ctx, err)
		return end
	}
	end.exitCode = &result.ExitCode
	switch {
	case result.OOMKilled:
		end.state, end.message = StepFailed, "It ran out of memory and was stopped."
	case result.ExitCode != 0:
		end.state, end.message = StepFailed, fmt.Sprintf("The script ended with exit code %d.", result.ExitCode)
	}
	return end
}

// interrupted is the state and the words for a step that did not end by itself.
func interrupted(ctx context.Context, err error) (StepState, string) {
	var limit timeout
	switch cause := causeOf(ctx); {
	case cause == nil:
		_, message := errs.Public(err)
		return StepError, message
	case errors.Is(cause, errCancelRequested):
		return StepCanceled, ""
	case errors.As(cause, &limit):
		return StepFailed, limit.Error()
	default:
		return StepError, errStopped.Error()
	}
}

// endStep writes a step's end; what happened is written down even when the run is
// being stopped.
func (a *attempt) endStep(ctx context.Context, stepID string, end stepEnd) error {
	now := time.Now()
	if end.finishedAt.IsZero() {
		end.finishedAt = now
	}
	fields := map[string]any{
		"state": end.state, "exit_code": end.exitCode, "error": end.message, "finished_at": end.finishedAt.UnixMilli(),
	}
	if !end.startedAt.IsZero() {
		fields["started_at"] = end.startedAt.UnixMilli()
	}
	_, err := a.change(context.WithoutCancel(ctx), a.run.ID, func(tx *gorm.DB, _ *runRow) error {
		return tx.Model(&stepRow{}).Where("id = ?", stepID).Updates(fields).Error
	})
	return err
}

// endStage writes the stage's state, the worst of its steps', and returns nil when
// the next stage may start.
func (a *attempt) endStage(ctx context.Context, i int, ends []stepEnd) error {
	worst := stepEnd{state: StepSuccess}
	var name string
	for j, end := range ends {
		if badness(end.state) > badness(worst.state) {
			worst, name = end, a.stages[i][j].Name
		}
	}
	_, err := a.change(context.WithoutCancel(ctx), a.run.ID, func(tx *gorm.DB, run *runRow) error {
		return tx.Model(&stageRow{}).Where("run_id = ? AND position = ?", run.ID, i).Update("state", worst.state).Error
	})
	if err != nil {
		return err
	}
	message := fmt.Sprintf("Step %q in stage %q: %s", name, a.file.Stages[i].Name, worst.message)
	switch worst.state {
	case StepSuccess:
		return nil
	case StepFailed:
		return &failure{message}
	}
	return &stepError{message}
}

func badness(s StepState) int {
	switch s {
	case StepSuccess:
		return 0
	case StepFailed:
		return 1
	case StepCanceled:
		return 2
	}
	return 3
}

// spec is the step as the executor needs it.
func (a *attempt) spec(i, j int) StepSpec {
	step, row := a.file.Stages[i].Steps[j], a.stages[i][j]
	return StepSpec{
		RunID: a.run.ID, StepID: row.ID, Name: step.Name, Image: step.Image, Script: step.Script,
		Env: a.env(a.file.Stages[i], step), Secrets: a.secrets,
	}
}

// env gathers a step's variables; what comes later wins.
func (a *attempt) env(stage config.Stage, step config.Step) map[string]string {
	env := map[string]string{"CI": "true"}
	for name, value := range a.file.Env {
		env[name] = value
	}
	for name, value := range step.Env {
		env[name] = value
	}
	for _, v := range a.variables {
		env[v.Name] = v.Value
	}
	for name, value := range map[string]string{
		"CROFT":                "true",
		"CROFT_PROJECT":        a.slug,
		"CROFT_REPOSITORY":     a.repository.Name,
		"CROFT_RUN_ID":         a.run.ID,
		"CROFT_RUN_NUMBER":     fmt.Sprint(a.run.Number),
		"CROFT_BRANCH":         a.run.Branch,
		"CROFT_COMMIT":         a.run.CommitHash,
		"CROFT_COMMIT_MESSAGE": a.run.CommitMessage,
		"CROFT_STAGE":          stage.Name,
		"CROFT_STEP":           step.Name,
	} {
		env[name] = value
	}
	return env
}

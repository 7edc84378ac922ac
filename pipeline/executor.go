package pipeline

import (
	"context"
	"io"
	"time"
)

// Executor runs the steps of a run in containers. It knows nothing of rows or
// configuration files; it is told what to run and reports what happened.
//
// Everything it creates carries the run's ID as a label. Calls may come from
// any goroutine; calls for one run's steps come concurrently.
type Executor interface {
	// Check reports whether containers can be run now, and in words a user
	// can act on when they cannot.
	Check(ctx context.Context) ExecutorStatus

	// Prepare makes the run's workspace and fills it from files, a tar
	// stream with paths relative to the workspace. image is the run's first
	// step's image; the executor may use it to fill the workspace. The caller
	// must call Remove afterwards, whether or not Prepare succeeded.
	Prepare(ctx context.Context, runID, image string, files io.Reader) error

	// Run executes one step to its end and writes its output to logs as it
	// comes. Cancelling ctx stops the container (TERM, then KILL) and returns
	// the context's error. A step whose script ran has a nil error and its
	// exit code in the result; an error says that it could not be run or
	// observed, in words safe to show (errs).
	Run(ctx context.Context, step StepSpec, logs LogSink) (StepResult, error)

	// Collect streams the workspace files that match one pattern (a path or
	// a glob, relative to the workspace, "**" allowed) to put, one call a
	// regular file. It reports how many matched.
	Collect(ctx context.Context, runID, pattern string, put func(ctx context.Context, path string, size int64, body io.Reader) error) (int, error)

	// Remove takes away every container, network and volume of a run. It is
	// idempotent and must succeed for a run that has nothing left.
	Remove(ctx context.Context, runID string) error

	// Leftovers lists the runs that still have something on the engine.
	Leftovers(ctx context.Context) ([]string, error)
}

// ExecutorStatus says whether steps can run.
type ExecutorStatus struct {
	Available bool
	Version   string // the engine's, empty when not available
	Message   string // what is wrong and what to do, empty when available
}

// StepSpec is one step as the executor needs it.
type StepSpec struct {
	RunID   string
	StepID  string
	Name    string // for humans: the container's name carries it
	Image   string
	Script  []string          // run by /bin/sh -e, line by line, in the workspace
	Env     map[string]string // names and values as they are
	Secrets []string          // values that must not appear in logs
}

// StepResult is what a finished step's container reported.
type StepResult struct {
	ExitCode   int
	StartedAt  time.Time
	FinishedAt time.Time
	OOMKilled  bool
}

// LogSink takes a step's output. Write may be called from one goroutine at a
// time; stream is "stdout" or "stderr" and p is whole lines or the last piece of one.
type LogSink interface {
	WriteLog(at time.Time, stream string, p []byte) error
}

// WorkspacePath is where every container of a run finds the workspace.
const WorkspacePath = "/croft/workspace"

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"croft/internal/errs"
	"croft/pipeline/config"
)

// failure is an end that the pipeline itself brought about.
type failure struct{ message string }

// Error implements error.
func (f *failure) Error() string { return f.message }

// errStopped ends runs when Croft stops.
var errStopped = errs.New(errs.Unavailable, "croft_stopped", "Croft was stopped while this run was going. Start the run again.")

// timeout is the cause of a context whose time ran out.
type timeout struct{ limit time.Duration }

// Error implements error.
func (t timeout) Error() string {
	return fmt.Sprintf("It took longer than %s and was stopped.", plainDuration(t.limit))
}

// withTimeout is context.WithTimeout with a cause that tells the limit.
func withTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, timeout{limit})
}

// causeOf says why ctx ended, in our terms: canceled, timed out, or Croft stops.
func causeOf(ctx context.Context) error {
	var limit timeout
	switch cause := context.Cause(ctx); {
	case cause == nil:
		return nil
	case errors.Is(cause, errCancelRequested), errors.As(cause, &limit):
		return cause
	}
	return errStopped
}

// endingOf turns how an attempt ended into a run's final state.
func endingOf(err error) ending {
	var failed *failure
	var limit timeout
	var mistakes config.Errors
	var unrunnable *stepError
	switch {
	case err == nil:
		return ending{state: RunSuccess}
	case errors.Is(err, errCancelRequested):
		return ending{state: RunCanceled}
	case errors.As(err, &limit):
		return ending{RunFailed, fmt.Sprintf("The run took longer than %s and was stopped.", plainDuration(limit.limit))}
	case errors.As(err, &failed):
		return ending{RunFailed, failed.message}
	case errors.As(err, &mistakes):
		return ending{RunError, mistakes.Error()}
	case errors.As(err, &unrunnable):
		return ending{RunError, unrunnable.message}
	}
	_, message := errs.Public(err)
	return ending{RunError, message}
}

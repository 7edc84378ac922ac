package objectstore

import (
	"context"
	"time"

	"croft/internal/errs"
)

// Resealer is a second interface of stores that seal the keys of encrypted objects
// under master keys, of which there may be a newer one.
type Resealer interface {
	// StartReseal has all of them sealed under the newest master key, so that older
	// ones are not needed any more. It returns at once; what was begun goes on after a
	// restart. ErrResealRunning when it is going on.
	StartReseal(ctx context.Context) error
	// ResealProgress says how far that is, or how it ended. It is cheap.
	ResealProgress(ctx context.Context) (ResealProgress, error)
}

// ResealProgress is how far sealing anew is, or how it ended the last time. Its times
// are zero where it has not begun, or not finished.
type ResealProgress struct {
	Running    bool
	StartedAt  time.Time
	FinishedAt time.Time
	Checked    int64  // versions that were looked at, since it began or went on
	Total      int64  // about how many there are
	Resealed   int64  // keys that were sealed anew
	Failed     int64  // keys that could not be: they are as they were
	Problem    string // why it ended early, or why the first of those failed
}

// ErrResealRunning is what a Resealer refuses with that is at it.
var ErrResealRunning = errs.New(errs.Conflict, "reseal_running", "Everything is being sealed anew already.")

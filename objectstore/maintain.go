package objectstore

import (
	"context"

	"croft/internal/errs"
)

// Maintainer is a second interface of engines whose drives a person may look after.
type Maintainer interface {
	// StartScrub has everything read and checked from the beginning, as fast as
	// requests leave room for. It returns at once; a scrub that was asked for goes on
	// after a restart. ErrScrubRunning when one was asked for that has not finished.
	StartScrub(ctx context.Context) error
	// StopScrub ends the reading that goes on now. Where it stopped it goes on by
	// itself a day later. It is no error when nothing is read.
	StopScrub(ctx context.Context) error
	// ResetDrive takes a drive that an error fenced back into use, because somebody
	// says that it is well again: it is looked at, written to from then on, and given
	// what it missed. An error says why it cannot be used; a drive that is well is none.
	ResetDrive(ctx context.Context, id string) error
}

// What maintainers refuse with.
var (
	ErrScrubRunning  = errs.New(errs.Conflict, "scrub_running", "Everything is being checked already. Wait until it has finished, or stop it first.")
	ErrDriveNotFound = errs.New(errs.NotFound, "drive_not_found", "There is no drive of this ID. It may have been replaced.")
)

package objectstore

import (
	"context"
	"errors"
	"time"

	"croft/internal/errs"
)

// Restorer is a second interface of stores that are Tierers and can keep a copy on the
// drives of a body in a tier, for some days.
type Restorer interface {
	// Restore has a copy made of what tiers keep of a version. A nil error means that
	// it will be made, whatever happens in between: the version's Restore is ongoing until
	// then. Where the copy is there already it stays from now on for so many days instead. The tier keeps
	// the body all the same, and the version stays what it is; it is read from the copy while that is
	// there. Refusals are ErrNotInTier, ErrRestoreRunning and ErrRestoreDays, and those of a write: the
	// copy counts as much as the version does from now until it is removed.
	//
	// What a tier gives that is not what was stored there, or is not there any more, is asked for
	// some times more, and then the wish is given up: Restore.Failure says why, and Restore may be
	// called again.
	Restore(ctx context.Context, r RestoreRequest) (Object, error)
	// CancelRestore takes a wish back, removes a copy that is there before its time, and
	// forgets why one could not be made. Where there is none of these it is ErrNoRestore.
	CancelRestore(ctx context.Context, ref VersionRef) (Object, error)
}

// RestoreRequest names a version and how long its copy is to be kept.
type RestoreRequest struct {
	VersionRef
	Days int // 1 to MaxRestoreDays, counted from when the copy is there
}

// MaxRestoreDays bounds how long a copy is kept: a century.
const MaxRestoreDays = 36500

// RestoreState says how it is with a version's copy on the drives. The zero value is of
// a version without one.
type RestoreState struct {
	Ongoing bool      // it is being made
	Until   time.Time // when it goes, UTC; zero while it is being made
	// Failure is why it is not there yet, while it is Ongoing; otherwise why it was given up.
	Failure RestoreFailure
}

// RestoreFailure says that what a tier gave is not what was stored there. The zero value is of
// a copy with which nothing is the matter.
type RestoreFailure struct {
	Tries int       // in a row
	At    time.Time // of the last one, UTC
	Code  string    // of ErrTierBodyMissing, ErrBodyAltered or ErrCopyDiffers
}

// Reason says in a sentence what was the matter.
func (f RestoreFailure) Reason() string {
	for _, r := range restoreFailures {
		if r.err.Code == f.Code {
			return r.says
		}
	}
	return ErrCopyDiffers.Message
}

var restoreFailures = []struct {
	err  *errs.Error
	says string
}{
	{ErrTierBodyMissing, ErrTierBodyMissing.Message},
	{ErrBodyAltered, "What the tier gave back was altered: its checksums do not match. Restore the tier's bucket from a backup, or write the object anew."},
	{ErrCopyDiffers, ErrCopyDiffers.Message},
}

// RestoreFailureCode returns the code of an error that means that a copy cannot be made of
// what the tier has; empty for others, which pass.
func RestoreFailureCode(err error) string {
	for _, r := range restoreFailures {
		if errors.Is(err, r.err) {
			return r.err.Code
		}
	}
	return ""
}

// RestoreUntil is when a copy goes that is there at a time: at the midnight, UTC, that
// follows so many days later, as in S3.
func RestoreUntil(at time.Time, days int) time.Time {
	const day = 24 * time.Hour
	return at.UTC().Add(time.Duration(days) * day).Truncate(day).Add(day)
}

// What is refused about copies of what is in tiers.
var (
	ErrNotInTier      = errs.New(errs.Forbidden, "not_in_tier", "The object is not in a tier: there is nothing to bring back.")
	ErrRestoreRunning = errs.New(errs.Conflict, "restore_running", "The object is being brought back already. Wait until that is done.")
	ErrNoRestore      = errs.New(errs.Conflict, "restore_missing", "The object is not being brought back, and there is no copy of it: there is nothing to cancel.")
	ErrCopyDiffers    = errs.New(errs.Internal, "copy_differs", "What the tier gave back is not the object that was moved there. Restore the tier's bucket from a backup, or write the object anew.")
	ErrRestoreDays    = errs.Newf(errs.Invalid, "restore_days", "An object is brought back for 1 to %d days.", MaxRestoreDays)
)

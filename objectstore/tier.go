package objectstore

import (
	"context"
	"io"
	"strings"

	"croft/internal/errs"
)

// Tier keeps bodies of old versions elsewhere than on the drives, such as in a
// bucket of an S3 cluster. Names are chosen by the store and never used twice. Its
// errors say what to do at the tier; they are ErrTierUnavailable where another try
// may succeed.
type Tier interface {
	// Put keeps a body of size bytes under a name. A nil error means that the tier
	// keeps it for good, and byte for byte.
	Put(ctx context.Context, name string, body io.Reader, size int64) error
	// Get returns length bytes of a body from an offset. The caller closes them. A
	// body that the tier does not have is ErrTierBodyMissing.
	Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error)
	// Delete removes a body; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Tiers finds tiers by name.
type Tiers interface {
	// Tier returns a tier or ErrTierNotFound.
	Tier(name string) (Tier, error)
}

// Tierer is a second interface of stores that can keep bodies in tiers. Versions that
// are there are read, copied, tagged, locked and deleted as any other.
type Tierer interface {
	// Transition moves a version's body to a tier, or from a tier back to the drives
	// when none is named, and returns the version as it is then. Who reads it
	// meanwhile notices nothing. A version that is there already and one without a body
	// are left as they are; a delete marker is refused as HeadVersion does. A body that has been moved in part, for
	// an error or the end of ctx, is read as well, and the rest is moved by calling again.
	Transition(ctx context.Context, r TransitionRequest) (Object, error)
	// TierUsage returns what the store has in tiers, by name. Tiers that keep
	// nothing, and have nothing left to remove, are not named.
	TierUsage(ctx context.Context) (map[string]TierUsage, error)
}

// TransitionRequest names a version and where its body is to be.
type TransitionRequest struct {
	VersionRef
	Tier string // empty is the drives
	// Check, when set, sees the version before its body is copied, and again in the step
	// that moves it, and may refuse.
	Check func(is Object) error
}

// TierUsage is what a store has in a tier.
type TierUsage struct {
	Bodies   int64 // an object that was uploaded in parts has several
	Bytes    int64 // as they are kept there
	Removing int64 // bodies that are to be removed there, and could not be yet
}

// What is refused about tiers.
var (
	ErrTierNotFound    = errs.New(errs.NotFound, "tier_not_found", "There is no such tier. An administrator adds tiers in the console's settings.")
	ErrMoveOvertaken   = errs.New(errs.Conflict, "move_overtaken", "The object changed while it was being moved. Try again.")
	ErrTierUnavailable = errs.New(errs.Unavailable, "tier_unavailable", "The tier that keeps this object cannot be reached now. Try again later.")
	ErrTierBodyMissing = errs.New(errs.Internal, "tier_body_missing", "The tier that keeps this object does not have its body any more. Restore the tier's bucket from a backup, or write the object anew.")
	ErrTierNameInvalid = errs.New(errs.Invalid, "tier_name_invalid", "A tier's name has 1 to 32 upper-case letters, digits, hyphens and underscores, begins with a letter, and is none of S3's own storage classes.")
)

// ValidateTierName refuses names that S3 clients could not ask for as a storage
// class, or that mean one of S3's own.
func ValidateTierName(name string) error {
	if name == "" || len(name) > 32 || name[0] < 'A' || name[0] > 'Z' || strings.ContainsFunc(name, notInTierName) || reservedTiers[name] {
		return ErrTierNameInvalid
	}
	return nil
}

func notInTierName(c rune) bool {
	return !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
}

// reservedTiers are S3's storage classes that objects have without a tier. Names of
// its archives are free: who arrives with rules that name them adds tiers so named.
var reservedTiers = map[string]bool{"STANDARD": true, "REDUCED_REDUNDANCY": true}

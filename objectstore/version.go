package objectstore

import (
	"context"
	"io"
	"time"

	"croft/internal/errs"
)

// Versioning says whether a bucket keeps what is overwritten and deleted.
type Versioning string

// The ways of a bucket. Once enabled, versioning can only be suspended.
const (
	VersioningOff       Versioning = ""
	VersioningEnabled   Versioning = "enabled"
	VersioningSuspended Versioning = "suspended"
)

// NullVersion is the ID of the one version of a key that was written while the
// bucket's versioning was not enabled.
const NullVersion = "null"

// LockMode is how firmly a version is retained.
type LockMode string

// The modes. What governance keeps may be deleted by who may bypass it; what
// compliance keeps, by nobody.
const (
	LockNone       LockMode = ""
	LockGovernance LockMode = "governance"
	LockCompliance LockMode = "compliance"
)

// Lock keeps a version from being deleted: until a time, and as long as Hold is set.
type Lock struct {
	Mode  LockMode
	Until time.Time // UTC, whole milliseconds; zero without a mode
	Hold  bool
}

// Active reports whether the retention has not ended.
func (l Lock) Active(now time.Time) bool { return l.Mode != LockNone && now.Before(l.Until) }

// DefaultLock is what versions of a bucket are locked with that come without a
// lock of their own; exactly one of Days and Years is set with a mode.
type DefaultLock struct {
	Mode  LockMode
	Days  int
	Years int
}

// From returns the lock of a version that is written now.
func (d DefaultLock) From(now time.Time) Lock {
	if d.Mode == LockNone {
		return Lock{}
	}
	return Lock{Mode: d.Mode, Until: now.UTC().AddDate(d.Years, 0, d.Days).Truncate(time.Millisecond)}
}

// What stores that keep versions refuse with besides.
var (
	ErrVersionNotFound   = errs.New(errs.NotFound, "version_not_found", "There is no such version of this object.")
	ErrVersionInvalid    = errs.New(errs.Invalid, "version_invalid", "That is not a version ID of this store.")
	ErrVersionIsMarker   = errs.New(errs.Conflict, "version_is_marker", "This version is a delete marker and has no content.")
	ErrVersionLocked     = errs.New(errs.Forbidden, "version_locked", "This version is locked and cannot be deleted or changed so.")
	ErrVersioningState   = errs.New(errs.Conflict, "versioning_state", "The bucket's versioning cannot be changed so: object lock needs it enabled, and once enabled it can only be suspended.")
	ErrObjectLockMissing = errs.New(errs.Invalid, "object_lock_missing", "The bucket was not made with object lock.")
)

// VersionRef names one version. An empty ID is the latest, NullVersion the null
// version. CustomerKey is for the methods that read a body; HeadVersion checks it
// when it is there.
type VersionRef struct {
	Bucket      string
	Key         string
	ID          string
	CustomerKey *CustomerKey
}

// DeleteRequest deletes a version for ever or, without an ID, what the key holds:
// in a bucket with versioning that puts a delete marker over it.
type DeleteRequest struct {
	VersionRef
	Condition Condition // on what the key holds, or on the named version
	// Check, when set, sees what the key holds, or the named version, in the step that
	// deletes it, delete markers included, and may refuse; Latest says whether the key
	// holds it. Where there is nothing it is not called. It must not use the store.
	Check  func(is Object) error
	Bypass bool // the caller may bypass governance
	// Replica says that it was deleted elsewhere first. It is not in the backlog of
	// followers then, but for what a crash makes of it.
	Replica bool
}

// Deleted is what a delete did. VersionID is that of the delete marker it made
// (Marker), or of the version it removed; empty where the bucket keeps none.
type Deleted struct {
	Existed   bool
	VersionID string
	Marker    bool
}

// ListVersionsRequest asks for versions and delete markers; Prefix, Delimiter and
// AfterKey work as in ListRequest. AfterID, when set, starts behind that version
// of AfterKey instead of behind all of them.
type ListVersionsRequest struct {
	Bucket    string
	Prefix    string
	Delimiter string
	AfterKey  string
	AfterID   string
	Limit     int // 0 is DefaultLimit
}

// VersionPage is one page of versions: keys in byte order, the versions of one
// from the newest to the oldest.
type VersionPage struct {
	Versions  []Object
	Prefixes  []string
	Truncated bool
	NextKey   string // AfterKey and AfterID of the next page
	NextID    string
}

// Versions is a second interface of stores that keep versions.
type Versions interface {
	// UpdateBucket changes a bucket's settings in one step: change gets them as they
	// are and may refuse. Name and CreatedAt do not change.
	UpdateBucket(ctx context.Context, name string, change func(*Bucket) error) (Bucket, error)
	// HeadVersion returns a version without its body. A delete marker is returned
	// beside ErrObjectNotFound when it is the latest and ErrVersionIsMarker when it
	// was named.
	HeadVersion(ctx context.Context, ref VersionRef) (Object, error)
	// GetVersion is Get for a version; markers are as in HeadVersion.
	GetVersion(ctx context.Context, ref VersionRef, rng *Range) (Object, io.ReadCloser, error)
	// DeleteVersion deletes as the request says. A version that is not there is no
	// error; a locked one is ErrVersionLocked.
	DeleteVersion(ctx context.Context, r DeleteRequest) (Deleted, error)
	// ListVersions returns one page.
	ListVersions(ctx context.Context, r ListVersionsRequest) (VersionPage, error)
	// UpdateVersion changes a version's tags, system attributes and lock in one step:
	// change gets the attributes as they are and may refuse; what else it changes is ignored. bypass
	// says that the caller may shorten governance. A retention that compliance keeps
	// can only be lengthened.
	UpdateVersion(ctx context.Context, ref VersionRef, bypass bool, change func(*Attributes) error) (Object, error)
}

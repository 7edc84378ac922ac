package objectstore

import (
	"context"
	"time"

	"croft/internal/errs"
)

// ChangeFeed is a second interface of stores that remember what changed in a bucket
// until it was dealt with. For whom it does so are followers: each has a backlog of
// changes of its own. A change is remembered in the step that makes it, so whatever
// was acknowledged while somebody followed is in their backlog, also after a crash.
// It may come again after it was settled, though; whoever deals with it looks first.
//
// What a store remembers may be lost with a cache that is built anew. It knows the
// follower no more then: Follow returns no bookmark, and the follower looks through
// the bucket itself, for which Recall is made.
type ChangeFeed interface {
	// Follow begins to remember changes, unless the store does so already, and
	// returns the follower's bookmark. It is empty when none was ever set: what
	// changed before is not in the backlog.
	Follow(ctx context.Context, f Follower) (bookmark []byte, err error)
	// Followers returns all followers. They end with their bucket.
	Followers(ctx context.Context) ([]Follower, error)
	// Unfollow forgets a follower and its backlog, if there is one of this name.
	Unfollow(ctx context.Context, name string) error
	// Changes returns a page of a follower's backlog in order of position. Changes of
	// one key are in the order in which they happened. It refuses with ErrNotFollowed.
	Changes(ctx context.Context, r ChangesRequest) ([]Change, error)
	// Settle removes changes from a backlog. One whose key changed again since it was
	// read stays, and so do changes that are not there.
	Settle(ctx context.Context, follower string, done []Change) error
	// Recall adds to a backlog what keys hold or held, however long ago that was
	// written, and sets the bookmark in the same step. What waits already is not added
	// again.
	Recall(ctx context.Context, follower string, what []Recalled, bookmark []byte) error
	// Backlog says how much waits. It is cheap.
	Backlog(ctx context.Context, follower string) (Backlog, error)
	// Changed returns a channel that is closed when something is added to any backlog
	// after the call.
	Changed() <-chan struct{}
}

// ErrNotFollowed is what is refused with for a follower that the store does not know.
var ErrNotFollowed = errs.New(errs.NotFound, "not_followed", "The store does not remember changes for this follower.")

// Follower is somebody for whom changes are remembered.
type Follower struct {
	Name   string // the follower's own, one of its kind in the store
	Bucket string
	Prefix string // of the keys; does not change while it follows
}

// ChangesRequest asks for changes behind a position.
type ChangesRequest struct {
	Follower string
	Key      string // when set, changes of other keys are left out
	After    uint64
	Limit    int // 0 is DefaultLimit
}

// ChangeKind is what happened.
type ChangeKind int

// The kinds of changes.
const (
	// ChangePut: there is a new version, or a known one came to light or got other tags.
	ChangePut ChangeKind = iota
	// ChangeDelete: the key holds nothing, or a delete marker.
	ChangeDelete
	// ChangeGone: it was a version that was deleted for ever meanwhile.
	ChangeGone
)

// Change is one change. Without a VersionID it is about what the key holds by now,
// which may be something else than when it was made: where versions are not kept,
// what was overwritten is never seen.
type Change struct {
	Position  uint64
	Revision  uint64 // the store's, for Settle
	Key       string
	VersionID string
	Kind      ChangeKind
	Size      int64
	// Since is when it was made or, without a VersionID, the first that waits; of what
	// was recalled, when it was.
	Since    time.Time
	Recalled bool
}

// Recalled is what Recall adds: a version or, without an ID, what the key holds.
type Recalled struct {
	Key       string
	VersionID string
}

// Backlog is what waits for a follower.
type Backlog struct {
	Changes int64
	Bytes   int64     // of objects
	Oldest  time.Time // zero when nothing waits
}

package objectstore

import "context"

// NoticeBucket is the bucket that notices wait in until they were delivered. It is the
// store's own: whoever uses notices makes it before an Announcer wants any.
const NoticeBucket = "croft-events"

// What happened to a version.
type What int

// What can happen.
const (
	HappenedPut        What = iota // it was written in one piece
	HappenedCopy                   // it was copied from another
	HappenedComplete               // it was put together of an upload's parts
	HappenedDelete                 // it was deleted for ever
	HappenedMarker                 // it is a delete marker that was put over the key
	HappenedTag                    // it got other tags
	HappenedUntag                  // it lost all its tags
	HappenedAttribute              // what a protocol keeps with it changed
	HappenedMove                   // its body moved to a tier
	HappenedRestore                // a copy of what a tier keeps is to be made
	HappenedRestored               // that copy is there
	HappenedRestoreEnd             // that copy was removed
)

// Happening is one change of one version.
type Happening struct {
	What What
	// Object is what is there since; of what was deleted only bucket, key, version and
	// Marker are known. Its maps are the store's and are not to be changed.
	Object Object
	// Sequencer rises with each change of a key.
	Sequencer uint64
	Documents map[string]string // the bucket's
	Owner     string            // the bucket's
	BucketID  string            // no other bucket has or had it, also none of the same name
}

// Notice is a text that is kept until it was delivered. Notices of one queue are in the
// order in which what they tell of happened, key by key.
type Notice struct {
	Queue string // a key's beginning, without a slash at its end
	Text  string
}

// Announcer says which changes are to be told to whom. Its methods are called in the
// step that makes the change, while nobody else writes to the key: they must neither
// wait nor use the store.
type Announcer interface {
	// Wants reports whether changes of a bucket with these documents matter to anybody.
	// It is asked for every write.
	Wants(bucket string, documents map[string]string) bool
	// Notices returns what is to be kept of a change. They are durable exactly if the
	// change is; where they cannot be kept, the change fails.
	Notices(ctx context.Context, h *Happening) []Notice
	// Happened is called when the change is durable.
	Happened(ctx context.Context, h *Happening)
}

// NoticeKeeper is a second interface of stores that keep the notices of an Announcer, as
// objects without a body in NoticeBucket: the key is the queue, a slash and a sequencer of 16
// hexadecimal digits, the text is System[NoticeText]. They are listed as other objects are.
type NoticeKeeper interface {
	// SettleNotices forgets notices, which are named by their keys. Those that are not there are no error.
	SettleNotices(ctx context.Context, keys []string) error
	// Noticed returns a channel that is closed when a notice is kept after the call.
	Noticed() <-chan struct{}
	// BucketID returns what Happening.BucketID is of a bucket that is there, or ErrBucketNotFound.
	BucketID(bucket string) (string, error)
}

// NoticeText is the system attribute that holds a notice's text.
const NoticeText = "notice"

// Origin is where a change comes from, for those who are told of it.
type Origin struct {
	User      string // a name; empty is nobody who signed
	UserID    string
	Address   string // the host that asked; empty is Croft itself
	RequestID string
	// Form says that a browser's form put it. Lifecycle says that a lifecycle rule did it.
	Form, Lifecycle bool
}

type originKey struct{}

// WithOrigin says where the changes come from that are made with the context.
func WithOrigin(ctx context.Context, o *Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns where changes with the context come from. Nobody said: Croft itself.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(*Origin); ok && o != nil {
		return *o
	}
	return Origin{}
}

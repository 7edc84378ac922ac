package objectstore

import (
	"io"
	"maps"
	"time"
)

// Object is what a key holds, without the body. Objects returned by a store are
// the caller's own; changing their maps changes nothing in the store.
type Object struct {
	Bucket string
	Key    string
	Size   int64
	// ETag names the content: the MD5 of the body in lower-case hex or, for an
	// object that was uploaded in parts, the MD5 of the parts' MD5s, "-" and
	// their number. It carries no quotes.
	ETag       string
	ModifiedAt time.Time // UTC, whole milliseconds
	Attributes Attributes
	// VersionID is NullVersion or the version's own; empty where the bucket never
	// kept versions.
	VersionID string
	Latest    bool // in listings of versions
	Marker    bool // a delete marker, which has no body
	// Encryption and Compressed say what the body wears on the drives, and StoredSize
	// how many bytes it takes so; redundancy is not counted.
	Encryption Encryption
	Compressed bool
	StoredSize int64
	Class      StorageClass // ClassUnset is standard
	Tier       string       // that keeps the body, or some of it; empty where the drives do
	// Restore is how it is with a copy on the drives of what the tier keeps.
	Restore RestoreState
	// Parts are the sizes and checksums of the parts an upload put together, in
	// order; empty for an object that came in one piece.
	Parts []Part
}

// Attributes are what a writer may say about an object. The store keeps them
// and gives them back unchanged.
type Attributes struct {
	ContentType        string
	ContentEncoding    string
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string
	Expires            string
	// User is the writer's own metadata, keys in lower case without any prefix.
	User map[string]string
	// Checksums are digests of the body, verified by whoever adds them; the store
	// does not interpret names or values ("crc32c" → "yZRlqg==").
	Checksums map[string]string
	// Tags are the object's tags.
	Tags map[string]string
	// System is what a protocol keeps with the object and its writer does not name, such
	// as grants. The store does not interpret it.
	System map[string]string
	// Lock keeps the version from being deleted; the zero value takes the bucket's.
	Lock Lock
}

// Clone returns a copy that shares no map with a.
func (a Attributes) Clone() Attributes {
	a.User = maps.Clone(a.User)
	a.Checksums = maps.Clone(a.Checksums)
	a.Tags = maps.Clone(a.Tags)
	a.System = maps.Clone(a.System)
	return a
}

// Condition guards a write; it is checked in the same step that commits it, so
// of two writers that demand absence one loses. A refusal is
// ErrPreconditionFailed; the zero value allows all.
type Condition struct {
	Absent bool   // the key must hold nothing (If-None-Match: *)
	ETag   string // the key must hold this (If-Match); "*" is anything
}

// PutRequest is one object to store.
type PutRequest struct {
	Bucket     string
	Key        string
	Body       io.Reader
	Size       int64  // of the body; -1 when unknown. Fewer or more bytes are ErrBodyIncomplete.
	MD5        string // of the body in lower-case hex, when the caller knows it; else ErrDigestMismatch
	Attributes Attributes
	Class      StorageClass
	// Finish, when set, is called once the body ended and before anything is
	// committed. It may complete the attributes (a checksum that came in a
	// trailer) or refuse, and then nothing is stored.
	Finish    func(*Attributes) error
	Condition Condition
	// Copied says that the body is another object's, and so the object a copy.
	Copied bool
	// Encrypt, EncryptionStore or one under a named key, is how the body is encrypted
	// whatever the bucket's default; CustomerKey encrypts it with that.
	Encrypt     Encryption
	CustomerKey *CustomerKey
}

// CopyRequest is a copy inside the store. The copy keeps the source's size,
// ETag, parts and checksums, and its attributes unless Replace is set.
type CopyRequest struct {
	FromBucket  string
	FromKey     string
	FromVersion string // empty is the latest
	Bucket      string
	Key         string
	// Check, when set, sees the source before anything is written and may refuse.
	Check func(source Object) error
	// Replace, when set, are the copy's attributes. Checksums left nil are kept.
	Replace *Attributes
	// Class, when set, is the copy's, otherwise it is the source's.
	Class     StorageClass
	Condition Condition // on the destination
	// FromCustomerKey opens the source; the others mean what they mean in PutRequest.
	FromCustomerKey *CustomerKey
	Encrypt         Encryption
	CustomerKey     *CustomerKey
}

// ListRequest asks for a page of keys that start with Prefix. With a Delimiter,
// keys that hold it after the prefix are rolled up to their common prefix (up to
// and with the delimiter), which counts as one entry.
type ListRequest struct {
	Bucket    string
	Prefix    string
	Delimiter string
	// After starts the page behind this entry: only keys and common prefixes that
	// sort after it are returned, so a key may follow "a/b" and the prefix "a/" not.
	// ListPage.Next, a key or a common prefix, is made for it.
	After string
	Limit int // entries a page; 0 is DefaultLimit
}

// DefaultLimit is the page size of listings that do not name one.
const DefaultLimit = 1000

// ListPage is one page of a listing. Objects and Prefixes are each in byte
// order; a caller that wants one sequence merges them.
type ListPage struct {
	Objects   []Object
	Prefixes  []string
	Truncated bool
	Next      string // After of the next page; empty unless truncated
}

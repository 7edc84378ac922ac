package objectstore

import (
	"maps"
	"time"
)

// Bucket is a top-level name that objects live under. Owner is an opaque
// reference that the store keeps for its caller (Croft keeps a project ID
// there); it may be empty. CreatedAt is set by the store.
type Bucket struct {
	Name      string
	Owner     string
	CreatedAt time.Time
	// Versioning and ObjectLock are of stores that implement Versions. Object lock
	// is given when the bucket is made or later, never taken away.
	Versioning  Versioning
	ObjectLock  bool
	DefaultLock DefaultLock
	// Encryption, EncryptionNone, EncryptionStore or one under a named key without a
	// context, and Compression are for bodies that are written from now on, unless the
	// request says how to encrypt.
	Encryption  Encryption
	Compression Compression
	// Parity, when set, is how many drives large bodies survive the loss of that are
	// written from now on, instead of the store's: 0 to half of the drives.
	Parity *int
	// Quota is how many bytes its versions and the parts of its unfinished uploads may
	// have together; 0 is no limit. A write
	// that would exceed it is ErrQuotaExceeded. Deletes always work.
	Quota int64
	// Documents are what callers set the bucket to, by name: its policy, its rules for
	// CORS. The store keeps them and does not read them; the map is not to be changed
	// in place. Together they have at most MaxDocumentBytes.
	Documents map[string]string
}

// MaxDocumentBytes bounds a bucket's documents, names included.
const MaxDocumentBytes = 1 << 20

// WithDocument returns a bucket's documents with one of them set, or removed when the
// text is empty.
func (b Bucket) WithDocument(name, text string) map[string]string {
	all := maps.Clone(b.Documents)
	if text == "" {
		delete(all, name)
		return all
	}
	if all == nil {
		all = make(map[string]string)
	}
	all[name] = text
	return all
}

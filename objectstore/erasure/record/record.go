// Package record is how the metadata of buckets, objects, uploads and parts are
// written down: as entries of the log, which are the truth, and as values of the
// catalogue, which are copies of them.
//
// An entry says completely what exists under a name from then on, or that nothing
// does. Every entry has an ord, a number that rises with each change of a name: of
// two entries for one name the higher counts, whatever order they are read in.
//
// What a newer Croft adds is appended as numbered fields. An older one passes over
// odd numbers and refuses even ones, because those change what the rest means.
package record

import (
	"slices"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
)

// Kind is what an entry is about.
type Kind uint8

// The kinds of entries. Their numbers are part of the format.
const (
	KindBucket      Kind = 1
	KindBucketGone  Kind = 2
	KindVersion     Kind = 3
	KindVersionGone Kind = 4
	KindUpload      Kind = 5
	KindUploadGone  Kind = 6
	KindPart        Kind = 7
)

// Bucket is a bucket. ID is its own for ever; a bucket of the same name made
// later has another.
type Bucket struct {
	ID         uint64
	Ord        uint64
	Name       string
	Owner      string
	Created    int64 // Unix milliseconds
	Versioning string
	ObjectLock bool
	Lock       objectstore.DefaultLock

	Encryption  objectstore.Encryption
	Compression objectstore.Compression
	Quota       int64 // bytes; 0 is none
	Parity      *int  // of large bodies; nil is the set's
	Documents   map[string]string
	Shadows     Shadows
}

// Version is one version of an object, or a delete marker. Its body is the
// payload of its own entry (Inline), or the Bodies in order, or empty.
type Version struct {
	Bucket   uint64
	Key      string
	Ord      uint64
	Tail     uint64 // makes the version ID hard to guess
	Null     bool
	Marker   bool
	Inline   bool
	Size     int64
	Modified int64 // Unix milliseconds
	ETag     string
	Attrs    objectstore.Attributes
	Parts    []objectstore.Part
	Bodies   []Body
	Coat     coat.Coat // of the payload
	Stored   int64     // bytes of the payload; 0 when it wears nothing
	Sealed   Sealed
	Class    objectstore.StorageClass
	Restore  Restore
	Trouble  Trouble
	Bound    Bound
	Shadows  Shadows
}

// Bound is the key under which the bodies of a version were stored that was renamed, and
// coat.Key.Vouch's word that it may be; where they are encrypted they are bound to it. Others in a
// tier have it without a proof. The zero value is of a version that has the name that it was
// stored under.
type Bound struct {
	Key   string
	Proof [coat.ProofBytes]byte
}

// Trouble says that copies could not be made because of what the tier gave. Beside a Restore
// that is wanted they are tried again, alone they were given up. The zero value is of none.
type Trouble struct {
	Tries int    // in a row
	At    int64  // the last of them, Unix milliseconds
	Code  string // of its error
}

// Restore says that copies on the drives are wanted of the bodies that tiers keep, or
// that they are there. The zero value is of a version that has none.
type Restore struct {
	Days  int   // while they are being made: for how long they are wanted
	Asked int64 // while they are being made: since when, Unix milliseconds
	Until int64 // once all are there and compared: when they go, Unix milliseconds
}

// Wanted reports whether there are copies, or are to be.
func (r Restore) Wanted() bool { return r != Restore{} }

// Ongoing reports whether they are being made.
func (r Restore) Ongoing() bool { return r.Days > 0 }

// Counted is how many bytes count for the bucket: copies as much as the version itself,
// also while they are being made.
func (v *Version) Counted() int64 {
	if v.Restore.Wanted() {
		return 2 * v.Size
	}
	return v.Size
}

// Kept are the bodies of the version, and their copies as bodies of their own.
func Kept(bodies []Body) []Body {
	all := slices.Clone(bodies)
	for _, b := range bodies {
		if b.Copy != (Copy{}) {
			all = append(all, b.OnDrives())
		}
	}
	return all
}

// StoredSize is how many bytes the body takes, redundancy not counted.
func (v *Version) StoredSize() (size int64) {
	switch {
	case v.Inline && v.Coat.Bare():
		return v.Size
	case v.Inline:
		return v.Stored
	}
	for _, b := range v.Bodies {
		size += b.Size
	}
	return size
}

// Compressed reports whether any of the body is.
func (v *Version) Compressed() bool {
	return v.Coat.Compressed || slices.ContainsFunc(v.Bodies, func(b Body) bool { return b.Coat.Compressed })
}

// Tier is the tier that keeps the body, or some of it.
func (v *Version) Tier() string {
	for _, b := range v.Bodies {
		if b.Tier != "" {
			return b.Tier
		}
	}
	return ""
}

// Body is a large body in shard files of its own, or a body in a tier.
type Body struct {
	ID     [16]byte
	Size   int64 // as it is stored
	Data   uint8
	Parity uint8
	Coat   coat.Coat
	Plain  int64 // bytes of what was stored; 0 when it wears nothing
	// Tier keeps the body, under its ID, if it is not in shard files: Data and Parity
	// are 0 then. A part's body is never in one.
	Tier string
	// Copy is the same bytes in shard files, beside the tier.
	Copy Copy
}

// Copy is where a copy of a body is: the zero value is of none.
type Copy struct {
	ID     [16]byte
	Data   uint8
	Parity uint8
}

// OnDrives is the copy of a body as a body of its own.
func (b *Body) OnDrives() Body {
	c := *b
	c.ID, c.Data, c.Parity, c.Tier, c.Copy = b.Copy.ID, b.Copy.Data, b.Copy.Parity, "", Copy{}
	return c
}

// Length is how many bytes the body gives back.
func (b *Body) Length() int64 {
	if b.Coat.Bare() {
		return b.Size
	}
	return b.Plain
}

// Sealed is how to come by an object's key: Key is that one, sealed under the
// store's master key with the ID, to the name if there is one, or under the customer's key. The zero value is of
// an object that is not encrypted.
type Sealed struct {
	By       objectstore.Encryption
	MasterID string
	Key      []byte
}

// Upload is an unfinished upload.
type Upload struct {
	Bucket  uint64
	Key     string
	ID      string
	Ord     uint64
	Started int64  // Unix milliseconds
	By      string // the name of who started it, if that is known
	Attrs   objectstore.Attributes
	Sealed  Sealed
	// Compress says that parts are to be compressed.
	Compress bool
	Class    objectstore.StorageClass
	Asked    map[string]string // what it was created with
	Shadows  Shadows
}

// Part is a stored part of an upload.
type Part struct {
	Bucket  uint64
	Key     string
	Upload  string
	Ord     uint64
	Part    objectstore.Part
	Body    Body
	Shadows Shadows
}

// Gone says that what a name held is no more. Which fields name it depends on the
// kind: a bucket its ID, a version bucket, key and ord of that version (Of; any
// null version when Null), an upload bucket, key and upload.
type Gone struct {
	Kind    Kind
	Bucket  uint64
	Key     string
	Upload  string
	Ord     uint64
	Of      uint64
	Null    bool
	Shadows Shadows
}

// Shadows are the segments in which older entries of the name may still stand, in
// order. An entry that ends a name must outlive them, lest they count again when
// the catalogue is rebuilt.
type Shadows []uint64

// With returns the shadows and one more segment, without those that exist no
// longer.
func (s Shadows) With(segment uint64, exists func(uint64) bool) Shadows {
	out := make(Shadows, 0, len(s)+1)
	for _, id := range s {
		if id != segment && exists(id) {
			out = append(out, id)
		}
	}
	out = append(out, segment)
	slices.Sort(out)
	return out
}

// Needed reports whether any of the segments exists.
func (s Shadows) Needed(exists func(uint64) bool) bool { return slices.ContainsFunc(s, exists) }

// Time turns the format's milliseconds into what callers see.
func Time(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

package erasure

import (
	"maps"
	"sync"

	"github.com/tidwall/btree"

	"croft/objectstore"
)

// version is one immutable state of a name, as the index knows it.
type version struct {
	rec     *record // shared by all drives; its place means nothing here
	file    file
	holders places // drives that hold its shard, by what is known
	damaged places // drives that had a file of it at start that is not intact
	// shadowed are older versions of the name that could not be removed at start
	// because offline drives may yet decide between them and this one.
	shadowed []file
	pieces   []*version // what the body continues with, in order

	// The index's mutex guards the following 2 fields.
	readers int  // open bodies that still need the pieces
	gone    bool // superseded or removed; its last reader removes the pieces
}

// bodySize is the size of the whole body.
func (v *version) bodySize() int64 {
	n := v.rec.size
	for _, p := range v.pieces {
		n += p.rec.size
	}
	return n
}

func (v *version) object() objectstore.Object { return v.rec.object(v.bodySize()) }

func (v *version) part() objectstore.Part { return clonePart(v.rec.parts[0]) }

// files are all shard files to remove when the version goes, but for its pieces.
func (v *version) files() []file { return append([]file{v.file}, v.shadowed...) }

// readable reports whether enough drives hold the version and all its pieces.
func (v *version) readable(g geometry) bool {
	if v.holders.count() < g.readQuorum() {
		return false
	}
	for _, p := range v.pieces {
		if !p.readable(g) {
			return false
		}
	}
	return true
}

// index is everything that exists, in memory.
type index struct {
	sync.RWMutex // guards all below, and what version says
	buckets      map[string]*bucket
}

// bucket is a bucket with what is in it. use is held shared while something is
// committed into the bucket and exclusively while it is deleted.
type bucket struct {
	version *version
	use     sync.RWMutex

	// The index's mutex guards the following 3 fields.
	dead    bool
	objects btree.Map[string, *version]
	uploads btree.Map[string, *upload] // by uploadOrder
}

// upload is an unfinished upload and its parts by number.
type upload struct {
	version *version
	parts   btree.Map[int, *version]
}

// uploadOrder sorts uploads by key, then ID, which starts with the time. Keys
// hold no NUL.
func uploadOrder(key, id string) string { return key + "\x00" + id }

func newIndex() *index { return &index{buckets: make(map[string]*bucket)} }

func newBucket(v *version) *bucket { return &bucket{version: v} }

// bucket returns a bucket or ErrBucketNotFound. The caller holds the mutex.
func (x *index) bucket(name string) (*bucket, error) {
	if b := x.buckets[name]; b != nil {
		return b, nil
	}
	return nil, objectstore.ErrBucketNotFound
}

// upload returns an unfinished upload with its bucket. The caller holds the mutex.
func (x *index) upload(ref objectstore.UploadRef) (*bucket, *upload, error) {
	b, err := x.bucket(ref.Bucket)
	if err != nil {
		return nil, nil, err
	}
	if u, ok := b.uploads.Get(uploadOrder(ref.Key, ref.ID)); ok {
		return b, u, nil
	}
	return nil, nil, objectstore.ErrUploadNotFound
}

// useBucket finds a bucket and holds it against deletion until release.
func (x *index) useBucket(name string) (b *bucket, release func(), err error) {
	x.RLock()
	b, err = x.bucket(name)
	x.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	b.use.RLock()
	x.RLock()
	dead := b.dead
	x.RUnlock()
	if dead {
		b.use.RUnlock()
		return nil, nil, objectstore.ErrBucketNotFound
	}
	return b, b.use.RUnlock, nil
}

// pin looks a key up for reading its body and keeps the pieces on the drives
// until unpin. It returns nil when the key holds nothing.
func (x *index) pin(bucket, key string) (*version, error) {
	x.Lock()
	defer x.Unlock()
	b, err := x.bucket(bucket)
	if err != nil {
		return nil, err
	}
	v, _ := b.objects.Get(key)
	if v != nil {
		v.readers++
	}
	return v, nil
}

// isCurrent reports whether v is still what its key holds.
func (x *index) isCurrent(bucket, key string, v *version) bool {
	x.RLock()
	defer x.RUnlock()
	b := x.buckets[bucket]
	if b == nil {
		return false
	}
	held, _ := b.objects.Get(key)
	return held == v
}

// unpin ends a pin and reports whether the pieces are now the caller's to remove.
func (x *index) unpin(v *version) (last bool) {
	x.Lock()
	defer x.Unlock()
	v.readers--
	return v.readers == 0 && v.gone
}

// setObject makes v what its key holds, nothing when v is nil, and returns what
// it held; removable says that no open body needs the old pieces any more.
func (x *index) setObject(b *bucket, key string, v *version) (old *version, removable bool) {
	x.Lock()
	defer x.Unlock()
	if v == nil {
		old, _ = b.objects.Delete(key)
	} else {
		old, _ = b.objects.Set(key, v)
	}
	if old == nil {
		return nil, false
	}
	old.gone = true
	return old, old.readers == 0
}

func clonePart(p objectstore.Part) objectstore.Part {
	p.Checksums = maps.Clone(p.Checksums)
	return p
}

package erasure

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// bucketTable is all buckets, in memory: there are few, and every request asks
// for one.
type bucketTable struct {
	mu     sync.RWMutex // guards byName
	byName map[string]*bucket
	// refuse says why nothing can be committed now, nil while it can.
	refuse func() error
}

// bucket is a bucket. use is held shared while something is committed into it
// and exclusively while it is deleted or its settings change.
type bucket struct {
	ID   uint64
	now  atomic.Pointer[bucketState]
	use  sync.RWMutex
	dead bool // guarded by use
}

// bucketState is a bucket's entry and the segment it is in.
type bucketState struct {
	record.Bucket
	segment uint64
}

func newBucket(e record.Bucket, segment uint64) *bucket {
	b := &bucket{ID: e.ID}
	b.now.Store(&bucketState{e, segment})
	return b
}

// versioning is how the bucket keeps versions now.
func (b *bucket) versioning() objectstore.Versioning {
	return objectstore.Versioning(b.now.Load().Versioning)
}

func (b *bucket) public() objectstore.Bucket {
	e := b.now.Load()
	return objectstore.Bucket{
		Name: e.Name, Owner: e.Owner, CreatedAt: record.Time(e.Created),
		Versioning: objectstore.Versioning(e.Versioning), ObjectLock: e.ObjectLock, DefaultLock: e.Lock,
		Encryption: e.Encryption, Compression: cloneCompression(e.Compression), Quota: e.Quota, Parity: cloneParity(e.Parity),
		Documents: e.Documents,
	}
}

func cloneParity(parity *int) *int {
	if parity == nil {
		return nil
	}
	p := *parity
	return &p
}

// cloneDocuments makes none of an empty map, as an entry that is read does.
func cloneDocuments(documents map[string]string) map[string]string {
	if len(documents) == 0 {
		return nil
	}
	return maps.Clone(documents)
}

func cloneCompression(c objectstore.Compression) objectstore.Compression {
	c.Types, c.Suffixes = slices.Clone(c.Types), slices.Clone(c.Suffixes)
	return c
}

func (s *Store) loadBuckets(ctx context.Context) error {
	all, err := s.index.Buckets(ctx)
	if err != nil {
		return err
	}
	table := make(map[string]*bucket, len(all))
	for _, row := range all {
		e, loc, err := unpack[*record.Bucket](row.Value)
		if err != nil {
			return err
		}
		table[row.Name] = newBucket(*e, loc.Segment)
	}
	s.buckets.mu.Lock()
	before := s.buckets.byName
	for name, b := range table {
		if old := before[name]; old != nil && old.ID == b.ID { // somebody may hold it
			old.now.Store(b.now.Load())
			table[name] = old
		}
	}
	s.buckets.byName = table
	s.buckets.mu.Unlock()
	for name, b := range before {
		if table[name] != b {
			b.use.Lock()
			b.dead = true
			b.use.Unlock()
		}
	}
	return nil
}

// find returns a bucket or ErrBucketNotFound.
func (t *bucketTable) find(name string) (*bucket, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if b := t.byName[name]; b != nil {
		return b, nil
	}
	return nil, objectstore.ErrBucketNotFound
}

// hold finds a bucket and keeps it from being deleted until release.
func (t *bucketTable) hold(name string) (b *bucket, release func(), err error) {
	return t.holdIf(name, func(use *sync.RWMutex) bool {
		use.RLock()
		return true
	})
}

// tryHold is hold for who must not wait: without a bucket and an error somebody else
// has it, or is about to.
func (t *bucketTable) tryHold(name string) (b *bucket, release func(), err error) {
	return t.holdIf(name, (*sync.RWMutex).TryRLock)
}

func (t *bucketTable) holdIf(name string, lock func(*sync.RWMutex) bool) (b *bucket, release func(), err error) {
	if b, err = t.find(name); err != nil {
		return nil, nil, err
	}
	if err := t.refuse(); err != nil {
		return nil, nil, err
	}
	if !lock(&b.use) {
		return nil, nil, nil
	}
	if b.dead {
		b.use.RUnlock()
		return nil, nil, objectstore.ErrBucketNotFound
	}
	return b, b.use.RUnlock, nil
}

// CreateBucket implements objectstore.Buckets.
func (s *Store) CreateBucket(ctx context.Context, b objectstore.Bucket) (objectstore.Bucket, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Bucket{}, err
	}
	defer s.inUse.Done()
	if err := objectstore.ValidateBucketName(b.Name); err != nil {
		return objectstore.Bucket{}, err // before a lock is kept under it
	}
	defer s.keys.lock(name{key: b.Name})()
	c, err := s.planBucket(ctx, b)
	if err != nil {
		return objectstore.Bucket{}, err
	}
	return s.makeBucket(ctx, c)
}

// planBucket checks a new bucket and completes it.
func (s *Store) planBucket(ctx context.Context, b objectstore.Bucket) (c BucketCopy, err error) {
	if err := objectstore.ValidateBucketName(b.Name); err != nil {
		return c, err
	}
	if _, err := s.buckets.find(b.Name); err == nil {
		return c, objectstore.ErrBucketExists
	}
	if err := checkSettings(objectstore.Bucket{}, &b); err != nil {
		return c, err
	}
	if err := s.checkParity(b.Parity); err != nil {
		return c, err
	}
	if err := s.checkEncryption(ctx, objectstore.EncryptionNone, b.Encryption); err != nil {
		return c, err
	}
	b.CreatedAt = record.Time(time.Now().UnixMilli())
	return BucketCopy{ID: s.nextOrd(), Bucket: b}, nil
}

// makeBucket makes a bucket. The caller holds its name's lock.
func (s *Store) makeBucket(ctx context.Context, c BucketCopy) (objectstore.Bucket, error) {
	e := c.entry()
	e.Ord = s.nextOrd()
	placed, err := s.seglog.Append(ctx, seglog.Options{}, entry(e, nil))
	if err != nil {
		return objectstore.Bucket{}, err
	}
	made := newBucket(*e, placed[0].Location.Segment)
	s.buckets.mu.Lock()
	defer s.buckets.mu.Unlock()
	s.buckets.byName[c.Name] = made
	return made.public(), nil
}

// entry is an entry of the log that carries its decoded form to apply.
func entry(e record.Entry, payload []byte) seglog.Entry {
	return seglog.Entry{Meta: e.Encode(), Payload: payload, Tag: &pending{entry: e}}
}

// Bucket implements objectstore.Buckets.
func (s *Store) Bucket(ctx context.Context, name string) (objectstore.Bucket, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Bucket{}, err
	}
	b, err := s.buckets.find(name)
	if err != nil {
		return objectstore.Bucket{}, err
	}
	return b.public(), nil
}

// ListBuckets implements objectstore.Buckets.
func (s *Store) ListBuckets(ctx context.Context) ([]objectstore.Bucket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.buckets.mu.RLock()
	defer s.buckets.mu.RUnlock()
	list := make([]objectstore.Bucket, 0, len(s.buckets.byName))
	for _, b := range s.buckets.byName {
		list = append(list, b.public())
	}
	slices.SortFunc(list, func(a, b objectstore.Bucket) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// DeleteBucket implements objectstore.Buckets.
func (s *Store) DeleteBucket(ctx context.Context, bucketName string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	defer s.keys.lock(name{key: bucketName})()
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return err
	}
	b.use.Lock() // nothing is being committed into it
	defer b.use.Unlock()
	empty, err := s.index.BucketEmpty(ctx, b.ID)
	if err != nil {
		return err
	}
	if !empty {
		return objectstore.ErrBucketNotEmpty
	}
	return s.endBucket(ctx, b)
}

// endBucket deletes a bucket that is empty and that nobody else uses.
func (s *Store) endBucket(ctx context.Context, b *bucket) error {
	ends, unlock, err := s.endUploads(ctx, b)
	if err != nil {
		return err
	}
	defer unlock()
	gone := &record.Gone{
		Kind: record.KindBucketGone, Bucket: b.ID, Ord: s.nextOrd(),
		Shadows: b.now.Load().Shadows.With(b.now.Load().segment, s.segmentExists()),
	}
	if _, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, append(ends, entry(gone, nil))...); err != nil {
		return err
	}
	s.buckets.mu.Lock()
	defer s.buckets.mu.Unlock()
	b.dead = true
	delete(s.buckets.byName, b.now.Load().Name)
	return nil
}

// UpdateBucket implements objectstore.Versions.
func (s *Store) UpdateBucket(ctx context.Context, bucketName string, change func(*objectstore.Bucket) error) (objectstore.Bucket, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Bucket{}, err
	}
	defer s.inUse.Done()
	defer s.keys.lock(name{key: bucketName})()
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return objectstore.Bucket{}, err
	}
	b.use.Lock() // nothing is being committed under the old settings
	defer b.use.Unlock()
	before, is := b.public(), b.public()
	if err := change(&is); err != nil {
		return objectstore.Bucket{}, err
	}
	if err := checkSettings(before, &is); err != nil {
		return objectstore.Bucket{}, err
	}
	if err := s.checkParity(is.Parity); err != nil {
		return objectstore.Bucket{}, err
	}
	if err := s.checkEncryption(ctx, before.Encryption, is.Encryption); err != nil {
		return objectstore.Bucket{}, err
	}
	old := b.now.Load()
	e := old.Bucket
	e.Ord, e.Owner = s.nextOrd(), is.Owner
	e.Versioning, e.ObjectLock, e.Lock = string(is.Versioning), is.ObjectLock, is.DefaultLock
	e.Encryption, e.Compression, e.Quota = is.Encryption, cloneCompression(is.Compression), is.Quota
	e.Parity, e.Documents = cloneParity(is.Parity), cloneDocuments(is.Documents)
	e.Shadows = old.Shadows.With(old.segment, s.segmentExists())
	placed, err := s.seglog.Append(ctx, seglog.Options{}, entry(&e, nil))
	if err != nil {
		return objectstore.Bucket{}, err
	}
	b.now.Store(&bucketState{e, placed[0].Location.Segment})
	return b.public(), nil
}

// checkSettings refuses settings that a bucket cannot have, or not any more.
func checkSettings(before objectstore.Bucket, is *objectstore.Bucket) error {
	if is.ObjectLock && !before.ObjectLock && is.Versioning == objectstore.VersioningOff {
		is.Versioning = objectstore.VersioningEnabled
	}
	d, c := is.DefaultLock, is.Compression
	switch {
	case before.Versioning != objectstore.VersioningOff && is.Versioning == objectstore.VersioningOff,
		before.ObjectLock && !is.ObjectLock,
		is.ObjectLock && is.Versioning != objectstore.VersioningEnabled:
		return objectstore.ErrVersioningState
	case d.Mode != objectstore.LockNone && !is.ObjectLock:
		return objectstore.ErrObjectLockMissing
	case d.Mode != objectstore.LockNone && (d.Days > 0) == (d.Years > 0), d.Days < 0, d.Years < 0:
		return errs.New(errs.Invalid, "default_lock", "A default retention needs a mode and either days or years.")
	case is.Encryption != objectstore.EncryptionNone && !is.Encryption.UnderMasterKey():
		return errs.New(errs.Invalid, "default_encryption", "A bucket's default encryption is none, with the store's key, or with a named one.")
	case is.Quota < 0:
		return errs.New(errs.Invalid, "quota_negative", "A quota is a number of bytes, or 0 for no limit.")
	case documentBytes(is.Documents) > objectstore.MaxDocumentBytes:
		return objectstore.ErrDocumentsTooLarge
	case c.MinSize < 0, len(c.Types) > maxRules, len(c.Suffixes) > maxRules:
		return errs.Newf(errs.Invalid, "compression_rules", "A bucket has at most %d types and %d suffixes to compress, and no negative size.", maxRules, maxRules)
	}
	return nil
}

func documentBytes(documents map[string]string) (n int) {
	for name, text := range documents {
		n += len(name) + len(text)
	}
	return n
}

// maxRules is how many types or suffixes a bucket's compression may have.
const maxRules = 100

// checkEncryption refuses a default that nothing could be written with.
func (s *Store) checkEncryption(ctx context.Context, before, is objectstore.Encryption) error {
	if is == before || is == objectstore.EncryptionNone {
		return nil
	}
	if named, ok := is.NamedKey(); ok {
		if named.Context != "" {
			return errs.New(errs.Invalid, "default_encryption", "A bucket's default encryption has no context: each request says its own.")
		}
		if err := named.Check(); err != nil {
			return err
		}
	}
	_, _, err := s.newKey(ctx, is, nil)
	return err
}

// endUploads returns entries that end the unfinished uploads of a bucket that is
// held exclusively, whose keys stay locked until unlock: only compaction may still
// be at one, and must not write it again behind its end. When there are very many
// uploads, it ends the first ones itself.
func (s *Store) endUploads(ctx context.Context, b *bucket) (ends []seglog.Entry, unlock func(), err error) {
	for {
		ends, unlock, more, err := s.endSome(ctx, b)
		if err != nil || !more {
			return ends, unlock, err
		}
		_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, ends...)
		unlock()
		if err != nil {
			return nil, nil, errors.Join(errors.New("end uploads"), err)
		}
	}
}

// endSome is endUploads for a page of them.
func (s *Store) endSome(ctx context.Context, b *bucket) (ends []seglog.Entry, unlock func(), more bool, err error) {
	var uploads []index.Upload
	var keys []string
	page, err := s.index.ListUploads(ctx, index.ListUploadsRequest{Bucket: b.ID}, func(e index.UploadEntry) error {
		uploads, keys = append(uploads, e.Upload), append(keys, e.Upload.Key)
		return nil
	})
	if err != nil {
		return nil, nil, false, err
	}
	unlock = s.keys.lockAll(b.ID, keys)
	for _, u := range uploads {
		g, err := s.uploadGone(ctx, b.ID, u.Key, u.ID)
		if err != nil {
			unlock()
			return nil, nil, false, err
		}
		ends = append(ends, entry(g, nil))
	}
	return ends, unlock, page.Truncated, nil
}

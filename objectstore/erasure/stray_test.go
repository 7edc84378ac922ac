package erasure

import (
	"bytes"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// TestUploadMovesWhileItsBucketGoes deletes a bucket between compaction's look at
// an upload in it and its writing the upload again: nothing of it may come back.
func TestUploadMovesWhileItsBucketGoes(t *testing.T) {
	b := newBayOf(t, 1, 256<<10)
	ctx := t.Context()
	if _, err := b.store.CreateBucket(ctx, objectstore.Bucket{Name: "going"}); err != nil {
		t.Fatal(err)
	}
	going, err := b.store.buckets.find("going")
	if err != nil {
		t.Fatal(err)
	}
	b.roll() // the bucket's own entry is not moved along, which would keep it from going
	u, err := b.store.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "going", Key: "up"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.PutPart(ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader([]byte("part")), Size: 4}); err != nil {
		t.Fatal(err)
	}
	b.put("stays", randomBytes(30_000, 1))
	row, _, err := b.store.index.Upload(ctx, going.ID, "up", u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, at, err := unpack[*record.Upload](row.Value)
	if err != nil {
		t.Fatal(err)
	}
	from := at.Segment
	b.roll()

	m := &move{store: b.store, from: from}
	if _, err := b.store.seglog.Scan(ctx, from, func(_ seglog.Position, placed []seglog.Placed) error {
		for i := range placed {
			if err := m.add(ctx, &placed[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// The object's bytes are read behind the look at the upload.
	hold, reading := make(chan struct{}), make(chan struct{}, 1)
	b.slots[0].Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold, Match: func(simdisk.Op) bool {
		select {
		case reading <- struct{}{}:
		default:
		}
		return true
	}})
	moved, deleted := make(chan error, 1), make(chan error, 1)
	go func() { moved <- m.flush(ctx) }()
	<-reading
	go func() { deleted <- b.store.DeleteBucket(ctx, "going") }()
	var gone bool
	for !gone && !b.store.keys.waiting(name{going.ID, "up"}) {
		select {
		case err = <-deleted:
			gone = true
		case <-time.After(time.Millisecond):
		}
	}
	close(hold)
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	if !gone {
		err = <-deleted
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := audit(ctx, b.store); err != nil {
		t.Error(err)
	}
	b.check("afterwards")
}

// waiting reports whether somebody waits for a name.
func (k *keyLocks) waiting(n name) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.locks[n] != nil && k.locks[n].waiters > 1
}

package erasure

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// TestHangingDrive has one drive of four answer nothing from some time on, whatever
// or one kind of operation: reads, writes and deletes go on.
func TestHangingDrive(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Any, simdisk.Sync, simdisk.Remove} {
		t.Run(kind.String(), func(t *testing.T) {
			b := newBayOf(t, 4, 256<<10)
			b.fill("before ")
			b.upload("in parts", randomBytes(objectstore.MinPartSize, 50), randomBytes(70_000, 51))
			hold := make(chan struct{})
			b.slots[1].Inject(simdisk.Fault{Kind: kind, Hold: hold})
			done := make(chan error, 1)
			go func() { done <- b.useMeanwhile() }()
			release := func() {
				b.slots[1].Mend()
				close(hold)
			}
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(30 * time.Second): // for want of a signal that nothing happens
				release()
				t.Fatal("it waits for the drive", <-done)
			}
			if kind != simdisk.Sync && !b.store.leftovers.new.Load() {
				t.Error("the next start does not look for what is left")
			}
			release()
			b.delete("before 3000")
			b.check("afterwards")
		})
	}
}

// useMeanwhile does a little of everything that requests ask for.
func (b *bay) useMeanwhile() error {
	ctx := b.Context()
	for round := range 2 {
		for key, want := range b.want {
			got, err := b.read(key)
			if err != nil || !bytes.Equal(got, want) {
				return fmt.Errorf("read %s: %d bytes, %w", key, len(got), err)
			}
		}
		for _, n := range []int{0, 4000, 300_000, 2<<20 + 77, 2<<20 + 78} {
			if err := b.tryPut(fmt.Sprint("meanwhile ", n), randomBytes(n, uint64(round))); err != nil {
				return fmt.Errorf("put %d bytes: %w", n, err)
			}
		}
		for _, n := range []int{4000, 2<<20 + 77} {
			key := fmt.Sprint("meanwhile ", n)
			_, body, err := b.store.Get(ctx, "bucket", key, nil)
			if err != nil {
				return fmt.Errorf("get %d bytes: %w", n, err)
			}
			got, err := io.ReadAll(body)
			_ = body.Close()
			if err != nil || len(got) != n {
				return fmt.Errorf("read %d of %d bytes: %w", len(got), n, err)
			}
			if _, err := b.store.Delete(ctx, "bucket", key); err != nil {
				return fmt.Errorf("delete: %w", err)
			}
		}
	}
	if _, err := b.store.Health(ctx); err != nil {
		return err
	}
	for _, n := range []int{0, 300_000, 2<<20 + 78} {
		b.want[fmt.Sprint("meanwhile ", n)] = randomBytes(n, 1)
	}
	return nil
}

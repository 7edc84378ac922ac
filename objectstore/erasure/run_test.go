package erasure

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// asked is how often the drives were asked for anything, and when the catalogue was
// written last.
func (b *bay) asked() (n int, written time.Time) {
	b.Helper()
	for _, d := range b.slots {
		n += d.Count(simdisk.Any)
	}
	for _, suffix := range []string{"", "-wal"} {
		if st, err := os.Stat(b.catalogue + suffix); err == nil && st.ModTime().After(written) {
			written = st.ModTime()
		}
	}
	return n, written
}

// TestNothingHappensWhenIdle lets a store run for a while without requests.
func TestNothingHappensWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 3)
		b.fill("some ")
		b.delete("some 3000")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.store.Run(ctx) }()
		time.Sleep(2 * time.Minute)
		n, written := b.asked()
		time.Sleep(10 * time.Minute)
		after, writtenAfter := b.asked()
		if after != n || !written.Equal(writtenAfter) {
			t.Errorf("in ten minutes without requests the drives were asked %d times; catalogue written %v", after-n, writtenAfter.Sub(written))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestRunDoesItByItself pulls a drive and puts it back, and a blank one in another's
// place, and does nothing else than to wait.
func TestRunDoesItByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 4)
		b.fill("some ")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.store.Run(ctx) }()
		d := b.insert(1, nil)
		d.SetGone(true)
		b.fill("while away ")
		time.Sleep(time.Minute)
		if s := b.state(1).State; s != objectstore.DriveOffline {
			t.Errorf("a drive that was pulled is %s", s)
		}
		b.putBack(1, d)
		time.Sleep(time.Minute)
		b.wantOK()
		b.insert(2, nil).SetGone(true)
		b.fill("without two ")
		time.Sleep(time.Minute)
		b.insert(2, b.machine.Drive("blank"))
		time.Sleep(time.Minute)
		b.wantOK()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		b.without("without 0 and 1", 0, 1)
		b.without("without 0 and 3", 0, 3)
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

package erasure

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// run lets the store run until stop, which waits for its end.
func (b *bay) run() (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.store.Run(ctx) }()
	return func() {
		b.Helper()
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

func (b *bay) try(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// TestScrubOnDemand starts a scrub that would be due only tomorrow, stops it, and
// starts another one.
func TestScrubOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBayOf(t, 4, 512<<10)
		b.fill("some ")
		stop := b.run()
		synctest.Wait()
		due := b.store.scrubProgress().NextAt
		if wait := time.Until(due); wait < scrubEvery-time.Hour || wait > scrubEvery {
			t.Errorf("the first one is due in %v", wait)
		}
		for _, d := range b.slots {
			d.Delay(simdisk.Read, time.Second)
		}
		b.try(b.store.StartScrub(t.Context()))
		synctest.Wait()
		time.Sleep(20 * time.Second)
		if p := b.store.scrubProgress(); !p.Running || p.Current.Bytes == 0 || p.BytesPerSecond == 0 || !p.Asked || p.TotalBytes < 6<<20 || !p.NextAt.IsZero() {
			t.Errorf("asked for: %+v", p)
		}
		if err := b.store.StartScrub(t.Context()); !errors.Is(err, objectstore.ErrScrubRunning) {
			t.Errorf("asked for twice: %v", err)
		}
		b.try(b.store.StopScrub(t.Context()))
		time.Sleep(2 * time.Second) // for the read that was under way
		p := b.store.scrubProgress()
		if p.Running || p.Asked || !p.Last.FinishedAt.IsZero() || p.Current.StartedAt.IsZero() || time.Until(p.NextAt) < scrubEvery-time.Minute {
			t.Errorf("stopped: %+v", p)
		}
		for _, d := range b.slots {
			d.Mend()
		}
		time.Sleep(scrubEvery / 2)
		if again := b.store.scrubProgress(); again.Current != p.Current {
			t.Errorf("it rests: %+v, then %+v", p, again)
		}
		time.Sleep(scrubEvery)
		if p = b.store.scrubProgress(); p.Last.FinishedAt.IsZero() {
			t.Errorf("it goes on a day later: %+v", p)
		}
		last := p.Last
		b.try(b.store.StartScrub(t.Context()))
		time.Sleep(time.Minute)
		p = b.store.scrubProgress()
		if p.Running || p.Asked || !p.Last.StartedAt.After(last.FinishedAt) || p.Last.Bytes < last.Bytes/2 {
			t.Errorf("asked for when one had finished: %+v, before %+v", p, last)
		}
		stop()
		b.try(b.store.Close())
	})
}

// TestScrubAskedForSurvives asks for a scrub that nobody begins before the store is
// opened again, and begins from the start even where one was half done.
func TestScrubAskedForSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBayOf(t, 3, 256<<10)
		b.fill("some ")
		b.try(b.store.loadScrub(t.Context()))
		b.try(b.store.scrubSome(t.Context(), 1<<20, scrubFast, false))
		half := b.store.scrubProgress().Current
		b.try(b.store.StartScrub(t.Context()))
		b.reopen()
		stop := b.run()
		time.Sleep(time.Minute)
		p := b.store.scrubProgress()
		if p.Asked || p.Last.FinishedAt.IsZero() || p.Last.Bytes < 5e6 || half.Bytes == 0 {
			t.Errorf("%+v, half done was %+v", p, half)
		}
		stop()
		b.try(b.store.Close())
	})
}

// TestResetDrive has a sync fail in the middle of a segment, goes on without the
// drive, and takes it back: it gets what it missed, and what the sync forgot.
func TestResetDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 4)
		stop := b.run()
		b.fill("before ")
		b.slots[1].Fail(simdisk.Sync, syscall.EIO)
		b.fill("failing ")
		fenced := b.state(1)
		if fenced.State != objectstore.DriveFailing || fenced.Message == "" {
			t.Fatalf("%+v", fenced)
		}
		if err := b.store.ResetDrive(t.Context(), fenced.ID); err == nil {
			t.Fatal("a drive that still fails was taken back")
		}
		b.slots[1].Mend()
		b.fill("fenced ")
		time.Sleep(time.Minute)
		if s := b.state(1).State; s != objectstore.DriveFailing {
			t.Fatalf("it is %s without anybody having said that it is well", s)
		}
		b.try(b.store.ResetDrive(t.Context(), fenced.ID))
		time.Sleep(time.Second)
		b.wantOK()
		b.fill("after ")
		time.Sleep(time.Minute)
		b.wantOK()
		b.check("after healing")
		b.try(b.store.ResetDrive(t.Context(), fenced.ID)) // is well
		for _, id := range []string{"", "none"} {
			if err := b.store.ResetDrive(t.Context(), id); !errors.Is(err, objectstore.ErrDriveNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
		stop()
		b.without("without 0 and 2", 0, 2)
		b.without("without 2 and 3", 2, 3)
		b.without("without 0 and 3", 0, 3)
		b.try(b.store.Close())
	})
}

// TestScrubThatFails is tried again now and then, not over and over.
func TestScrubThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBayOf(t, 3, 256<<10)
		b.fill("some ")
		b.reopen()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { b.store.scrub(ctx); close(ended) }()
		for _, d := range b.slots {
			for _, e := range d.Files() {
				if filepath.Ext(e.Name) == ".seg" {
					for _, at := range []int64{10, 4096 + 10} { // both heads
						b.try(d.FlipBit(e.Name, at))
					}
				}
			}
		}
		b.try(b.store.StartScrub(t.Context()))
		time.Sleep(scrubRetry / 2)
		before := b.slots[2].Count(simdisk.Any)
		time.Sleep(2 * scrubRetry)
		p := b.store.scrubProgress()
		if n := b.slots[2].Count(simdisk.Any) - before; !p.Asked || n > 1000 {
			t.Errorf("%d operations, %+v", n, p)
		}
		stop()
		<-ended
		b.try(b.store.Close())
	})
}

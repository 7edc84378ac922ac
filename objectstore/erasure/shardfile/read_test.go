package shardfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// drives of a body's shards.
func (s *sim) shard(b Body, shard int) *simdisk.Drive {
	lay := layoutOf(b)
	return s.drive(lay.place(shard))
}

// A drive that does not answer is read around, by the reader that waits for it
// and, for a while, by others from the start. It is not taken for damaged.
func TestReadHangingDrive(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Open, simdisk.Read} {
		t.Run(kind.String(), func(t *testing.T) {
			hurried(t, func(t *testing.T, s *sim) {
				body := content(8<<20+1, 1)
				b, _ := put(t, s.Store, body)
				hold := make(chan struct{})
				s.shard(b, 1).Inject(simdisk.Fault{Kind: kind, Hold: hold})
				for _, most := range []time.Duration{s.timing.hedge, 0} {
					began := time.Now()
					check(t, s.Store, b, body)
					if took := time.Since(began); took > most {
						t.Errorf("took %v", took)
					}
				}
				// However long it hangs, no more is asked of it.
				time.Sleep(2 * s.timing.memory)
				began := time.Now()
				check(t, s.Store, b, body)
				if took := time.Since(began); took > 0 {
					t.Errorf("took %v", took)
				}
				s.shard(b, 1).Mend()
				close(hold)
				s.behind.Wait()
				if s.damage.of(b.ID) != 0 {
					t.Errorf("damaged: %b", s.damage.of(b.ID))
				}
			})
		})
	}
}

// A drive that was slow once is not gone around for ever.
func TestReadSlowOnce(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		body := content(8<<20, 1)
		b, _ := put(t, s.Store, body)
		s.shard(b, 1).Inject(simdisk.Fault{Kind: simdisk.Read, Times: 1, Delay: time.Second})
		check(t, s.Store, b, body)
		s.behind.Wait()
		asked := s.shard(b, 1).Count(simdisk.Read)
		check(t, s.Store, b, body)
		if s.shard(b, 1).Count(simdisk.Read) != asked {
			t.Error("the drive is asked at once")
		}
		time.Sleep(s.timing.memory)
		check(t, s.Store, b, body)
		if s.shard(b, 1).Count(simdisk.Read) == asked {
			t.Error("the drive is not asked any more")
		}
	})
}

// A drive that is slow all the time costs a reader its patience once.
func TestReadSlowDrive(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		body := content(24<<20, 1)
		b, _ := put(t, s.Store, body)
		s.shard(b, 0).Delay(simdisk.Read, 200*time.Millisecond)
		began := time.Now()
		check(t, s.Store, b, body)
		if took := time.Since(began); took > 2*s.timing.hedge {
			t.Errorf("took %v", took)
		}
	})
}

// What a drive says too late does not get into what was computed instead.
func TestReadLateWrongAnswer(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		body := content(700_000, 1)
		b, _ := put(t, s.Store, body)
		hold := make(chan struct{})
		lay := layoutOf(b)
		if err := s.shard(b, 0).FlipBit(b.ID.file(), 77); err != nil {
			t.Fatal(err)
		}
		s.shard(b, 0).Inject(simdisk.Fault{Kind: simdisk.Read, Match: func(op simdisk.Op) bool { return op.Offset < lay.shardBytes() }, Hold: hold})
		r, err := s.Open(t.Context(), b, 0, b.Size)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		close(hold)
		synctest.Wait()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	})
}

// Where all drives are as slow, none is taken for slow.
func TestReadSlowDrives(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		body := content(24<<20, 1)
		b, _ := put(t, s.Store, body)
		for shard := range 4 {
			s.shard(b, shard).Delay(simdisk.Read, 30*time.Millisecond)
		}
		check(t, s.Store, b, body)
		for _, shard := range []int{2, 3} {
			// They are until it is known how fast drives are here.
			if n := s.shard(b, shard).Count(simdisk.Read); n > 6 {
				t.Errorf("parity was read %d times", n)
			}
		}
	})
}

// Slow drives are good enough when there are no others.
func TestReadOnlySlowOnes(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		body := content(3<<20, 1)
		b, _ := put(t, s.Store, body)
		for place := range s.set.Drives {
			s.drive(place).Delay(simdisk.Read, 4*s.timing.hedge)
		}
		check(t, s.Store, b, body)
		// And when the only other ones are wrong.
		for _, shard := range []int{2, 3} {
			if err := s.shard(b, shard).RemoveFile(b.ID.file()); err != nil {
				t.Fatal(err)
			}
		}
		check(t, s.Store, b, body)
	})
}

func TestReadFailingDrive(t *testing.T) {
	body := content(8<<20, 1)
	for hurt := 1; hurt <= 3; hurt++ {
		s := newSim(t, simdisk.NewMachine(1), 4, 2)
		b, _ := put(t, s.Store, body)
		for shard := range hurt {
			s.shard(b, shard).Inject(simdisk.Fault{Kind: simdisk.Read, After: 4, Err: syscall.EIO})
		}
		got, err := get(t, s.Store, b, 0, b.Size)
		switch {
		case hurt <= 2 && (err != nil || !bytes.Equal(got, body)):
			t.Errorf("%d drives: %v", hurt, err)
		case hurt > 2 && (!errors.Is(err, objectstore.ErrReadQuorum) || !bytes.Equal(got, body[:len(got)])):
			t.Errorf("%d drives: %v after %d bytes", hurt, err, len(got))
		}
		if s.damage.of(b.ID) != 0 {
			t.Errorf("files on failing drives are called damaged: %b", s.damage.of(b.ID))
		}
	}
}

// What was found wrong in one stripe does not spoil a shard for the others.
func TestReadManyBadBlocks(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(8<<20, 1)
	b, _ := put(t, s.Store, body)
	lay := layoutOf(b)
	// Every shard is wrong somewhere, two in every stripe.
	for n := range lay.stripes() {
		for _, shard := range []int{int(n) % 4, (int(n) + 1 + int(n)/4) % 4} {
			if err := s.shard(b, shard).FlipBit(b.ID.file(), n*lay.chunk+100*n); err != nil {
				t.Fatal(err)
			}
		}
	}
	check(t, s.Store, b, body)
	if got := s.damage.of(b.ID); got.Count() < 3 {
		t.Errorf("damage was seen on %b", got)
	}
}

func TestReadCanceled(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	b, _ := put(t, s.Store, content(8<<20, 1))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Open(ctx, b, 0, b.Size)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Fatal("a closed reader can be read")
	}
	if _, err := s.Open(ctx, b, 0, 1); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestReadCanceledWhileNobodyAnswers(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		b, _ := put(t, s.Store, content(8<<20, 1))
		hold := make(chan struct{})
		for place := range s.set.Drives {
			s.drive(place).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Open(ctx, b, 0, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		close(hold)
		s.behind.Wait()
		if s.memory.ahead.Load() != 0 || len(s.uses.byID) != 0 {
			t.Error("something is still counted")
		}
	})
}

// A writer that fails ends WriteTo, and what it took counts as read.
func TestWriteToFails(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(3<<20, 1)
	b, _ := put(t, s.Store, body)
	r, err := s.Open(t.Context(), b, 0, b.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	broken := errors.New("broken")
	n, err := r.WriteTo(writeFunc(func([]byte) (int, error) { return 1000, broken }))
	if n != 1000 || !errors.Is(err, broken) {
		t.Fatal(n, err)
	}
	if n, err := r.WriteTo(writeFunc(func([]byte) (int, error) { return 1, nil })); n != 1 || !errors.Is(err, io.ErrShortWrite) {
		t.Fatal(n, err)
	}
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(rest, body[1001:]) {
		t.Fatal(err)
	}
}

type writeFunc func(p []byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

func TestRemoveWhileReading(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(8<<20, 1)
	b, _ := put(t, s.Store, body)
	other, _ := put(t, s.Store, body)
	var readers []*Reader
	for range 2 {
		r, err := s.Open(t.Context(), b, 0, b.Size)
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	s.Remove(b, other)
	if n := len(s.files(0)); n != 1 {
		t.Fatalf("%d files are left", n)
	}
	if _, err := s.Open(t.Context(), b, 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed body was opened: %v", err)
	}
	if _, _, err := s.Heal(t.Context(), b, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed body was healed: %v", err)
	}
	if _, _, err := s.Verify(t.Context(), b, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed body was verified: %v", err)
	}
	for _, r := range readers {
		var got bytes.Buffer
		if _, err := r.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), body) {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	s.behind.Wait()
	s.wantNoFiles(t, driveset.AllPlaces(4))
	if len(s.uses.byID) != 0 {
		t.Error("something is still counted")
	}
	if _, err := s.Open(t.Context(), b, 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a body that is gone was opened: %v", err)
	}
	if s.damage.of(b.ID) != 0 {
		t.Error("a removed body is called damaged")
	}
}

// What was removed lately is remembered for a while and not for ever.
func TestRemovedAreForgotten(t *testing.T) {
	var u uses
	for n := range 3 * maxGone {
		id := ID{byte(n), byte(n >> 8), byte(n >> 16)}
		if !u.remove(id) {
			t.Fatal("somebody reads it")
		}
		u.haveRemoved(id)
		if !u.removed(id) || len(u.gone) > maxGone || len(u.byID) != 0 {
			t.Fatalf("%d are remembered, %d in use", len(u.gone), len(u.byID))
		}
	}
}

// A body that is removed while a drive still finishes it does not stay there.
func TestRemoveLateFile(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir} {
		hurried(t, func(t *testing.T, s *sim) {
			put(t, s.Store, nil) // has made the top folder
			hold := make(chan struct{})
			s.drive(1).Inject(simdisk.Fault{Kind: kind, Hold: hold})
			b, where, err := s.write(t.Context(), content(1<<20, 1))
			if err != nil || where != 0b1101 {
				t.Fatal(where, err)
			}
			s.Remove(b)
			s.drive(1).Mend()
			close(hold)
			s.behind.Wait()
			for place := range s.set.Drives {
				if files := s.files(place); len(files) != 1 {
					t.Errorf("%v: on drive %d: %v", kind, place, files)
				}
			}
		})
	}
}

// So does one whose drive Remove did not even ask, since it hangs.
func TestRemoveLateFileOfHangingDrive(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		hold := make(chan struct{})
		var bodies []Body
		for _, kind := range []simdisk.Kind{simdisk.Sync, simdisk.Write} { // one is late, one left out
			s.drive(1).Inject(simdisk.Fault{Kind: kind, Hold: hold})
			b, where, err := s.write(t.Context(), content(20<<20, 1))
			if err != nil || where != 0b1101 {
				t.Fatal(where, err)
			}
			bodies = append(bodies, b)
		}
		if s.lanes[1].late.Load() != 1 || s.lanes[1].stuck.Load() != 1 {
			t.Fatalf("%d late, %d stuck", s.lanes[1].late.Load(), s.lanes[1].stuck.Load())
		}
		s.Remove(bodies...)
		close(hold)
		s.behind.Wait()
		s.wantNoFiles(t, driveset.AllPlaces(4))
	})
}

func TestConcurrent(t *testing.T) {
	s, damage := newStore(t, folderSet(t, 4, 2))
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			body := content(2<<20+w*100_000, uint64(w))
			for round := range 4 {
				b, _ := put(t, s, body)
				var inner sync.WaitGroup
				for range 3 {
					inner.Go(func() {
						got, err := get(t, s, b, 1000, b.Size-2000)
						if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(got, body[1000:b.Size-1000]) {
							t.Error(err)
						}
					})
				}
				if round%2 == 0 {
					inner.Go(func() {
						if _, lacking, err := s.Heal(t.Context(), b, true); err != nil && !errors.Is(err, fs.ErrNotExist) || lacking != 0 {
							t.Error(lacking, err)
						}
					})
					inner.Wait()
				}
				s.Remove(b)
				inner.Wait()
			}
		})
	}
	wg.Wait()
	s.behind.Wait()
	if len(damage.places) != 0 || len(s.uses.byID) != 0 {
		t.Errorf("damage %v, %d in use", damage.places, len(s.uses.byID))
	}
	for _, d := range s.set.Drives {
		for _, folder := range must(listFolder(d, topFolder)) {
			if names := must(listFolder(d, topFolder+"/"+folder)); len(names) > 0 {
				t.Errorf("left on %s: %v", d.Path, names)
			}
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

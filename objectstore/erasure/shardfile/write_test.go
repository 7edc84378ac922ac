package shardfile

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// write is Store.Write of a body of known size.
func (s *sim) write(ctx context.Context, body []byte) (Body, driveset.Places, error) {
	return s.Write(ctx, bytes.NewReader(body), int64(len(body)), s.set.Geometry, nil)
}

func TestWriteRefusesBodies(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(3<<20, 1)
	refusal := errs.New(errs.Invalid, "sum", "The sum is wrong.")
	f := func(name string, r io.Reader, size int64, want error) {
		t.Helper()
		_, where, err := s.Write(t.Context(), r, size, s.set.Geometry, nil)
		if !errors.Is(err, want) || where != 0 {
			t.Errorf("%s: %v on %b", name, err, where)
		}
		s.wantNoFiles(t, driveset.AllPlaces(4))
	}
	f("short", bytes.NewReader(body), int64(len(body))+1, objectstore.ErrBodyIncomplete)
	f("shorter by stripes", bytes.NewReader(body[:1<<20]), int64(len(body)), objectstore.ErrBodyIncomplete)
	f("long", bytes.NewReader(body), int64(len(body))-1, objectstore.ErrBodyIncomplete)
	f("longer by stripes", bytes.NewReader(body), 1<<20, objectstore.ErrBodyIncomplete)
	f("not empty", bytes.NewReader(body), 0, objectstore.ErrBodyIncomplete)
	f("cut off", io.MultiReader(bytes.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, objectstore.ErrBodyIncomplete)
	f("refused", io.MultiReader(bytes.NewReader(body), iotest.ErrReader(refusal)), -1, refusal)
	f("refused at its end", io.MultiReader(bytes.NewReader(body), iotest.ErrReader(refusal)), int64(len(body)), refusal)
	f("silent", io.MultiReader(bytes.NewReader(body), silent{}), -1, io.ErrNoProgress)
}

func TestWriteBodyPanics(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	defer func() {
		if r := recover(); r != "gone" {
			t.Errorf("recovered %v", r)
		}
		s.wantNoFiles(t, driveset.AllPlaces(4))
		if s.memory.ahead.Load() != 0 || len(s.uses.byID) != 0 {
			t.Error("something is still counted")
		}
	}()
	body := io.MultiReader(bytes.NewReader(content(3<<20, 1)), readFunc(func([]byte) (int, error) { panic("gone") }))
	_, _, _ = s.Write(t.Context(), body, -1, s.set.Geometry, md5.New())
}

// silent is a body that never says anything.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestWriteCanceled(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	ctx, cancel := context.WithCancel(t.Context())
	body := io.MultiReader(bytes.NewReader(content(5<<20, 1)), readFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	if _, _, err := s.Write(ctx, body, -1, s.set.Geometry, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s.wantNoFiles(t, driveset.AllPlaces(4))
}

func TestWriteCanceledWhileDrivesHang(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir} {
		hurried(t, func(t *testing.T, s *sim) {
			hold := make(chan struct{})
			for place := range 2 {
				s.drive(place).Inject(simdisk.Fault{Kind: kind, Hold: hold})
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if _, _, err := s.write(ctx, content(20<<20, 1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Second+s.timing.lag {
				t.Errorf("took %v", took)
			}
			s.wantNoFiles(t, 0b1100)
			close(hold)
			s.behind.Wait()
			s.wantNoFiles(t, driveset.AllPlaces(4))
		})
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// What was synced on a drive when Write said so: the bytes, then the name.
func TestWriteSyncsBeforeItReturns(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	for range 2 { // with new folders and with old ones
		from := s.machine.Ops()
		b, where, err := s.write(t.Context(), content(2<<20+1, 1))
		if err != nil || where != driveset.AllPlaces(4) {
			t.Fatal(where, err)
		}
		for place := range s.set.Drives {
			var ops []simdisk.Kind
			for _, op := range s.machine.Trace() {
				if op.Number > from && op.Drive == s.set.Drives[place].Path && (op.Name == b.ID.file() || op.Name == b.ID.folder() && op.Kind == simdisk.SyncDir) {
					ops = append(ops, op.Kind)
				}
			}
			n := len(ops)
			if n < 5 || ops[0] != simdisk.Create || ops[n-3] != simdisk.Write || ops[n-2] != simdisk.Sync || ops[n-1] != simdisk.SyncDir {
				t.Errorf("drive %d: %v", place, ops)
			}
		}
	}
}

func TestWriteFaults(t *testing.T) {
	type fault struct {
		name string
		set  func(d *simdisk.Drive)
	}
	faults := []fault{{"gone", func(d *simdisk.Drive) { d.SetGone(true) }}, {"read-only", func(d *simdisk.Drive) { d.SetReadOnly(true) }}}
	for _, kind := range []simdisk.Kind{simdisk.Mkdir, simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir} {
		faults = append(faults, fault{kind.String(), func(d *simdisk.Drive) { d.Fail(kind, syscall.EIO) }})
	}
	faults = append(faults,
		fault{"write mid-way", func(d *simdisk.Drive) { d.Inject(simdisk.Fault{Kind: simdisk.Write, After: 2, Err: syscall.EIO}) }},
		fault{"second folder", func(d *simdisk.Drive) { d.Inject(simdisk.Fault{Kind: simdisk.SyncDir, After: 2, Err: syscall.EIO}) }})
	body := content(6<<20, 1)
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			for n := range 4 {
				s := newSim(t, simdisk.NewMachine(1), 4, 2)
				for place := range n {
					fault.set(s.drive(place))
				}
				b, where, err := s.write(t.Context(), body)
				hurt := driveset.AllPlaces(n)
				if n > 1 { // the write quorum is 3
					if !errors.Is(err, objectstore.ErrWriteQuorum) || where != 0 {
						t.Fatalf("%d drives: %v on %b", n, err, where)
					}
					s.wantNoFiles(t, driveset.AllPlaces(4)&^hurt)
					continue
				}
				if err != nil || where != driveset.AllPlaces(4)&^hurt {
					t.Fatalf("%d drives: %v on %b", n, err, where)
				}
				check(t, s.Store, b, body)
				for place := range s.set.Drives {
					if d := s.set.Drives[place]; hurt.Has(place) == d.Writable() {
						t.Errorf("drive %d of %b is writable: %v", place, hurt, d.Writable())
					}
				}
			}
		})
	}
}

// A drive that is full is no fault, but what was begun there goes away.
func TestWriteFull(t *testing.T) {
	body := content(6<<20, 1)
	for n := range 4 {
		s := newSim(t, simdisk.NewMachine(1), 4, 2)
		hurt := driveset.AllPlaces(n)
		for place := range n {
			s.drive(place).SetFree(1 << 20)
		}
		b, where, err := s.write(t.Context(), body)
		if n > 1 {
			if !errors.Is(err, objectstore.ErrStorageFull) || where != 0 {
				t.Fatalf("%d drives: %v on %b", n, err, where)
			}
			s.wantNoFiles(t, driveset.AllPlaces(4))
			continue
		}
		if err != nil || where != driveset.AllPlaces(4)&^hurt {
			t.Fatalf("%d drives: %v on %b", n, err, where)
		}
		s.wantNoFiles(t, hurt)
		check(t, s.Store, b, body)
		if s.set.Writable() != driveset.AllPlaces(4) {
			t.Errorf("writable are %b", s.set.Writable())
		}
	}
}

// A folder that somebody removed is made again.
func TestWriteMakesFoldersAgain(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	for range 300 { // until some folder is met twice
		b, where, err := s.write(t.Context(), []byte("small"))
		if err != nil || where != driveset.AllPlaces(4) {
			t.Fatal(where, err)
		}
		for place := range s.set.Drives {
			s.drive(place).Wipe()
		}
		_ = b
	}
}

// A drive that hangs is left out, and the body goes on without it; what it holds
// of memory and files is let go when it comes back.
func TestWriteHangingDrive(t *testing.T) {
	body := content(20<<20, 1)
	for _, kind := range []simdisk.Kind{simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir} {
		t.Run(kind.String(), func(t *testing.T) {
			hurried(t, func(t *testing.T, s *sim) {
				hold := make(chan struct{})
				s.drive(1).Inject(simdisk.Fault{Kind: kind, Hold: hold})
				began := time.Now()
				b, where, err := s.write(t.Context(), body)
				if err != nil || where != 0b1101 {
					t.Fatalf("%v on %b", err, where)
				}
				if took := time.Since(began); took > 2*s.timing.lag {
					t.Errorf("took %v", took)
				}
				check(t, s.Store, b, body)
				if lacking := s.wantHeal(t, b, false); lacking != 0b0010 {
					t.Errorf("lacking %b while the drive hangs", lacking)
				}
				if bad, _, err := s.Verify(t.Context(), b, nil); bad != 0 || err != nil {
					t.Errorf("bad %b while the drive hangs, %v", bad, err)
				}
				s.drive(1).Mend()
				close(hold)
				s.behind.Wait()
				// It was left out in the middle, or came to its end late.
				lacking := s.wantHeal(t, b, true)
				if bad, _, err := s.Verify(t.Context(), b, nil); lacking != 0 || bad != 0 || err != nil {
					t.Errorf("lacking %b, bad %b, %v", lacking, bad, err)
				}
				if n := len(s.files(1)); n != 1 {
					t.Errorf("%d files", n)
				}
				if s.memory.ahead.Load() != 0 || s.lanes[1].stuck.Load() != 0 || s.lanes[1].late.Load() != 0 || len(s.uses.byID) != 0 {
					t.Error("something is still counted")
				}
			})
		})
	}
}

func (s *sim) wantHeal(t testing.TB, b Body, verify bool) (lacking driveset.Places) {
	t.Helper()
	_, lacking, err := s.Heal(t.Context(), b, verify)
	if err != nil {
		t.Error(err)
	}
	return lacking
}

// Each drive that hangs has a stripe in its hands, and the others need some too.
func TestWriteManyHangingDrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, simdisk.NewMachine(1), 16, 8)
		s.timing = usualTiming
		hold := make(chan struct{})
		for n := range 7 {
			s.drive(n).Inject(simdisk.Fault{Kind: simdisk.Write, After: n + 1, Hold: hold})
		}
		b, where, err := s.write(t.Context(), content(20<<20, 1))
		if err != nil || where != driveset.AllPlaces(16)&^driveset.AllPlaces(7) {
			t.Fatalf("%v on %b", err, where)
		}
		check(t, s.Store, b, content(20<<20, 1))
		close(hold)
		s.behind.Wait()
		s.wantNoFiles(t, driveset.AllPlaces(7))
	})
}

// While a drive hangs others do not wait for it again.
func TestWriteGoesAroundHangingDrive(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Write, simdisk.Sync} {
		hurried(t, func(t *testing.T, s *sim) {
			hold := make(chan struct{})
			s.drive(1).Inject(simdisk.Fault{Kind: kind, Hold: hold})
			began := time.Now()
			for range 50 {
				if _, where, err := s.write(t.Context(), content(1<<20, 1)); err != nil || where != 0b1101 {
					t.Fatal(where, err)
				}
			}
			if took := time.Since(began); took > s.timing.grace+maxLate*s.timing.late {
				t.Errorf("%v: took %v", kind, took)
			}
			close(hold)
			s.drive(1).Mend()
			s.behind.Wait()
			if _, where, err := s.write(t.Context(), content(1<<20, 1)); err != nil || where != driveset.AllPlaces(4) {
				t.Fatal(where, err)
			}
		})
	}
}

// A drive that comes late with every body gets there, behind the others.
func TestWriteLateDrive(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		s.drive(1).Delay(simdisk.Sync, 700*time.Millisecond)
		var bodies []Body
		for range 4 {
			b, where, err := s.write(t.Context(), content(1<<20, 1))
			if err != nil || where != 0b1101 {
				t.Fatal(where, err)
			}
			bodies = append(bodies, b)
		}
		s.behind.Wait()
		for _, b := range bodies {
			if bad, _, err := s.Verify(t.Context(), b, nil); bad != 0 || err != nil {
				t.Errorf("bad %b, %v", bad, err)
			}
		}
	})
}

// Drives that are needed are waited for longer, but not for ever.
func TestWriteStuck(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir} {
		hurried(t, func(t *testing.T, s *sim) {
			hold := make(chan struct{})
			for place := range 2 {
				s.drive(place).Inject(simdisk.Fault{Kind: kind, Hold: hold})
			}
			began := time.Now()
			if _, _, err := s.write(t.Context(), content(20<<20, 1)); !errors.Is(err, objectstore.ErrWriteQuorum) {
				t.Fatal(err)
			}
			if took := time.Since(began); took < s.timing.stuck || took > s.timing.stuck*5/4 {
				t.Errorf("%v: took %v", kind, took)
			}
			close(hold)
			s.behind.Wait()
			s.wantNoFiles(t, driveset.AllPlaces(4))
		})
	}
}

// A slow drive does not set the pace for long, and a slow body or hash is not
// taken for slow drives.
func TestWritePace(t *testing.T) {
	body := content(64<<20, 1)
	t.Run("drive", func(t *testing.T) {
		hurried(t, func(t *testing.T, s *sim) {
			s.drive(2).Delay(simdisk.Write, 300*time.Millisecond)
			began := time.Now()
			if _, where, err := s.write(t.Context(), body); err != nil || where != 0b1011 {
				t.Fatalf("%v on %b", err, where)
			}
			if took := time.Since(began); took > 5*time.Second { // it would take 19 s
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("drives", func(t *testing.T) {
		hurried(t, func(t *testing.T, s *sim) {
			for place := range s.set.Drives {
				s.drive(place).Delay(simdisk.Write, time.Duration(300+100*place)*time.Millisecond)
			}
			if _, where, err := s.write(t.Context(), body); err != nil || where != driveset.AllPlaces(4) {
				t.Fatalf("%v on %b", err, where)
			}
		})
	})
	t.Run("hash", func(t *testing.T) {
		hurried(t, func(t *testing.T, s *sim) {
			h := &slowHash{pause: time.Second}
			_, where, err := s.Write(t.Context(), bytes.NewReader(body), -1, s.set.Geometry, h)
			if err != nil || where != driveset.AllPlaces(4) || !bytes.Equal(h.seen, body) {
				t.Fatalf("%v on %b", err, where)
			}
		})
	})
	t.Run("hash and drive", func(t *testing.T) {
		hurried(t, func(t *testing.T, s *sim) {
			s.drive(2).Delay(simdisk.Write, 900*time.Millisecond)
			_, where, err := s.Write(t.Context(), bytes.NewReader(body), -1, s.set.Geometry, &slowHash{pause: time.Second})
			if err != nil || where != driveset.AllPlaces(4) {
				t.Fatalf("%v on %b", err, where)
			}
		})
	})
	t.Run("body", func(t *testing.T) {
		hurried(t, func(t *testing.T, s *sim) {
			r := bytes.NewReader(body)
			slow := readFunc(func(p []byte) (int, error) {
				time.Sleep(time.Minute)
				return r.Read(p[:min(len(p), 1<<19)])
			})
			if _, where, err := s.Write(t.Context(), slow, -1, s.set.Geometry, nil); err != nil || where != driveset.AllPlaces(4) {
				t.Fatalf("%v on %b", err, where)
			}
		})
	})
}

// slowHash remembers what it sees.
type slowHash struct {
	pause time.Duration
	seen  []byte
}

func (h *slowHash) Write(p []byte) (int, error) {
	time.Sleep(h.pause)
	h.seen = append(h.seen, p...)
	return len(p), nil
}
func (h *slowHash) Sum(b []byte) []byte { return b }
func (h *slowHash) Reset()              {}
func (h *slowHash) Size() int           { return 0 }
func (h *slowHash) BlockSize() int      { return 1 }

// Many streams at once have bounded memory and get to their end.
func TestMemoryIsBounded(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		for place := range s.set.Drives {
			s.drive(place).Delay(simdisk.Write, time.Millisecond)
		}
		var most atomic.Int64
		var wg sync.WaitGroup
		body := content(6<<20, 1)
		for range 60 {
			wg.Go(func() {
				r := bytes.NewReader(body)
				_, _, err := s.Write(t.Context(), readFunc(func(p []byte) (int, error) {
					most.Store(max(most.Load(), s.memory.ahead.Load()))
					return r.Read(p)
				}), -1, s.set.Geometry, nil)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := most.Load(); n > maxAhead || n < maxAhead/2 {
			t.Errorf("%d bytes were taken ahead", n)
		}
		if n := s.memory.ahead.Load(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// What is refused is not counted, not even for a moment: others would be refused for it.
func TestOnlyWhatIsTakenCounts(t *testing.T) {
	var m memory
	if !m.mayTakeAhead(maxAhead) {
		t.Fatal("refused")
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 1_000_000 {
				if m.mayTakeAhead(1) || m.ahead.Load() > maxAhead {
					t.Error("more was counted than may be taken")
					return
				}
			}
		})
	}
	all.Wait()
}

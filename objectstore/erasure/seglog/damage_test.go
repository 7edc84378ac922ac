package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

var allGeometries = []driveset.Geometry{
	{Data: 1}, {Data: 1, Parity: 1}, {Data: 2, Parity: 1}, {Data: 2, Parity: 2}, {Data: 3, Parity: 2},
	{Data: 3, Parity: 3}, {Data: 4, Parity: 3}, {Data: 4, Parity: 4}, {Data: 12, Parity: 4}, {Data: 8, Parity: 8},
}

// TestDamagedShards damages the copies of records on changing drives in every way,
// up to parity, and then on one drive more.
func TestDamagedShards(t *testing.T) {
	for _, g := range allGeometries {
		t.Run(fmt.Sprintf("%d+%d", g.Data, g.Parity), func(t *testing.T) {
			s := startSim(t, g)
			s.append("a", 12)
			s.settle()
			pristine := s.m.Clone()
			rng := rand.New(rand.NewPCG(3, 3))
			for how, damage := range damages {
				if g.Data == 1 && how == "another drive's" {
					continue // whose bytes are the same, if it exists
				}
				hit := rng.Perm(g.Drives())
				s.damage(pristine, hit[:g.Parity], damage)
				s.state.damaged = 0
				s.check(how)
				s.ranges(rng, how)
				for _, i := range hit[g.Parity:] {
					if s.state.damaged.Has(i) {
						t.Errorf("%s: drive %d is told to be damaged", how, i)
					}
				}
				if g.Parity > 0 && s.state.damaged == 0 {
					t.Errorf("%s: no damage told", how)
				}
				s.damage(pristine, hit[:g.Parity+1], damage)
				s.refused(how)
			}
		})
	}
}

// damages are ways to damage all of a segment on a drive.
var damages = map[string]func(t testing.TB, d, other *simdisk.Drive, name string, size int64){
	"bits": func(t testing.TB, d, _ *simdisk.Drive, name string, size int64) {
		for at := int64(300); at < size; at += 3000 {
			must(t, d.FlipBit(name, at))
		}
	},
	"zeros": func(t testing.TB, d, _ *simdisk.Drive, name string, size int64) {
		must(t, d.TruncateFile(name, unit))
		must(t, d.TruncateFile(name, size))
	},
	"cut":     func(t testing.TB, d, _ *simdisk.Drive, name string, _ int64) { must(t, d.TruncateFile(name, 2*unit)) },
	"removed": func(t testing.TB, d, _ *simdisk.Drive, name string, _ int64) { must(t, d.RemoveFile(name)) },
	"another drive's": func(t testing.TB, d, other *simdisk.Drive, name string, _ int64) {
		b, err := other.ReadFile(name)
		must(t, err)
		must(t, d.WriteFile(name, b))
	},
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// damage makes the drives as they were but for those that are hit.
func (s *sim) damage(pristine *simdisk.Machine, hit []int, do func(t testing.TB, d, other *simdisk.Drive, name string, size int64)) {
	for i := range s.g.Drives() {
		simDrive(s.m, i).Replace(simDrive(pristine, i))
		for _, seg := range s.log.Segments() {
			s.log.files[i].forget(seg.ID)
		}
	}
	for _, i := range hit {
		d := simDrive(s.m, i)
		for _, f := range d.Files() {
			if _, ok := parseName(f.Name[min(len(f.Name), len(logDir)+1):], segmentSuffix); ok {
				do(s.t, d, simDrive(pristine, (i+1)%s.g.Drives()), f.Name, f.Size)
			}
		}
	}
}

// ranges reads parts of everything.
func (s *sim) ranges(rng *rand.Rand, when string) {
	s.t.Helper()
	for name, body := range s.want {
		loc := s.state.entries[name]
		for range min(len(body), 6) {
			from := rng.IntN(len(body))
			got := make([]byte, rng.IntN(len(body)-from)+1)
			if err := s.log.ReadAt(s.t.Context(), &loc, got, int64(from)); err != nil || !bytes.Equal(got, body[from:from+len(got)]) {
				s.t.Fatalf("%s: %s from %d: %v", when, name, from, err)
			}
		}
	}
}

// refused reads everything where too much is damaged: right bytes or an error.
func (s *sim) refused(when string) {
	s.t.Helper()
	refused := 0
	for name, body := range s.want {
		loc := s.state.entries[name]
		got := make([]byte, loc.Length)
		err := s.log.ReadAt(s.t.Context(), &loc, got, 0)
		switch {
		case err == nil && !bytes.Equal(got, body):
			s.t.Fatalf("%s: wrong bytes of %s", when, name)
		case err != nil && !errors.Is(err, objectstore.ErrReadQuorum):
			s.t.Fatalf("%s: %s: %v", when, name, err)
		case err != nil:
			refused++
		}
	}
	if refused == 0 {
		s.t.Errorf("%s: all could be read with more damage than parity", when)
	}
}

func TestReadRefuses(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 3)
	loc := s.state.entries["a/2"]
	for _, r := range [][2]int64{{-1, 1}, {0, 5001}, {5000, 1}, {4999, 2}} {
		if err := s.log.ReadAt(t.Context(), &loc, make([]byte, r[1]), r[0]); err == nil {
			t.Errorf("read %d bytes at %d", r[1], r[0])
		}
	}
	if err := s.log.ReadAt(t.Context(), &loc, nil, 5000); err != nil {
		t.Error(err)
	}
	foreign := loc
	foreign.data = 14
	if err := s.log.ReadAt(t.Context(), &foreign, make([]byte, 1), 0); err == nil {
		t.Error("read from a location on more drives than there are")
	}
}

// TestReadWhatWasFreed is no damage.
func TestReadWhatWasFreed(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 24)
	s.settle()
	loc := s.state.entries["a/2"]
	must(t, s.log.Free(t.Context(), loc.Segment))
	s.settle()
	s.state.damaged = 0
	if err := s.log.ReadAt(t.Context(), &loc, make([]byte, loc.Length), 0); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Error(err)
	}
	if s.state.damaged != 0 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}

// TestDamagedTail damages records that are replayed at the start.
func TestDamagedTail(t *testing.T) {
	for _, g := range []driveset.Geometry{{Data: 1}, {Data: 2, Parity: 1}} {
		t.Run(fmt.Sprintf("%d+%d", g.Data, g.Parity), func(t *testing.T) {
			s := startSim(t, g)
			for i := range 9 {
				_, err := s.log.Append(t.Context(), Options{}, Entry{Meta: fmt.Append(nil, i), Payload: payload(3000, 1)})
				must(t, err)
			}
			s.settle()
			loc := s.state.entries["4"]
			name := segmentName(loc.Segment)
			for i := range g.Drives() {
				must(t, simDrive(s.m, i).FlipBit(name, loc.Record()+9))
			}
			// Followed by others, so it was acknowledged: it is lost, and they are not.
			s.close()
			s.state = &state{entries: make(map[string]Location)}
			s.open(0)
			if len(s.state.entries) != 8 {
				t.Errorf("%d of 8 entries are left", len(s.state.entries))
			}
			if g.Parity == 0 {
				return
			}
			// While a drive is away it may have the record.
			s.close()
			set, err := openSim(s.m, g, 1)
			must(t, err)
			defer set.Close()
			if _, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, Start{}); !errors.Is(err, objectstore.ErrReadQuorum) {
				t.Errorf("opened with %v", err)
			}
		})
	}
}

// TestUnreadableTail has reads fail at the start: that is not the end of the log.
func TestUnreadableTail(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Read, simdisk.Open, simdisk.List} {
		t.Run(kind.String(), func(t *testing.T) {
			s := startSim(t, driveset.Geometry{Data: 2, Parity: 1})
			s.append("a", 12)
			s.close()
			for i := range 2 {
				simDrive(s.m, i).Inject(simdisk.Fault{Kind: kind, Err: syscall.EMFILE, Match: func(o simdisk.Op) bool {
					return o.Name == logDir || len(o.Name) > 4 && o.Name[:4] == logDir+"/" && (kind != simdisk.Read || o.Offset >= 40<<10)
				}})
			}
			set, err := openSim(s.m, s.g, 0)
			must(t, err)
			defer set.Close()
			for _, from := range []Start{{}, s.state.start} {
				l, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, from)
				if err == nil {
					l.Close()
				}
				if from == (Start{}) && !errors.Is(err, objectstore.ErrReadQuorum) {
					t.Errorf("opened with %v", err)
				}
			}
		})
	}
}

// TestDamagedSegmentHead damages the first copy of a head, and then both.
func TestDamagedSegmentHead(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 1})
	s.append("a", 12)
	s.settle()
	segments := s.log.Segments()
	for _, x := range segments {
		must(t, simDrive(s.m, 0).FlipBit(segmentName(x.ID), 20))
	}
	s.state = &state{entries: make(map[string]Location)}
	s.reopen(0)
	s.check("with the second copies")
	ids := s.lacking(0)
	if len(ids) != len(segments) {
		t.Fatalf("lacking %x", ids)
	}
	for _, id := range ids {
		must(t, s.log.HealSegment(t.Context(), id, 0, nil))
	}
	if ids := s.lacking(0); len(ids) > 0 {
		t.Fatalf("lacking %x", ids)
	}
	s.reopen(0)
	s.check("healed")
	oldest, newest := segments[0].ID, segments[len(segments)-1].ID
	for _, at := range []int64{20, 20 + unit} {
		must(t, simDrive(s.m, 0).FlipBit(segmentName(oldest), at))
	}
	s.state = &state{entries: make(map[string]Location)}
	s.reopen(0)
	s.check("with a segment without a head")
	s.close()
	for _, at := range []int64{20, 20 + unit} {
		must(t, simDrive(s.m, 0).FlipBit(segmentName(newest), at))
	}
	set, err := openSim(s.m, s.g, 0)
	must(t, err)
	defer set.Close()
	if _, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, Start{}); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Errorf("opened without the newest segment: %v", err)
	}
}

// TestBlankDriveIsNoWitness starts with the drive that took a lost one's place and
// one that has been away since before the last records.
func TestBlankDriveIsNoWitness(t *testing.T) {
	g := driveset.Geometry{Data: 3, Parity: 2}
	s := startSim(t, g)
	s.append("a", 3)
	s.reopen(1)
	s.append("b", 3)
	s.close()
	simDrive(s.m, 4).Wipe()
	s.open(0)
	s.close()
	for _, missing := range []driveset.Places{0b01100, 0b01110} {
		set, err := openSim(s.m, g, missing)
		if err != nil {
			continue // the set does not count it either
		}
		l, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, Start{})
		if err == nil {
			end := l.position().Seq
			l.Close()
			if end < s.state.start.Applied.Seq {
				t.Errorf("without %b the log ends at %d", missing, end)
			}
		} else if !errors.Is(err, objectstore.ErrReadQuorum) {
			t.Error(err)
		}
		set.Close()
	}
	s.open(0)
	s.check("all are back")
}

func TestAppendRefuses(t *testing.T) {
	s := startSim(t, fourDrives)
	many := slices.Repeat([]Entry{{Payload: make([]byte, 1<<20)}}, 33)
	f := func(o Options, entries ...Entry) {
		t.Helper()
		if _, err := s.log.Append(t.Context(), o, entries...); err == nil {
			t.Error("appended")
		}
	}
	f(Options{}, Entry{Payload: make([]byte, MaxPayload+1)})
	f(Options{}, many...)
	f(Options{Geometry: driveset.Geometry{Data: 5}}, Entry{})
	f(Options{Geometry: driveset.Geometry{Data: 1, Parity: 3}}, Entry{})
	s.close()
	if _, err := s.logClosed().Append(t.Context(), Options{}, Entry{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// logClosed returns a log that was closed.
func (s *sim) logClosed() *Log {
	s.open(0)
	l := s.log
	s.close()
	return l
}

// TestCloseWhileApplyFails finds that Close returns, and the next start applies.
func TestCloseWhileApplyFails(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.close()
	set, err := openSim(s.m, s.g, 0)
	must(t, err)
	tried := make(chan struct{}, 100)
	l, err := Open(t.Context(), Config{Set: set, Apply: func(Batch) error {
		tried <- struct{}{}
		return fs.ErrInvalid
	}}, s.state.start)
	must(t, err)
	ended := make(chan error)
	for range 3 {
		go func() {
			_, err := l.Append(t.Context(), Options{}, Entry{Meta: []byte("late")})
			ended <- err
		}()
	}
	<-tried
	time.Sleep(20 * time.Millisecond)
	l.Close()
	set.Close()
	for range 3 {
		if err := <-ended; !errors.Is(err, ErrClosed) && !errors.Is(err, ErrNotApplied) {
			t.Error(err)
		}
	}
	s.open(0)
	if _, ok := s.state.entries["late"]; !ok {
		t.Error("what was durable is not applied at the next start")
	}
}

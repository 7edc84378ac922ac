package seglog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// sim is a log on a simulated machine whose user keeps everything in mind.
type sim struct {
	t     testing.TB
	m     *simdisk.Machine
	g     driveset.Geometry
	state *state
	set   *driveset.Set
	log   *Log
	want  map[string][]byte
}

func startSim(t testing.TB, g driveset.Geometry) *sim {
	t.Helper()
	s := &sim{t: t, m: newSim(t, 1, g), g: g, state: &state{entries: make(map[string]Location)}, want: make(map[string][]byte)}
	s.open(0)
	t.Cleanup(s.close)
	return s
}

// open opens the log from where the user is, without the drives that are missing.
func (s *sim) open(missing driveset.Places) {
	s.t.Helper()
	set, err := openSim(s.m, s.g, missing)
	if err != nil {
		s.t.Fatal(err)
	}
	s.set = set
	s.log, err = Open(s.t.Context(), Config{Set: set, Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)), SegmentBytes: 256 << 10, Apply: s.state.apply, Damaged: s.state.damage}, s.state.start)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *sim) close() {
	if s.log != nil {
		s.log.Close()
		s.set.Close()
		s.log = nil
	}
}

func (s *sim) reopen(missing driveset.Places) {
	s.t.Helper()
	s.close()
	s.open(missing)
}

// append writes some entries of many sizes.
func (s *sim) append(prefix string, n int) {
	s.t.Helper()
	for i := range n {
		name := fmt.Sprintf("%s/%d", prefix, i)
		body := payload([]int{0, 10, 5000, 70_000, 150_000, 300_000}[i%6], uint64(i))
		if _, err := s.log.Append(s.t.Context(), Options{}, Entry{Meta: []byte(name), Payload: body}); err != nil {
			s.t.Fatal(err)
		}
		s.want[name] = body
	}
}

// check reads everything back.
func (s *sim) check(when string) {
	s.t.Helper()
	for name, body := range s.want {
		loc, ok := s.state.entries[name]
		if !ok {
			s.t.Fatalf("%s: %s is missing", when, name)
		}
		got := make([]byte, loc.Length)
		if err := s.log.ReadAt(s.t.Context(), &loc, got, 0); err != nil || !bytes.Equal(got, body) {
			s.t.Fatalf("%s: %s at %016x+%d: %v", when, name, loc.Segment, loc.Record(), err)
		}
	}
}

// settle waits until every drive has done what it was given.
func (s *sim) settle() {
	s.t.Helper()
	var wg sync.WaitGroup
	err := s.log.pause(s.t.Context(), func() error {
		wg.Add(len(s.set.Drives))
		s.log.everywhere(func(*driveset.Drive, error) { wg.Done() })
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	wg.Wait()
}

// lacking returns the segments that a drive lacks.
func (s *sim) lacking(place int) []uint64 {
	s.t.Helper()
	ids, err := s.log.Lacking(s.t.Context(), place)
	if err != nil {
		s.t.Fatal(err)
	}
	return ids
}

// verify fails when any copy of anything is wrong.
func (s *sim) verify(when string) {
	s.t.Helper()
	s.settle()
	for _, seg := range s.log.Segments() {
		damaged, n, err := s.log.Verify(s.t.Context(), seg.ID, nil)
		if err != nil || len(damaged) > 0 || n == 0 {
			s.t.Fatalf("%s: segment %016x: %v in %d bytes, %v", when, seg.ID, damaged, n, err)
		}
	}
}

var healGeometries = []driveset.Geometry{{Data: 2, Parity: 1}, {Data: 2, Parity: 2}, {Data: 12, Parity: 4}}

func TestHealBlankDrives(t *testing.T) {
	for _, g := range healGeometries {
		t.Run(fmt.Sprintf("%d+%d", g.Data, g.Parity), func(t *testing.T) {
			s := startSim(t, g)
			s.append("before", 40)
			s.close()
			blank := g.Drives() - g.WriteQuorum()
			for i := range blank {
				simDrive(s.m, i).Wipe()
			}
			s.open(0)
			if got := s.set.Writable(); got != driveset.AllPlaces(g.Drives()) {
				t.Fatalf("only %b are written to", got)
			}
			s.check("without them")
			s.state.damaged = 0
			var healed int64
			var wg sync.WaitGroup
			var stop atomic.Bool
			wg.Go(func() { // records are appended meanwhile
				for i := 0; !stop.Load(); i++ {
					name := fmt.Sprintf("meanwhile/%d", i)
					if _, err := s.log.Append(t.Context(), Options{}, Entry{Meta: []byte(name), Payload: payload(9000, uint64(i))}); err != nil {
						t.Error(err)
						return
					}
					s.want[name] = payload(9000, uint64(i))
				}
			})
			defer wg.Wait()
			defer stop.Store(true)
			for i := range blank {
				ids := s.lacking(i)
				if len(ids) < 4 || !slices.IsSortedFunc(ids, func(a, b uint64) int { return int(int64(b) - int64(a)) }) {
					t.Fatalf("lacking %x", ids)
				}
				for _, id := range ids {
					if err := s.log.HealSegment(t.Context(), id, i, func(n int64) { healed += n }); err != nil {
						t.Fatal(err)
					}
				}
			}
			stop.Store(true)
			wg.Wait()
			s.settle()
			for i := range g.Drives() {
				if ids := s.lacking(i); len(ids) > 0 {
					t.Fatalf("drive %d is still lacking %x", i, ids)
				}
				must(t, s.set.Healed(i))
			}
			if healed == 0 {
				t.Error("no progress told")
			}
			s.reopen(0)
			s.verify("healed")
			for _, f := range simDrive(s.m, 0).Files() {
				if strings.HasSuffix(f.Name, healSuffix) {
					t.Errorf("left behind: %s", f.Name)
				}
			}
			var away driveset.Places
			for i := range g.Parity {
				away = away.With(g.Drives() - 1 - i)
			}
			s.reopen(away)
			s.check("with others missing")
			s.state = &state{entries: make(map[string]Location)}
			s.reopen(away)
			s.check("rebuilt with others missing")
		})
	}
}

// TestHealActive heals the segment that is appended to, again and again.
func TestHealActive(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 2})
	s.append("before", 3)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				if _, err := s.log.Append(t.Context(), Options{}, Entry{Payload: payload(3000, 1)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer wg.Wait()
	defer stop.Store(true)
	for range 30 {
		id := s.log.position().Segment
		_ = simDrive(s.m, 1).RemoveFile(segmentName(id))
		s.log.files[1].forget(id)
		if err := s.log.HealSegment(t.Context(), id, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	for _, id := range s.lacking(1) { // removed just when another was begun
		if err := s.log.HealSegment(t.Context(), id, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.reopen(0)
	s.verify("healed")
}

func TestHealNewestFirst(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 2})
	s.append("before", 20)
	s.close()
	simDrive(s.m, 0).Wipe()
	s.open(0)
	ids := s.lacking(0)
	if err := s.log.HealSegment(t.Context(), ids[len(ids)-1], 0, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.lacking(0); !slices.Equal(got, ids[1:len(ids)-1]) {
		t.Errorf("after the oldest was healed %x are lacking of %x", got, ids)
	}
}

func TestHealStops(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 2})
	s.append("before", 20)
	s.close()
	simDrive(s.m, 0).Wipe()
	s.open(0)
	ctx, cancel := context.WithCancel(t.Context())
	ids := s.lacking(0)
	err := s.log.HealSegment(ctx, ids[0], 0, func(int64) { cancel() })
	if err == nil {
		err = s.log.HealSegment(ctx, ids[1], 0, nil)
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// A process that dies leaves the file it was writing.
	name := fmt.Sprintf("%s/%016x%s", logDir, ids[3], healSuffix)
	if err := simDrive(s.m, 0).WriteFile(name, []byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := s.log.HealSegment(t.Context(), ids[3], 0, nil); err != nil {
		t.Fatal(err)
	}
	_ = simDrive(s.m, 0).WriteFile(name, []byte("half"))
	s.reopen(0)
	if _, err := simDrive(s.m, 0).ReadFile(name); err == nil {
		t.Error("an unfinished segment stayed")
	}
	if err := s.log.HealSegment(t.Context(), 7, 0, nil); err != nil {
		t.Errorf("a segment that is not in use: %v", err)
	}
}

// TestHealRecord damages copies up to parity, of every record, in every way.
func TestHealRecord(t *testing.T) {
	for _, g := range healGeometries {
		t.Run(fmt.Sprintf("%d+%d", g.Data, g.Parity), func(t *testing.T) {
			s := startSim(t, g)
			s.append("a", 12)
			s.settle()
			seg := s.log.Segments()[0].ID
			h, _ := s.log.head(seg)
			first, _ := s.log.find(h.begin())
			length := int64(first.head.length) * unit
			at := h.begin().Offset
			for what, offset := range map[string]int64{"head": 3, "sums": headBytes, "metadata": headBytes + int64(first.head.sumsLen()), "end": length - unit} {
				if first.head.shardLen == 0 && (what == "sums" || what == "end") {
					continue
				}
				var places driveset.Places
				for i := range g.Parity {
					_ = simDrive(s.m, (i+1)%g.Drives()).FlipBit(segmentName(seg), at+offset)
					places = places.With((i + 1) % g.Drives())
				}
				damaged, _, err := s.log.Verify(t.Context(), seg, nil)
				if err != nil || len(damaged) != 1 || damaged[0] != (Damage{at, places}) {
					t.Fatalf("%s: %v, %v, want %b", what, damaged, err, places)
				}
				if err := s.log.HealRecord(t.Context(), seg, at, places); err != nil {
					t.Fatal(what, err)
				}
				s.m = s.crash()
				s.verify(what)
			}
		})
	}
}

// crash makes sure that what was done is durable.
func (s *sim) crash() *simdisk.Machine {
	s.t.Helper()
	m := s.m.CrashTo(simdisk.LoseAll)
	s.close()
	s.m = m
	s.open(0)
	return m
}

// heal makes everything whole on every drive.
func (s *sim) heal() {
	s.t.Helper()
	s.settle()
	must(s.t, healAll(s.t.Context(), s.log, s.set))
}

// healAll makes everything whole on every drive of a log that is not appended to.
func healAll(ctx context.Context, l *Log, set *driveset.Set) error {
	for place := range set.Drives {
		ids, err := l.Lacking(ctx, place)
		for _, id := range ids {
			err = errors.Join(err, l.HealSegment(ctx, id, place, nil))
		}
		if err != nil {
			return err
		}
	}
	for _, seg := range l.Segments() {
		damaged, _, err := l.Verify(ctx, seg.ID, nil)
		for _, d := range damaged {
			err = errors.Join(err, l.HealRecord(ctx, seg.ID, d.Record, d.Places))
		}
		if err != nil {
			return err
		}
	}
	for place := range set.Drives {
		if err := set.Healed(place); err != nil {
			return err
		}
	}
	return nil
}

// TestDriveComesBack loses drives while the log is open and has them again: one as
// it was, one that was away from the start, and one blank.
func TestDriveComesBack(t *testing.T) {
	g := driveset.Geometry{Data: 4, Parity: 3}
	s := startSim(t, g)
	s.append("a", 12)
	s.reopen(0b1)
	s.append("b", 12)
	simDrive(s.m, 1).SetGone(true)
	s.append("c", 12)
	if s.set.Writable() != 0b1111100 {
		t.Fatalf("writable are %b", s.set.Writable())
	}
	simDrive(s.m, 1).SetGone(false)
	if back := s.set.Look(t.Context()); back != 0b1 {
		t.Fatalf("back are %b", back)
	}
	must(t, s.set.Reset(t.Context(), 1))
	s.append("d", 12)
	s.check("back")
	s.heal()
	s.reopen(0)
	s.verify("healed")
	s.close()
	s.open(0b100)
	s.append("e", 6)
	simDrive(s.m, 2).Wipe()
	if back := s.set.Look(t.Context()); back != 0b100 {
		t.Fatalf("back are %b", back)
	}
	s.append("f", 12)
	s.heal()
	s.reopen(0b0001011)
	s.check("without others")
	s.reopen(0)
	s.verify("all")
}

// TestHealAfterFailedSync heals what can be read from a drive and is not on it.
func TestHealAfterFailedSync(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.settle()
	seg, at := s.log.position().Segment, s.log.position().Offset
	simDrive(s.m, 3).Inject(simdisk.Fault{Kind: simdisk.Sync, Err: syscall.EIO, Times: 1})
	_, err := s.log.Append(t.Context(), Options{}, Entry{Payload: payload(200_000, 1)})
	must(t, err)
	s.settle()
	must(t, s.set.Reset(t.Context(), 3))
	must(t, s.log.HealRecord(t.Context(), seg, at, 0b1000))
	end := at + int64(s.log.findAt(seg, at).head.length)*unit
	before, err := simDrive(s.m, 3).ReadFile(segmentName(seg))
	must(t, err)
	m := s.m.CrashTo(simdisk.LoseAll)
	s.close()
	after, err := simDrive(m, 3).ReadFile(segmentName(seg))
	if err != nil || !bytes.Equal(before[at:end], after[at:end]) {
		t.Errorf("the record is not on the drive: %v", err)
	}
	s.m = m
	s.open(0)
}

// TestHealHopeless takes more copies of a record than parity: the others are healed,
// and of it what can be.
func TestHealHopeless(t *testing.T) {
	g := driveset.Geometry{Data: 2, Parity: 2}
	s := startSim(t, g)
	s.append("a", 20)
	s.settle()
	id := s.log.Segments()[1].ID
	h, _ := s.log.head(id)
	at := h.begin()
	rec, _ := s.log.find(at)
	if rec.head.shardLen == 0 {
		t.Fatal("the record has no payload")
	}
	for i := range 3 {
		_ = simDrive(s.m, i).FlipBit(segmentName(id), at.Offset+int64(rec.head.before()))
	}
	if err := s.log.HealRecord(t.Context(), id, at.Offset, 1); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Fatalf("healed: %v", err)
	}
	_ = simDrive(s.m, 3).RemoveFile(segmentName(id))
	s.log.files[3].forget(id)
	s.state.damaged = 0
	if err := s.log.HealSegment(t.Context(), id, 3, nil); err != nil {
		t.Fatal(err)
	}
	if s.state.damaged != 8 {
		t.Errorf("damage on %b", s.state.damaged)
	}
	damaged, _, err := s.log.Verify(t.Context(), id, nil)
	if err != nil || len(damaged) != 1 || damaged[0] != (Damage{at.Offset, 15}) {
		t.Fatalf("%v, %v", damaged, err)
	}
	if f, _ := s.log.readFound(3, id, at.Offset); f == nil || !f.head.sameRecord(&rec.head) {
		t.Error("the record is not known on the healed drive")
	}
	// The first drives' shards come back as they were.
	for i := range 2 {
		_ = simDrive(s.m, i).FlipBit(segmentName(id), at.Offset+int64(rec.head.before()))
	}
	if err := s.log.HealRecord(t.Context(), id, at.Offset, 15); err != nil {
		t.Fatal(err)
	}
	s.verify("healed")
	s.check("healed")
}

func TestVerifyIsPaced(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 2})
	s.append("a", 10)
	s.settle()
	id := s.log.Segments()[0].ID
	var told int64
	_, n, err := s.log.Verify(t.Context(), id, func(_ context.Context, bytes int64) error { told += bytes; return nil })
	if err != nil || told != n || n == 0 {
		t.Errorf("%d of %d bytes, %v", told, n, err)
	}
	if _, _, err := s.log.Verify(t.Context(), id, func(context.Context, int64) error { return io.EOF }); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if damaged, n, err := s.log.Verify(t.Context(), 7, nil); damaged != nil || n != 0 || err != nil {
		t.Error("a segment that is not in use", damaged, n, err)
	}
}

// TestHealedAndKilled kills the process that heals a drive when it has done
// everything but make durable that the segments are there.
func TestHealedAndKilled(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 30)
	s.settle()
	end := s.log.position()
	s.state.start = Start{Stable: end, Applied: end} // nothing to be completed
	s.close()
	simDrive(s.m, 1).Wipe()
	s.open(0)
	ids := s.lacking(1)
	last := len(ids) - 1
	for _, id := range ids[:last] {
		must(t, s.log.HealSegment(t.Context(), id, 1, nil))
	}
	hold, healed := make(chan struct{}), make(chan error)
	d := simDrive(s.m, 1)
	synced := d.Count(simdisk.SyncDir)
	d.Inject(simdisk.Fault{Kind: simdisk.SyncDir, After: 1, Hold: hold}) // not of the drive's folder
	go func() { healed <- s.log.HealSegment(t.Context(), ids[last], 1, nil) }()
	for d.Count(simdisk.SyncDir) < synced+2 {
		time.Sleep(time.Millisecond)
	}
	m := s.m.Kill()
	close(hold)
	if err := <-healed; err == nil {
		t.Fatal("healed without a sync")
	}
	s.close()
	s.m = m
	s.mend()
	s.open(0)
	s.heal()
	m = s.m.CrashTo(simdisk.LoseAll)
	s.close()
	s.m = m
	s.open(0)
	if ids := s.lacking(1); len(ids) > 0 {
		t.Errorf("healed segments %x are gone", ids)
	}
	s.check("healed")
}

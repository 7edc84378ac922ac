package erasure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/index"
)

// crashesTried is how many crashes a test run looks at, unless CROFT_CRASH_N says
// otherwise. With as many as the workloads have operations, and more, there is one
// after each.
const crashesTried = 30

// TestCrash carries out workloads on simulated drives and takes the power away
// after an operation of a drive that changes something. What was acknowledged is
// there byte for byte, all else whole or not at all, whatever catalogue is left;
// what was once there stays, through further crashes; nothing is kept for nobody;
// and the store goes on.
func TestCrash(t *testing.T) {
	n := crashesTried
	if text := os.Getenv("CROFT_CRASH_N"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		n = len(workloads) + 1
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CROFT_CRASH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CROFT_CRASH_SEED=%d", seed)
	all := append(slices.Clone(workloads), workload{"by chance", 4, func() *plan { return chance(seed) }})
	for i, w := range all {
		t.Run(w.name, func(t *testing.T) {
			each := n / len(all)
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			total := calm(t, w.plan(), w.drives)
			points := rng.Perm(total)
			for len(points) < each {
				points = append(points, rng.Perm(total)...)
			}
			for _, at := range points[:each] {
				crashAt(t, w.plan(), w.drives, at, rng.Uint64())
				if t.Failed() {
					t.Fatalf("seed %d, crash after operation %d of %d", seed, at, total)
				}
			}
			t.Logf("%d crashes in %d operations", each, total)
		})
	}
}

// calm carries out a workload without a crash and returns how many operations it took.
func calm(t *testing.T, p *plan, drives int) int {
	scratch := quickDir(t)
	m := simdisk.NewMachine(1)
	v := sail(t, p, m, drives, scratch)
	v.land()
	v.inspect(m.Clone(), v.folder, "without a crash")
	return m.Ops()
}

// crashAt crashes a workload after an operation and looks at what is left.
func crashAt(t *testing.T, p *plan, drives, at int, seed uint64) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("crash after operation %d, seed %d", at, seed)
		}
	}()
	scratch, err := os.MkdirTemp(quickDir(t), "crash")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	rng := rand.New(rand.NewPCG(seed, 1))
	m := simdisk.NewMachine(seed)
	m.CrashAfter(at)
	v := sail(t, p, m, drives, scratch)
	v.land()
	none := newFolder(t, scratch)
	type image struct {
		what   string
		left   *simdisk.Machine
		folder string
	}
	images := []image{
		{"catalogue of the crash", m.Crash(), v.folder},
		{"no catalogue", m.Crash(), none},
		{"catalogue cut off", m.Crash(), copyCatalogue(t, v.folder, rng.IntN(1000))},
		{"killed", m.Kill(), v.folder},
		{"killed, no catalogue", m.Kill(), none},
	}
	if len(v.older) > 0 {
		images = append(images, image{"older catalogue", m.Crash(), v.older[rng.IntN(len(v.older))]})
	}
	rng.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	for i, im := range images[:3] {
		if i == 0 {
			// Crash while what the crash left is taken up again.
			im.left.CrashAfter(rng.IntN(40))
			folder := copyCatalogue(t, im.folder, 1000)
			if s, err := openSim(t.Context(), im.left, v.drives, filepath.Join(folder, catalogueName)); err == nil {
				im.left.CrashAfter(0)
				closeAfterCrash(t, s)
			} else if !im.left.Crashed() {
				t.Fatalf("%s: open: %v", im.what, err)
			}
			im.what, im.left, im.folder = im.what+", crashed again", im.left.Crash(), folder
		}
		v.inspect(im.left, im.folder, im.what)
	}
}

// closeAfterCrash ends a store whose machine is dead.
func closeAfterCrash(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatalf("close after a crash: %v", err)
	}
}

// inspect opens what a crash left and looks at it; crashes once more and looks at
// that, with and without a catalogue.
func (v *voyage) inspect(m *simdisk.Machine, folder, when string) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.Context(), time.Minute)
	defer cancel()
	names := v.plan.names()
	look := func(m *simdisk.Machine, folder, when string) (*Store, contents) {
		v.Helper()
		s, err := openSim(ctx, m, v.drives, filepath.Join(folder, catalogueName))
		if err != nil {
			v.Fatalf("%s: open: %v", when, err)
		}
		got, err := observe(ctx, s)
		if err == nil {
			err = v.judge(got)
		}
		if err == nil {
			err = audit(ctx, s)
		}
		if err != nil {
			v.Fatalf("%s: %v", when, err)
		}
		wantAbsent(v, s, got, names)
		return s, got
	}
	first := copyCatalogue(v, folder, 1000)
	s, seen := look(m, first, when)
	after := m.Crash()
	left := copyCatalogue(v, first, 1000)
	closeAfterCrash(v, s)
	for _, again := range []struct {
		when, folder string
		m            *simdisk.Machine
	}{
		{when + ", seen and crashed again", left, after.Clone()},
		{when + ", seen, crashed again, without a catalogue", newFolder(v, filepath.Dir(folder)), after},
	} {
		s, got := look(again.m, again.folder, again.when)
		if !maps.Equal(got, seen) {
			v.Fatalf("%s: what was seen is not what is there:\n%v\n%v", again.when, seen, got)
		}
		if err := goOn(ctx, s); err != nil {
			v.Fatalf("%s: go on: %v", again.when, err)
		}
		if err := s.Close(); err != nil {
			v.Fatalf("%s: close: %v", again.when, err)
		}
	}
}

// goOn uses a store a little and audits it: nothing of it is stuck.
func goOn(ctx context.Context, s *Store) error {
	if _, err := s.CreateBucket(ctx, objectstore.Bucket{Name: "later"}); err != nil && !errors.Is(err, objectstore.ErrBucketExists) {
		return err
	}
	for i := range 8 {
		key := fmt.Sprint("k", i%5)
		if _, err := s.Put(ctx, objectstore.PutRequest{
			Bucket: "later", Key: key, Body: readerOf(randomBytes(15_000, uint64(i))), Size: 15_000,
		}); err != nil {
			return err
		}
	}
	if err := s.compactAll(ctx); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	if left, err := s.emptyTiersOnce(ctx); left || err != nil {
		return fmt.Errorf("empty tiers: %v, %w", left, err)
	}
	s.wakeRestores(time.Now().AddDate(0, 0, 1)) // whatever was in vain before
	if err := s.restoreAll(ctx); err != nil {
		return fmt.Errorf("bring back: %w", err)
	}
	if left, err := s.index.ScanRestores(ctx, index.Restore{Due: math.MinInt64}, 0, 1); err != nil || len(left) > 0 {
		return fmt.Errorf("%+v was not brought back, %w", left, err)
	}
	if _, err := observe(ctx, s); err != nil {
		return err
	}
	return audit(ctx, s)
}

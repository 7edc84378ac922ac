package seglog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"croft/objectstore/erasure/driveset"
)

// state is what a user of the log keeps: the entries by their metadata, and how
// far it followed.
type state struct {
	sync.Mutex
	start   Start
	entries map[string]Location
	order   []string
	damaged driveset.Places
	batches int
}

func (s *state) apply(b Batch) error {
	s.Lock()
	defer s.Unlock()
	for _, e := range b.Entries {
		s.entries[string(e.Meta)] = e.Location
		s.order = append(s.order, string(e.Meta))
	}
	s.start = Start{Stable: b.Stable, Applied: b.Next}
	s.batches++
	return nil
}

func (s *state) damage(_ uint64, _ int64, p driveset.Places) {
	s.Lock()
	defer s.Unlock()
	s.damaged |= p
}

func openSet(t testing.TB, paths []string) *driveset.Set {
	t.Helper()
	found, err := driveset.Local(paths)
	if err != nil {
		t.Fatal(err)
	}
	set, err := driveset.Open(driveset.Config{Parity: -1}, found)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func drivePaths(t testing.TB, n int) (paths []string) {
	dir := t.TempDir()
	for i := range n {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
	}
	return paths
}

func (s *state) open(t testing.TB, set *driveset.Set) *Log {
	t.Helper()
	l, err := Open(t.Context(), Config{Set: set, Apply: s.apply, Damaged: s.damage}, s.start)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func payload(n int, seed uint64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

func TestAppendReadReopen(t *testing.T) {
	for _, drives := range []int{1, 2, 3, 4, 16} {
		t.Run(fmt.Sprint(drives), func(t *testing.T) {
			paths := drivePaths(t, drives)
			set := openSet(t, paths)
			s := &state{entries: make(map[string]Location)}
			l := s.open(t, set)
			want := make(map[string][]byte)
			var mu sync.Mutex
			var wg sync.WaitGroup
			for g := range 8 {
				wg.Go(func() {
					for i := range 20 {
						n := []int{0, 1, 100, 4096, 70_000, 200_000, 1 << 20}[(g+i)%7]
						name := fmt.Sprintf("%d/%d", g, i)
						body := payload(n, uint64(g*100+i))
						if _, err := l.Append(t.Context(), Options{}, Entry{Meta: []byte(name), Payload: body}); err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						want[name] = body
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			check := func(when string) {
				t.Helper()
				if len(s.entries) != len(want) {
					t.Fatalf("%s: %d entries, want %d", when, len(s.entries), len(want))
				}
				for name, body := range want {
					loc, rest, err := DecodeLocation(func() []byte { loc := s.entries[name]; return loc.Append(nil) }())
					if err != nil || len(rest) != 0 {
						t.Fatal(err, rest)
					}
					got := make([]byte, loc.Length)
					if err := l.ReadAt(t.Context(), &loc, got, 0); err != nil || !bytes.Equal(got, body) {
						t.Fatalf("%s: %s: %v", when, name, err)
					}
					if n := len(body); n > 10 {
						part := make([]byte, n/2)
						if err := l.ReadAt(t.Context(), &loc, part, int64(n/3)); err != nil || !bytes.Equal(part, body[n/3:n/3+n/2]) {
							t.Fatalf("%s: part of %s: %v", when, name, err)
						}
					}
				}
			}
			check("written")
			if s.damaged != 0 {
				t.Fatalf("damage on %b", s.damaged)
			}
			l.Close()
			set.Close()
			set = openSet(t, paths)
			l = s.open(t, set)
			check("reopened")
			l.Close()
			// All over again from the drives alone.
			s = &state{entries: make(map[string]Location)}
			l = s.open(t, set)
			check("replayed")
			l.Close()
			set.Close()
		})
	}
}

func BenchmarkAppend4K(b *testing.B) {
	for _, drives := range []int{4, 16} {
		b.Run(fmt.Sprint(drives), func(b *testing.B) {
			set := openSet(b, drivePaths(b, drives))
			defer set.Close()
			s := &state{entries: make(map[string]Location)}
			l := s.open(b, set)
			defer l.Close()
			body := payload(4096, 1)
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(b.Context(), Options{}, Entry{Meta: body[:150], Payload: body}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
			b.ReportMetric(float64(b.N)/float64(s.batches), "entries/batch")
		})
	}
}

func BenchmarkAppend1M(b *testing.B) {
	for _, drives := range []int{4, 16} {
		b.Run(fmt.Sprint(drives), func(b *testing.B) {
			set := openSet(b, drivePaths(b, drives))
			defer set.Close()
			s := &state{entries: make(map[string]Location)}
			l := s.open(b, set)
			defer l.Close()
			body := payload(1<<20, 1)
			b.SetBytes(1 << 20)
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(b.Context(), Options{}, Entry{Meta: body[:150], Payload: body}); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkHeal(b *testing.B) {
	for _, drives := range []int{4, 16} {
		b.Run(fmt.Sprint(drives), func(b *testing.B) {
			set := openSet(b, drivePaths(b, drives))
			defer set.Close()
			s := &state{entries: make(map[string]Location)}
			l, err := Open(b.Context(), Config{Set: set, SegmentBytes: 32 << 20, Apply: s.apply, Damaged: s.damage}, Start{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			for len(l.Segments()) < 2 {
				if _, err := l.Append(b.Context(), Options{}, slices.Repeat([]Entry{{Payload: payload(64<<10, 1)}}, 16)...); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(l.Segments()[0].End)
			for b.Loop() {
				if err := l.HealSegment(b.Context(), l.Segments()[0].ID, 0, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure"
)

// TestBenchLifecycle measures what a round over very many objects does to others, with
// the pace of a running instance. It is asked for by CROFT_BENCH_LIFECYCLE, the number
// of objects, of which one in a hundred expires: see make bench-lifecycle.
func TestBenchLifecycle(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("CROFT_BENCH_LIFECYCLE"))
	if err != nil {
		t.Skip("a measurement: make bench-lifecycle")
	}
	dir := t.TempDir()
	var drives []string
	for i := range 4 {
		drives = append(drives, filepath.Join(dir, strconv.Itoa(i)))
	}
	store, err := erasure.Open(t.Context(), erasure.Config{Drives: drives, Parity: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	b := &bench{T: t, store: store}
	for _, name := range []string{"old", "busy"} {
		if _, err := store.CreateBucket(t.Context(), objectstore.Bucket{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	b.fill(n)
	figure("filled", float64(n)/time.Since(began).Seconds(), "objects/s")

	s := New(Deps{Store: store, Log: slog.New(slog.DiscardHandler)}, Config{FirstAfter: time.Nanosecond, Now: func() time.Time { return time.Now().Add(31 * day) }})
	gate := &gated{source: s.source}
	s.source = gate
	if err := s.Set(t.Context(), "old", mustParse(t, rule("<Filter><Tag><Key>old</Key><Value>yes</Value></Tag></Filter>"+expire30))); err != nil {
		t.Fatal(err)
	}
	gate.mu.Lock()
	ended := make(chan struct{})
	s.stirred = func() {
		if !s.Status(t.Context(), "old").Ended.IsZero() {
			select {
			case <-ended:
			default:
				close(ended)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })

	// The round is let go on and held by turns: who else uses the machine disturbs both alike.
	const window = 2 * time.Second
	b.ask(window) // until it is warm
	var quiet, loud latencies
	quietHeap, most, took := heap(), uint64(0), time.Duration(0)
	for over := false; !over; {
		quiet.add(b.ask(window))
		gate.mu.Unlock()
		began := time.Now()
		loud.add(b.ask(window))
		select {
		case <-ended:
			over = true
		default:
		}
		gate.mu.Lock()
		took += time.Since(began)
		most = max(most, heap())
	}
	gate.mu.Unlock()
	stop()
	running.Wait()

	st := s.Status(t.Context(), "old")
	if st.Expired != int64(n/100) || st.Looked != int64(n) || st.Failures > 0 {
		t.Fatalf("status %+v", st)
	}
	figure("objects", float64(n), "objects")
	figure("round", took.Seconds(), "s")
	figure("expired", float64(st.Expired), "objects")
	for _, one := range []struct {
		name string
		of   func(latencies) []time.Duration
	}{{"put", func(l latencies) []time.Duration { return l.put }}, {"get", func(l latencies) []time.Duration { return l.get }}} {
		for _, p := range []int{50, 99} {
			before, during := percentile(one.of(quiet), p), percentile(one.of(loud), p)
			figure(fmt.Sprintf("%s-p%d-quiet", one.name, p), float64(before.Microseconds()), "µs")
			figure(fmt.Sprintf("%s-p%d-round", one.name, p), float64(during.Microseconds()), "µs")
			figure(fmt.Sprintf("%s-p%d-ratio", one.name, p), float64(during)/float64(before), "x")
		}
	}
	figure("heap-quiet", float64(quietHeap)/(1<<20), "MiB")
	figure("heap-most", float64(most)/(1<<20), "MiB")
}

func figure(name string, value float64, unit string) {
	fmt.Printf("figure %s %.2f %s\n", name, value, unit)
}

// heap is what is in use once what is not has been collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

type bench struct {
	*testing.T
	store *erasure.Store
}

type latencies struct{ put, get []time.Duration }

func (l *latencies) add(more latencies) {
	l.put, l.get = append(l.put, more.put...), append(l.get, more.get...)
}

func percentile(of []time.Duration, p int) time.Duration {
	slices.Sort(of)
	return of[(len(of)-1)*p/100]
}

func (b *bench) put(bucket, key string, body []byte, tags map[string]string) {
	_, err := b.store.Put(context.Background(), objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: bytes.NewReader(body), Size: int64(len(body)), Attributes: objectstore.Attributes{Tags: tags},
	})
	if err != nil {
		b.Error(err)
	}
}

// fill puts small objects, one in a hundred of which is old.
func (b *bench) fill(n int) {
	var writers sync.WaitGroup
	const parallel = 256
	for w := range parallel {
		writers.Go(func() {
			for i := w; i < n; i += parallel {
				var tags map[string]string
				if i%100 == 0 {
					tags = map[string]string{"old": "yes"}
				}
				b.put("old", fmt.Sprintf("folder-%03d/object-%09d", i%1000, i), []byte("a small object"), tags)
			}
		})
	}
	writers.Wait()
}

// ask writes and reads in turn from two clients that pause in between, and returns how
// long answers took.
func (b *bench) ask(d time.Duration) (all latencies) {
	until := time.Now().Add(d)
	body := make([]byte, 4096)
	var mu sync.Mutex
	var clients sync.WaitGroup
	for c := range 2 {
		clients.Go(func() {
			var l latencies
			for time.Now().Before(until) {
				key := fmt.Sprintf("%d/%d", c, rand.IntN(1000))
				at := time.Now()
				b.put("busy", key, body, nil)
				l.put = append(l.put, time.Since(at))
				at = time.Now()
				_, content, err := b.store.Get(context.Background(), "busy", key, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, content)
					_ = content.Close()
				}
				if err != nil {
					b.Error(err)
				}
				l.get = append(l.get, time.Since(at))
				time.Sleep(5 * time.Millisecond)
			}
			mu.Lock()
			all.add(l)
			mu.Unlock()
		})
	}
	clients.Wait()
	return all
}

// gated holds a round before its next step while somebody holds mu.
type gated struct {
	source
	mu sync.Mutex
}

func (g *gated) pass() {
	g.mu.Lock()
	g.mu.Unlock() //nolint:staticcheck // nothing is guarded: whoever holds it stops us
}

func (g *gated) Bucket(ctx context.Context, name string) (objectstore.Bucket, error) {
	g.pass()
	return g.source.Bucket(ctx, name)
}

func (g *gated) ListVersions(ctx context.Context, q objectstore.ListVersionsRequest) (objectstore.VersionPage, error) {
	g.pass()
	return g.source.ListVersions(ctx, q)
}

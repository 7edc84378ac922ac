package s3api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
)

func TestShares(t *testing.T) {
	s := newShares(100<<20, time.Second, slog.New(slog.DiscardHandler))
	for size, want := range map[int64]int64{
		0: 0, 1: requestMemory + bodyMultiple, 4 << 10: requestMemory + bodyMultiple*4<<10,
		blocksInMemory: requestMemory + bodyMultiple*blocksInMemory, 5 << 40: requestMemory + bodyMultiple*blocksInMemory, -1: requestMemory + bodyMultiple*blocksInMemory,
	} {
		if got := s.shareOf(size); got != want {
			t.Errorf("a body of %d takes %d, want %d", size, got, want)
		}
	}
	if got := newShares(1000, 0, nil).shareOf(5 << 20); got != 1000 {
		t.Errorf("a body takes %d of 1000", got)
	}
	if s := newShares(0, 0, nil); s.memory < memoryPerCPU || s.wait != defaultWait {
		t.Errorf("by default %d bytes and %v", s.memory, s.wait)
	}
}

// gate is a store whose uploads wait until they are let through.
type gate struct {
	objectstore.Store
	mu      sync.Mutex // guards under
	under   int
	most    int
	let     chan struct{}
	arrived chan struct{}
}

func (g *gate) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	g.mu.Lock()
	g.under++
	g.most = max(g.most, g.under)
	g.mu.Unlock()
	g.arrived <- struct{}{}
	<-g.let
	g.mu.Lock()
	g.under--
	g.mu.Unlock()
	return g.Store.Put(ctx, r)
}

// Two uploads fit. A third waits and is refused after a while; reading goes on; and
// when one of the two ends, the next may begin.
func TestUploadsTakeABoundedAmountOfMemory(t *testing.T) {
	body := strings.Repeat("x", 10_000)
	g := &gate{let: make(chan struct{}), arrived: make(chan struct{}, 10)}
	var said bytes.Buffer
	f := start(t, func(c *Config) {
		g.Store, c.Store = c.Store, g
		c.UploadMemory, c.UploadWait = 2*(requestMemory+bodyMultiple*10_000)+1000, 100*time.Millisecond
		c.Log = slog.New(slog.NewTextHandler(&said, nil))
	}).bucket("bucket")
	var running sync.WaitGroup
	upload := func(want int, target string) {
		running.Go(func() {
			if a := f.call("PUT", target, body); a.status != want {
				t.Errorf("%s: %d %s, want %d", target, a.status, a.body, want)
			}
		})
	}
	upload(200, "/bucket/one")
	upload(200, "/bucket/two")
	<-g.arrived
	<-g.arrived
	for range 2 {
		if a := f.call("PUT", "/bucket/refused", body); a.status != 503 || a.code() != "SlowDown" {
			t.Errorf("without room: %d %s", a.status, a.body)
		}
	}
	for _, c := range []call{{method: "GET", target: "/bucket?list-type=2"}, {method: "HEAD", target: "/bucket"}, {method: "DELETE", target: "/bucket/none"}} {
		if a := f.call(c.method, c.target, ""); a.status >= 300 {
			t.Errorf("%s %s: %d %s", c.method, c.target, a.status, a.body)
		}
	}
	g.let <- struct{}{}
	upload(200, "/bucket/three")
	<-g.arrived
	close(g.let)
	running.Wait()
	if g.most != 2 {
		t.Errorf("%d uploads at once", g.most)
	}
	if keys := f.keys("bucket"); len(keys) != 3 {
		t.Errorf("stored %q", keys)
	}
	if n := strings.Count(said.String(), "level="); n != 1 || !strings.Contains(said.String(), "level=WARN") {
		t.Errorf("the log says: %s", said.String())
	}
	if !f.handler.shares.free.TryAcquire(2*(requestMemory+bodyMultiple*10_000) + 1000) {
		t.Error("a share was not given back")
	}
}

// A refused body gives back its share, whatever refused it.
func TestSharesComeBackAfterFailures(t *testing.T) {
	const memory = 1 << 20
	f := start(t, func(c *Config) { c.UploadMemory = memory }).bucket("bucket")
	for range 3 {
		f.call("PUT", "/bucket/bad", "x", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")
		f.call("POST", "/bucket?delete", "<Delete>")
		r := f.sign(f.request("PUT", "/bucket/cut", "ten bytes!"), "ten bytes!")
		conn := f.dialRaw(r)
		if _, err := io.WriteString(conn, "ten"); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	f.server.Close()
	if !f.handler.shares.free.TryAcquire(memory) {
		t.Error("a share was not given back")
	}
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	s := newShares(1000, time.Hour, slog.New(slog.DiscardHandler))
	if _, err := s.take(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.take(ctx, 1000); err == nil || translate(err).status() == http.StatusOK {
		t.Errorf("took memory that was taken: %v", err)
	}
}

// TestSharesOfSelect: what a select says it needs it takes, not only what a body of that size would.
func TestSharesOfSelect(t *testing.T) {
	const memory = 256 << 20
	s := newShares(memory, time.Millisecond, slog.New(slog.DiscardHandler))
	share, err := s.takeAll(t.Context(), 200<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.takeAll(t.Context(), 100<<20); translate(err).code != "SlowDown" {
		t.Errorf("300 MiB of 256: %v", err)
	}
	s.give(share)
	if share, err = s.takeAll(t.Context(), 2*memory); err != nil || share != memory {
		t.Errorf("more than there is, alone: %d, %v", share, err)
	}
	s.give(share)
}

package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"croft/internal/app"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/pools"
)

// TestPoolsAreAdded starts on one set, adds a pool to it, and reindexes both.
func TestPoolsAreAdded(t *testing.T) {
	dir := t.TempDir()
	c := config(dir)
	startOnce(t, c)
	one := filepath.Join(dir, "d1", ".croft", "store.json")
	if _, err := os.Stat(one); err == nil {
		t.Error("one set alone has a file that says which sets there are")
	}
	c.Pools = append(c.Pools, []string{filepath.Join(dir, "e1"), filepath.Join(dir, "e2")})
	startOnce(t, c)
	if _, err := os.Stat(one); err != nil {
		t.Error(err)
	}
	pattern := filepath.Join(c.StateDir, "catalogue*.db")
	before, err := filepath.Glob(pattern)
	if err != nil || len(before) != 2 {
		t.Fatalf("catalogues %q, %v", before, err)
	}
	for _, catalogue := range before {
		if err := os.Remove(catalogue); err != nil {
			t.Fatal(err)
		}
	}
	if err := app.Reindex(t.Context(), c.StateDir, c.Pools, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if after, err := filepath.Glob(pattern); err != nil || len(after) != 2 {
		t.Fatalf("catalogues %q, %v", after, err)
	}
	startOnce(t, c)
}

// TestStateWasOnADrainedPool does not start as if there had never been accounts.
func TestStateWasOnADrainedPool(t *testing.T) {
	dir := t.TempDir()
	c := config(dir)
	c.StateDir = ""
	startOnce(t, c)
	more := []string{filepath.Join(dir, "e1")}
	s, err := pools.Open(t.Context(), pools.Config{Pools: [][]string{c.Pools[0], more}, Set: erasure.Config{Parity: -1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	if err := s.DrainPool(ctx, 1); err != nil {
		t.Fatal(err)
	}
	for state := objectstore.PoolInUse; state != objectstore.PoolDrained; time.Sleep(time.Millisecond) {
		h, err := s.Health(ctx)
		if err != nil {
			t.Fatal(err)
		}
		state = h.Pools[0].State
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.Pools = [][]string{more}
	_, err = app.New(t.Context(), c)
	if code, _ := errs.Public(err); code != "state_offline" {
		t.Fatalf("started without the state: %v", err)
	}
	c.StateDir = filepath.Join(dir, "d1", ".croft")
	startOnce(t, c)
}

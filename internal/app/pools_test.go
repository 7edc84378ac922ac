package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"croft/internal/app"
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

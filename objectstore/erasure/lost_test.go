package erasure

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLostLogIsNotForgotten removes the log from all drives, beyond what parity can
// make good: the catalogue is then the last that knows what was there.
func TestLostLogIsNotForgotten(t *testing.T) {
	w := newWorld(t, 4)
	w.close()
	catalogue := filepath.Join(t.TempDir(), "catalogue.db")
	open := func(reindex bool) (*Store, error) {
		return Open(t.Context(), Config{Drives: w.paths, Parity: -1, Catalogue: catalogue, Reindex: reindex})
	}
	s, err := open(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.paths {
		if err := os.RemoveAll(filepath.Join(p, ".croft", "log")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		s, err := open(false)
		if err == nil {
			_ = s.Close()
			t.Fatal("opened without a word")
		}
		wantCode(t, err, "log_lost", "reindex")
	}
	if s, err = open(true); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

package erasure

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"croft/objectstore"
)

func tryOpen(t *testing.T, parity int, paths ...string) error {
	t.Helper()
	s, err := Open(t.Context(), Config{Drives: paths, Parity: parity})
	if err == nil {
		_ = s.Close()
	}
	return err
}

func TestOpenRefusals(t *testing.T) {
	write := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	formatted := func(t *testing.T, n int) []string {
		paths := newPaths(t, n)
		if err := tryOpen(t, -1, paths...); err != nil {
			t.Fatal(err)
		}
		return paths
	}
	for _, c := range []struct {
		name, code, mention string
		err                 func(t *testing.T) error
	}{
		{"no drives", "drive_count", "at least one", func(t *testing.T) error { return tryOpen(t, -1) }},
		{"17 drives", "drive_limit", "16", func(t *testing.T) error { return tryOpen(t, -1, newPaths(t, 17)...) }},
		{"too much parity", "parity_invalid", "at most half", func(t *testing.T) error { return tryOpen(t, 3, newPaths(t, 4)...) }},
		{"path is a file", "drive_not_folder", "disk2", func(t *testing.T) error {
			p := newPaths(t, 4)
			write(p[1], "x")
			return tryOpen(t, -1, p...)
		}},
		{"only path is a file", "drive_not_folder", "disk1", func(t *testing.T) error {
			p := newPaths(t, 1)
			write(p[0], "x")
			return tryOpen(t, -1, p...)
		}},
		{"same path twice", "drive_duplicate", "given twice", func(t *testing.T) error {
			p := newPaths(t, 2)
			return tryOpen(t, -1, p[0], p[1], p[0])
		}},
		{"same folder by a link", "drive_duplicate", "same folder", func(t *testing.T) error {
			p := formatted(t, 2)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(p[0], link); err != nil {
				skipOutsideCI(t, "no symbolic links here", err)
			}
			return tryOpen(t, -1, p[0], link)
		}},
		{"copied drive", "drive_duplicate", "a copy", func(t *testing.T) error {
			p := formatted(t, 2)
			b, err := os.ReadFile(filepath.Join(p[0], croftDir, formatFile))
			if err != nil {
				t.Fatal(err)
			}
			write(filepath.Join(p[1], croftDir, formatFile), string(b))
			return tryOpen(t, -1, p...)
		}},
		{"foreign drive", "drive_foreign", "different Croft deployments", func(t *testing.T) error {
			a, b := formatted(t, 2), formatted(t, 2)
			return tryOpen(t, -1, a[0], b[1])
		}},
		{"fewer drives than the format", "drive_count", "set of 4, but 3", func(t *testing.T) error {
			return tryOpen(t, -1, formatted(t, 4)[:3]...)
		}},
		{"more drives than the format", "drive_count", "set of 2, but 3", func(t *testing.T) error {
			return tryOpen(t, -1, append(formatted(t, 2), filepath.Join(t.TempDir(), "new"))...)
		}},
		{"other parity", "parity_mismatch", "parity 2", func(t *testing.T) error { return tryOpen(t, 1, formatted(t, 4)...) }},
		{"damaged format, too few left", "read_quorum", "disk1", func(t *testing.T) error {
			p := formatted(t, 3)
			write(filepath.Join(p[0], croftDir, formatFile), "{")
			write(filepath.Join(p[1], croftDir, formatFile), `{"version":99}`)
			return tryOpen(t, -1, p...)
		}},
		{"damaged format alone", "drive_format", "disk1", func(t *testing.T) error {
			p := formatted(t, 1)
			write(filepath.Join(p[0], croftDir, formatFile), "")
			return tryOpen(t, -1, p...)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { wantCode(t, c.err(t), c.code, c.mention) })
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	w := newWorld(t, 4)
	_, err := Open(t.Context(), Config{Drives: w.paths, Parity: -1})
	wantCode(t, err, "drive_locked", "in use by another Croft process")
	w.check("still open")
	w.close()
	w.open()
	w.check("after the first has closed")
}

func TestOrderOfDrivesDoesNotMatter(t *testing.T) {
	w := newWorld(t, 4)
	w.close()
	slices.Reverse(w.paths)
	w.open()
	w.check("reversed")
	h, err := w.store.Health(t.Context())
	if err != nil || h.Drives[0].Path != w.paths[0] || h.Drives[0].TotalBytes == 0 {
		t.Fatalf("health %+v, %v", h, err)
	}
	w.close()
	// The folders themselves swapped, under the same paths.
	for _, m := range [][2]string{{w.paths[0], w.paths[0] + "x"}, {w.paths[1], w.paths[0]}, {w.paths[0] + "x", w.paths[1]}} {
		if err := os.Rename(m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	w.open()
	w.check("swapped")
}

func TestMissingAndBlankDrivesAreOffline(t *testing.T) {
	w := newWorld(t, 6)
	w.close()
	w.away(0, 1)
	if err := os.Mkdir(w.paths[1], 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.paths[2], croftDir, formatFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.check("with three offline")
	h, err := w.store.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, mention := range []string{"missing", "Is the drive mounted", "format file"} {
		if d := h.Drives[i]; d.State != objectstore.DriveOffline || !strings.Contains(d.Message, mention) || !strings.Contains(d.Message, w.paths[i]) {
			t.Errorf("drive %d: %+v", i, d)
		}
	}
	if _, err := os.Stat(w.paths[0]); !errors.Is(err, os.ErrNotExist) {
		t.Error("the missing drive's folder was made")
	}
	if entries, err := os.ReadDir(w.paths[1]); err != nil || len(entries) != 0 {
		t.Errorf("the blank folder was written to: %v, %v", entries, err)
	}
}

// TestInterruptedFirstStart leaves the formats of some drives unwritten or not
// yet ready; nothing was stored, so the next start makes a whole set.
func TestInterruptedFirstStart(t *testing.T) {
	paths := newPaths(t, 4)
	formats := newFormats(4, 2)
	for i := range 2 {
		if err := makeDirs(filepath.Join(paths[i], croftDir)); err != nil {
			t.Fatal(err)
		}
		if err := writeFormat(paths[i], formats[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tryOpen(t, -1, paths...); err != nil {
		t.Fatal(err)
	}
	// All written, one ready.
	f, err := readFormat(filepath.Join(paths[3], croftDir, formatFile))
	if err != nil || !f.Ready {
		t.Fatalf("%+v, %v", f, err)
	}
	f.Ready = false
	if err := writeFormat(paths[3], *f); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s, err := Open(t.Context(), Config{Drives: paths, Parity: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if strings.Contains(log.String(), "formatted") {
		t.Fatal("a set in use was formatted anew")
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	paths := newPaths(t, 2)
	for _, p := range paths {
		for _, f := range []string{"photo.jpg", "tmp/mine", ".croft/croft.db"} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(p, f)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(p, f), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		if err := tryOpen(t, -1, paths...); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"photo.jpg", "tmp/mine", ".croft/croft.db"} {
			if b, err := os.ReadFile(filepath.Join(paths[0], f)); err != nil || string(b) != "mine" {
				t.Fatalf("%s: %q, %v", f, b, err)
			}
		}
	}
}

func TestGeometry(t *testing.T) {
	f := func(drives, parity, wantParity, wantRead, wantWrite int) {
		t.Helper()
		g, err := newGeometry(drives, parity)
		if err != nil || g.parity != wantParity || g.readQuorum() != wantRead || g.writeQuorum() != wantWrite {
			t.Errorf("%d drives, parity %d: %+v, read %d, write %d, %v", drives, parity, g, g.readQuorum(), g.writeQuorum(), err)
		}
	}
	f(1, -1, 0, 1, 1)
	f(2, -1, 1, 1, 2)
	f(3, -1, 1, 2, 2)
	f(4, -1, 2, 2, 3)
	f(5, -1, 2, 3, 3)
	f(6, -1, 3, 3, 4)
	f(7, -1, 3, 4, 4)
	f(8, -1, 4, 4, 5)
	f(16, -1, 4, 12, 12)
	f(16, 8, 8, 8, 9)
	f(4, 0, 0, 4, 4)
}

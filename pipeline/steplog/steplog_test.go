package steplog

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)

func create(t *testing.T, o Options) (*Writer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "step.log")
	w, err := Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, path
}

func read(t *testing.T, path string) []Line {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []Line
	for raw := range bytes.Lines(data) {
		line, err := Decode(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		lines = append(lines, line)
	}
	return lines
}

func texts(lines []Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Stream+":"+l.Text)
	}
	return strings.Join(out, "|")
}

func TestLinesComeBackAsTheyWere(t *testing.T) {
	w, path := create(t, Options{})
	w.WriteLog(at, Stdout, []byte("one\ntwo <b>&\r\n"))
	w.WriteLog(at, Stderr, []byte("no end \xff"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.WriteLog(at, Stdout, []byte("late\n"))
	lines := read(t, path)
	if got, want := texts(lines), "stdout:one|stdout:two <b>&|stderr:no end \uFFFD"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if !lines[0].At.Equal(at) {
		t.Fatalf("time is %v", lines[0].At)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	w, path := create(t, Options{Secrets: []string{"hunter2", "hunter2-long", "", "BEGIN KEY\nab\nc2VjcmV0\n", "ä"}})
	w.WriteLog(at, Stdout, []byte("pw=hunter2-long hunter2hunter2\nab c2VjcmV0 BEGIN KEY\nä\n"))
	w.Close()
	if got, want := texts(read(t, path)), "stdout:pw=*** ******|stdout:ab *** ***|stdout:***"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestBound(t *testing.T) {
	w, path := create(t, Options{MaxBytes: 1000})
	for i := range 100 {
		w.WriteLog(at, Stdout, fmt.Appendf(nil, "line %d\nand more\n", i))
	}
	w.Close()
	lines := read(t, path)
	last := lines[len(lines)-1]
	if want := "Croft: this log is longer than 1000 bytes; the rest was dropped."; last.Text != want || last.Stream != Stderr {
		t.Fatalf("last line is %+v", last)
	}
	if n := strings.Count(texts(lines), "Croft:"); n != 1 {
		t.Fatalf("%d notices", n)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 1200 {
		t.Fatalf("the file has %d bytes", info.Size())
	}
}

func TestSealCutsATornLine(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for text, want := range map[string]int{"": 0, "abc": 0, "a\n": 2, "a\nb": 2, "a\nb\n": 4, "a\n" + long: 2, long: 0} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		size, err := Seal(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || size != int64(want) || info.Size() != size {
			t.Errorf("%.10q: size %d, on disk %d, want %d (%v, %v)", text, size, info.Size(), want, err, statErr)
		}
	}
	if size, err := Seal(filepath.Join(t.TempDir(), "none")); size != 0 || err != nil {
		t.Errorf("no file: %d, %v", size, err)
	}
}

// TestReadersSeeWholeLines follows a log while it grows and checks that what can
// be read always ends with a line.
func TestReadersSeeWholeLines(t *testing.T) {
	w, path := create(t, Options{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			f, err := os.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			var seen int64
			for {
				size, complete, err := w.Wait(t.Context(), seen)
				if err != nil {
					t.Error(err)
					return
				}
				if size == seen && complete {
					break
				}
				piece := make([]byte, size-seen)
				if _, err := f.ReadAt(piece, seen); err != nil {
					t.Error(err)
					return
				}
				if piece[len(piece)-1] != '\n' {
					t.Errorf("half a line at %d: %q", seen, piece)
				}
				seen = size
			}
			if info, err := f.Stat(); err != nil || info.Size() != seen {
				t.Errorf("saw %d bytes of %d", seen, info.Size())
			}
		})
	}
	for i := range 500 {
		w.WriteLog(at, Stdout, fmt.Appendf(nil, "%d\n%d\n", i, i))
	}
	w.Close()
	wg.Wait()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	open, _ := create(t, Options{})
	if _, _, err := open.Wait(canceled, 0); err == nil {
		t.Fatal("Wait ignores its context")
	}
}

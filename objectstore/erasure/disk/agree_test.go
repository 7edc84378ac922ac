package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"croft/objectstore/erasure/disk"
)

// TestDisksAgree does the same random things to a disk of each kind and compares
// how they end and what is there.
func TestDisksAgree(t *testing.T) {
	for seed := range uint64(20) {
		kinds := slices.Sorted(func(yield func(string) bool) {
			for kind := range open {
				if !yield(kind) {
					return
				}
			}
		})
		var first []string
		for _, kind := range kinds {
			told := tell(t, open[kind](t), rand.New(rand.NewPCG(seed, 0)))
			if first == nil {
				first = told
			}
			for i := range first {
				if first[i] != told[i] {
					t.Fatalf("seed %d, step %d: %s says %.300s, %s says %.300s", seed, i, kinds[0], first[i], kind, told[i])
				}
			}
		}
	}
}

// tell does random things and says how each ended. No file is ever where a folder
// may be, since systems differ in how they call that.
func tell(t *testing.T, d disk.Disk, rng *rand.Rand) []string {
	name := func() string { return []string{"a", "b", "c", "d/a", "d/b", "d/e/a"}[rng.IntN(6)] }
	folder := func() string { return []string{".", "d", "d/e"}[rng.IntN(3)] }
	files := make([]disk.File, 4)
	defer func() {
		for _, f := range files {
			if f != nil {
				try(t, f.Close())
			}
		}
	}()
	var told []string
	for range 300 {
		var said string
		var err error
		slot := rng.IntN(len(files))
		f, offset, length := files[slot], rng.Int64N(20_000), rng.IntN(10_000)
		switch what := rng.IntN(14); {
		case what < 3:
			var opened disk.File
			n := name()
			if said = "open " + n; what == 0 {
				said = "create " + n
				opened, err = d.Create(n)
			} else {
				opened, err = d.Open(n)
			}
			if err == nil {
				if f != nil {
					try(t, f.Close())
				}
				files[slot] = opened
			}
		case what == 3:
			n := name()
			said, err = "remove "+n, d.Remove(n)
		case what == 4:
			from, to := name(), name()
			said, err = "rename "+from+" "+to, d.Rename(from, to)
		case what == 5:
			n := []string{"d", "d/e"}[rng.IntN(2)]
			said, err = "mkdir "+n, d.Mkdir(n)
			if rng.IntN(8) == 0 {
				said, err = "remove "+n, d.Remove(n)
			}
		case what == 6:
			n := folder()
			var entries []disk.Entry
			entries, err = d.List(n)
			said = fmt.Sprint("list ", n, entries)
		case what == 7:
			n := folder()
			said, err = "syncdir "+n, d.SyncDir(n)
		case f == nil:
		case what == 8:
			said, err = "truncate", f.Truncate(offset)
		case what == 9:
			said, err = "allocate", f.Allocate(offset)
		case what == 10:
			said, err = "sync", f.Sync()
		case what == 11:
			b := make([]byte, length)
			var n int
			n, err = f.ReadAt(b, offset)
			said = fmt.Sprintf("read %d %q", n, b[:n])
		default:
			_, err = f.WriteAt(bytes.Repeat([]byte{byte(rng.Uint32())}, length), offset)
			said = "write"
		}
		switch {
		case err == io.EOF:
			said += ": end"
		case errors.Is(err, fs.ErrNotExist):
			said += ": none"
		case errors.Is(err, fs.ErrExist):
			said += ": exists"
		case err != nil:
			said += ": failed"
		}
		if f := files[slot]; f != nil {
			b, err := content(f)
			said += fmt.Sprintf(" %d %x %v", len(b), b[max(0, len(b)-10):], err)
		}
		told = append(told, said)
	}
	for _, n := range []string{".", "d", "d/e"} {
		entries, _ := d.List(n)
		told = append(told, fmt.Sprint(n, entries))
		for _, e := range entries {
			if !e.Dir {
				told = append(told, get(d, strings.TrimPrefix(n+"/"+e.Name, "./")))
			}
		}
	}
	return told
}

package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"

	"croft/internal/store"
)

// TestCheckSchema looks at a database whose migrations are in its log only, as a process
// that was killed leaves it, and at the same when it was closed.
func TestCheckSchema(t *testing.T) {
	older := fstest.MapFS{"0001_first.sql": schema["0001_first.sql"]}
	check := func(name, dir string, newer bool) {
		t.Helper()
		before := contents(t, dir)
		if err := store.CheckSchema(dir, older); errors.Is(err, store.ErrNewerSchema) != newer || !newer && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.CheckSchema(dir, schema); err != nil {
			t.Errorf("%s, by who wrote it: %v", name, err)
		}
		if !bytes.Equal(before, contents(t, dir)) {
			t.Errorf("%s: something was written", name)
		}
	}
	dir := t.TempDir()
	check("no database", dir, false)
	check("no folder", filepath.Join(dir, "none"), false)

	db := open(t, dir)
	killed := t.TempDir()
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check("killed", killed, true)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check("closed", dir, true)

	wal := filepath.Join(killed, store.FileName+"-wal")
	content, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1]++ // of the last commit
	if err := os.WriteFile(wal, content, 0o600); err != nil {
		t.Fatal(err)
	}
	check("cut off in the last commit", killed, false)
	if err := os.WriteFile(filepath.Join(killed, store.FileName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("empty", killed, false)
}

// TestCheckSchemaInLongLog looks at logs of many frames. What counts of them is the last
// first page that was committed.
func TestCheckSchemaInLongLog(t *testing.T) {
	known := fstest.MapFS{"0001_first.sql": schema["0001_first.sql"]}
	first := func(version int, commit bool) logFrame { return logFrame{1, version, commit} }
	other := func(commit bool) logFrame { return logFrame{2, 9, commit} } // 9 stands where a first page has it
	for _, c := range []struct {
		name   string
		frames []logFrame
		cut    int // bytes of the end that are missing
		newer  bool
	}{
		{"none", nil, 0, false},
		{"one", []logFrame{first(2, true)}, 0, true},
		{"not committed", []logFrame{first(2, false), other(false)}, 0, false},
		{"committed by another page", []logFrame{first(2, false), other(true)}, 0, true},
		{"only another page", []logFrame{other(true), other(true)}, 0, false},
		{"written twice, newer", []logFrame{first(1, true), other(true), first(2, false), other(true), other(false)}, 0, true},
		{"written twice, older", []logFrame{first(2, true), other(true), first(1, false), other(true)}, 0, false},
		{"written twice, the second not committed", []logFrame{first(2, true), other(true), first(1, false), other(false)}, 0, true},
		{"the last frame torn", []logFrame{first(1, true), other(true), first(2, true)}, 1, false},
		{"the last frame's header torn", []logFrame{first(1, true), first(2, true)}, logPage + 10, false},
		{"after the torn frame what counts", []logFrame{first(2, true), other(true), first(1, true)}, logPage / 2, true},
		{"the header torn", nil, 1, false},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			log := logOf(order, c.frames)
			dir := database(t, 0, log[:len(log)-c.cut])
			if err := store.CheckSchema(dir, known); errors.Is(err, store.ErrNewerSchema) != c.newer || !c.newer && err != nil {
				t.Errorf("%s, %s: %v", c.name, order, err)
			}
		}
	}
	t.Run("without a first page", func(t *testing.T) {
		dir := database(t, 2, logOf(binary.LittleEndian, []logFrame{other(true)}))
		if err := store.CheckSchema(dir, known); !errors.Is(err, store.ErrNewerSchema) {
			t.Error(err)
		}
	})
	t.Run("frames from before it began anew", func(t *testing.T) {
		log := logOf(binary.LittleEndian, []logFrame{first(1, true), first(2, true)})
		log[len(log)-logPage-24+8]++ // a salt of the second frame, which its checksum is not over
		if err := store.CheckSchema(database(t, 0, log), known); err != nil {
			t.Error(err)
		}
	})
	t.Run("is not held whole", func(t *testing.T) {
		const grown = 64 << 20
		dir := database(t, 0, logOf(binary.LittleEndian, []logFrame{first(2, true)}))
		if err := os.Truncate(filepath.Join(dir, store.FileName+"-wal"), grown); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := store.CheckSchema(dir, known)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, store.ErrNewerSchema) || took > grown/8 {
			t.Errorf("%v, with %d bytes of memory", err, took)
		}
	})
}

// logPage is the size of the pages of logOf.
const logPage = 512

// logFrame is a page in a log. The version stands in it where a first page has it.
type logFrame struct {
	page, version int
	commit        bool
}

// database is a folder with the first page of a database and a log beside it.
func database(t *testing.T, version int, log []byte) string {
	t.Helper()
	dir := t.TempDir()
	head := make([]byte, logPage)
	binary.BigEndian.PutUint32(head[60:], uint32(version))
	copy(head, "SQLite format 3\x00")
	for name, content := range map[string][]byte{store.FileName: head, store.FileName + "-wal": log} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// logOf is a log of SQLite's, whose checksums take words in an order.
func logOf(order binary.ByteOrder, frames []logFrame) []byte {
	big := binary.BigEndian
	var sum [2]uint32
	add := func(b []byte) {
		for ; len(b) > 0; b = b[8:] {
			sum[0] += order.Uint32(b) + sum[1]
			sum[1] += order.Uint32(b[4:]) + sum[0]
		}
	}
	magic := uint32(0x377f0682)
	if order == big {
		magic++
	}
	log := big.AppendUint32(big.AppendUint32(big.AppendUint32(nil, magic), 3007000), logPage)
	log = append(log, 0, 0, 0, 1, 's', 'a', 'l', 't', 'S', 'A', 'L', 'T')
	add(log)
	log = big.AppendUint32(big.AppendUint32(log, sum[0]), sum[1])
	for _, f := range frames {
		head := big.AppendUint32(nil, uint32(f.page))
		size := uint32(0)
		if f.commit {
			size = 2
		}
		head = big.AppendUint32(head, size)
		page := make([]byte, logPage)
		big.PutUint32(page[60:], uint32(f.version))
		add(head)
		add(page)
		log = append(append(log, head...), "saltSALT"...)
		log = append(big.AppendUint32(big.AppendUint32(log, sum[0]), sum[1]), page...)
	}
	return log
}

// contents is all files of a folder, with their names.
func contents(t *testing.T, dir string) (all []byte) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil && !e.IsDir() {
			t.Fatal(err)
		}
		all = append(append(all, e.Name()...), content...)
	}
	return all
}

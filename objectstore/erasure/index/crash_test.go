package index_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"croft/objectstore/erasure/index"
)

// advance is transaction n of a workload whose state after it is known from n
// alone: five objects come and three go, and the position becomes n.
func advance(tx *index.Tx, n int) error {
	for i := range 5 {
		if _, err := tx.PutVersion(numbered(scattered(5*n + i))); err != nil {
			return err
		}
	}
	for i := 5*n - 5; i < 5*n-2 && i >= 0; i++ {
		if _, found, err := tx.DeleteVersion(1, numbered(scattered(i)).Key, 1); err != nil || !found {
			return fmt.Errorf("object %d: %v, %w", i, found, err)
		}
	}
	return tx.Set("position", binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// scattered spreads numbers so that every transaction touches many pages.
func scattered(i int) int { return i * 7919 % 1_000_003 }

// position opens a catalogue, checks that it is what it was after some transaction
// and returns which.
func position(tb testing.TB, path string) int {
	tb.Helper()
	db, err := index.Open(tb.Context(), path, "deployment")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	}()
	value, err := db.Get(tb.Context(), "position")
	if err != nil {
		tb.Fatal(err)
	}
	if value == nil {
		return -1
	}
	n := int(binary.BigEndian.Uint64(value))
	if err := db.Verify(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	u, err := db.BucketUsage(tb.Context(), 1)
	if err != nil || u.Objects != int64(2*n+5) {
		tb.Fatalf("position %d with %d objects, %v", n, u.Objects, err)
	}
	for i := range 5*n + 10 {
		_, found, err := db.Latest(tb.Context(), 1, numbered(scattered(i)).Key)
		if want := i < 5*n+5 && (i >= 5*n || i%5 >= 3); err != nil || found != want {
			tb.Fatalf("position %d: object %d: %v, %v", n, i, found, err)
		}
	}
	return n
}

const crashPath = "CROFT_TEST_CATALOGUE"

// TestKilled kills a process that applies transactions and says after each how far
// it is. Nothing that was applied may be lost to that.
func TestKilled(t *testing.T) {
	if path := os.Getenv(crashPath); path != "" {
		applyUntilKilled(t, path)
		return
	}
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	path, told := t.TempDir()+"/catalogue.db", -1
	for range rounds {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$", "-test.v")
		child.Env = append(os.Environ(), crashPath+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond+rand.N(300*time.Millisecond), func() { _ = child.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				told = n
			}
		}
		_ = child.Wait()
		got := position(t, path)
		if got != told && got != told+1 {
			t.Fatalf("it is at %d after %d was applied", got, told)
		}
	}
	if told < 10 {
		t.Errorf("only %d transactions", told)
	}
}

func applyUntilKilled(t *testing.T, path string) {
	db, err := index.Open(t.Context(), path, "deployment")
	if err != nil {
		t.Fatal(err)
	}
	value, err := db.Get(t.Context(), "position")
	if err != nil {
		t.Fatal(err)
	}
	n := -1
	if value != nil {
		n = int(binary.BigEndian.Uint64(value))
	}
	for {
		n++
		apply(t, db, func(tx *index.Tx) error { return advance(tx, n) })
		fmt.Println(n)
	}
}

// TestPowerLoss cuts SQLite's log off, and spoils it, anywhere: what a machine may
// leave that goes down before the log was synced. The catalogue must be at some
// earlier state then, and at the last one after a Sync.
func TestPowerLoss(t *testing.T) {
	path := t.TempDir() + "/catalogue.db"
	db, err := index.Open(t.Context(), path, "deployment")
	if err != nil {
		t.Fatal(err)
	}
	const merged, last = 20, 60
	for n := range merged {
		apply(t, db, func(tx *index.Tx) error { return advance(tx, n) })
	}
	if err := db.Close(); err != nil { // merges the log
		t.Fatal(err)
	}
	db = openAt(t, path)
	for n := merged; n < last; n++ {
		apply(t, db, func(tx *index.Tx) error { return advance(tx, n) })
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	image := func(log []byte) int {
		t.Helper()
		path := t.TempDir() + "/catalogue.db"
		if err := errors.Join(os.WriteFile(path, file, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
			t.Fatal(err)
		}
		return position(t, path)
	}
	if n := image(log); n != last-1 {
		t.Errorf("untouched it is at %d", n)
	}
	if n := image(nil); n != merged-1 {
		t.Errorf("without its log it is at %d", n)
	}
	random := rand.New(rand.NewPCG(3, 4))
	seen := map[int]bool{}
	for range 40 {
		cut := random.IntN(len(log))
		seen[image(log[:cut])] = true
		spoiled := bytes.Clone(log)
		for i := cut; i < min(cut+random.IntN(9000), len(log)); i++ {
			spoiled[i] = byte(random.Uint32())
		}
		if n := image(spoiled); n < merged-1 {
			t.Errorf("spoiled at %d it is at %d", cut, n)
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d states seen: %v", len(seen), seen)
	}
}

// TestDamaged changes the file in random places. Opening or reading may say that
// it is unusable, and must not return anything that was never put.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalogue.db")
	db, err := index.Open(t.Context(), path, "deployment")
	if err != nil {
		t.Fatal(err)
	}
	truth := newModel(1)
	apply(t, db, func(tx *index.Tx) error {
		for i := range 400 {
			v := index.Version{Bucket: 1, Key: fmt.Sprintf("%d/%d", i%40, i/80), Ord: uint64(i + 1), Marker: i%7 == 0, Size: int64(i), Value: make([]byte, i)}
			truth.put(v)
			if _, err := tx.PutVersion(v); err != nil {
				return err
			}
		}
		return tx.Set("position", []byte("somewhere"))
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	const times = 60
	found, verified := 0, 0
	for range times {
		spoiled := bytes.Clone(whole)
		at := random.IntN(len(spoiled))
		for i := at; i < min(at+1+random.IntN(4), len(spoiled)); i++ {
			spoiled[i] ^= byte(1 + random.IntN(255))
		}
		if random.IntN(10) == 0 {
			spoiled = spoiled[:at]
		}
		if err := os.WriteFile(path, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		noticed, verify := readAll(t, path, truth)
		if noticed {
			found++
		}
		if noticed || verify {
			verified++
		}
	}
	// Much of the file is unused space, and the rest of a schema's text.
	t.Logf("of %d damaged files reading found %d, verifying %d", times, found, verified)
	if found < times/3 || verified < found {
		t.Errorf("of %d damaged files only %d and %d were found", times, found, verified)
	}
}

// readAll reads all of a damaged catalogue, and fails when anything is wrong. It
// reports whether reading found the damage, and whether verifying did.
func readAll(t *testing.T, path string, truth *model) (found, verified bool) {
	t.Helper()
	unusable := func(err error) bool {
		t.Helper()
		if err != nil && !errors.Is(err, index.ErrUnusable) {
			t.Fatalf("an error that does not say it is unusable: %v", err)
		}
		return err != nil
	}
	db, err := index.Open(t.Context(), path, "deployment")
	if unusable(err) {
		return true, true
	}
	defer db.Close()
	for key, versions := range truth.keys {
		for ord, want := range versions {
			if ord%7 != 0 {
				continue
			}
			got, there, err := db.ByOrd(t.Context(), 1, key, ord)
			if unusable(err) {
				found = true
			} else if there {
				same(t, "version", got, want)
			}
		}
	}
	_, err = db.ListVersions(t.Context(), index.ListVersionsRequest{Bucket: 1, Limit: 1000}, func(e index.VersionEntry) error {
		same(t, "listed", e.Version, truth.keys[e.Version.Key][e.Version.Ord])
		return nil
	})
	found = unusable(err) || found
	_, err = db.List(t.Context(), index.ListRequest{Bucket: 1, Limit: 1000}, func(e index.Entry) error {
		same(t, "listed", e.Object, truth.keys[e.Object.Key][e.Object.Ord])
		return nil
	})
	found = unusable(err) || found
	value, err := db.Get(t.Context(), "position")
	if !unusable(err) && value != nil {
		same(t, "position", string(value), "somewhere")
	}
	return found || err != nil, unusable(db.Verify(t.Context()))
}

package index_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"croft/objectstore/erasure/index"
)

// TestReadsSeeWhatWasApplied reads from many goroutines while one applies. What was
// applied before a read began must be seen by it, and no transaction in halves.
func TestReadsSeeWhatWasApplied(t *testing.T) {
	db := open(t)
	const rounds = 300
	var applied atomic.Uint64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	reader := func(read func() error) {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := read(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	// Every round writes key "same" anew, moves one object between two folders, and
	// turns "turning" from an object with a marker below to a marker and back.
	round := func(tx *index.Tx, n uint64) error {
		_, err := tx.PutVersion(index.Version{Bucket: 1, Key: "same", Ord: n, Null: true, Size: int64(n)})
		if err != nil {
			return err
		}
		if _, err := tx.PutVersion(index.Version{Bucket: 1, Key: fmt.Sprint("moving/", n%2, "/x"), Ord: n}); err != nil {
			return err
		}
		for i := range 20 { // more than are stepped over
			if _, err := tx.PutVersion(index.Version{Bucket: 1, Key: fmt.Sprint("moving/", n%2, "/y", i), Ord: n}); err != nil {
				return err
			}
			if _, _, err := tx.DeleteVersion(1, fmt.Sprint("moving/", (n+1)%2, "/y", i), n-1); err != nil {
				return err
			}
		}
		if _, _, err := tx.DeleteVersion(1, fmt.Sprint("moving/", (n+1)%2, "/x"), n-1); err != nil {
			return err
		}
		_, err = tx.PutVersion(index.Version{Bucket: 1, Key: "turning", Ord: n, Marker: n%2 == 0})
		if err != nil {
			return err
		}
		_, _, err = tx.DeleteVersion(1, "turning", n-1)
		return err
	}
	next := func(n uint64) {
		apply(t, db, func(tx *index.Tx) error { return round(tx, n) })
		applied.Store(n)
	}
	next(1)
	for range 2 {
		reader(func() error {
			least := applied.Load()
			v, found, err := db.Latest(t.Context(), 1, "same")
			if err != nil || !found || v.Ord < least {
				return fmt.Errorf("same: %d after %d, %v, %w", v.Ord, least, found, err)
			}
			return nil
		})
		reader(func() error {
			least := applied.Load()
			v, found, err := db.Latest(t.Context(), 1, "turning")
			if err != nil || !found || v.Ord < least || v.Marker != (v.Ord%2 == 0) {
				return fmt.Errorf("turning: %+v after %d, %v, %w", v, least, found, err)
			}
			return nil
		})
		reader(func() error {
			least, n := applied.Load(), 0
			_, err := db.List(t.Context(), index.ListRequest{Bucket: 1, Prefix: "moving/"}, func(e index.Entry) error {
				if n++; e.Object.Ord < least {
					return fmt.Errorf("listed %d after %d", e.Object.Ord, least)
				}
				return nil
			})
			if err == nil && n != 21 {
				err = fmt.Errorf("21 objects were listed as %d", n)
			}
			return err
		})
		reader(func() error {
			n := 0
			_, err := db.List(t.Context(), index.ListRequest{Bucket: 1, Prefix: "moving/", Delimiter: "/"}, func(index.Entry) error {
				n++
				time.Sleep(100 * time.Microsecond) // and it has to seek for the next
				return nil
			})
			if err == nil && n != 1 {
				err = fmt.Errorf("one folder was listed %d times", n)
			}
			return err
		})
		reader(func() error {
			return db.View(t.Context(), func(v index.View) error {
				same, _, err1 := v.Latest(1, "same")
				u, err2 := v.BucketUsage(1)
				turning, _, err3 := v.Latest(1, "turning")
				if same.Ord != turning.Ord || u.Bytes != int64(same.Ord) {
					return fmt.Errorf("a view of several moments: %d, %d, %d bytes", same.Ord, turning.Ord, u.Bytes)
				}
				return errors.Join(err1, err2, err3)
			})
		})
	}
	for n := range uint64(rounds) {
		next(n + 2)
	}
	close(stop)
	readers.Wait()
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLogStaysShort writes far more than SQLite's log may hold, and faster than it
// can be merged, while there is always somebody who reads it.
func TestLogStaysShort(t *testing.T) {
	const limit = 1 << 20
	path := t.TempDir() + "/catalogue.db"
	db := openAt(t, path)
	db.LimitLog(limit)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = db.View(t.Context(), func(v index.View) error {
						_, err := v.Get("position")
						time.Sleep(3 * time.Millisecond)
						return err
					})
				}
			}
		})
	}
	for n := range 600 {
		apply(t, db, func(tx *index.Tx) error {
			for i := range 50 {
				if _, err := tx.PutVersion(numbered(scattered(n*50 + i))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	close(stop)
	readers.Wait()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d KiB", info.Size()>>10)
	if info.Size() > 16*limit {
		t.Errorf("the log has %d KiB", info.Size()>>10)
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestIdle reads, and expects that nothing is written.
func TestIdle(t *testing.T) {
	path := t.TempDir() + "/catalogue.db"
	db := openAt(t, path)
	putNumbered(t, db, 0, 1000)
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed := func() (times [2]time.Time) {
		for i, name := range []string{path, path + "-wal"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			times[i] = info.ModTime()
		}
		return times
	}
	before := changed()
	for range 20 {
		time.Sleep(10 * time.Millisecond)
		if _, _, err := db.Latest(t.Context(), 1, "key"); err != nil {
			t.Fatal(err)
		}
		if err := db.Apply(t.Context(), func(*index.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := db.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := changed(); after != before {
		t.Errorf("changed at %v, before at %v", after, before)
	}
}

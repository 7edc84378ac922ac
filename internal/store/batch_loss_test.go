package store_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"gorm.io/gorm"

	"croft/internal/store"
)

// TestAcknowledgedWritesOutliveAFullDiskBesideThem lets a write in the middle of a
// batch run out of space in a way that makes SQLite roll back the transaction of
// all. What was acknowledged must be there all the same.
func TestAcknowledgedWritesOutliveAFullDiskBesideThem(t *testing.T) {
	db := open(t, t.TempDir())
	begun, queued := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // holds the writer until the others wait together
		_ = db.Write(t.Context(), func(*gorm.DB) error { close(begun); <-queued; return nil })
	})
	<-begun
	outcome := make([]error, 5)
	for i := range outcome {
		waiting := store.Queued(db)
		wg.Go(func() {
			outcome[i] = db.Write(t.Context(), func(tx *gorm.DB) error {
				if i == 2 {
					return runOutOfSpace(tx)
				}
				return tx.Create(&note{Body: fmt.Sprint(i)}).Error
			})
		})
		for store.Queued(db) == waiting {
			runtime.Gosched()
		}
	}
	close(queued)
	wg.Wait()
	for i, err := range outcome {
		var n int64
		if e := db.Read(t.Context()).Model(&note{}).Where("body = ?", fmt.Sprint(i)).Count(&n).Error; e != nil {
			t.Fatal(e)
		}
		if (err == nil) != (n == 1) {
			t.Errorf("write %d answered %v, and %d of its rows are there", i, err, n)
		}
	}
	if outcome[2] == nil {
		t.Error("the full disk went unnoticed")
	}
	if err := add(t.Context(), db, "afterwards"); err != nil {
		t.Errorf("a later write: %v", err)
	}
}

// runOutOfSpace inserts more than the database may grow to. The limit is lifted
// again at once, as when somebody frees space.
func runOutOfSpace(tx *gorm.DB) error {
	var pages int
	if err := tx.Raw("PRAGMA page_count").Scan(&pages).Error; err != nil {
		return err
	}
	tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+1))
	err := tx.Exec("INSERT INTO notes (body) VALUES (hex(zeroblob(100000)))").Error
	tx.Exec("PRAGMA max_page_count = 1000000")
	return err
}

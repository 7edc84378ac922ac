package index

import (
	"context"
	"fmt"
	"sync"
)

const (
	// walLimit is how long SQLite's own log may become before it is merged into the
	// file. A page is merged once however often it changed, so longer means less to
	// write; but a start after a crash reads it all.
	walLimit = 16 << 20
	// walCheck is after how much written the log's length is looked at.
	walCheck = 1 << 20
)

// checkpoints merges SQLite's log into the file beside the commits, which it would
// stall, and only after something was written.
type checkpoints struct {
	conn *conn
	due  chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex // guards the following field
	failure error      // of the last run
}

func (db *DB) startCheckpoints(ctx context.Context) error {
	// The time-out is how long a commit may wait until readers let go of the log.
	c, err := dial(ctx, db.path, "busy_timeout(50)", "synchronous(NORMAL)", "wal_autocheckpoint(0)", "mmap_size(0)", "cache_size(-64)")
	if err != nil {
		return err
	}
	db.log.conn, db.log.due = c, make(chan struct{}, 1)
	db.log.done.Go(func() {
		for {
			select {
			case <-db.stopped:
				return
			case <-db.log.due:
				err := db.checkpoint()
				db.log.mu.Lock()
				db.log.failure = err
				db.log.mu.Unlock()
			}
		}
	})
	return nil
}

func (db *DB) stopCheckpoints() error {
	db.log.done.Wait()
	return db.log.conn.close()
}

// noteWritten wakes the checkpoints after a commit. The caller holds db.mu.
func (db *DB) noteWritten() {
	if db.writer.bytes < walCheck {
		return
	}
	db.writer.bytes = 0
	select {
	case db.log.due <- struct{}{}:
	default:
	}
}

// checkpoint merges the log if it is long.
func (db *DB) checkpoint() error {
	pages, err := db.mergeLog("NOOP")
	if err != nil || pages*pageSize < walLimit {
		return err
	}
	if _, err := db.mergeLog("PASSIVE"); err != nil {
		return err
	}
	// The log begins again from its start only when all of it is merged and nobody
	// reads it. Under steady commits that moment would never come by itself, so they
	// wait for the little that was written meanwhile.
	db.mu.Lock()
	defer db.mu.Unlock()
	_, err = db.mergeLog("RESTART")
	return err
}

// mergeLog runs a checkpoint and returns how many pages the log has. That readers
// kept it from finishing is no error.
func (db *DB) mergeLog(mode string) (int64, error) {
	var busy, pages, merged int64
	_, err := db.log.conn.first(func(r *rows) error {
		return r.numbers(&busy, &pages, &merged)
	}, "PRAGMA wal_checkpoint("+mode+")")
	if err != nil {
		return 0, fmt.Errorf("merge the catalogue's log: %w", err)
	}
	return pages, nil
}

// Sync makes all that was applied before durable. When it fails the catalogue
// can no longer be trusted to keep anything: it takes no more changes and is best
// removed and built anew.
func (db *DB) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	closed, broken := db.closed, db.broken
	db.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if broken != nil {
		return broken
	}
	// What is not in SQLite's log any more was synced when it was merged.
	err := syncFile(db.path + "-wal")
	if err == nil {
		err = syncFolder(db.path)
	}
	if err != nil {
		// The system may have dropped what it could not write, and say so only once.
		err = unusable("sync: %w", err)
		db.mu.Lock()
		db.broken = err
		db.mu.Unlock()
		return err
	}
	db.log.mu.Lock()
	defer db.log.mu.Unlock()
	return db.log.failure
}

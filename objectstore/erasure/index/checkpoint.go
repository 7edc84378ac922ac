package index

import (
	"context"
	"fmt"
	"sync"

	"croft/internal/errs"
)

const (
	// walLimit is how long SQLite's own log may become before it is merged into the
	// file. A page is merged once however often it changed, so longer means less to
	// write; but a start after a crash reads it all.
	walLimit = 16 << 20
	// walMost is where commits that come faster than they are merged have to wait.
	walMost = 3 * walLimit
	// walCheck is after how much written the log's length is looked at.
	walCheck = 1 << 20
	// mergeRounds is how often the file is synced beside the commits before they
	// wait, and mergePasses how often, at most, the log is merged before each.
	mergeRounds = 2
	mergePasses = 8
)

// checkpoints merges SQLite's log into the file beside the commits, which it would
// stall, and only after something was written.
type checkpoints struct {
	conn *conn
	due  chan struct{}
	done sync.WaitGroup
}

func (db *DB) startCheckpoints() error {
	// The time-out is how long a commit may wait until readers let go of the log.
	c, err := dial(db.path, "busy_timeout = 50", "synchronous = NORMAL", "wal_autocheckpoint = 0", "mmap_size = 0", "cache_size = -64")
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
				// A full disk is no harm done: commits say so too, and the next run
				// tries again.
				if err := db.checkpoint(); err != nil && errs.KindOf(err) != errs.StorageFull {
					_ = db.fail(err)
				}
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
	length, _, err := db.mergeLog("NOOP")
	if err != nil || length < walLimit {
		return err
	}
	// SQLite syncs the file only when a checkpoint left nothing over, so what these
	// rounds wrote is synced here, before commits have to wait.
	for range mergeRounds {
		if length, err = db.mergeMost(); err != nil {
			return err
		}
		if length > walMost {
			break
		}
		if err := db.file.Sync(); err != nil {
			return fmt.Errorf("sync the catalogue: %w", err)
		}
	}
	if length <= walMost {
		if _, err = db.mergeMost(); err != nil {
			return err
		}
	}
	// The log begins again from its start only when all of it is merged and nobody
	// reads it, so commits wait for the rest.
	db.mu.Lock()
	defer db.mu.Unlock()
	_, _, err = db.mergeLog("RESTART")
	return err
}

// mergeMost merges until little is left, and returns the log's length. Under steady
// commits there is always something left; each pass takes less time than the one
// before, so less comes meanwhile.
func (db *DB) mergeMost() (length int64, err error) {
	for range mergePasses {
		if _, _, err := db.mergeLog("PASSIVE"); err != nil {
			return 0, err
		}
		var left int64
		if length, left, err = db.mergeLog("NOOP"); err != nil || left < walCheck/4 || length > walMost {
			break
		}
	}
	return length, err
}

// mergeLog runs a checkpoint and returns how many bytes of pages the log has and
// how many of them are not merged. That readers kept it from finishing is no error.
func (db *DB) mergeLog(mode string) (length, left int64, err error) {
	_, err = db.log.conn.first(func(row *stmt) error {
		length, left = row.number(1)*pageSize, (row.number(1)-row.number(2))*pageSize
		return nil
	}, "PRAGMA wal_checkpoint("+mode+")")
	if err != nil {
		return 0, 0, fmt.Errorf("merge the catalogue's log: %w", err)
	}
	return length, left, nil
}

// Sync makes all that was applied before durable. When that fails, here or when
// SQLite's log is merged, the catalogue can no longer be trusted to keep anything:
// Sync and Apply return ErrUnusable from then on, while reading goes on.
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
		return db.fail(fmt.Errorf("sync the catalogue's log: %w", err))
	}
	return nil
}

// fail ends all writing, for the system may have dropped what it could not write,
// and says so only once.
func (db *DB) fail(cause error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.broken == nil {
		db.broken = unusable("%w", cause)
	}
	return db.broken
}

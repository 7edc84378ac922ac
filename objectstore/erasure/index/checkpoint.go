package index

import (
	"fmt"
	"sync"

	"croft/internal/errs"
)

const (
	// logLimit is how long SQLite's own log may become before it is merged into the
	// file. A page is merged once however often it changed, so longer means less to
	// write; but a start after a crash reads it all.
	logLimit = 16 << 20
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

	limit int64 // logLimit, but for tests

	// DB.mu guards the following 4 fields.
	length  int64     // of the log, estimated from what was written
	next    int64     // the length from which on it is to be merged
	running bool      // from when it is due to when it is done
	ended   sync.Cond // running became false
}

func (db *DB) startCheckpoints() error {
	// The time-out is how long a commit may wait until readers let go of the log.
	c, err := dial(db.path, "busy_timeout = 50", "synchronous = NORMAL", "wal_autocheckpoint = 0", "mmap_size = 0", "cache_size = -64")
	if err != nil {
		return err
	}
	db.log.conn, db.log.due = c, make(chan struct{}, 1)
	db.log.limit, db.log.ended.L = logLimit, &db.mu
	db.log.done.Go(func() {
		for {
			select {
			case <-db.readers.stopped:
				return
			case <-db.log.due:
				db.checkpoint()
			}
		}
	})
	return nil
}

func (db *DB) stopCheckpoints() error {
	db.log.done.Wait()
	return db.log.conn.close()
}

// awaitMerging holds back commits that come faster than they are merged. The caller
// holds db.mu.
func (db *DB) awaitMerging() {
	for db.log.running && !db.closed && db.log.length > db.log.next+db.log.limit {
		db.log.ended.Wait()
	}
}

// noteWritten wakes the checkpoints when enough was written. The caller holds db.mu.
func (db *DB) noteWritten() {
	db.log.length += db.writer.bytes
	db.writer.bytes = 0
	if db.log.length < max(db.log.next, db.log.limit) || db.log.running {
		return
	}
	db.log.next, db.log.running = db.log.length, true
	db.log.due <- struct{}{} // has room: it is not running
}

// checkpoint merges the log if it is as long as it was estimated to be.
func (db *DB) checkpoint() {
	log, err := db.mergeLog("NOOP")
	long := log.length >= db.log.limit
	if err == nil && long {
		err = db.mergeMost()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if err == nil && long {
		// The log begins again from its start only when all of it is merged and
		// nobody reads it. Commits wait for what is left of it.
		log, err = db.mergeLog("RESTART")
	}
	switch {
	case err != nil && errs.KindOf(err) != errs.StorageFull:
		db.broken = unusable("%w", err)
	case err == nil && long && !log.busy:
		db.log.length, db.log.next = 0, 0
	default:
		// It is shorter than thought, or somebody reads it for long, or the disk is
		// full, which commits will tell of. Try again a while later.
		db.log.length, db.log.next = log.length, log.length+db.log.limit/2
	}
	db.log.running = false
	db.log.ended.Broadcast()
}

// mergeMost merges and syncs nearly all. SQLite syncs the file only when a
// checkpoint left nothing over, so what these rounds write is synced here.
func (db *DB) mergeMost() error {
	for round := 0; ; round++ {
		// Under steady commits there is always something left. Each pass takes less
		// time than the one before, so less comes meanwhile.
		for range mergePasses {
			if _, err := db.mergeLog("PASSIVE"); err != nil {
				return err
			}
			if log, err := db.mergeLog("NOOP"); err != nil {
				return err
			} else if log.left < db.log.limit/32 {
				break
			}
		}
		if round == mergeRounds {
			return nil
		}
		if err := db.file.Sync(); err != nil {
			return fmt.Errorf("sync the catalogue: %w", err)
		}
	}
}

// logState is how SQLite's log was found.
type logState struct {
	length, left int64 // bytes of pages, and of those that are not merged
	busy         bool  // somebody kept the checkpoint from finishing
}

func (db *DB) mergeLog(mode string) (log logState, err error) {
	_, err = db.log.conn.first(func(row *stmt) error {
		log.busy = row.number(0) != 0
		log.length = row.number(1) * pageSize
		log.left = log.length - row.number(2)*pageSize
		return nil
	}, "PRAGMA wal_checkpoint("+mode+")")
	if err != nil {
		return logState{}, fmt.Errorf("merge the catalogue's log: %w", err)
	}
	return log, nil
}

package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Sync makes all that was applied before durable. When that fails, here or when
// SQLite's log is merged, the catalogue can no longer be trusted to keep anything:
// Sync and Apply return ErrUnusable from then on, while reading goes on.
func (db *DB) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	err := db.mayWrite()
	db.mu.Unlock()
	if err != nil {
		return err
	}
	// What is not in SQLite's log any more was synced when it was merged.
	if err = syncFile(db.path + "-wal"); err == nil {
		err = syncFolder(db.path)
	}
	if err != nil {
		return db.fail(fmt.Errorf("sync the catalogue's log: %w", err))
	}
	return nil
}

// mayWrite says why nothing can be written any more. The caller holds db.mu.
func (db *DB) mayWrite() error {
	if db.closed {
		return ErrClosed
	}
	return db.broken
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

// syncFile makes a file's content durable; there is nothing to do when it is not there.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

// syncFolder makes the entry of a file in its folder durable. Windows does that by
// itself and knows no such call.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

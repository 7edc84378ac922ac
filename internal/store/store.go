// Package store is Croft's state: one SQLite database with a single writer and
// a pool of readers.
//
// It promises that a Write which returned nil is on disk (WAL with
// synchronous=FULL), and that writes queued together share one sync. It refuses
// to open a database whose schema is newer than this program.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"croft/internal/errs"
)

// FileName is the database's name inside the state folder.
const FileName = "croft.db"

// DB is the open state. Its methods may be called from any goroutine.
type DB struct {
	writer *gorm.DB
	reader *gorm.DB

	mu       sync.Mutex // guards the following 3 fields
	queue    []*write
	draining bool
	closed   bool
	idle     sync.WaitGroup // counts the drain goroutine
}

type write struct {
	ctx  context.Context
	fn   func(tx *gorm.DB) error
	done chan error
}

// maxBatch bounds how many queued writes share one transaction, so that the
// first of them does not wait for an endless stream behind it.
const maxBatch = 256

// Open opens or makes the database in dir and brings its schema up to date with
// the numbered SQL files in migrations.
func Open(ctx context.Context, dir string, migrations fs.FS) (*DB, error) {
	path := filepath.Join(dir, FileName)
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	writer, err := dial(path, 1, url.Values{"_txlock": {"immediate"}})
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer, migrations); err != nil {
		return nil, errors.Join(err, closeGorm(writer))
	}
	reader, err := dial(path, max(4, runtime.NumCPU()), url.Values{"_pragma": {"query_only(1)"}})
	if err != nil {
		return nil, errors.Join(err, closeGorm(writer))
	}
	return &DB{writer: writer, reader: reader}, nil
}

// makePrivate makes the database file when it is missing, for its owner alone:
// SQLite would make it readable for all, and its log inherits the mode.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open state database: %w", err)
	}
	return file.Close()
}

func dial(path string, conns int, extra url.Values) (*gorm.DB, error) {
	query := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)",
	}}
	for key, values := range extra {
		query[key] = append(query[key], values...)
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query.Encode()
	db, err := gorm.Open(newDialector(dsn), &gorm.Config{
		Logger:                 logger.Discard,
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
	})
	if err != nil {
		return nil, fmt.Errorf("open state database %s: %w", path, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open state database %s: %w", path, err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return db, nil
}

// Read returns a handle on the reader pool. Writing through it fails.
func (db *DB) Read(ctx context.Context) *gorm.DB { return db.reader.WithContext(ctx) }

var errClosed = errs.New(errs.Unavailable, "stopping", "Croft is stopping; try again in a moment.")

// Write runs fn inside a transaction and returns when it is committed and
// synced. Writes that wait together share one transaction, each within its own
// savepoint: an error of one undoes only that one. fn may run at most once, must
// use only tx, and must not call Write. Cancelling ctx before fn starts skips
// it; afterwards the outcome is the transaction's.
func (db *DB) Write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	w := &write{ctx: ctx, fn: fn, done: make(chan error, 1)}
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return errClosed
	}
	db.queue = append(db.queue, w)
	if !db.draining {
		db.draining = true
		db.idle.Go(db.drain)
	}
	db.mu.Unlock()
	return <-w.done
}

// drain commits batch after batch until the queue is empty.
func (db *DB) drain() {
	for {
		db.mu.Lock()
		n := min(len(db.queue), maxBatch)
		if n == 0 {
			db.draining = false
			db.mu.Unlock()
			return
		}
		batch := db.queue[:n:n]
		db.queue = db.queue[n:]
		db.mu.Unlock()
		db.commit(batch)
	}
}

// batchMark is a savepoint around a batch. Running out of space or a page that
// cannot be read makes SQLite roll back the whole transaction, savepoints and all,
// in the middle of a batch, and whatever comes after is in another transaction. So
// a batch is committed only while its mark stands.
const batchMark = "batch"

func (db *DB) commit(batch []*write) {
	outcome := make([]error, len(batch))
	err := db.writer.Transaction(func(tx *gorm.DB) error {
		if err := tx.SavePoint(batchMark).Error; err != nil {
			return err
		}
		for i, w := range batch {
			if outcome[i] = w.ctx.Err(); outcome[i] != nil {
				continue
			}
			// The transaction belongs to the whole batch, so a caller who
			// leaves must not cancel statements of the others.
			scoped := tx.WithContext(context.WithoutCancel(w.ctx))
			outcome[i] = scoped.Transaction(func(tx *gorm.DB) error { return protect(w.fn, tx) })
		}
		if err := tx.Exec("RELEASE SAVEPOINT " + batchMark).Error; err != nil {
			return lostBatch(err, outcome)
		}
		return nil
	})
	for i, w := range batch {
		if err != nil && outcome[i] == nil {
			outcome[i] = fmt.Errorf("commit: %w", err)
		}
		w.done <- outcome[i]
	}
}

// lostBatch says why a whole batch is gone: most likely the disk is full, and then
// one of its writes has said so.
func lostBatch(err error, outcome []error) error {
	for _, one := range outcome {
		if errs.KindOf(one) == errs.StorageFull {
			return one
		}
	}
	return fmt.Errorf("a failed write took the transaction with it: %w", err)
}

// protect turns a panic of one write into its error, so that it undoes only itself.
func protect(fn func(*gorm.DB) error, tx *gorm.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write panicked: %v", p)
		}
	}()
	return fn(tx)
}

// Close waits for queued writes, then closes both pools. Later writes fail.
func (db *DB) Close() error {
	db.mu.Lock()
	db.closed = true
	db.mu.Unlock()
	db.idle.Wait()
	return errors.Join(closeGorm(db.reader), closeGorm(db.writer))
}

func closeGorm(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// NotFound reports whether err says that a row does not exist.
func NotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

// Duplicate reports whether err says that a unique value is taken.
func Duplicate(err error) bool { return errors.Is(err, gorm.ErrDuplicatedKey) }

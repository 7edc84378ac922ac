package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
)

// Measured on a million rows: pages of 8 KiB save a level and make look-ups a
// little faster, but a batch of random keys then writes twice as much.
const pageSize = 4096

// How much of the file each connection keeps in memory. Readers have little:
// every commit of the writer empties their caches, and the system has the file.
const (
	writerCache = "cache_size(-16384)"
	readerCache = "cache_size(-2048)"
)

// DB is an open catalogue. Its methods may be called from any goroutine; there is
// one writer at a time.
type DB struct {
	path    string
	readers chan *conn // those not in use
	stopped chan struct{}

	mu     sync.Mutex // guards the following 4 fields
	writer *conn
	usages map[uint64]usage // rows of the table usage as of the last commit
	broken error            // sticky: why nothing can be applied any more
	closed bool

	log checkpoints
}

// Open opens or makes the catalogue of a deployment. The folder must exist. It
// returns ErrUnusable when the file is damaged, of another schema or of another
// deployment; most damage shows only when it is read, as ErrUnusable then.
func Open(ctx context.Context, path, deployment string) (*DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db := &DB{path: path, stopped: make(chan struct{}), usages: map[uint64]usage{}}
	writer, err := dial(ctx, path, "busy_timeout(10000)", fmt.Sprintf("page_size(%d)", pageSize), "journal_mode(WAL)", "synchronous(NORMAL)",
		"wal_autocheckpoint(0)", "temp_store(MEMORY)", "mmap_size(0)", "cell_size_check(1)", writerCache)
	if err != nil {
		return nil, err
	}
	db.writer = writer
	if err := writer.admit(deployment); err != nil {
		return nil, errors.Join(err, writer.close())
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	db.readers = make(chan *conn, n)
	for range n {
		reader, err := dial(ctx, path, "busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "mmap_size(0)", "cell_size_check(1)", readerCache)
		if err != nil {
			return nil, errors.Join(err, db.closeConns(len(db.readers)))
		}
		db.readers <- reader
	}
	if err := db.startCheckpoints(ctx); err != nil {
		return nil, errors.Join(err, db.closeConns(n))
	}
	return db, nil
}

// makePrivate makes the file when it is missing, for its owner alone: SQLite
// would make it readable for all, and its log inherits the mode.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open catalogue: %w", err)
	}
	return file.Close()
}

// admit makes an empty file a catalogue of the deployment, and otherwise checks
// that it is one.
func (c *conn) admit(deployment string) error {
	var version, application, tables int64
	for sql, into := range map[string]*int64{
		"PRAGMA user_version": &version, "PRAGMA application_id": &application, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if _, err := c.first(func(r *rows) error { return r.numbers(into) }, sql); err != nil {
			return fmt.Errorf("open catalogue: %w", err)
		}
	}
	if version == 0 && application == 0 && tables == 0 {
		if err := c.script(schema); err != nil {
			return fmt.Errorf("make catalogue: %w", err)
		}
		_, err := c.exec("INSERT INTO deployment (id) VALUES (?)", []byte(deployment))
		return err
	}
	if application != applicationID || version != schemaVersion {
		return unusable("the file is application %d, schema %d; this program knows %d, %d", application, version, applicationID, schemaVersion)
	}
	var owner []byte
	_, err := c.first(func(r *rows) (err error) {
		owner, err = r.blob(0)
		return err
	}, "SELECT id FROM deployment")
	if err != nil {
		return err
	}
	if string(owner) != deployment {
		return unusable("the file belongs to deployment %q, not to %q", owner, deployment)
	}
	return nil
}

// Remove deletes the catalogue at path, if there is one. It must not be open.
func Remove(path string) error {
	// The main file goes last: without it the log would be taken for a new file's.
	var failed error
	for _, suffix := range []string{"-shm", "-wal", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if failed != nil {
		return fmt.Errorf("remove catalogue: %w", failed)
	}
	return nil
}

// Close waits for what is running and closes the catalogue. Later calls fail with
// ErrClosed.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	close(db.stopped)
	db.mu.Unlock()
	failed := db.stopCheckpoints()
	return errors.Join(failed, db.closeConns(cap(db.readers)))
}

// closeConns closes so many readers as they come back, and the writer last: the
// last connection merges the log into the file.
func (db *DB) closeConns(readers int) error {
	var failed error
	for range readers {
		failed = errors.Join(failed, (<-db.readers).close())
	}
	return errors.Join(failed, db.writer.close())
}

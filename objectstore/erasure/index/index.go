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
	writerCache = "cache_size = -16384"
	readerCache = "cache_size = -1024"
)

// DB is an open catalogue. Its methods may be called from any goroutine; there is
// one writer at a time.
type DB struct {
	path string
	// file is kept open, and used to sync only: closing it earlier than SQLite's
	// connections would make the system drop their locks.
	file    *os.File
	readers readers
	log     checkpoints

	mu        sync.Mutex // guards the following 5 fields
	writer    *conn
	usages    map[uint64]usage // rows of the table usage as of the last commit
	following *following       // rows of the table followers as of the last commit
	broken    error            // sticky: why nothing can be applied any more
	closed    bool
}

// Open opens or makes the catalogue of a deployment. The folder must exist. It
// returns ErrUnusable when the file is damaged, of another schema or of another
// deployment; most damage shows only when it is read, as ErrUnusable then.
func Open(ctx context.Context, path, deployment string) (*DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	db := &DB{
		path: path, file: file, usages: map[uint64]usage{},
		readers: readers{free: make(chan struct{}, n), stopped: make(chan struct{})},
	}
	if err := db.open(deployment); err != nil {
		return nil, errors.Join(err, db.closeConns(len(db.readers.idle)))
	}
	return db, nil
}

func (db *DB) open(deployment string) (err error) {
	db.writer, err = dial(db.path, "busy_timeout = 10000", fmt.Sprint("page_size = ", pageSize), "journal_mode = WAL",
		"synchronous = NORMAL", "wal_autocheckpoint = 0", "temp_store = MEMORY", "mmap_size = 0", "cell_size_check = 1", writerCache)
	if err != nil {
		return err
	}
	if err := db.writer.admit(deployment); err != nil {
		return err
	}
	if db.following, err = loadFollowing(View{db.writer}); err != nil {
		return err
	}
	for range cap(db.readers.free) {
		reader, err := dial(db.path, "busy_timeout = 10000", "query_only = 1", "temp_store = MEMORY", "mmap_size = 0",
			"cell_size_check = 1", readerCache)
		if err != nil {
			return err
		}
		db.readers.add(reader)
	}
	return db.startCheckpoints()
}

// openPrivate makes the file when it is missing, for its owner alone: SQLite
// would make it readable for all, and its log inherits the mode.
func openPrivate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	return file, nil
}

// admit makes an empty file a catalogue of the deployment, and otherwise checks
// that it is one.
func (c *conn) admit(deployment string) error {
	var version, application, tables int64
	var journal string
	for sql, see := range map[string]func(*stmt){
		"PRAGMA user_version":                func(row *stmt) { version = row.number(0) },
		"PRAGMA application_id":              func(row *stmt) { application = row.number(0) },
		"PRAGMA journal_mode":                func(row *stmt) { journal = string(row.view(0)) },
		"SELECT count(*) FROM sqlite_schema": func(row *stmt) { tables = row.number(0) },
	} {
		if _, err := c.first(func(row *stmt) error { see(row); return nil }, sql); err != nil {
			return fmt.Errorf("open catalogue: %w", err)
		}
	}
	if journal != "wal" {
		return fmt.Errorf("open catalogue: its folder's file system allows no write-ahead log, only %q", journal)
	}
	if version == 0 && application == 0 && tables == 0 {
		if err := c.make(deployment); err != nil {
			return fmt.Errorf("make catalogue: %w", err)
		}
		return nil
	}
	if application == applicationID && (version == schemaVersion3 || version == schemaVersion4) {
		if err := c.upgrade(version); err != nil {
			return fmt.Errorf("upgrade catalogue: %w", err)
		}
		version = schemaVersion
	}
	if application != applicationID || version != schemaVersion {
		return unusable("the file is application %d, schema %d; this program knows %d, %d", application, version, applicationID, schemaVersion)
	}
	owner := ""
	if _, err := c.first(func(row *stmt) error {
		owner = string(row.view(0))
		return nil
	}, "SELECT id FROM deployment"); err != nil {
		return err
	}
	if owner != deployment {
		return unusable("the file belongs to deployment %q, not to %q", owner, deployment)
	}
	return nil
}

// make lays out an empty file, all at once.
func (c *conn) make(deployment string) error {
	if err := c.begin("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := c.script(schema); err == nil {
		_, _ = c.exec("INSERT INTO deployment (id) VALUES (?)", deployment)
	}
	return c.end(true) // with the first error
}

// upgrade makes a file of a version before one of schemaVersion, all at once.
func (c *conn) upgrade(from int64) error {
	if err := c.begin("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	lacks := tieredOwner
	if from == schemaVersion3 {
		lacks += restoresSchema
	}
	_ = c.script(fmt.Sprintf("%sPRAGMA user_version = %d;", lacks, schemaVersion))
	return c.end(true) // with the first error
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
	close(db.readers.stopped)
	db.log.ended.Broadcast()
	db.mu.Unlock()
	failed := db.stopCheckpoints()
	return errors.Join(failed, db.closeConns(cap(db.readers.free)))
}

// closeConns closes so many readers as they come back, and the writer last: the
// last connection merges the log into the file.
func (db *DB) closeConns(readers int) error {
	failed := db.readers.close(readers)
	if db.writer != nil {
		failed = errors.Join(failed, db.writer.close())
	}
	return errors.Join(failed, db.file.Close())
}

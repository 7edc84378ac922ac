package index

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/libc"
	_ "modernc.org/sqlite" // prepares the library on platforms that need it
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one connection and its prepared statements, for one goroutine at a
// time. It calls SQLite itself: by way of database/sql every column of every row
// would be boxed, copied and locked for, which takes twice as long as the reading.
//
// What SQLite hands out are addresses outside Go's memory (uintptr). They stay in
// this file and in stmt.go, and are seen through libc.GoBytes.
type conn struct {
	tls      *libc.TLS
	db       uintptr
	prepared map[string]*stmt
	inTx     bool
	// failed is the first error of the running transaction. Running out of space
	// or a page that cannot be read makes SQLite roll it back in its middle, and
	// what came afterwards would be committed by itself: so nothing does.
	failed error
	bytes  int64 // roughly what was written since the owner last set it to 0
}

// dial opens one connection and runs pragmas on it, such as "query_only = 1".
func dial(path string, pragmas ...string) (*conn, error) {
	c := &conn{tls: libc.NewTLS(), prepared: map[string]*stmt{}}
	if err := c.open(path, pragmas); err != nil {
		return nil, errors.Join(fmt.Errorf("open catalogue %s: %w", path, err), c.close())
	}
	return c, nil
}

func (c *conn) open(path string, pragmas []string) error {
	name, err := libc.CString(path)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, name)
	handle := c.tls.Alloc(pointerSize)
	defer c.tls.Free(pointerSize)
	// Without a mutex of its own: a connection is used by one goroutine at a time.
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, handle,
		sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	c.db = libc.AtomicLoadPUintptr(handle) // there even after most errors, to be closed
	if rc != sqlite3.SQLITE_OK {
		return c.fail(rc)
	}
	if rc := sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1); rc != sqlite3.SQLITE_OK {
		return c.fail(rc)
	}
	return c.script("PRAGMA " + strings.Join(pragmas, "; PRAGMA "))
}

// pointerSize is room for an address on every platform.
const pointerSize = 8

func (c *conn) close() error {
	for _, s := range c.prepared {
		s.finalize()
	}
	c.prepared = nil
	var failed error
	if rc := sqlite3.Xsqlite3_close(c.tls, c.db); rc != sqlite3.SQLITE_OK {
		failed = c.fail(rc)
	}
	c.tls.Close()
	return failed
}

// script runs statements that take no parameters.
func (c *conn) script(sql string) error {
	text, err := libc.CString(sql)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, text)
	if rc := sqlite3.Xsqlite3_exec(c.tls, c.db, text, 0, 0, 0); rc != sqlite3.SQLITE_OK {
		return c.fail(rc)
	}
	return nil
}

// fail makes an error of a result code and dooms the running transaction.
func (c *conn) fail(code int32) error {
	return c.doom(translate(code, libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))))
}

func (c *conn) doom(err error) error {
	if c.inTx && c.failed == nil {
		c.failed = err
	}
	return err
}

// begin starts a transaction with the statement given.
func (c *conn) begin(sql string) error {
	if _, err := c.exec(sql); err != nil {
		return err
	}
	c.inTx, c.failed = true, nil
	return nil
}

// end commits the running transaction unless something in it failed, and
// otherwise undoes it.
func (c *conn) end(commit bool) error {
	err := c.failed
	c.inTx, c.failed = false, nil
	if commit && err == nil {
		if _, err = c.exec("COMMIT"); err == nil {
			return nil
		}
	}
	// A failure that made SQLite roll back by itself leaves nothing to undo.
	_, _ = c.exec("ROLLBACK")
	return err
}

// snapshot runs fn so that all it reads is of one moment.
func (c *conn) snapshot(fn func() error) (err error) {
	if c.inTx {
		return fn()
	}
	if err := c.begin("BEGIN"); err != nil {
		return err
	}
	defer func() {
		if end := c.end(true); err == nil {
			err = end
		}
	}()
	return fn()
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(sql string, args ...any) (int64, error) {
	s, err := c.start(sql, args)
	if err != nil {
		return 0, err
	}
	for more := true; more && err == nil; {
		more, err = s.step()
	}
	s.reset()
	if err != nil {
		return 0, err
	}
	c.bytes += pageSize + int64(s.bound)
	return int64(sqlite3.Xsqlite3_changes(c.tls, c.db)), nil
}

// each calls fn for every row of a query until it returns an error.
func (c *conn) each(fn func(*stmt) error, sql string, args ...any) error {
	s, err := c.start(sql, args)
	if err != nil {
		return err
	}
	defer s.reset()
	for {
		if more, err := s.step(); !more || err != nil {
			return err
		}
		if err := fn(s); err != nil {
			return err
		}
	}
}

// first calls fn for the first row of a query and reports whether there is one.
func (c *conn) first(fn func(*stmt) error, sql string, args ...any) (bool, error) {
	s, err := c.start(sql, args)
	if err != nil {
		return false, err
	}
	defer s.reset()
	found, err := s.step()
	if found && err == nil {
		err = fn(s)
	}
	return found && err == nil, err
}

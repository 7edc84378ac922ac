package index

import (
	"errors"
	"math"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// stmt is a prepared statement. It can run only once at a time.
type stmt struct {
	c      *conn
	handle uintptr
	// args is memory of SQLite's that holds the bytes of the bound arguments, for
	// the statement reads them while it runs; bound of room bytes are in use.
	args        uintptr
	bound, room int
}

// start binds arguments to a statement; step runs it and reset ends it.
func (c *conn) start(sql string, args []any) (*stmt, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	s, ok := c.prepared[sql]
	if !ok {
		var err error
		if s, err = c.prepare(sql); err != nil {
			return nil, err
		}
		c.prepared[sql] = s
	}
	return s, s.bind(args)
}

func (c *conn) prepare(sql string) (*stmt, error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	handle := c.tls.Alloc(pointerSize)
	defer c.tls.Free(pointerSize)
	if rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, handle, 0); rc != sqlite3.SQLITE_OK {
		return nil, c.fail(rc)
	}
	return &stmt{c: c, handle: libc.AtomicLoadPUintptr(handle)}, nil
}

var (
	errOutOfRange = errors.New("catalogue: a number is out of range")
	errArgument   = errors.New("catalogue: an argument is of no known type")
	errNoMemory   = errors.New("catalogue: out of memory")
)

// bind binds strings and byte slices as bytes, and numbers. SQLite's are signed, so
// larger ones are refused.
func (s *stmt) bind(args []any) error {
	size := 1 // an address even for no bytes: without one they would be NULL
	for _, a := range args {
		switch v := a.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	if err := s.reserve(size); err != nil {
		return err
	}
	s.bound = 0
	for i, a := range args {
		var rc int32
		switch v := a.(type) {
		case string:
			at := s.take(len(v))
			copy(libc.GoBytes(at, len(v)), v)
			rc = s.bindBytes(i, at, len(v))
		case []byte:
			at := s.take(len(v))
			copy(libc.GoBytes(at, len(v)), v)
			rc = s.bindBytes(i, at, len(v))
		case int64:
			rc = s.bindNumber(i, v)
		case int:
			rc = s.bindNumber(i, int64(v))
		case uint16:
			rc = s.bindNumber(i, int64(v))
		case uint64:
			if v > math.MaxInt64 {
				return s.c.doom(errOutOfRange)
			}
			rc = s.bindNumber(i, int64(v))
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(s.c.tls, s.handle, int32(i+1))
		default:
			return s.c.doom(errArgument)
		}
		if rc != sqlite3.SQLITE_OK {
			return s.c.fail(rc)
		}
	}
	return nil
}

func (s *stmt) bindNumber(i int, n int64) int32 {
	return sqlite3.Xsqlite3_bind_int64(s.c.tls, s.handle, int32(i+1), n)
}

func (s *stmt) bindBytes(i int, at uintptr, n int) int32 {
	return sqlite3.Xsqlite3_bind_blob(s.c.tls, s.handle, int32(i+1), at, int32(n), 0)
}

func (s *stmt) reserve(size int) error {
	if size <= s.room {
		return nil
	}
	sqlite3.Xsqlite3_free(s.c.tls, s.args)
	s.room = 2 * size
	if s.args = sqlite3.Xsqlite3_malloc(s.c.tls, int32(s.room)); s.args == 0 {
		s.room = 0
		return s.c.doom(errNoMemory)
	}
	return nil
}

func (s *stmt) take(n int) uintptr {
	at := s.args + uintptr(s.bound)
	s.bound += n
	return at
}

// step goes to the next row; false means that there are no more.
func (s *stmt) step() (bool, error) {
	switch rc := sqlite3.Xsqlite3_step(s.c.tls, s.handle); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.fail(rc)
	}
}

// reset ends the statement. What it returns is the error of its last step.
func (s *stmt) reset() { sqlite3.Xsqlite3_reset(s.c.tls, s.handle) }

func (s *stmt) finalize() {
	sqlite3.Xsqlite3_finalize(s.c.tls, s.handle)
	sqlite3.Xsqlite3_free(s.c.tls, s.args)
}

// view is a column's bytes. They are good only until the next step or reset.
func (s *stmt) view(column int) []byte {
	at := sqlite3.Xsqlite3_column_blob(s.c.tls, s.handle, int32(column))
	if at == 0 {
		return nil
	}
	return libc.GoBytes(at, int(sqlite3.Xsqlite3_column_bytes(s.c.tls, s.handle, int32(column))))
}

// number is a column that holds a number.
func (s *stmt) number(column int) int64 {
	return sqlite3.Xsqlite3_column_int64(s.c.tls, s.handle, int32(column))
}

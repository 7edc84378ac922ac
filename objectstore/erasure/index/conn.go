package index

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"path/filepath"

	"modernc.org/sqlite"
)

// conn is one connection and its prepared statements, for one goroutine at a
// time. It stands on the driver itself: what database/sql adds (its locks and
// conversions, a pool that may close connections) would cost as much as a look-up.
type conn struct {
	// ctx is never done. Statements are short; interrupting one would start a
	// goroutine each and could leave a transaction half-way.
	ctx      context.Context
	driver   driver.Conn
	prepared map[string]statement
	args     []driver.NamedValue // of the statement that is being started
	inTx     bool
	// failed is the first error of the running transaction. Running out of space
	// or a page that cannot be read makes SQLite roll it back in its middle, and
	// what came afterwards would be committed by itself: so nothing does.
	failed error
	bytes  int64 // roughly what was written since the owner last set it to 0
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// dial opens one connection. Pragmas are written "name(value)".
func dial(ctx context.Context, path string, pragmas ...string) (*conn, error) {
	query := url.Values{"_pragma": pragmas}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query.Encode()
	c, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, fmt.Errorf("open catalogue %s: %w", path, translate(err))
	}
	return &conn{ctx: context.WithoutCancel(ctx), driver: c, prepared: map[string]statement{}}, nil
}

func (c *conn) close() error {
	var failed error
	for _, s := range c.prepared {
		failed = errors.Join(failed, s.Close())
	}
	c.prepared = nil
	return errors.Join(failed, c.driver.Close())
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

// fail translates an error and remembers it for the running transaction.
func (c *conn) fail(err error) error {
	if err == nil {
		return nil
	}
	err = translate(err)
	if c.inTx && c.failed == nil {
		c.failed = err
	}
	return err
}

// script runs statements that take no parameters.
func (c *conn) script(sql string) error {
	_, err := c.driver.(driver.ExecerContext).ExecContext(c.ctx, sql, nil)
	return translate(err)
}

func (c *conn) prepare(sql string) (statement, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	if s, ok := c.prepared[sql]; ok {
		return s, nil
	}
	made, err := c.driver.(driver.ConnPrepareContext).PrepareContext(c.ctx, sql)
	if err != nil {
		return nil, c.fail(err)
	}
	s := made.(statement)
	c.prepared[sql] = s
	return s, nil
}

// bind turns arguments into what the driver takes. The result is good until the
// next call. Unsigned numbers are compared as such only below 1<<63, so larger
// ones are refused.
func (c *conn) bind(args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	for i, a := range args {
		switch v := a.(type) {
		case uint64:
			if v > math.MaxInt64 {
				return nil, c.fail(fmt.Errorf("catalogue: number %d is out of range", v))
			}
			a = int64(v)
		case int:
			a = int64(v)
		case uint16:
			a = int64(v)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args, nil
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(sql string, args ...any) (int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	bound, err := c.bind(args)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(c.ctx, bound)
	if err != nil {
		return 0, c.fail(err)
	}
	c.bytes += pageSize
	for _, a := range args {
		if b, ok := a.([]byte); ok {
			c.bytes += int64(len(b))
		}
	}
	return result.RowsAffected()
}

// rows is a running query.
type rows struct {
	driver.Rows
	c   *conn
	row []driver.Value
}

// query starts a query. The caller closes the rows. A statement can run only once
// at a time on a connection.
func (c *conn) query(sql string, args ...any) (rows, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return rows{}, err
	}
	bound, err := c.bind(args)
	if err != nil {
		return rows{}, err
	}
	r, err := s.QueryContext(c.ctx, bound)
	if err != nil {
		return rows{}, c.fail(err)
	}
	return rows{r, c, make([]driver.Value, len(r.Columns()))}, nil
}

// next reads a row; false means that there are no more.
func (r *rows) next() (bool, error) {
	switch err := r.Next(r.row); {
	case err == nil:
		return true, nil
	case err == io.EOF:
		return false, nil
	default:
		return false, r.c.fail(err)
	}
}

// blob is a column's bytes, which are the caller's to keep.
func (r *rows) blob(i int) ([]byte, error) {
	b, ok := r.row[i].([]byte)
	if !ok {
		return nil, unusable("column %d holds %T instead of bytes", i, r.row[i])
	}
	return b, nil
}

// numbers reads columns that hold numbers, from the first on.
func (r *rows) numbers(into ...*int64) error { return r.numbersFrom(0, into...) }

func (r *rows) numbersFrom(column int, into ...*int64) error {
	for i, p := range into {
		n, ok := r.row[column+i].(int64)
		if !ok {
			return unusable("column %d holds %T instead of a number", column+i, r.row[column+i])
		}
		*p = n
	}
	return nil
}

// each calls fn for every row of a query until it returns an error.
func (c *conn) each(fn func(*rows) error, sql string, args ...any) error {
	r, err := c.query(sql, args...)
	if err != nil {
		return err
	}
	for {
		more, err := r.next()
		if err == nil && more {
			err = fn(&r)
		}
		if err != nil {
			_ = r.Close() // says the same once more
			return err
		}
		if !more {
			return c.fail(r.Close())
		}
	}
}

// first calls fn for the first row of a query and reports whether there is one.
func (c *conn) first(fn func(*rows) error, sql string, args ...any) (bool, error) {
	r, err := c.query(sql, args...)
	if err != nil {
		return false, err
	}
	found, err := r.next()
	if err == nil && found {
		err = fn(&r)
	}
	if end := r.Close(); err == nil {
		err = c.fail(end)
	}
	return found && err == nil, err
}

// snapshot runs fn so that all it reads is of one moment.
func (c *conn) snapshot(fn func() error) (err error) {
	if c.inTx {
		return fn()
	}
	if err := c.begin("BEGIN"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.end(false)) }()
	return fn()
}

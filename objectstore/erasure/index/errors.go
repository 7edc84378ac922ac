package index

import (
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"

	"croft/internal/errs"
)

// ErrUnusable says that the catalogue's file is damaged, of another schema or of
// another deployment. The remedy is to close it, Remove it and build it anew.
var ErrUnusable = errors.New("catalogue unusable")

// ErrClosed says that the catalogue was closed.
var ErrClosed = errors.New("catalogue closed")

func unusable(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnusable, fmt.Errorf(format, args...))
}

// translate makes an error of a result code of SQLite and its message. It tells a
// damaged file and a full disk from all else.
func translate(code int32, message string) error {
	err := fmt.Errorf("sqlite: %s (%d)", message, code)
	switch code {
	case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS:
		return unusable("%w", err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return unusable("%w", err)
	case sqlite3.SQLITE_FULL:
		return errs.Wrap(err, errs.StorageFull, "state_full", "The drive that holds Croft's state is full. Free some space there")
	}
	return err
}

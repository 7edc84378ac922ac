package store

import (
	"errors"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"croft/internal/errs"
)

// dialector is gorm's SQLite dialect on the pure-Go driver. The dialect
// translates only the errors of its own cgo driver, so this adds ours.
type dialector struct{ sqlite.Dialector }

var _ gorm.ErrorTranslator = dialector{}

func newDialector(dsn string) gorm.Dialector {
	return dialector{sqlite.Dialector{DriverName: "sqlite", DSN: dsn}}
}

func errFull(cause error) error {
	return errs.Wrap(cause, errs.StorageFull, "state_full", "The drive that holds Croft's state is full. Free some space there; nothing was changed")
}

// Translate maps constraint failures to gorm's sentinels, and a full disk to ours.
func (d dialector) Translate(err error) error {
	var driverErr *sqlitedriver.Error
	if errors.As(err, &driverErr) {
		switch driverErr.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return gorm.ErrDuplicatedKey
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return gorm.ErrForeignKeyViolated
		case sqlite3.SQLITE_CONSTRAINT_CHECK:
			return gorm.ErrCheckConstraintViolated
		case sqlite3.SQLITE_FULL:
			return errFull(err)
		}
	}
	return err
}

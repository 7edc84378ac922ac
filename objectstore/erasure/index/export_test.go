package index

import "fmt"

// LimitPages lets the file have only so many pages more than now, as a full disk
// would; below 0 it lifts the limit.
func (tx *Tx) LimitPages(more int64) error {
	limit := int64(1 << 30)
	if more >= 0 {
		_, err := tx.c.first(func(row *stmt) error {
			limit = row.number(0) + more
			return nil
		}, "PRAGMA page_count")
		if err != nil {
			return err
		}
	}
	_, err := tx.c.first(func(*stmt) error { return nil }, fmt.Sprint("PRAGMA max_page_count = ", limit))
	return err
}

// Run runs statements past all that keeps the catalogue right.
func (tx *Tx) Run(sql string) error { return tx.c.script(sql) }

// Fail does what a failed sync does.
func (db *DB) Fail(cause error) error { return db.fail(cause) }

// Readers is how many reads can go on at once.
func (db *DB) Readers() int { return cap(db.readers.free) }

// LimitLog sets the length from which on SQLite's log is merged. It must come
// before the first Apply.
func (db *DB) LimitLog(length int64) { db.log.limit = length }

package index

import (
	"context"
	"errors"
	"fmt"
)

// Tx is one transaction of the writer. It reads what it wrote. It is good only
// inside the function Apply gave it to, for one goroutine.
type Tx struct {
	View
	db       *DB
	segments map[uint64]Segment // what is to be added to them
	touched  map[uint64]*usage  // of buckets; written when changed
	follow   *following         // followers as this transaction sees them
}

// Apply runs fn in one transaction, which is visible to all once Apply returned
// nil. When fn returns an error, or any of its operations failed, nothing of it is
// kept. The context is looked at before fn starts, not afterwards.
func (db *DB) Apply(ctx context.Context, fn func(*Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.awaitMerging()
	if err := db.mayWrite(); err != nil {
		return err
	}
	c := db.writer
	if err := c.begin("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{View: View{c}, db: db, touched: map[uint64]*usage{}, segments: map[uint64]Segment{}, follow: db.following}
	commit := false
	defer func() { // fn may panic
		if end := c.end(commit); end != nil && err == nil {
			err = fmt.Errorf("commit: %w", end)
		}
		if !commit || err != nil {
			clear(db.usages)
			db.following.forgetBacklogs()
			return
		}
		db.following = tx.follow
		for bucket, u := range tx.touched {
			db.usages[bucket] = *u
		}
		db.noteWritten()
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.flush(); err != nil {
		return err
	}
	commit = true
	return nil
}

// flush writes what was only counted so far.
func (tx *Tx) flush() error {
	return errors.Join(tx.flushSegments(), tx.flushUsage(), tx.flushBacklogs())
}

// Set keeps a value of the caller under a name, such as the log position that
// this transaction brings the catalogue to.
func (tx *Tx) Set(name string, value []byte) error {
	row := sealBytes(0, name, value)
	_, err := tx.c.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
		row.key, row.value)
	return err
}

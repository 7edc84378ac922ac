package index

import "context"

// Restore is a version of which copies beside its tier are to be made, or to be removed
// some time.
type Restore struct {
	Bucket uint64
	Key    string
	Ord    uint64
	// Due is when something is to be done: the smallest first, and at once where it is
	// below 0. The caller chooses the unit.
	Due  int64
	Tier string // that is needed for it; empty for none
}

// PutRestore inserts or replaces the row of a version.
func (tx *Tx) PutRestore(r Restore) error {
	_, err := tx.c.exec("INSERT OR REPLACE INTO restores (bucket, key, ord, due, tier) VALUES (?, ?, ?, ?, ?)",
		r.Bucket, []byte(r.Key), r.Ord, r.Due, []byte(r.Tier))
	return err
}

// DeleteRestore forgets the row of a version, if there is one.
func (tx *Tx) DeleteRestore(bucket uint64, key string, ord uint64) error {
	_, err := tx.c.exec("DELETE FROM restores WHERE bucket = ? AND key = ? AND ord = ?", bucket, []byte(key), ord)
	return err
}

// ScanRestores returns up to limit rows behind another one, in order of Due, that are
// due until a time.
func (v View) ScanRestores(after Restore, until int64, limit int) (list []Restore, err error) {
	err = v.c.each(func(row *stmt) error {
		list = append(list, Restore{
			Due: row.number(0), Bucket: uint64(row.number(1)), Key: string(row.view(2)), Ord: uint64(row.number(3)), Tier: string(row.view(4)),
		})
		return nil
	}, `SELECT due, bucket, key, ord, tier FROM restores
		WHERE due <= ? AND (due, bucket, key, ord) > (?, ?, ?, ?) ORDER BY due, bucket, key, ord LIMIT ?`,
		until, after.Due, after.Bucket, []byte(after.Key), after.Ord, limit)
	return list, err
}

// NextRestore returns when the next row is due that is not yet, and whether there is one.
func (v View) NextRestore(after int64) (due int64, found bool, err error) {
	found, err = v.c.first(func(row *stmt) error {
		due = row.number(0)
		return nil
	}, "SELECT due FROM restores WHERE due > ? ORDER BY due LIMIT 1", after)
	return due, found, err
}

// ScanRestores is View.ScanRestores.
func (db *DB) ScanRestores(ctx context.Context, after Restore, until int64, limit int) (list []Restore, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.ScanRestores(after, until, limit)
		return err
	})
	return list, err
}

// NextRestore is View.NextRestore.
func (db *DB) NextRestore(ctx context.Context, after int64) (due int64, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		due, found, err = v.NextRestore(after)
		return err
	})
	return due, found, err
}

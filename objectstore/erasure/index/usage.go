package index

import "context"

// Usage is what a bucket holds.
type Usage struct {
	Objects  int64 // keys whose latest version is a real object
	Versions int64 // older versions and delete markers
	Bytes    int64 // the sizes of all versions together
	Parts    int64 // the sizes of all parts of unfinished uploads together
}

// usage is a bucket's usage inside a transaction.
type usage struct {
	Usage
	changed bool
}

// usage returns the bucket's counters to change; the caller sets changed.
func (tx *Tx) usage(bucket uint64) (*usage, error) {
	if u, ok := tx.touched[bucket]; ok {
		return u, nil
	}
	u, ok := tx.db.usages[bucket]
	if !ok {
		var err error
		if u.Usage, err = tx.View.BucketUsage(bucket); err != nil {
			return nil, err
		}
	}
	u.changed = false
	tx.touched[bucket] = &u
	return &u, nil
}

func (tx *Tx) flushUsage() error {
	for bucket, u := range tx.touched {
		if !u.changed {
			continue
		}
		if u.Usage == (Usage{}) {
			if _, err := tx.c.exec("DELETE FROM usage WHERE bucket = ?", bucket); err != nil {
				return err
			}
			u.changed = false
			continue
		}
		row := seal(bucket, "", 32, func(b []byte) []byte { return appendCounters(b, u.Objects, u.Versions, u.Bytes, u.Parts) })
		if _, err := tx.c.exec("INSERT OR REPLACE INTO usage (bucket, value) VALUES (?, ?)", bucket, row.value); err != nil {
			return err
		}
		u.changed = false
	}
	return nil
}

// BucketUsage returns what a bucket holds; nothing when it does not exist.
func (v View) BucketUsage(bucket uint64) (u Usage, err error) {
	_, err = v.c.first(func(row *stmt) error {
		value, err := unseal(bucket, nil, row.view(0))
		if err != nil {
			return err
		}
		return parseCounters(value, &u.Objects, &u.Versions, &u.Bytes, &u.Parts)
	}, "SELECT value FROM usage WHERE bucket = ?", bucket)
	return u, err
}

// BucketUsage is View.BucketUsage with what the transaction did so far.
func (tx *Tx) BucketUsage(bucket uint64) (Usage, error) {
	u, err := tx.usage(bucket)
	if err != nil {
		return Usage{}, err
	}
	return u.Usage, nil
}

// BucketEmpty reports whether a bucket holds no objects, versions and delete
// markers. Unfinished uploads do not count.
func (v View) BucketEmpty(bucket uint64) (bool, error) {
	u, err := v.BucketUsage(bucket)
	return u.Objects == 0 && u.Versions == 0, err
}

// BucketEmpty is View.BucketEmpty with what the transaction did so far.
func (tx *Tx) BucketEmpty(bucket uint64) (bool, error) {
	u, err := tx.BucketUsage(bucket)
	return u.Objects == 0 && u.Versions == 0, err
}

// BucketUsage is View.BucketUsage.
func (db *DB) BucketUsage(ctx context.Context, bucket uint64) (u Usage, err error) {
	err = db.read(ctx, func(v View) error {
		u, err = v.BucketUsage(bucket)
		return err
	})
	return u, err
}

// BucketEmpty is View.BucketEmpty.
func (db *DB) BucketEmpty(ctx context.Context, bucket uint64) (empty bool, err error) {
	err = db.read(ctx, func(v View) error {
		empty, err = v.BucketEmpty(bucket)
		return err
	})
	return empty, err
}

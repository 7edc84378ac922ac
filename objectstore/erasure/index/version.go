package index

import "context"

// Latest returns the newest version of a key, which may be a delete marker, and
// whether there is any.
func (v View) Latest(bucket uint64, key string) (latest Version, found bool, err error) {
	if latest, found, err = v.object(bucket, key); found || err != nil {
		return latest, found, err
	}
	// Between two statements a marker may have gone and objects come, so if this
	// is not in a transaction both tables are read again at once.
	return v.version(`SELECT entry FROM (SELECT 1 AS source, entry FROM objects WHERE bucket = ?1 AND key = ?2
		UNION ALL SELECT 0, entry FROM (SELECT entry FROM versions WHERE bucket = ?1 AND key = ?2 ORDER BY ord DESC LIMIT 1)
		ORDER BY source DESC LIMIT 1)`, bucket, key)
}

// ByOrd returns the version of a key with this ord and whether there is one.
func (v View) ByOrd(bucket uint64, key string, ord uint64) (version Version, found bool, err error) {
	err = v.c.snapshot(func() error {
		if version, found, err = v.object(bucket, key); err != nil || found && version.Ord == ord {
			return err
		}
		version, found, err = v.older(bucket, key, ord)
		return err
	})
	return version, found, err
}

// NullVersion returns the null version of a key, which may be a delete marker, and
// whether there is one.
func (v View) NullVersion(bucket uint64, key string) (version Version, found bool, err error) {
	err = v.c.snapshot(func() error {
		if version, found, err = v.object(bucket, key); err != nil || found && version.Null {
			return err
		}
		version, found, err = v.olderNull(bucket, key)
		return err
	})
	return version, found, err
}

// object returns the row of a key in objects.
func (v View) object(bucket uint64, key string) (Version, bool, error) {
	return v.version("SELECT entry FROM objects WHERE bucket = ? AND key = ?", bucket, key)
}

// older returns a row of versions.
func (v View) older(bucket uint64, key string, ord uint64) (Version, bool, error) {
	return v.version("SELECT entry FROM versions WHERE bucket = ? AND key = ? AND ord = ?", bucket, key, ord)
}

func (v View) olderNull(bucket uint64, key string) (Version, bool, error) {
	return v.version("SELECT entry FROM versions WHERE bucket = ? AND key = ? AND nameless = 1", bucket, key)
}

// newestOlder returns the first row of a key in versions.
func (v View) newestOlder(bucket uint64, key string) (Version, bool, error) {
	return v.version("SELECT entry FROM versions WHERE bucket = ? AND key = ? ORDER BY ord DESC LIMIT 1", bucket, key)
}

// version runs a query for one packed version of a key. Its arguments are bucket,
// key and what follows.
func (v View) version(sql string, bucket uint64, key string, more ...any) (version Version, found bool, err error) {
	found, err = v.c.first(func(row *stmt) error {
		version, err = parseEntry(bucket, key, []byte(key), row.view(0))
		return err
	}, sql, append([]any{bucket, key}, more...)...)
	return version, found, err
}

// Latest is View.Latest.
func (db *DB) Latest(ctx context.Context, bucket uint64, key string) (latest Version, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		latest, found, err = v.Latest(bucket, key)
		return err
	})
	return latest, found, err
}

// ByOrd is View.ByOrd.
func (db *DB) ByOrd(ctx context.Context, bucket uint64, key string, ord uint64) (version Version, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		version, found, err = v.ByOrd(bucket, key, ord)
		return err
	})
	return version, found, err
}

// NullVersion is View.NullVersion.
func (db *DB) NullVersion(ctx context.Context, bucket uint64, key string) (version Version, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		version, found, err = v.NullVersion(bucket, key)
		return err
	})
	return version, found, err
}

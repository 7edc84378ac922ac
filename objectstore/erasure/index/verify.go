package index

import "context"

// Verify reads the whole catalogue and returns ErrUnusable when it contradicts
// itself: its file's structure, the checksum of every version, which of them are
// the latest, the buckets' usage, parts included. Most of this no other call would notice; whether
// the drives hold the same is for the caller to compare. It takes seconds for a
// million objects, and SQLite's log cannot begin anew meanwhile.
func (db *DB) Verify(ctx context.Context) error {
	return db.View(ctx, func(v View) error {
		var verdict string
		if _, err := v.c.first(func(row *stmt) error {
			verdict = string(row.view(0))
			return nil
		}, "PRAGMA integrity_check(1)"); err != nil {
			return err
		}
		if verdict != "ok" {
			return unusable("the file's structure: %s", verdict)
		}
		var buckets []uint64
		if err := v.c.each(func(row *stmt) error {
			buckets = append(buckets, uint64(row.number(0)))
			return nil
		}, "SELECT bucket FROM usage UNION SELECT bucket FROM uploads"); err != nil {
			return err
		}
		var all Usage
		for _, bucket := range buckets {
			u, err := v.verifyBucket(ctx, bucket)
			if err != nil {
				return err
			}
			all.Objects += u.Objects
			all.Versions += u.Versions
		}
		_, err := v.c.first(func(row *stmt) error {
			if row.number(0) != all.Objects || row.number(1) != all.Versions {
				return unusable("there are versions outside the buckets that are counted")
			}
			return nil
		}, "SELECT (SELECT count(*) FROM objects), (SELECT count(*) FROM versions)")
		return err
	})
}

func (v View) verifyBucket(ctx context.Context, bucket uint64) (counted Usage, err error) {
	src := newVersionSource(v, bucket)
	defer src.close()
	if err := src.seek(""); err != nil {
		return Usage{}, err
	}
	var before Version
	for n := 1; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return Usage{}, ctx.Err()
		}
		if _, ok := src.here(); !ok {
			break
		}
		version, latest, err := src.version()
		if err != nil {
			return Usage{}, err
		}
		isObject := latest && !version.Marker
		if isObject != src.atObject() || n > 1 && version.Key == before.Key && version.Ord >= before.Ord {
			return Usage{}, unusable("version %d of %q is not where it belongs", version.Ord, version.Key)
		}
		before = version
		if isObject {
			counted.Objects++
		} else {
			counted.Versions++
		}
		counted.Bytes += version.Size
		if err := src.advance(); err != nil {
			return Usage{}, err
		}
	}
	if err := v.c.each(func(row *stmt) error {
		p, err := unsealPart(string(row.view(0)), int(row.number(1)), row.view(2))
		counted.Parts += p.Size
		return err
	}, "SELECT p.upload, p.number, p.value FROM uploads u JOIN parts p ON p.upload = u.id WHERE u.bucket = ?", bucket); err != nil {
		return Usage{}, err
	}
	said, err := v.BucketUsage(bucket)
	if err == nil && said != counted {
		err = unusable("bucket %d holds %+v, and is said to hold %+v", bucket, counted, said)
	}
	return counted, err
}

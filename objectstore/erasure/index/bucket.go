package index

import "context"

// Bucket is one bucket; IDs are never used again.
type Bucket struct {
	ID    uint64
	Name  string
	Value []byte
}

// PutBucket makes or replaces the bucket with this ID. A name that another bucket
// has is an error.
func (tx *Tx) PutBucket(b Bucket) error {
	row := sealBytes(b.ID, b.Name, b.Value)
	_, err := tx.c.exec(`INSERT INTO buckets (id, name, value) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, value = excluded.value`, b.ID, row.key, row.value)
	return err
}

// DeleteBucket removes a bucket and all that is in it.
func (tx *Tx) DeleteBucket(id uint64) error {
	for _, sql := range []string{
		"DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)",
		"DELETE FROM uploads WHERE bucket = ?",
		"DELETE FROM versions WHERE bucket = ?",
		"DELETE FROM objects WHERE bucket = ?",
		"DELETE FROM restores WHERE bucket = ?",
		"DELETE FROM usage WHERE bucket = ?",
		"DELETE FROM buckets WHERE id = ?",
	} {
		if _, err := tx.c.exec(sql, id); err != nil {
			return err
		}
	}
	tx.touched[id] = &usage{}
	return tx.dropFollowers(id)
}

// bucket reads the columns id, name and value.
func (s *stmt) bucket() (b Bucket, err error) {
	b.ID, b.Name = uint64(s.number(0)), string(s.view(1))
	b.Value, err = unsealBytes(b.ID, s.view(1), s.view(2))
	return b, err
}

// BucketByName returns the bucket of a name and whether there is one.
func (v View) BucketByName(name string) (b Bucket, found bool, err error) {
	found, err = v.c.first(func(row *stmt) error {
		b, err = row.bucket()
		return err
	}, "SELECT id, name, value FROM buckets WHERE name = ?", name)
	return b, found, err
}

// Buckets returns all buckets ordered by name.
func (v View) Buckets() (all []Bucket, err error) {
	err = v.c.each(func(row *stmt) error {
		b, err := row.bucket()
		all = append(all, b)
		return err
	}, "SELECT id, name, value FROM buckets ORDER BY name")
	return all, err
}

// BucketByName is View.BucketByName.
func (db *DB) BucketByName(ctx context.Context, name string) (b Bucket, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		b, found, err = v.BucketByName(name)
		return err
	})
	return b, found, err
}

// Buckets is View.Buckets.
func (db *DB) Buckets(ctx context.Context) (all []Bucket, err error) {
	err = db.read(ctx, func(v View) error {
		all, err = v.Buckets()
		return err
	})
	return all, err
}
